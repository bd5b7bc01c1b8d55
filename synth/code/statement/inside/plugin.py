"""The pytest plugin that traces failing tests, and notes the lines of the tests that led to the end."""

import inspect
import signal
import sys
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import pytest
from _pytest.junitxml import mangle_test_address

from synth.code.statement.inside.tracer import Opaque, Tracer, literal, plain

IDLE_SHARE = 4
"""Tests that neither compute nor end may take so many times the limit."""


class TookTooLong(BaseException):
    """Raised in a test that runs for longer than it may."""


class Plugin:
    """Runs the wanted tests and no others; `reports` has what each did, in order."""

    def __init__(
        self, wanted: Collection[str], sources: Collection[str], root: str, cpu_s: float
    ) -> None:
        self._wanted = wanted
        self._sources = sources
        self._root = root
        self._cpu_s = cpu_s
        self._tracer = Tracer(sources, root)
        self.reports: list[dict[str, Any]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makemodule(self) -> Any:
        """What test modules make when they are imported, their tests may use."""
        module = yield
        self._tracer.start()
        try:
            # Imports it. What cannot be imported is told when its tests are collected.
            with suppress(BaseException):
                _ = module.obj
        finally:
            self._tracer.stop()
        return module

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Any:
        self._prelude = self._tracer.branch()
        self._prelude.start()
        try:
            return (yield)
        finally:
            self._prelude.stop()

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [item for item in items if test_id(item.nodeid) in self._wanted]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: Any) -> Any:
        tracer = self._prelude
        report: dict[str, Any] = {"test": test_id(item.nodeid), "failure": None}
        report |= _place(item)
        report["values"] = _given(tracer, item)
        signal.signal(signal.SIGPROF, _stop)
        signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_PROF, self._cpu_s)
        signal.setitimer(signal.ITIMER_REAL, IDLE_SHARE * self._cpu_s)
        tracer.start()
        try:
            return (yield)
        finally:
            tracer.stop()
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            report["calls"] = tracer.calls
            self.reports.append(report)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        done = yield
        # A unittest case hands its error over only here.
        error = call.excinfo.value if call.excinfo else None
        if error is None or isinstance(error, pytest.skip.Exception) or call.when == "teardown":
            return done
        if call.when == "setup":
            report = {"test": test_id(item.nodeid), **_place(item), "values": {}}
            self.reports.append({**report, "calls": self._prelude.calls})
        self.reports[-1]["failure"] = _failure(error, self._root, self._sources)
        return done


def test_id(nodeid: str) -> str:
    """`classname::name`, as a JUnit report names the test."""
    *classname, name = mangle_test_address(nodeid)
    return f"{'.'.join(classname)}::{name}"


def _stop(*_: object) -> None:
    raise TookTooLong


def _place(item: Any) -> dict[str, Any]:
    """File, class and function of a test, and what its fixtures are called."""
    function = getattr(item, "originalname", None) or item.name
    owner = getattr(item, "cls", None)
    fixtures = {}
    info = getattr(item, "_fixtureinfo", None)
    for name, found in (info.name2fixturedefs if info else {}).items():
        code = getattr(inspect.unwrap(found[-1].func), "__code__", None)
        if code is not None:
            fixtures[name] = [code.co_filename, code.co_name]
    code = getattr(inspect.unwrap(getattr(item, "function", None) or _place), "__code__", None)
    return {
        "file": code.co_filename if code else str(item.path),
        "owners": [
            [sys.modules[kind.__module__].__file__, kind.__name__]
            for kind in (owner.__mro__ if owner else ())
            if getattr(sys.modules.get(kind.__module__), "__file__", None)
        ],
        "function": code.co_name if code else function,
        "fixtures": fixtures,
    }


def _given(tracer: Tracer, item: Any) -> dict[str, Any]:
    """The parameters of a test that can be written down, by name."""
    found: dict[str, Any] = {}
    for name, value in getattr(getattr(item, "callspec", None), "params", {}).items():
        with suppress(Opaque):
            found[name] = tracer.written(value)
    return found


def _failure(error: BaseException, root: str, sources: Collection[str]) -> dict[str, Any]:
    """The error of a test and the lines of the tests that led to it, outermost first.

    A line is [file, number, function, literals that its variables had].
    """
    frames = []
    at = error.__traceback__
    while at is not None:
        name = at.tb_frame.f_code.co_filename
        if name.startswith(root) and name not in sources:
            values = {key: literal(value) for key, value in at.tb_frame.f_locals.items()}
            known = {key: text for key, text in values.items() if text is not None}
            frames.append([name, at.tb_lineno, at.tb_frame.f_code.co_name, known])
        at = at.tb_next
    return {"error": type(error).__name__, "message": plain(str(error)), "frames": frames}
