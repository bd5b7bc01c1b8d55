"""Reproductions of a bug in JavaScript or TypeScript: found in failing tests, run, and made small."""

import json
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import NamedTuple

from pydantic import Field, ValidationError

from data.record import Record
from envs.code import layout
from envs.code.runs import Ended, Run, RunRequest, run_many
from envs.code.spec import CodeLimits
from envs.code.toolchains.node import script_form
from envs.code.tree import File, Tree
from synth.code.bug import Bug
from synth.code.ecmascript.excerpt import manifest, scripts
from synth.code.ecmascript.shrink import smaller
from synth.code.ecmascript.text import laid_out
from synth.code.statement.evidence import NO_REPRODUCTION, Evidence, Outcome, Reproduction
from verifiers.code.ecmascript import Suite

MAX_TESTS = 6
MAX_TRIED = 40
"""Scripts that are run to find one that shows the bug."""
ROUNDS, AT_ONCE = 10, 24
"""Of making a script smaller, and scripts that are tried in each."""
MAX_FOUND = 2
SCRIPT_S = 4.0
SEARCH_S = 90.0
MAX_SCRIPT_CHARS = 1_600
MARK = "EVIDENCE "
_OURS = re.compile(r"\b(ReferenceError|SyntaxError|ERR_MODULE_NOT_FOUND|exit|hang)\b|^Uncaught$")
_LOADED = re.compile(r"""(['"])\./([^'"\n]*)\1""")
_TESTING = re.compile(r"\b(describe|it|test|assert|expect)\s*\(")
_BASE = re.compile(r"[\w./-]*palaestra_script\.\w+|/home/agent/repo/\S*")


class _Side(Record):
    out: str = ""
    error: str = ""
    message: str = ""


class _Said(Record):
    """What the bench prints; its form is checked, for the code of a tree could print the same."""

    node: str = Field(default="", max_length=8)
    found: tuple[tuple[_Side, _Side], ...] = ()


class _Pair(NamedTuple):
    script: str
    fixed: _Side
    buggy: _Side

    @property
    def differs(self) -> bool:
        return self.fixed != self.buggy

    @property
    def kinds(self) -> tuple[str, str, bool, bool]:
        """What must stay when a script is made smaller."""
        return self.fixed.error, self.buggy.error, bool(self.fixed.out), bool(self.buggy.out)


def gather(
    bug: Bug,
    tests: Sequence[str],
    fixed: Tree,
    buggy: Tree,
    places: Sequence[Sequence[str]] = (),
) -> Evidence | str:
    """See `synth.code.statement.evidence.gather`."""
    bench = _Bench(bug, fixed, buggy)
    tried = list(_candidates(fixed, bug.modules, tests))[:MAX_TRIED]
    found = [pair for pair in bench.run(tried) if _is_sound(pair)]
    # What differs by the clock or by chance does so again in another way.
    again = set(bench.run([pair.script for pair in found]))
    found = [pair for pair in found if pair in again]
    reproductions = []
    for start in _different(sorted(found, key=_effort))[:MAX_FOUND]:
        small = bench.named(bench.smallest(start))
        if made := bench.finished(small.script):
            reproductions.append(made)
    if not reproductions:
        return NO_REPRODUCTION
    return Evidence(reproductions=tuple(reproductions), runtime=f"Node.js {bench.version}")


def _candidates(tree: Tree, modules: Sequence[str], tests: Sequence[str]) -> Iterator[str]:
    """A script of each test in turn, then another of each, without repetition."""
    several: list[list[str]] = []
    for path in modules:
        try:
            suite = Suite(layout.text_of(tree, path), path)
        except SyntaxError:
            continue
        for test in list(suite.by_id(path, tests))[:MAX_TESTS]:
            several.append(list(dict.fromkeys(scripts(tree, path, test, suite))))
    seen: set[str] = set()
    for at in range(max(map(len, several), default=0)):
        for one in several:
            if at < len(one) and one[at] not in seen and not _TESTING.search(one[at]):
                seen.add(one[at])
                yield one[at]


def _is_sound(pair: _Pair) -> bool:
    """Whether a script shows the bug, and what is right is no accident of the script."""
    if not pair.differs or _OURS.search(pair.fixed.error):
        return False
    if pair.buggy.error in ("ReferenceError", "SyntaxError", "exit"):
        return False
    return _BASE.search(pair.fixed.out + pair.buggy.out + pair.fixed.message) is None


def _effort(pair: _Pair) -> tuple[int, str]:
    lines = pair.script.count("\n")
    errors = 40 * bool(pair.fixed.error)
    return len(pair.script) + 30 * lines + len(
        pair.fixed.out + pair.buggy.out
    ) // 4 + errors, pair.script


