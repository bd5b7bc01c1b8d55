"""Bugs in trees of other languages than Python: prepared, mutated, and judged by their whole suite.

The counterpart of `intake` and `inject` where nothing tells which tests come by a line: a mutation
is built and the suite is run, which small libraries allow. What it gives is a `Bug` like any other.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import PurePosixPath
from random import Random
from typing import NamedTuple

from data.errors import SourceError
from data.record import Record
from data.task import Source
from envs.code.junit import Status
from envs.code.layout import Layout, detect, text_of
from envs.code.npm import lock
from envs.code.runs import Ended, RunRequest, run_many
from envs.code.spec import REPOSITORY, CodeLimits, Origin, Toolchain
from envs.code.tree import Tree
from envs.code.trees import keep_tree, laid_over, origin_tree
from synth.code.bug import Bug, Story
from synth.code.conditions import CONDITIONS
from synth.code.draft import Rejected
from synth.code.inject import Placed
from synth.code.intake import stable
from synth.code.operators.tree import (
    OPERATORS,
    Mutation,
    TreeModule,
    candidates,
    language_of,
    mutated,
)
from synth.code.remembered import remembered

VERSION = "trees 1"
MIN_TESTS = 8
"""Stable tests that a suite needs before we believe that it knows what the code should do."""
MAX_SUITE_S = 60.0
MAX_SHARE, FEW_SHARE, FEW = 0.2, 0.34, 8
"""Of the suite that may notice a bug, more of a small one: up to `FEW` tests."""
TRIAL = CodeLimits(tests_s=60.0)
_SELF_EXPLAINING = re.compile(r"ReferenceError|SyntaxError|\bis not defined\b")
_FRAME = re.compile(rf"{re.escape(REPOSITORY)}/([^\s:()]+):(\d+)")
"""Where an error came from, the innermost place first."""


class PreparedTree(Record):
    """A tree and what is known of its tests."""

    origin: Origin
    tree_sha256: str
    layout: Layout
    toolchain: Toolchain
    """With its lock."""
    licence: Source
    passing: tuple[str, ...]
    """Tests that passed in every run."""
    flaky: tuple[str, ...]


class Place(NamedTuple):
    path: str
    mutation: Mutation


def prepared(tree: Tree, origin: Origin, licence: str, before: datetime) -> PreparedTree:
    """What `prepare` gives, by an earlier process if there was one."""
    return remembered(
        PreparedTree,
        [VERSION, origin.model_dump(), licence, before.isoformat()],
        lambda: prepare(tree, origin, licence, before),
    )


def prepare(tree: Tree, origin: Origin, licence: str, before: datetime) -> PreparedTree:
    """Locks what `tree` needs as of a date and runs its suite under three conditions.

    `licence` is an SPDX expression. Raises `SourceError` whose first word says why the tree is of no
    use, `EnvironmentFault` where its toolchain is not installed.
    """
    layout = detect(tree)
    toolchain = layout.toolchain
    if layout.requirements:
        pins = lock(layout.requirements, before)
        toolchain = toolchain.model_copy(update={"lock": pins})
    request = RunRequest(tree, toolchain, layout.tests)
    runs = run_many([condition.of(request) for condition in CONDITIONS])
    late = max(run.seconds for run in runs)
    if late > MAX_SUITE_S:
        raise SourceError(f"slow: its tests take {late:.0f} s")
    passing, flaky = stable(runs)
    if len(passing) < MIN_TESTS:
        raise SourceError(f"few_tests: {len(passing)} of its tests pass whenever they are run")
    return PreparedTree(
        origin=origin,
        tree_sha256=keep_tree(tree),
        layout=layout,
        toolchain=toolchain,
        licence=Source(
            name=origin.project, version=origin.version, licence=licence, sha256=origin.sha256
        ),
        passing=passing,
        flaky=flaky,
    )


class Soil:
    """A prepared tree and its places for bugs, which are looked for once."""

    def __init__(self, prepared: PreparedTree) -> None:
        self.prepared = prepared

    @cached_property
    def tree(self) -> Tree:
        return origin_tree(self.prepared.origin, self.prepared.tree_sha256)

    @cached_property
    def modules(self) -> Mapping[str, TreeModule]:
        """Sources that operators know, by path."""
        found = {}
        for path in self.prepared.layout.sources:
            language = language_of(path)
            if language is not None:
                module = _module(self.tree[path].content, language)
                if module is not None:
                    found[path] = module
        return found

    @cached_property
    def places(self) -> Mapping[str, tuple[Place, ...]]:
        """By operator, in the order of paths and lines; operators without a place are left out."""
        found = {
            operator: tuple(
                Place(path, mutation)
                for path, module in self.modules.items()
                for mutation in candidates(module, operator)
            )
            for operator in OPERATORS
        }
        return {operator: places for operator, places in found.items() if places}

    def text(self, place: Place) -> str | None:
        """The file with the bug; None where it parses worse, or means the same."""
        return mutated(self.modules[place.path], place.mutation)


def mutate(soil: Soil, rng: Random) -> Placed:
    """A bug that some tests notice, and not too many; raises `Rejected`.

    Operators have equal chances, however many places they have.
    """
    if not soil.places:
        raise Rejected("no_site")
    place = rng.choice(soil.places[rng.choice(list(soil.places))])
    text = soil.text(place)
    if text is None:
        raise Rejected("no_change")
    found = noticed(soil, place.path, text)
    prepared = soil.prepared
    bug = Bug(
        origin=prepared.origin,
        tree_sha256=prepared.tree_sha256,
        toolchain=prepared.toolchain,
        sources=may_change(prepared.layout),
        removed=(),
        buggy={place.path: text},
        gold={place.path: soil.modules[place.path].text},
        tests={},
        modules=prepared.layout.tests,
        story=Story(sort="injected", operators=(place.mutation.operator,)),
        licence=prepared.licence,
    )
    # Nothing says which tests come by the change, so all may.
    return Placed(bug, (found,), prepared.passing, prepared.passing, prepared.flaky)


def noticed(soil: Soil, path: str, text: str) -> tuple[str, ...]:
    """Tests that fail with `text` at `path`; raises `Rejected` where that makes no task."""
    prepared = soil.prepared
    tree = laid_over(soil.tree, {path: text})
    request = RunRequest(tree, prepared.toolchain, prepared.layout.tests, limits=TRIAL)
    (run,) = run_many([request])
    if run.ended is Ended.LATE:
        raise Rejected("hangs")
    if run.problem:
        raise Rejected("does_not_build" if "does not build" in run.output else "crash")
    missing = [test for test in prepared.passing if test not in run.results]
    if missing:
        # A module that no longer loads, or a program that died before its end.
        raise Rejected("crash")
    found = [t for t in prepared.passing if run.results[t].status is not Status.PASSED]
    if not found:
        raise Rejected("survived")
    num = len(prepared.passing)
    if len(found) > max(1, int(MAX_SHARE * num), min(FEW, int(FEW_SHARE * num))):
        raise Rejected("too_broad")
    lines = _new_lines(text_of(soil.tree, path), text)
    if all(_is_obvious(run.results[test].message, path, lines) for test in found):
        raise Rejected("obvious")
    return tuple(found)


def _new_lines(before: str, after: str) -> set[int]:
    """Numbers of the lines of `after` that `before` does not have there, from 1."""
    old, new = before.splitlines(), after.splitlines()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return {
        line + 1
        for tag, _, _, first, last in matcher.get_opcodes()
        if tag != "equal"
        for line in range(first, last)
    }


def _is_obvious(message: str, path: str, lines: set[int]) -> bool:
    """Whether a failure says what is missing, or broke at the changed line with an error of its own."""
    if _SELF_EXPLAINING.search(message):
        return True
    frame = _FRAME.search(message)
    if frame is None or "AssertionError" in message:
        return False
    return frame[1] == path and int(frame[2]) in lines


def may_change(layout: Layout) -> tuple[str, ...]:
    """The sources, and the folders that may get new ones."""
    folders = {str(PurePosixPath(path).parent) for path in layout.sources}
    return (*layout.sources, *(f"{folder}/" for folder in sorted(folders) if folder != "."))


def _module(content: bytes, language: str) -> TreeModule | None:
    try:
        return TreeModule(content.decode(), language)
    except (SyntaxError, UnicodeDecodeError):
        return None
