"""Results of tests as JUnit XML, the one report that runners of all languages can write.

Reports come from a sandbox and may be forged or broken, so nothing here trusts them: sizes have
limits, entities are refused, and a test that is reported twice with different results is an error.
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

MAX_REPORT_BYTES = 32 << 20
MAX_TESTS = 100_000
MAX_ID_CHARS = 500
MAX_MESSAGE_CHARS = 2_000


class Status(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """The test did not run to its end, e.g. its set-up or its module failed."""
    SKIPPED = "skipped"


class Result(NamedTuple):
    status: Status
    message: str
    """What the report says of a test that did not pass, cut."""
    seconds: float


class ReportError(Exception):
    """Why a text is no report that can be believed, in one line."""


def read_report(report: bytes) -> dict[str, Result]:
    """Results by the test's id, `classname::name`, in the order of the report.

    A failure of the clean-up after a test that passed is an error of that test. Raises `ReportError`.
    """
    if len(report) > MAX_REPORT_BYTES:
        raise ReportError(f"the report has {len(report)} bytes, more than {MAX_REPORT_BYTES}")
    try:
        root = fromstring(report)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise ReportError(f"the report is no XML that we read: {error}") from error
    if root.tag not in ("testsuites", "testsuite"):
        raise ReportError(f"the report's root is <{root.tag[:40]}>, not <testsuites>")
    found: dict[str, Result] = {}
    for case in root.iter("testcase"):
        name = test_id(case.get("classname", ""), case.get("name", ""))
        if len(found) >= MAX_TESTS:
            raise ReportError(f"the report has more than {MAX_TESTS} tests")
        result = _result(case)
        if name in found and not _is_clean_up(found[name], result):
            raise ReportError(f"the report has {name} twice")
        found[name] = result
    return found


def test_id(classname: str, name: str) -> str:
    """A name that is too long ends in the hash of all of it."""
    whole = f"{classname}::{name}"
    if len(whole) <= MAX_ID_CHARS:
        return whole
    return f"{whole[: MAX_ID_CHARS - 17]}~{hashlib.sha256(whole.encode()).hexdigest()[:16]}"


test_id.__test__ = False  # type: ignore[attr-defined]
"""Its name is the field's word; it is no test."""


def _is_clean_up(first: Result, second: Result) -> bool:
    """pytest reports a test again whose clean-up failed."""
    return first.status is not Status.ERROR and second.status is Status.ERROR


def in_module(name: str, module: str) -> bool:
    """Whether the id of a test says that it is of the module at this path.

    Ids of Python's tests begin with the module's dotted name, those of Node.js with its path. Where
    ids tell no file (Go, Java, C) this is true of no module.
    """
    dotted = module.removesuffix(".py").replace("/", ".")
    return name.startswith((f"{dotted}::", f"{dotted}.", f"{module}::", f"{module} > "))


def _result(case: Element) -> Result:
    try:
        seconds = float(case.get("time") or 0.0)
    except ValueError:
        seconds = 0.0
    for tag, status in (
        ("error", Status.ERROR),
        ("failure", Status.FAILED),
        ("skipped", Status.SKIPPED),
    ):
        child = case.find(tag)
        if child is not None:
            message = child.get("message") or child.text or ""
            return Result(status, message[:MAX_MESSAGE_CHARS], seconds)
    return Result(Status.PASSED, "", seconds)


def passed(results: dict[str, Result], ids: Iterable[str]) -> list[str]:
    """Those of `ids` that passed; a test that is not reported has not."""
    return [i for i in ids if i in results and results[i].status is Status.PASSED]
