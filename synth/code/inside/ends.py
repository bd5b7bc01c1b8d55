"""Notes where each failing test broke: the error's type, and the last line of the sources it passed.

One JSON object a line in `PALAESTRA_NOTES`: {"test", "error", "path", "line", "here"}; `here` says
that the error was raised on that line itself and not in what it called. `PALAESTRA_ROOT` is the
folder that paths are relative to, `PALAESTRA_SOURCES` a JSON list of the sources' paths. A test that
computes for `PALAESTRA_TEST_CPU_S` seconds ends the run, and its error is `hang`.
"""

import json
import os
import signal
from typing import Any

import pytest
from _pytest import junitxml

_ROOT = os.environ["PALAESTRA_ROOT"] + "/"
_SOURCES = frozenset(json.loads(os.environ["PALAESTRA_SOURCES"]))
_TEST_CPU_S = float(os.environ["PALAESTRA_TEST_CPU_S"])
HANG = "hang"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: Any) -> Any:
    signal.signal(signal.SIGVTALRM, lambda *_: _give_up(item))
    signal.setitimer(signal.ITIMER_VIRTUAL, _TEST_CPU_S)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _give_up(item: Any) -> None:
    _note({"test": item.nodeid, "error": HANG, "path": "", "line": 0, "here": False})
    os._exit(1)


def _note(noted: dict[str, Any]) -> None:
    with open(os.environ["PALAESTRA_NOTES"], "a", encoding="utf-8") as file:  # noqa: PTH123
        file.write(json.dumps(noted) + "\n")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    report = yield
    if report.failed and call.excinfo is not None:
        names = junitxml.mangle_test_address(item.nodeid)
        test = f"{'.'.join(names[:-1])}::{junitxml.bin_xml_escape(names[-1])}"
        _note({"test": test, "error": call.excinfo.typename, **_place(call.excinfo.tb)})
    return report


def _place(traceback: Any) -> dict[str, Any]:
    found = {"path": "", "line": 0, "here": False}
    while traceback is not None:
        path = traceback.tb_frame.f_code.co_filename.removeprefix(_ROOT)
        if path in _SOURCES:
            found = {"path": path, "line": traceback.tb_lineno, "here": not traceback.tb_next}
        traceback = traceback.tb_next
    return found
