"""Runs pytest on the working copy and tells each result on a socket, as it happens.

It shares its process with code that nobody trusts, so what it tells is what that process claims;
who believes it under which conditions is not decided here. Forked where pytest is loaded already,
or started as a program (`python -m`).
"""

import gc
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import distributions
from random import Random
from typing import Any

import pytest
from _pytest import fixtures, junitxml, runner
from _pytest.config import default_plugins

from envs.code.inside.clock import stop

MAX_MESSAGE_CHARS = 2_000
MAX_ID_CHARS = 500
NEVER = frozenset(
    ["xdist", "pytest_cov", "pytest_randomly", "pytest_benchmark", "pytest_timeout", "pytest_sugar"]
    + ["pytest_html", "pytest_rerunfailures", "pytest_forked", "pytest_reportlog"]
)
"""Plug-ins that change how tests are run or reported; nothing that a test means needs them."""
IGNORED = ("PytestConfigWarning", "PytestUnknownMarkWarning", "PytestDeprecationWarning")
"""About the framework, whose version is ours and not the tree's."""
OURS = ("inside", "envs")

for _name in default_plugins:
    import_module(f"_pytest.{_name}")
# It only warns, of the framework's own parts too, and takes a sixth of a short run.
fixtures.FixtureManager._check_for_wrapped_fixture = lambda *_: None


class Reporter:
    """A plug-in: chooses and orders the tests, and tells how each one ends."""

    def __init__(self, job: dict[str, Any], stream: int) -> None:
        self._ids = None if job["ids"] is None else set(job["ids"])
        self._order: int = job["order"]
        self._disguised: bool = job["disguised"]
        self._stream = stream
        self._write = os.write
        self._number = 0
        self._open: dict[str, list[tuple[str, str]]] = {}
        self._seconds = 0.0

    def tell(self, **message: Any) -> None:
        message["number"] = self._number
        self._number += 1
        self._write(self._stream, json.dumps(message).encode())

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        if self._ids is not None:
            left = [item for item in items if test_id(item.nodeid) not in self._ids]
            if left:
                items[:] = [item for item in items if test_id(item.nodeid) in self._ids]
                config.hook.pytest_deselected(items=left)
        if self._order:
            items[:] = shuffled(items, Random(self._order))

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.tell(broken=report.nodeid, message=_message(report))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._open[nodeid] = []
        self._seconds = 0.0
        self.tell(start=test_id(nodeid))

    def pytest_sessionstart(self) -> None:
        if self._disguised:
            for name in [name for name in os.environ if name.startswith("PYTEST")]:
                del os.environ[name]

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._seconds += report.duration
        ends = self._open.setdefault(report.nodeid, [])
        if report.failed and hasattr(report, "wasxfail"):
            ends.append(("skipped", ""))
        elif report.failed:
            ends.append(("failed" if report.when == "call" else "error", _message(report)))
        elif report.skipped:
            ends.append(("skipped", ""))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        ends = self._open.pop(nodeid)
        status, message = min(ends, key=lambda end: _RANK[end[0]], default=("passed", ""))
        seconds = round(self._seconds, 6)
        self.tell(end=test_id(nodeid), status=status, message=message, seconds=seconds)


_RANK = {"error": 0, "failed": 1, "skipped": 2}


def test_id(nodeid: str) -> str:
    """As `envs.code.junit.test_id` makes it of the report: `classname::name`."""
    names = junitxml.mangle_test_address(nodeid)
    whole = f"{'.'.join(names[:-1])}::{junitxml.bin_xml_escape(names[-1])}"
    if len(whole) <= MAX_ID_CHARS:
        return whole
    return f"{whole[: MAX_ID_CHARS - 17]}~{hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def shuffled(items: Iterable[Any], rng: Random) -> list[Any]:
    """In another order, where the tests of a class and of a module stay together."""
    modules: dict[Any, dict[Any, list[Any]]] = {}
    for item in items:
        names = item.nodeid.split("::")
        modules.setdefault(names[0], {}).setdefault(tuple(names[1:-1]), []).append(item)
    found: list[Any] = []
    for module in _mixed(modules, rng):
        for group in _mixed(modules[module], rng):
            found += rng.sample(modules[module][group], len(modules[module][group]))
    return found


def _mixed(keys: Iterable[Any], rng: Random) -> list[Any]:
    ordered = list(keys)
    rng.shuffle(ordered)
    return ordered


def _message(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    return str(text)[:MAX_MESSAGE_CHARS]


def plugins(site: str) -> list[str]:
    """Modules of the plug-ins that the tree's requirements brought."""
    if not site:
        return []
    found = {
        entry.value.partition(":")[0]
        for distribution in distributions(path=[site])
        for entry in distribution.entry_points
        if entry.group == "pytest11"
    }
    return sorted(name for name in found if name.partition(".")[0] not in NEVER)


def forget(roots: list[str]) -> None:
    """Lets the tree have its own version of what the framework has loaded for itself."""
    names = set(OURS)
    for root in roots:
        with os.scandir(root) as entries:
            names |= {entry.name.partition(".")[0] for entry in entries}
    for name in list(sys.modules):
        top = name.partition(".")[0]
        if top in names and top not in sys.stdlib_module_names and top not in ("_pytest", "pytest"):
            del sys.modules[name]


def main(_: list[str]) -> None:
    """Reads the job from stdin; the outcome goes to descriptor 3."""
    job: dict[str, Any] = json.load(sys.stdin)
    stream: int = job["stream"]
    os.set_inheritable(stream, False)
    reporter = Reporter(job, stream)
    reporter.tell(hello=os.getpid())
    os.makedirs(job["home"], exist_ok=True)  # noqa: PTH103 - pathlib is not loaded for one call
    sys.path[:] = [*job["path"], *(path for path in sys.path if path not in job["hidden"])]
    os.environ["PYTHONPATH"] = ":".join(job["path"])
    sys.argv[:] = ["pytest", *job["modules"]]
    if job["disguised"]:
        sys.argv[:] = ["-c"]
        runner._update_current_test_var = lambda *_: None
    if job["days"]:
        stop(job["days"])
    arguments = [
        "--rootdir",
        job["rootdir"],
        "--import-mode",
        job["import_mode"],
        "-q",
        "--tb=no",
    ]
    arguments += ["-p", "no:cacheprovider", "-o", "addopts=", "-o", "required_plugins="]
    arguments += ["--continue-on-collection-errors", "--assert=plain"]
    arguments += [
        "--junitxml",
        job["report"],
        "-o",
        "junit_family=xunit2",
        "-o",
        "junit_logging=no",
    ]
    arguments += [word for name in IGNORED for word in ("-W", f"ignore::pytest.{name}")]
    arguments += [word for name in plugins(job["site"]) for word in ("-p", name)]
    given: list[Any] = [reporter]
    if job["plugin"]:
        given.append(_module(job["plugin"]))
    forget(job["path"])
    # What is loaded now stays; the framework's own collections of garbage need not look at it.
    gc.freeze()
    run: Callable[..., int] = pytest.main
    status = int(run([*arguments, *job["modules"]], plugins=given))
    sys.stdout.flush()
    sys.stderr.flush()
    reporter.tell(done=status)
    os._exit(0)


def _module(source: str) -> Any:
    module = type(sys)("palaestra_plugin")
    exec(compile(source, "palaestra_plugin", "exec"), vars(module))
    return module


if __name__ == "__main__":
    main([])
