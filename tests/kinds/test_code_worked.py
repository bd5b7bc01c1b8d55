"""Worked attempts at code tasks: they score, and nothing is edited that was not read before."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from data.task import Language, Task, TaskKind
from data.trajectory import Trajectory
from envs.code.tree import File, Tree
from synth.code import author, prepare, work
from synth.code.operators import OPERATORS
from synth.code.worked.causes import CAUSES
from synth.code.worked.places import VIEWED, Place, names, places
from synth.code.worked.way import Unreachable, way
from synth.parts import Worked
from synth.replay import Replayer
from synth.request import Rejection, Request
from verifiers import verify

ROOT = Path(__file__).resolve().parent.parent.parent
GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org")
DATED = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-05T12:00:00Z")
Told = list[tuple[Task, Trajectory, tuple[str, ...]]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """One worked attempt in each language, at bugs in the example's package."""
    folder = tmp_path_factory.mktemp("worked") / "ledger"
    shutil.copytree(ROOT / "examples" / "ledger", folder)
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "Ledger")):
        subprocess.run([*GIT, *command], cwd=folder, check=True, env={**os.environ, **DATED})
    options = prepare({"sources": [f"repo:{folder}"]})
    found: Told = []
    with Replayer() as replayer:
        for language in Language:
            request = Request(kind=TaskKind.CODE, seed=7, language=language, options=options)
            task = next(drafted(request, index) for index in range(20) if drafted(request, index))
            assert task
            found.append((task, *played(task, replayer)))
    return found


def drafted(request: Request, index: int) -> Task | None:
    body = author.generate(request, index)
    return None if isinstance(body, Rejection) else Task.of(body)


def played(task: Task, replayer: Replayer) -> tuple[Trajectory, tuple[str, ...]]:
    """The worked attempt at a task, as it was run, and its reasons."""
    worked = work(task)
    assert isinstance(worked, Worked)
    assert worked.explain
    first, trajectory = replayer.run(task.public(), worked.script)
    trajectory = trajectory.model_copy(update={"first": first.text})
    return trajectory, worked.explain(trajectory)


def read(task: Task, trajectory: Trajectory, number: int) -> str:
    """All that stands before turn `number` is written."""
    prompt = "\n".join(message.content for message in task.prompt)
    shown = [seen.text for turn in trajectory.turns[:number] for seen in turn.observations]
    return "\n".join([prompt, trajectory.first, *shown])


def test_every_worked_attempt_has_the_full_score_and_a_reason_for_each_turn(told: Told) -> None:
    for task, trajectory, reasons in told:
        assert verify(task, trajectory).score == 1
        assert len(reasons) == len(trajectory.turns) >= 7
        for reason in reasons[:-1]:
            chinese = any("\u4e00" <= letter <= "\u9fff" for letter in reason)
            assert chinese == (task.language is Language.ZH), reason


def test_the_script_is_run_before_the_first_edit_and_after_the_last(told: Told) -> None:
    for _, trajectory, _ in told:
        called = [turn.calls[0] for turn in trajectory.turns[:-1]]
        runs = [n for n, c in enumerate(called) if "python /tmp/" in str(c.arguments)]
        edits = [n for n, call in enumerate(called) if call.name == "edit"]
        assert runs[0] == 0
        assert edits[-1] < runs[-1]
        outputs = [trajectory.turns[n].observations[0].text for n in runs]
        assert outputs[0] != outputs[-1]
        assert called[-1].name == "submit"


def test_what_is_looked_for_opened_and_edited_was_read_before(told: Told) -> None:
    for task, trajectory, _ in told:
        for number, turn in enumerate(trajectory.turns[:-1]):
            (call,), seen = turn.calls, read(task, trajectory, number)
            bare = re.sub(r"(?m)^ *\d+\t", "", seen)
            if found := re.search(r'"(?:def|class) (\w+)', str(call.arguments.get("command", ""))):
                assert found[1] in names(seen)
            elif call.name == "view":
                assert f"{call.arguments['path']}:{call.arguments['start']}:" in seen
            elif call.name == "edit":
                assert str(call.arguments["path"]) in seen
                assert str(call.arguments["old"]) in bare


def test_lines_that_a_reason_quotes_were_read_or_are_written_next(told: Told) -> None:
    num_quoted = 0
    for task, trajectory, reasons in told:
        for number, reason in enumerate(reasons[:-1]):
            seen = read(task, trajectory, number)
            written = "".join(str(call.arguments) for call in trajectory.turns[number].calls)
            for quoted in re.findall(r"`([^`]+)`", reason):
                num_quoted += 1
                assert quoted in seen or quoted in written, quoted
    assert num_quoted


def test_an_attempt_with_a_failed_call_is_not_explained(told: Told) -> None:
    task, trajectory, _ = told[0]
    worked = work(task)
    assert isinstance(worked, Worked)
    assert worked.explain
    first, *rest = trajectory.turns
    wrong = first.observations[0].model_copy(update={"error": True})
    turns = (first.model_copy(update={"observations": (wrong,)}), *rest)
    assert not worked.explain(trajectory.model_copy(update={"turns": turns}))


def test_there_are_words_for_every_operator() -> None:
    assert set(CAUSES) == set(OPERATORS)


def tree(**files: str) -> Tree:
    return {f"src/{name}.py": File(content=text.encode()) for name, text in files.items()}


CODE = {
    "a": "def outer(x):\n    return _inner(x) + 1\n\n\ndef lonely():\n    return 0\n",
    "b": "class Box:\n    def _inner(self):\n        return 2\n",
}


def find(known: tuple[Place, ...], name: str) -> Place:
    return next(place for place in known if place.name == name)


def test_a_definition_is_reached_through_what_speaks_of_it() -> None:
    known = places(tree(**CODE), ["src/"])
    trail = way("import a\nprint(a.outer(3))", find(known, "_inner"), known, [])
    assert [(stop.place.name, stop.why and stop.why.name) for stop in trail] == [
        ("outer", None),
        ("_inner", "outer"),
    ]


def test_what_stands_below_the_lines_that_are_viewed_leads_nowhere() -> None:
    long = "def outer(x):\n" + "    x += 1\n" * VIEWED + "    return helper(x)\n"
    known = places(tree(a=long, b="def helper(x):\n    return x\n"), ["src/"])
    with pytest.raises(Unreachable):
        way("import a\nprint(a.outer(3))", find(known, "helper"), known, [])


def test_what_was_viewed_is_not_looked_for_again() -> None:
    known = places(tree(**CODE), ["src/"])
    outer = find(known, "outer")
    assert way("import a", outer, known, [outer]) == []
    trail = way("import a", find(known, "_inner"), known, [outer])
    assert [stop.place.name for stop in trail] == ["_inner"]


def test_what_nothing_speaks_of_is_given_up() -> None:
    known = places(tree(**CODE), ["src/"])
    with pytest.raises(Unreachable):
        way("import a\nprint(a.outer(3))", find(known, "lonely"), known, [])


def test_a_name_with_too_many_definitions_leads_nowhere() -> None:
    crowd = {f"m{n}": "def run():\n    return 1\n" for n in range(9)}
    known = places(tree(**crowd), ["src/"])
    with pytest.raises(Unreachable):
        way("run()", known[-1], known, [])
