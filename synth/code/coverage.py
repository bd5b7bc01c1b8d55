"""Which tests run which lines of a tree, and how many calls lie between a test and a function.

Measured once for a tree, in a sandbox, by `inside.lines`. Bugs are put where few tests come by, and
only those tests are asked first whether they notice.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from types import MappingProxyType

from pydantic import Field, ValidationError

from data.errors import SourceError
from data.record import Record
from envs.code.spec import REPOSITORY
from envs.code.toolchains.base import NOTES, Plugin

TEST_CPU_S = 2.5
"""A test that takes longer hangs. Of the processor, so that a busy machine makes no difference."""
NO_MORE: Mapping[str, str] = MappingProxyType({})
Mask = int
"""A set of tests: bit n is the nth of `Coverage.tests`."""


class Coverage(Record):
    tests: tuple[str, ...]
    lines: dict[str, dict[int, str]]
    """By path and number of the line: the tests that run it, as a mask in hexadecimal."""
    depths: dict[str, dict[str, dict[int, str]]] = Field(repr=False)
    """By path, function and number of frames between (1: the test calls it): the tests."""

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        return MappingProxyType({test: number for number, test in enumerate(self.tests)})

    def mask(self, tests: Iterable[str]) -> Mask:
        return sum(1 << self.numbers[test] for test in tests if test in self.numbers)

    def named(self, mask: Mask) -> tuple[str, ...]:
        return tuple(test for n, test in enumerate(self.tests) if mask >> n & 1)

    def reaching(self, path: str, first: int, last: int) -> Mask:
        """Tests that run one of the lines from `first` to `last`."""
        lines, found = self.lines.get(path, {}), 0
        for number in range(first, last + 1):
            found |= int(lines.get(number, "0"), 16)
        return found

    def calling(self, path: str, function: str) -> Mask:
        """Tests that enter a function."""
        found = 0
        for mask in self.depths.get(path, {}).get(function, {}).values():
            found |= int(mask, 16)
        return found

    def distance(self, path: str, function: str, tests: Mask) -> int:
        """Frames between the nearest of `tests` and the function; 0 where none enters it."""
        depths = self.depths.get(path, {}).get(function, {})
        return min((depth for depth, m in depths.items() if int(m, 16) & tests), default=0)


def lines_plugin(sources: Sequence[str]) -> Plugin:
    """Notes what `read_lines` reads."""
    return _plugin("lines", sources)


def ends_plugin(sources: Sequence[str], test_cpu_s: float = TEST_CPU_S) -> Plugin:
    """Notes what `read_ends` reads; ends the run with the first test that computes for so long."""
    return _plugin("ends", sources, {"PALAESTRA_TEST_CPU_S": str(test_cpu_s)})


def _plugin(name: str, sources: Sequence[str], more: Mapping[str, str] = NO_MORE) -> Plugin:
    return Plugin(
        files("synth.code.inside").joinpath(f"{name}.py").read_text(),
        {
            "PALAESTRA_NOTES": NOTES,
            "PALAESTRA_ROOT": REPOSITORY,
            "PALAESTRA_SOURCES": json.dumps(sources),
            **more,
        },
    )


def read_lines(notes: str) -> Coverage:
    """Raises `SourceError` where a tree's tests broke the measurement."""
    try:
        return Coverage.model_validate_json(notes)
    except ValidationError as error:
        raise SourceError("no_coverage: its tests cannot be followed") from error


class End(Record):
    """Where a failing test broke."""

    test: str
    error: str
    """Name of the exception's type; `hang` for a test that did not end."""
    path: str
    line: int
    here: bool
    """Raised on this line itself, not in what it called."""


def read_ends(notes: str) -> dict[str, End]:
    """By test; a line that is none is left out, for it comes from a sandbox."""
    found: dict[str, End] = {}
    for line in notes.splitlines():
        try:
            end = End.model_validate_json(line)
        except ValidationError:
            continue
        found[end.test] = end
    return found
