"""Finds reproductions: traces the failing tests on both trees, makes scripts, runs and shrinks them.

The whole search happens in one sandbox that holds both trees, for it runs hundreds of scripts. It
reads its orders from `orders.json` beside the trees and prints one line of JSON.
"""

import ast
import builtins
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import distributions
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from synth.code.statement.inside import excerpt, plugin, slicing, style
from synth.code.statement.inside.shrink import DULL, Evaluate, Pair, Spent, smallest
from synth.code.statement.inside.workers import ADDRESS, Worker

SIDES = ("fixed", "buggy")
ENGINE = "engine"
"""Folder with our own modules."""
MARK = "EVIDENCE "
MAX_CANDIDATES = 8
"""Scripts that are tried for one test."""
MAX_FOUND = 2
"""Kinds of symptoms that are shown; more where a bug has more places."""
FIRST_BUDGET, OTHER_BUDGET = 120, 40
"""Scripts that are run to shrink the first reproduction, and each other one."""
MAX_HANGS = 6
"""Scripts that may run out of time before the search ends."""
MAX_SCRIPT_CHARS = 1_600
_BUILTIN = frozenset(dir(builtins))
_PRIVATE = re.compile(
    r"(?<![\w\"'])_(?!_)\w+|__(?!init__|name__|main__|call__|enter__|exit__)\w+__"
)
_TESTING = re.compile(r"\btest_\w+|_test\b|\bTest[A-Z]\w*|unittest|pytest")


class Found(NamedTuple):
    """A script to show."""

    best: Pair
    seen: list[Pair]
    """What else was run."""
    tests: list[str]
    """That fail for the same reason."""


class Bench:
    """Runs scripts on both trees; for one search."""

    def __init__(self, roots: Sequence[str], modules: Sequence[str], engine: str) -> None:
        self._workers = [Worker([root], modules, engine) for root in roots]
        self._hangs = 0

    def evaluate(self, scripts: Sequence[str], *, together: bool = False) -> list[Pair]:
        """See `shrink.Evaluate`."""
        if self._hangs > MAX_HANGS:
            raise Spent
        for worker in self._workers:
            worker.ask(scripts, together)
        sides = [worker.answer() for worker in self._workers]
        self._hangs += sum(outcome.kind == "hang" for side in sides for outcome in side)
        return [Pair(s, f, b) for s, f, b in zip(scripts, *sides, strict=True)]

    def close(self) -> None:
        for worker in self._workers:
            worker.close()


def main() -> None:
    here = Path.cwd()
    orders = json.loads((here / "orders.json").read_text())
    reports = {side: _traced(here / side, orders) for side in SIDES}
    scripts = _scripts(reports, str(here / "buggy"))
    # No script may lean on the tests, which the reader of a statement does not have.
    for side in SIDES:
        for path in orders["hidden"]:
            (here / side / path).unlink(missing_ok=True)
    roots = [str(here / side / orders["root"]) for side in SIDES]
    found = _search(scripts, roots, orders, str(here)) if any(scripts.values()) else []
    sys.stdout.write("\n" + MARK + json.dumps({"traced": len(scripts), "found": found}) + "\n")


def _search(
    scripts: dict[str, list[str]], roots: list[str], orders: dict[str, Any], here: str
) -> list[dict[str, Any]]:
    modules = _imported(scripts, orders["modules"])
    bench = Bench(roots, modules, str(Path(here, ENGINE)))
    try:
        pairs = _candidates(scripts, bench.evaluate, here)
        shown = [
            _shrunk(*chosen, bench.evaluate) for chosen in chosen_scripts(pairs, orders["places"])
        ]
        return list(_finished(shown, bench.evaluate))
    except Spent:
        return []
    finally:
        bench.close()


