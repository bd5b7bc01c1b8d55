"""Notes which lines of the sources each test runs, and how far below the test each function is.

One JSON object in `PALAESTRA_NOTES` when the session ends; `PALAESTRA_SOURCES` is a JSON list of
the sources' paths, relative to `PALAESTRA_ROOT`. Sets of tests are hexadecimal masks: bit n is the
nth test of the list. What other processes of a test run is not seen.
"""

import json
import os
import sys
import threading
from types import FrameType
from typing import Any

import pytest
from _pytest import junitxml

MAX_LOOKS = 3
"""How often the way from a test to one function is measured; the shortest counts."""
MAX_FRAMES = 400
MAX_CALLS = 200
"""Calls of one function that are followed in one test."""
MAX_IDLE = 2_000
"""Lines in a row that say nothing new; a frame is left alone then until it ends."""
SHIFT = 24
"""Bits of a line's number; above them is the number of its file."""


class Lines:
    """Follows the running test, in all its threads."""

    def __init__(self, root: str, sources: list[str]) -> None:
        self._paths = sources
        self._files = {f"{root}/{path}": number for number, path in enumerate(sources)}
        self._seen: set[int] = set()
        self._looks: dict[tuple[int, str], tuple[int, int]] = {}
        """Of this test: times that a function was looked at, and frames of the sources up to it."""
        self._tracers = [self._tracer(number << SHIFT) for number in range(len(sources))]
        self._idle = 0
        self.tests: list[str] = []
        self.lines: dict[int, int] = {}
        self.depths: dict[tuple[int, str, int], int] = {}

    def start(self, test: str) -> None:
        self.tests.append(test)
        self._seen.clear()
        self._looks.clear()
        self._idle = 0
        threading.settrace(self._enter)
        sys.settrace(self._enter)

    def stop(self) -> None:
        sys.settrace(None)
        threading.settrace(None)
        bit = 1 << (len(self.tests) - 1)
        for line in self._seen:
            self.lines[line] = self.lines.get(line, 0) | bit
        for (file, name), (_, depth) in self._looks.items():
            key = file, name, depth
            self.depths[key] = self.depths.get(key, 0) | bit

    def _tracer(self, base: int) -> Any:
        seen = self._seen

        def line(frame: FrameType, event: str, value: Any) -> Any:
            if event != "line":
                return line
            place = base + frame.f_lineno
            if place not in seen:
                seen.add(place)
                self._idle = 0
                return line
            self._idle += 1
            if self._idle > MAX_IDLE:
                frame.f_trace_lines = False
            return line

        return line

    def _enter(self, frame: FrameType, event: str, value: Any) -> Any:
        code = frame.f_code
        number = self._files.get(code.co_filename)
        if number is None:
            return None
        name = code.co_qualname.replace(".<locals>", "").partition(".<")[0]
        looks, depth = self._looks.get((number, name), (0, MAX_FRAMES))
        if looks < MAX_LOOKS:
            depth = min(depth, self._depth(frame))
        self._looks[number, name] = looks + 1, depth
        if looks > MAX_CALLS:
            return None
        return self._tracers[number]

    def _depth(self, frame: FrameType) -> int:
        """Frames of the sources on the stack; 1 where a test calls the function itself."""
        depth, at = 0, frame
        for _ in range(MAX_FRAMES):
            depth += at.f_code.co_filename in self._files
            if at.f_back is None:
                break
            at = at.f_back
        return depth

    def noted(self) -> dict[str, Any]:
        lines: dict[str, dict[int, str]] = {}
        for key, mask in sorted(self.lines.items()):
            path = self._paths[key >> SHIFT]
            lines.setdefault(path, {})[key & ((1 << SHIFT) - 1)] = f"{mask:x}"
        depths: dict[str, dict[str, dict[int, str]]] = {}
        for (file, name, depth), mask in sorted(self.depths.items()):
            depths.setdefault(self._paths[file], {}).setdefault(name, {})[depth] = f"{mask:x}"
        return {"tests": self.tests, "lines": lines, "depths": depths}


_LINES = Lines(os.environ["PALAESTRA_ROOT"], json.loads(os.environ["PALAESTRA_SOURCES"]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: Any) -> Any:
    names = junitxml.mangle_test_address(item.nodeid)
    _LINES.start(f"{'.'.join(names[:-1])}::{junitxml.bin_xml_escape(names[-1])}")
    try:
        return (yield)
    finally:
        _LINES.stop()


def pytest_sessionfinish() -> None:
    with open(os.environ["PALAESTRA_NOTES"], "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(_LINES.noted(), file)