def _different(pairs: Sequence[_Pair]) -> list[_Pair]:
    """One pair for each kind of symptom, the most readable first."""
    found: dict[tuple[object, ...], _Pair] = {}
    for pair in pairs:
        calls = re.findall(r"console\.log\((?:await )?([\w.]+)", pair.script)
        found.setdefault((*pair.kinds[:2], *calls[-1:]), pair)
    return list(found.values())


class _Bench:
    """Both trees side by side, without their tests; every call is one sandbox."""

    def __init__(self, bug: Bug, fixed: Tree, buggy: Tree) -> None:
        self._bug = bug
        self._name = str(manifest(fixed).get("name", ""))
        self.version = ""
        """Of Node.js, as far as it matters."""
        self._trees = [
            {p: f for p, f in tree.items() if not layout.is_test(p)} for tree in (fixed, buggy)
        ]
        self._both: Tree = {
            # Compilers and loaders look at these, wherever the script lies.
            **{p: f for p, f in fixed.items() if "/" not in p and layout.is_configuration(p)},
            **{f"fixed/{path}": file for path, file in self._trees[0].items()},
            **{f"buggy/{path}": file for path, file in self._trees[1].items()},
        }

    def run(self, texts: Sequence[str]) -> list[_Pair]:
        """What each script does on both trees; those of which nothing is known are left out."""
        if not texts:
            return []
        orders = {
            "name": self._name,
            "scripts": [{"text": text, "form": script_form(text)} for text in texts],
            "seconds": SCRIPT_S,
        }
        request = RunRequest(
            tree={**self._both, "orders.json": File(content=json.dumps(orders).encode())},
            toolchain=self._bug.toolchain,
            modules=(),
            limits=CodeLimits(tests_s=SEARCH_S),
            script=files("synth.code.ecmascript").joinpath("bench.mjs").read_text(),
        )
        (run,) = run_many([request])
        line = next((line for line in run.output.splitlines() if line.startswith(MARK)), "")
        try:
            said = _Said.model_validate_json(line.removeprefix(MARK))
        except ValidationError:
            return []
        self.version = said.node or self.version
        return [_Pair(text, *sides) for text, sides in zip(texts, said.found, strict=False)]

    def smallest(self, start: _Pair) -> _Pair:
        """As small as some rounds make it, with the same kind of ends."""
        best = start
        seen = {start.script}
        for _ in range(ROUNDS):
            tried = [text for text in smaller(best.script) if text not in seen][:AT_ONCE]
            if not tried:
                break
            seen.update(tried)
            kept = [p for p in self.run(tried) if _is_sound(p) and p.kinds == start.kinds]
            kept = [p for p in kept if _effort(p) < _effort(best)]
            if kept:
                best = min(kept, key=_effort)
        return best

    def named(self, pair: _Pair) -> _Pair:
        """The script as a user of the package writes it: by the package's name where that does."""
        if not self._name:
            return pair
        whole = _LOADED.sub(rf"\g<1>{self._name}\g<1>", pair.script)
        bare = _LOADED.sub(lambda f: f"{f[1]}{self._name}/{_stem(f[2])}{f[1]}", pair.script)
        full = _LOADED.sub(rf"\g<1>{self._name}/\g<2>\g<1>", pair.script)
        tried = dict.fromkeys(text for text in (whole, bare, full) if text != pair.script)
        same = [p for p in self.run(list(tried)) if p[1:] == pair[1:]]
        return next((p for text in tried for p in same if p.script == text), pair)

    def finished(self, script: str) -> Reproduction | None:
        """What the script does as a program of its own on both trees."""
        text = laid_out(script)
        if len(text) > MAX_SCRIPT_CHARS or _TESTING.search(text):
            return None
        requests = [
            RunRequest(tree, self._bug.toolchain, (), script=text, limits=CodeLimits(tests_s=20.0))
            for tree in self._trees
        ]
        right, wrong = map(_outcome, run_many(requests))
        if right == wrong:
            return None
        if _BASE.search(right.out + right.message + wrong.out):
            return None
        return Reproduction(script=text, language="node", fixed=right, buggy=wrong)


def _stem(path: str) -> str:
    return re.sub(r"(/index)?\.(js|cjs)$", "", path)


def _outcome(run: Run) -> Outcome:
    """What a script of its own did; its error is the last line of the output."""
    if run.ended is Ended.LATE:
        return Outcome(out="", error="hang")
    if run.ended is not Ended.CRASHED:
        return Outcome(out=run.output)
    *lines, last = run.output.splitlines() or [""]
    error, _, message = last.partition(": ")
    return Outcome(out="".join(f"{line}\n" for line in lines), error=error, message=message)