def _traced(folder: Path, orders: dict[str, Any]) -> list[dict[str, Any]]:
    """What the wanted tests did on one side; from a process of its own, which may break."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        reports = []
        try:
            reports = _run_tests(folder, orders)
        finally:
            with os.fdopen(write, "w") as out:
                json.dump(reports, out, default=str)
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as source:
        text = source.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else []


def _run_tests(folder: Path, orders: dict[str, Any]) -> list[dict[str, Any]]:
    import pytest

    os.chdir(folder)
    # Our own modules are loaded; from here on the tree's shadow them.
    kept = [p for p in sys.path if not p.startswith(str(folder.parent)) and p]
    sys.dont_write_bytecode = False
    sys.path[:] = [str(folder / orders["root"]), *kept]
    tracing = plugin.Plugin(
        frozenset(orders["tests"]),
        frozenset(str(folder / path) for path in orders["sources"]),
        str(folder),
        orders["test_cpu_s"],
    )
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--rootdir={folder}"]
    arguments += ["-o", "addopts=", "-o", "required_plugins=", "--assert=plain", "--tb=no"]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    arguments += [word for name in _plugins() for word in ("-p", name)]
    pytest.main([*arguments, *orders["test_modules"]], plugins=[tracing])
    return tracing.reports


def _plugins() -> list[str]:
    """Plug-ins of the test framework among what the tree needs; not those of our own packages."""
    folders = [p for p in os.environ.get("PYTHONPATH", "").split(":") if p and "repo" not in p]
    found = distributions(path=folders)
    return sorted({e.value for d in found for e in d.entry_points if e.group == "pytest11"})


def _scripts(reports: dict[str, list[dict[str, Any]]], root: str) -> dict[str, list[str]]:
    """Scripts to try, by test."""
    fixed = {report["test"]: report for report in reports["fixed"]}
    found: dict[str, list[str]] = {}
    for wrong in reports["buggy"]:
        right = fixed.get(wrong["test"])
        if right is None or right["failure"] or not wrong["failure"]:
            continue
        sliced = islice(slicing.scripts(right["calls"], wrong["calls"]), MAX_CANDIDATES)
        copied = list(excerpt.scripts(wrong, root))
        several = dict.fromkeys([*sliced, *copied])
        found[wrong["test"]] = [s for s in several if s and "pytest" not in s]
    return found


def _imported(scripts: dict[str, list[str]], known: Sequence[str]) -> list[str]:
    """Modules of the tree that scripts import."""
    names: set[str] = set()
    for script in {script for several in scripts.values() for script in several}:
        for node in ast.parse(script).body:
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
    return sorted(name for name in names if name.partition(".")[0] in known)


def _candidates(scripts: dict[str, list[str]], evaluate: Evaluate, here: str) -> dict[str, Pair]:
    """By test, the most readable script over which the trees differ."""
    found: dict[str, Pair] = {}
    for test, several in scripts.items():
        plain = evaluate([style.shown(s, False) for s in several], together=True)
        vague = [pair.script for pair in plain if not _visible(pair)]
        # Nobody expects an address; that a call ends without an error is enough then.
        vast = [pair.script for pair in plain if ADDRESS in pair.fixed.out and pair.buggy.error]
        others = [*(style.shown(s, True) for s in vague), *map(style.silent, vast)]
        more = evaluate(others, together=True) if others else []
        sound = [p for p in (*filter(_visible, plain), *more) if _is_sound(p)]
        for pair in sorted(sound, key=_effort):
            [again] = evaluate([pair.script])
            if _is_sound(again) and here not in again.script + str(again[1:]):
                found[test] = again
                break
    return found


def _visible(pair: Pair) -> bool:
    """Whether a reader sees the difference without counting blanks."""
    if pair.fixed.kind != pair.buggy.kind or pair.fixed.message != pair.buggy.message:
        return True
    sides = [[line.strip() for line in side.out.split("\n")] for side in (pair.fixed, pair.buggy)]
    return sides[0] != sides[1] and "" not in (sides[0][0], sides[1][0])


def _is_sound(pair: Pair) -> bool:
    """Whether a script shows the bug: what is meant to fail fails with an error of its own."""
    broken = pair.fixed.kind in ("hang", "exit", "NameError", "SyntaxError")
    return pair.differs and not broken and ADDRESS not in pair.fixed.out


def _effort(pair: Pair) -> int:
    """What it costs to read a script; private names cost most, and one error in place of another."""
    script = pair.script
    errors = bool(pair.fixed.kind and pair.buggy.kind)
    objects = pair.buggy.out.count(ADDRESS)
    lines = script.count("\n")
    dear = 400 * len(_PRIVATE.findall(script)) + 300 * errors
    return len(script) + 30 * lines + dear + 150 * objects


def chosen_scripts(
    candidates: dict[str, Pair], places: Sequence[Sequence[str]]
) -> Iterator[tuple[Pair, list[str], int]]:
    """Scripts to shrink with the tests that they stand for and a budget, the most readable first.

    One for each place of the bug, as far as tests notice it; then other kinds of symptoms.
    """
    ordered = sorted(candidates, key=lambda test: _effort(candidates[test]))
    chosen: list[str] = ordered[:1]
    for place in sorted(places, key=len):
        only = [t for t in ordered if t in place and sum(t in other for other in places) == 1]
        noticing = only or [t for t in ordered if t in place]
        if noticing and not set(noticing) & set(chosen):
            chosen.append(noticing[0])
    kinds = {_symptom(candidates[test]) for test in chosen}
    for test in ordered:
        if len(chosen) < MAX_FOUND and _symptom(candidates[test]) not in kinds:
            kinds.add(_symptom(candidates[test]))
            chosen.append(test)
    for number, test in enumerate(sorted(chosen, key=ordered.index)):
        kind = _symptom(candidates[test])
        alike = [t for t in ordered if _symptom(candidates[t]) == kind]
        yield candidates[test], alike, OTHER_BUDGET if number else FIRST_BUDGET


def _shrunk(start: Pair, tests: list[str], budget: int, evaluate: Evaluate) -> Found:
    return Found(*smallest(start, evaluate, budget), tests)


def _symptom(pair: Pair) -> tuple[str, ...]:
    """Scripts with the same symptom need not all be shown."""
    for statement in reversed(ast.parse(pair.script).body):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and ast.unparse(node.func) not in _BUILTIN:
                name = ast.unparse(node.func).rpartition(".")[2]
                options = sorted(k.arg or "" for k in node.keywords)
                return name, *options, pair.fixed.kind, pair.buggy.kind
    return pair.fixed.kind, pair.buggy.kind


def _finished(shown: Sequence[Found], evaluate: Evaluate) -> Iterator[dict[str, Any]]:
    """What the scripts do as they will be shown; those that are fit to be."""
    texts = [style.written(found.best.script) for found in shown]
    contrasts = [_contrast(found.best, found.seen) for found in shown]
    beside = [style.written(pair.script) if pair else "" for pair in contrasts]
    ends = evaluate([*texts, *beside])
    several = dict.fromkeys(texts)
    for found, end, other in zip(shown, ends, ends[len(texts) :], strict=False):
        fit = end.differs and len(end.script) <= MAX_SCRIPT_CHARS
        if not fit or _TESTING.search(end.script) or end.script not in several:
            continue
        del several[end.script]
        same = not other.differs and other.fixed.out.strip() not in DULL
        contrast = {"script": other.script, "out": other.fixed.out} if same else None
        yield {**end.record(), "contrast": contrast, "tests": found.tests}


def _contrast(best: Pair, seen: list[Pair]) -> Pair | None:
    """A neighbour of the script over which both trees agree, and which says something."""
    near = [
        pair
        for pair in seen
        if not pair.differs
        and pair.fixed.kind == "ok"
        and pair.fixed.out.strip() not in DULL
        and pair.fixed.out != best.fixed.out
        and _one_apart(pair.script, best.script)
    ]
    return min(near, key=lambda pair: len(pair.script), default=None)


def _one_apart(one: str, other: str) -> bool:
    """Whether two scripts have the same statements but for one, which calls the same things."""
    first, second = ast.parse(one).body, ast.parse(other).body
    if len(first) != len(second):
        return False
    apart = [(a, b) for a, b in zip(first, second, strict=True) if ast.dump(a) != ast.dump(b)]
    if len(apart) != 1:
        return False
    calls = _calls(apart[0][0])
    return calls == _calls(apart[0][1]) and bool(set(calls) - _BUILTIN)


def _calls(node: ast.AST) -> list[str]:
    return [ast.unparse(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)]


if __name__ == "__main__":
    main()
