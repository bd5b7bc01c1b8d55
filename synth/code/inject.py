"""One bug, or several that belong together, put into a prepared tree; and the first verdict on it.

Only the tests that reach the changed lines are run, in one sandbox for each change. What survives
them, breaks more than a fifth of the suite or explains itself is refused, for a reason that is one
word; what is left goes the way of all bugs (`synth.code.labels`).
"""

import ast
import csv
from collections.abc import Mapping, Sequence
from functools import cache, reduce
from importlib.resources import files
from itertools import pairwise
from operator import or_
from pathlib import PurePosixPath
from random import Random
from typing import NamedTuple

from envs.code.runs import Ended, Run, RunRequest, run_many
from envs.code.spec import CodeLimits
from envs.code.tree import Tree
from envs.code.trees import laid_over
from synth.code.bug import Bug, Story
from synth.code.coverage import End, ends_plugin, read_ends
from synth.code.draft import Rejected, failing, modules_of, text_of
from synth.code.operators import Edit, Module, applied
from synth.code.sites import MAX_SHARE, Ground, Site, new_lines

TRIAL = CodeLimits(tests_s=120.0)
"""For tests that neither compute nor end; those that compute are ended by `inside.ends`."""
HANG = "hang"
TINY_LINES = 3
COMPANIONS = {1: (0,), 2: (0,), 3: (0, 0, 1), 4: (1,), 5: (1, 1, 2)}
"""Further changes by level, with equal chances."""
SELF_EXPLAINING = frozenset(
    ["NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "SyntaxError"]
)
"""Errors that name what is wrong."""


class Placed(NamedTuple):
    """A bug, and what its tests said of it so far."""

    bug: Bug
    noticed: tuple[tuple[str, ...], ...]
    """Of each change, the tests that fail with it alone."""
    reached: tuple[str, ...]
    """Tests that come by a change; no other can tell the trees apart."""
    passing: tuple[str, ...]
    """Tests that passed in every run without it."""
    flaky: tuple[str, ...]
    """Those that ended now so, now so."""


def mutate(ground: Ground, level: int, rng: Random) -> Placed:
    """A bug of about this difficulty (1 to 5); raises `Rejected`."""
    return put(ground, _chosen(ground.sites, level, rng))


def put(ground: Ground, chosen: Sequence[Site]) -> Placed:
    """The bug of all `chosen` changes; raises `Rejected` unless tests notice each, and few do."""
    prepared = ground.prepared
    texts = _texts(ground.tree, chosen)
    noticed = tuple(_noticed(ground, site, _trial(ground, site)) for site in chosen)
    if len(set().union(*noticed)) > MAX_SHARE * len(prepared.passing):
        raise Rejected("too_broad")
    bug = Bug(
        origin=prepared.origin,
        tree_sha256=prepared.tree_sha256,
        toolchain=prepared.toolchain,
        sources=may_change(prepared.project.sources),
        removed=(),
        buggy=texts,
        gold={path: text_of(ground.tree, path) for path in texts},
        tests={},
        modules=prepared.modules,
        story=Story(sort="injected", operators=tuple(site.mutation.operator for site in chosen)),
        licence=prepared.licence,
    )
    reached = reduce(or_, (site.reached_by for site in chosen))
    named = prepared.coverage.named(reached)
    return Placed(bug, noticed, named, prepared.passing, prepared.flaky)


def may_change(sources: Sequence[str]) -> tuple[str, ...]:
    """The modules, and the packages that may get new ones."""
    packages = {f"{PurePosixPath(p).parent}/" for p in sources if p.endswith("/__init__.py")}
    return (*sources, *sorted(packages))


def _chosen(known: Mapping[str, Sequence[Site]], level: int, rng: Random) -> list[Site]:
    """Operators are as likely as their mistakes are of use, however many places they have."""
    if not known:
        raise Rejected("no_place")
    (operator,) = rng.choices(list(known), [likelihood(name) for name in known])
    chosen = [rng.choice(known[operator])]
    for _ in range(rng.choice(COMPANIONS[level])):
        found = _companions(known, chosen)
        elsewhere = [site for site in found if site.path not in {s.path for s in chosen}]
        if level == max(COMPANIONS) and elsewhere:
            found = elsewhere
        if found:
            chosen.append(rng.choice(found))
    return chosen


def likelihood(operator: str) -> float:
    """The share of its mistakes that passed the first verdict when yields were measured."""
    tried, kept = yields().get(operator, (0, 0))
    return (kept + 1) / (tried + 2)


@cache
def yields() -> Mapping[str, tuple[int, int]]:
    """By operator, how many mistakes were tried and kept; `benchmarks.code_injection` counts them."""
    rows = csv.DictReader(
        files("synth.code").joinpath("yields.tsv").read_text().splitlines(), delimiter="\t"
    )
    return {row["operator"]: (int(row["tried"]), int(row["kept"])) for row in rows}


def _companions(known: Mapping[str, Sequence[Site]], chosen: Sequence[Site]) -> list[Site]:
    """Places in other functions that a test of the first one reaches too.

    Those of the same mistake where there are some, for one author makes it twice.
    """
    functions = {(site.path, site.mutation.function) for site in chosen}
    shared = chosen[0].reached_by

    def fits(site: Site) -> bool:
        own = (site.path, site.mutation.function) not in functions
        return own and bool(site.reached_by & shared)

    same = [site for site in known[chosen[0].mutation.operator] if fits(site)]
    return same or [site for operator in known for site in known[operator] if fits(site)]


def _texts(tree: Tree, chosen: Sequence[Site]) -> dict[str, str | None]:
    """The changed modules; raises `Rejected` where nothing is changed, or it is no Python."""
    edits: dict[str, list[Edit]] = {}
    for site in chosen:
        edits.setdefault(site.path, []).extend(site.mutation.edits)
    return {path: _edited(text_of(tree, path) or "", found) for path, found in edits.items()}


def _edited(text: str, edits: Sequence[Edit]) -> str:
    ordered = sorted(edits)
    if any(left.end > right.start for left, right in pairwise(ordered)):
        raise Rejected("overlap")
    after = applied(text, ordered)
    try:
        same = ast.dump(Module(after).tree) == ast.dump(Module(text).tree)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Rejected("no_python") from error
    if same:
        raise Rejected("no_change")
    return after


def _trial(ground: Ground, site: Site) -> Run:
    """A run of the tests that reach the change, with it alone."""
    prepared = ground.prepared
    tests = prepared.coverage.named(site.reached_by)
    request = RunRequest(
        tree=laid_over(ground.tree, _texts(ground.tree, [site])),
        toolchain=prepared.toolchain,
        modules=modules_of(tests, prepared.modules),
        ids=tests,
        limits=TRIAL,
        plugin=ends_plugin(prepared.project.sources),
    )
    (run,) = run_many([request])
    return run


def _noticed(ground: Ground, site: Site, run: Run) -> tuple[str, ...]:
    """Tests that notice the change; raises `Rejected` where they do not, or too easily."""
    prepared = ground.prepared
    ends = read_ends(run.notes)
    if run.ended is Ended.LATE or any(end.error == HANG for end in ends.values()):
        raise Rejected("hangs")
    if run.ended is Ended.BROKEN:
        raise Rejected("import_failure")
    if run.problem:
        raise Rejected("crash")
    tests = prepared.coverage.named(site.reached_by)
    found = failing(run.results, tests)
    if not found:
        raise Rejected("survived")
    lines = new_lines(text_of(ground.tree, site.path) or "", site.mutation.edits)
    if all(test in ends and _is_obvious(ends[test], site.path, lines) for test in found):
        raise Rejected("obvious")
    direct = prepared.coverage.distance(site.path, site.mutation.function, site.reached_by) <= 1
    if direct and len(found) == len(tests) and _is_tiny(ground.tree, site):
        raise Rejected("trivial")
    return found


def _is_obvious(end: End, path: str, lines: set[int]) -> bool:
    """Whether the test's own message leads to the changed line, or says what is missing."""
    crashed = end.path == path and end.line in lines and end.here
    return end.error in SELF_EXPLAINING or (crashed and end.error != "AssertionError")


def _is_tiny(tree: Tree, site: Site) -> bool:
    return function_lines(text_of(tree, site.path) or "", site.mutation.function) <= TINY_LINES


def function_lines(text: str, name: str) -> int:
    """Lines of a function, the longest of that name; 0 where there is none."""
    module = Module(text)
    sizes = (
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in module.functions()
        if module.function(node) == name
    )
    return max(sizes, default=0)
