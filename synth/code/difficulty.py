"""How hard a bug is to find and to mend, measured; from one to five.

Hard are bugs far below the test that shows them, in long functions, in several places or files, and
seen by few tests. Where the tests of a bug were not followed beforehand, they are followed here, on
the fixed tree.
"""

import difflib
from collections.abc import Mapping

from envs.code.runs import RunRequest, run_many
from synth.code import tongues
from synth.code.bug import Bug, Labels, Place
from synth.code.coverage import Coverage, lines_plugin, read_lines
from synth.code.draft import modules_of, text_of
from synth.code.labels import buggy_tree, fixed_tree
from synth.code.operators import Module, tree

LONG, VERY_LONG = 30, 80
"""Lines of a function."""
FEW = 2
"""Tests that show a bug."""
MAX_DISTANCE_POINTS = 3


def measure(bug: Bug, labels: Labels, coverage: Coverage | None) -> dict[str, float]:
    """What difficulty is made of; `coverage` is of the fixed tree."""
    places = changed_places(bug)
    if coverage is None:
        depths = tongues.tongue(bug.toolchain).distances(bug, labels, places)
    else:
        tests = coverage.mask(labels.fail_to_pass)
        depths = [coverage.distance(place.path, place.function, tests) for place in places]
    num_judged = len(labels.fail_to_pass) + len(labels.pass_to_pass)
    return {
        "fail_to_pass": len(labels.fail_to_pass),
        "share": round(len(labels.fail_to_pass) / num_judged, 4),
        "distance": max(depths, default=0),
        "files": len(bug.gold),
        "functions": max(1, len(places)),
        "function_lines": max((place.num_lines for place in places), default=0),
        "changed_lines": sum(map(len, changed_lines(bug).values())),
    }


def level(measures: Mapping[str, float]) -> int:
    """1 (a test calls the short function that is wrong) to 5 (several files, far below the tests)."""
    points = min(max(0, measures["distance"] - 1), MAX_DISTANCE_POINTS)
    points += 2 * (measures["functions"] - 1) + 2 * (measures["files"] - 1)
    points += (measures["function_lines"] > LONG) + (measures["function_lines"] > VERY_LONG)
    points += measures["fail_to_pass"] <= FEW
    return int(min(5, 1 + points // 2))


def changed_places(bug: Bug) -> list[Place]:
    """In the fixed tree, in the order of paths and lines."""
    found: dict[tuple[str, str], Place] = {}
    fixed = fixed_tree(bug)
    for path, lines in changed_lines(bug).items():
        for function, size in _functions(path, text_of(fixed, path) or "", lines):
            found[path, function] = Place(path, function, size)
    return list(found.values())


def changed_lines(bug: Bug) -> dict[str, list[int]]:
    """By path: lines of the fixed text, from 1, that the fix adds or changes, or removes some after."""
    before, after = buggy_tree(bug), fixed_tree(bug)
    found: dict[str, list[int]] = {}
    for path in sorted(bug.gold):
        old = (text_of(before, path) or "").splitlines()
        new = (text_of(after, path) or "").splitlines()
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        found[path] = [
            line
            for tag, _, _, first, last in matcher.get_opcodes()
            if tag != "equal"
            for line in (range(first + 1, last + 1) if last > first else [max(1, first)])
        ]
    return found


def _functions(path: str, text: str, lines: list[int]) -> list[tuple[str, int]]:
    """Innermost functions around `lines`, with their sizes."""
    try:
        spans = _spans(path, text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    found: dict[str, int] = {}
    for line in lines:
        around = [(last - first + 1, name) for first, last, name in spans if first <= line <= last]
        if around:
            size, name = min(around)
            found[name] = size
    return list(found.items())


def _spans(path: str, text: str) -> list[tuple[int, int, str]]:
    """First line, last line and name of each function of a file."""
    if language := tree.language_of(path):
        return tree.TreeModule(text, language).spans()
    if not path.endswith(".py"):
        return []
    module = Module(text)
    return [
        (node.lineno, node.end_lineno or node.lineno, module.function(node))
        for node in module.functions()
    ]


def followed(bug: Bug, labels: Labels) -> Coverage:
    """Which of the failing tests of Python come by which lines; `SourceError` if that is not told."""
    sources = tuple(path for path in bug.sources if path.endswith(".py"))
    request = RunRequest(
        tree=fixed_tree(bug),
        toolchain=bug.toolchain,
        modules=modules_of(labels.fail_to_pass, bug.modules),
        ids=labels.fail_to_pass,
        plugin=lines_plugin(sources),
    )
    return read_lines(run_many([request])[0].notes)
