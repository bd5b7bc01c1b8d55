"""The calls of a worked attempt: reproduce, look up, view, edit, reproduce again, hand in."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from data.task import Task, ToolCall
from envs.code.spec import Files, Parameters
from envs.code.tree import Tree
from envs.code.trees import agent_tree
from synth.code.draft import text_of
from synth.code.moves import SUBMIT, bash, edited
from synth.code.worked.places import VIEWED, Place, around, places
from synth.code.worked.way import Stop, Unreachable, way

SCRIPT = "/tmp/repro.py"
MARK = "END"
TAIL = 12
"""Lines of the script's output that are looked at."""
MAX_EDITS = 3
MAX_EDIT_CHARS = 1500
_FENCED = re.compile(r"```python\n(.*?)\n```", re.DOTALL)


@dataclass(frozen=True)
class Found:
    """A definition found on the way, and the parts of it that are viewed."""

    stop: Stop
    views: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Fix:
    """One edit; lines as they are counted when it is made."""

    place: Place
    call: ToolCall
    line: int

    @property
    def old(self) -> str:
        return str(self.call.arguments["old"])

    @property
    def new(self) -> str:
        return str(self.call.arguments["new"])


@dataclass(frozen=True)
class Work:
    """A whole attempt, in the order of its calls."""

    script: str
    folder: str
    """Where definitions are looked for."""
    found: tuple[Found, ...]
    fixes: tuple[Fix, ...]

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        looked: list[ToolCall] = []
        for each in self.found:
            place = each.stop.place
            looked.append(bash(f'grep -rnH "{place.pattern}\\b" {self.folder}'))
            looked += [_view(place.path, first, last) for first, last in each.views]
        run = f"python {SCRIPT} 2>&1 | tail -n {TAIL}"
        write = f"cat > {SCRIPT} <<'{MARK}'\n{self.script}\n{MARK}"
        edits = [fix.call for fix in self.fixes]
        return (bash(f"{write}\n{run}"), *looked, *edits, bash(run), SUBMIT)


def plan(task: Task) -> Work | None:
    """The attempt at a task; None where what has to change cannot be come by."""
    fenced = _FENCED.search(task.prompt[-1].content)
    reference = task.hidden.reference
    assert isinstance(reference, dict)
    gold = reference["files"]
    assert isinstance(gold, dict)
    if fenced is None or any(not isinstance(text, str) for text in gold.values()):
        return None
    parameters = Parameters.model_validate(task.env.parameters)
    tree = agent_tree(parameters)
    known = places(tree, parameters.sources)
    try:
        fixes = _fixes(tree, {path: str(text) for path, text in gold.items()}, known)
        found = _found(fenced[1], fixes, known)
    except Unreachable:
        return None
    return Work(fenced[1], _folder(parameters), found, fixes)


def _fixes(tree: Tree, gold: Files, known: tuple[Place, ...]) -> tuple[Fix, ...]:
    """The edits, each within one definition; raises `Unreachable`."""
    calls = edited(tree, gold)
    if not 0 < len(calls) <= MAX_EDITS or any(call.name != "edit" for call in calls):
        raise Unreachable("edits")
    texts: dict[str, str] = {}
    found = []
    for call in calls:
        path = str(call.arguments["path"])
        text = texts.get(path) or text_of(tree, path) or ""
        old, new = _trimmed(text, str(call.arguments["old"]), str(call.arguments["new"]))
        if not old or max(len(old), len(new)) > MAX_EDIT_CHARS:
            raise Unreachable("edits")
        line = text[: text.index(old)].count("\n") + 1
        place = around(known, path, line, line + old.count("\n"))
        if place is None:
            raise Unreachable(path)
        texts[path] = text.replace(old, new)
        call = call.model_copy(update={"arguments": {"path": path, "old": old, "new": new}})
        found.append(Fix(place, call, line))
    return tuple(found)


def _trimmed(text: str, old: str, new: str) -> tuple[str, str]:
    """The same edit without the end of the last line, if `old` still occurs once."""
    if not (old.endswith("\n") and new.endswith("\n")):
        return old, new
    short, shorter = old[:-1], new[:-1]
    return (short, shorter) if text.count(short) == 1 and short else (old, new)


def _found(script: str, fixes: tuple[Fix, ...], known: tuple[Place, ...]) -> tuple[Found, ...]:
    """The ways to all fixes, each going on from what was viewed for those before."""
    found: list[Found] = []
    for fix in fixes:
        viewed = [each.stop.place for each in found]
        for stop in way(script, fix.place, known, viewed):
            found.append(Found(stop, _views(stop.place, fix)))
    for fix in fixes:
        lines = {fix.line, fix.line + fix.old.rstrip("\n").count("\n")}
        shown = [v for each in found if each.stop.place == fix.place for v in each.views]
        if not all(any(first <= line <= last for first, last in shown) for line in lines):
            raise Unreachable("not viewed")
    return tuple(found)


def _views(place: Place, fix: Fix) -> tuple[tuple[int, int], ...]:
    """The first lines of a definition; all up to the fix where it is the one to change."""
    upto = fix.line + fix.old.count("\n") if place == fix.place else place.first
    views: list[tuple[int, int]] = []
    first = place.first
    while not views or first <= min(upto, place.last):
        views.append((first, min(first + VIEWED - 1, max(place.last, first))))
        first += VIEWED
    return tuple(views)


def _view(path: str, first: int, last: int) -> ToolCall:
    return ToolCall(name="view", arguments={"path": path, "start": first, "end": last})


def _folder(parameters: Parameters) -> str:
    """The folders of the sources, outermost only."""
    folders = sorted({s if s.endswith("/") else str(PurePosixPath(s)) for s in parameters.sources})
    outer = [f for f in folders if not any(f != o and f.startswith(o) for o in folders)]
    return " ".join(outer)
