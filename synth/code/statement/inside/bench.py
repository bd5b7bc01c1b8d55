"""Finds reproductions: traces the failing tests on both trees, makes scripts, runs and shrinks them.

The whole search happens in one sandbox that holds both trees, for it runs hundreds of scripts. It
reads its orders from `orders.json` beside the trees and prints one line of JSON.
"""

import ast
import builtins
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from synth.code.statement.inside import excerpt, plugin, slicing, style
from synth.code.statement.inside.shrink import DULL, Evaluate, Pair, smallest
from synth.code.statement.inside.workers import NAME, SCRIPT_S, Worker, ended

SIDES = ("fixed", "buggy")
MARK = "EVIDENCE "
MAX_CANDIDATES = 8
"""Scripts that are tried for one test."""
MAX_FOUND = 3
FIRST_BUDGET, OTHER_BUDGET = 120, 40
"""Scripts that are run to shrink the first reproduction, and each other one."""
MAX_SCRIPT_CHARS = 1_600
_BUILTIN = frozenset(dir(builtins))
_PRIVATE = re.compile(
    r"(?<![\w\"'])_(?!_)\w+|__(?!init__|name__|main__|call__|enter__|exit__)\w+__"
)
_TESTING = re.compile(r"\btest_\w+|_test\b|\bTest[A-Z]\w*|unittest|pytest")


def main() -> None:
    here = Path.cwd()
    orders = json.loads((here / "orders.json").read_text())
    reports = {side: _traced(here / side, orders) for side in SIDES}
    scripts = _scripts(reports, str(here / "buggy"))
    # No script may lean on the tests, which the reader of a statement does not have.
    for side in SIDES:
        for path in orders["hidden"]:
            (here / side / path).unlink(missing_ok=True)
    sys.path[:] = [p for p in sys.path if not p.startswith(str(here))]
    roots = [str(here / side / orders["root"]) for side in SIDES]
    modules = _imported(scripts, orders["modules"])
    workers = [Worker([root], modules) for root in roots]

    def evaluate(scripts: Sequence[str]) -> list[Pair]:
        for worker in workers:
            worker.ask(list(scripts))
        sides = [worker.answer() for worker in workers]
        return [Pair(s, f, b) for s, f, b in zip(scripts, *sides, strict=True)]

    try:
        pairs = _candidates(scripts, evaluate, str(here))
        found = [_finished(*entry, roots) for entry in _shrunk(pairs, evaluate)]
    finally:
        for worker in workers:
            worker.close()
    sys.stdout.write(
        "\n" + MARK + json.dumps({"traced": len(pairs), "found": [f for f in found if f]}) + "\n"
    )


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
    sys.path[:] = [str(folder / orders["root"]), *kept]
    tracing = plugin.Plugin(
        frozenset(orders["tests"]),
        frozenset(str(folder / path) for path in orders["sources"]),
        str(folder),
        orders["test_s"],
    )
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--rootdir={folder}"]
    arguments += ["-o", "addopts=", "-o", "required_plugins="]
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
        sliced = list(slicing.scripts(right["calls"], wrong["calls"]))[:MAX_CANDIDATES]
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


def _candidates(
    scripts: dict[str, list[str]], evaluate: Evaluate, here: str
) -> dict[str, list[Pair]]:
    """By test, the scripts over which the trees differ, the most readable first."""
    found: dict[str, list[Pair]] = {}
    for test, several in scripts.items():
        pairs = evaluate([style.shown(s, use_repr) for s in several for use_repr in (False, True)])
        seen = [
            plain if _visible(plain) else exact
            for plain, exact in zip(pairs[::2], pairs[1::2], strict=True)
        ]
        sound = (p for p in seen if _is_sound(p) and here not in p.script + str(p[1:]))
        found[test] = sorted(sound, key=_effort)
    return found


def _visible(pair: Pair) -> bool:
    """Whether a reader sees the difference without counting blanks."""
    if pair.fixed.kind != pair.buggy.kind or pair.fixed.message != pair.buggy.message:
        return True
    sides = [[line.strip() for line in side.out.split("\n")] for side in (pair.fixed, pair.buggy)]
    return sides[0] != sides[1] and "" not in (sides[0][0], sides[1][0])


def _is_sound(pair: Pair) -> bool:
    """Whether a script shows the bug: what is meant to fail fails with an error of its own."""
    return pair.differs and pair.fixed.kind not in ("hang", "exit", "NameError", "SyntaxError")


def _effort(pair: Pair) -> int:
    """What it costs to read a script; private names cost most."""
    script = pair.script
    objects = (pair.fixed.out + pair.buggy.out).count("0x...")
    lines = script.count("\n")
    return len(script) + 30 * lines + 400 * len(_PRIVATE.findall(script)) + 150 * objects


def _shrunk(
    candidates: dict[str, list[Pair]], evaluate: Evaluate
) -> Iterator[tuple[Pair, list[Pair], list[str]]]:
    """One small script for each kind of symptom, with what else was run and the tests it covers."""
    groups: dict[tuple[str, ...], list[tuple[Pair, str]]] = {}
    for test, pairs in candidates.items():
        if pairs:
            groups.setdefault(_symptom(pairs[0]), []).append((pairs[0], test))
    ordered = sorted(groups.values(), key=lambda group: min(_effort(p) for p, _ in group))
    for number, group in enumerate(ordered[:MAX_FOUND]):
        start = min((pair for pair, _ in group), key=_effort)
        budget = OTHER_BUDGET if number else FIRST_BUDGET
        best, seen = smallest(start, evaluate, budget)
        yield best, seen, [test for _, test in group]


def _symptom(pair: Pair) -> tuple[str, ...]:
    """Scripts with the same symptom need not all be shown."""
    for statement in reversed(ast.parse(pair.script).body):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and ast.unparse(node.func) not in _BUILTIN:
                name = ast.unparse(node.func).rpartition(".")[2]
                options = sorted(k.arg or "" for k in node.keywords)
                return name, *options, pair.fixed.kind, pair.buggy.kind
    return pair.fixed.kind, pair.buggy.kind


def _finished(
    best: Pair, seen: list[Pair], tests: list[str], roots: list[str]
) -> dict[str, Any] | None:
    """What the script does as a program of its own on both trees, twice with other hash seeds."""
    text = style.written(best.script)
    if _TESTING.search(text):
        return None
    if len(text) > MAX_SCRIPT_CHARS:
        return None
    sides = [[_program(text, root, seed) for seed in (1, 2)] for root in roots]
    if any(one != other for one, other in sides) or sides[0][0] == sides[1][0]:
        return None
    contrast = _contrast(best, seen)
    return {
        "script": text,
        "fixed": sides[0][0],
        "buggy": sides[1][0],
        "contrast": {"script": style.written(contrast.script), "out": contrast.fixed.out}
        if contrast
        else None,
        "tests": tests,
    }


def _program(text: str, root: str, seed: int) -> dict[str, Any]:
    env = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONWARNINGS": "ignore"}
    kept = [p for p in os.environ.get("PYTHONPATH", "").split(":") if p and "repo" not in p]
    env["PYTHONPATH"] = ":".join([root, *kept])
    Path(NAME).write_text(text)
    try:
        done = subprocess.run(
            [sys.executable, "-S", "-B", NAME],
            env=env,
            capture_output=True,
            timeout=3 * SCRIPT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"out": "", "error": "hang", "message": "", "lines": [], "deepest": ""}
    return ended(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


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
