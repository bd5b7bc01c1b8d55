"""Where bugs can be put in a prepared tree: places that some tests come by, but not many."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from envs.code.tree import Tree
from envs.code.trees import origin_tree
from synth.code.coverage import Coverage, Mask
from synth.code.draft import text_of
from synth.code.intake import Prepared
from synth.code.operators import OPERATORS, Edit, Module, Mutation, candidates

MIN_SHARE, MAX_SHARE = 0.01, 0.20
"""Of the suite's tests that reach a place."""
AT_DEFINITION = frozenset({"change_default"})
"""Operators whose lines run when the module is imported, before any test."""


SCAR = "pass"
"""What no author writes in place of a statement; it would show where the bug is."""


class Site(NamedTuple):
    path: str
    mutation: Mutation
    reached_by: Mask


class Ground:
    """A prepared tree and its places for bugs, which are looked for once."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared

    @property
    def tree(self) -> Tree:
        return origin_tree(self.prepared.origin, self.prepared.tree_sha256)

    @cached_property
    def sites(self) -> Mapping[str, tuple[Site, ...]]:
        """By operator, in the order of paths and lines; operators without a place are left out."""
        found: dict[str, list[Site]] = {}
        for path in self.prepared.project.sources:
            text = text_of(self.tree, path) if path in self.prepared.coverage.lines else None
            module = _module(text) if text else None
            for site in self._of(path, module) if module else ():
                found.setdefault(site.mutation.operator, []).append(site)
        return {operator: tuple(found[operator]) for operator in sorted(found)}

    def _of(self, path: str, module: Module) -> Iterator[Site]:
        coverage = self.prepared.coverage
        fewest = max(1, int(MIN_SHARE * len(coverage.tests)))
        most = int(MAX_SHARE * len(coverage.tests))
        for operator in OPERATORS:
            for mutation in candidates(module, operator):
                mask = _reached(coverage, path, module.text, mutation)
                scarred = any(edit.text.strip() == SCAR for edit in mutation.edits)
                if fewest <= mask.bit_count() <= most and not scarred:
                    yield Site(path, mutation, mask)


def _module(text: str) -> Module | None:
    try:
        return Module(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _reached(coverage: Coverage, path: str, text: str, mutation: Mutation) -> Mask:
    if mutation.operator in AT_DEFINITION:
        return coverage.calling(path, mutation.function)
    found = 0
    for first, last in old_lines(text, mutation.edits):
        found |= coverage.reaching(path, first, last)
    return found


def old_lines(text: str, edits: Sequence[Edit]) -> list[tuple[int, int]]:
    """First and last line, from 1, of what each edit replaces."""
    return [
        (
            text.count("\n", 0, edit.start) + 1,
            text.count("\n", 0, max(edit.start, edit.end - 1)) + 1,
        )
        for edit in edits
    ]


def new_lines(text: str, edits: Sequence[Edit]) -> set[int]:
    """Lines, from 1, of the edited text that hold something new, or stand where something was."""
    found: set[int] = set()
    shift = 0
    for edit in sorted(edits):
        first = text.count("\n", 0, edit.start) + 1 + shift
        added = edit.text.count("\n")
        found |= set(range(first, first + added + 1))
        shift += added - text.count("\n", edit.start, edit.end)
    return found
