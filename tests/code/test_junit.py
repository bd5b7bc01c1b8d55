"""Reports are read as pytest writes them, and disbelieved where they cannot be true."""

import subprocess
import sys
from pathlib import Path

import pytest

from envs.code.junit import MAX_REPORT_BYTES, ReportError, Status, passed, read_report

SUITE = """
import pytest, unittest

def test_passes(): pass
def test_fails(): assert 1 == 2, "one is not two"
@pytest.mark.skip(reason="later")
def test_skipped(): pass
@pytest.mark.xfail(strict=True)
def test_passes_against_hope(): pass
@pytest.fixture
def broken(): raise OSError("no disk")
def test_without_its_fixture(broken): pass
@pytest.fixture
def leaves_a_mess():
    yield
    raise OSError("cannot clean")
def test_with_a_mess(leaves_a_mess): pass
@pytest.mark.parametrize("text", ["a::b", "<&>", "é 中"])
def test_odd(text): pass
class Old(unittest.TestCase):
    def test_method(self): self.assertTrue(True)
"""


def test_what_pytest_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SUITE)
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", report]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    results = read_report(report.read_bytes())
    assert {name.partition("::")[2]: r.status for name, r in results.items()} == {
        "test_passes": Status.PASSED,
        "test_fails": Status.FAILED,
        "test_skipped": Status.SKIPPED,
        "test_passes_against_hope": Status.FAILED,
        "test_without_its_fixture": Status.ERROR,
        "test_with_a_mess": Status.ERROR,
        "test_odd[a::b]": Status.PASSED,
        "test_odd[<&>]": Status.PASSED,
        r"test_odd[\xe9 \u4e2d]": Status.PASSED,
        "test_method": Status.PASSED,
    }
    assert "one is not two" in results["test_it::test_fails"].message
    assert passed(results, ["test_it::test_passes", "test_it::test_fails", "gone::gone"]) == [
        "test_it::test_passes"
    ]


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (b"", "no XML"),
        (b"<testsuites><testcase", "no XML"),
        (b"<html/>", "root is <html>"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><testsuites>&b;</testsuites>', "no XML"),
        (b"<testsuite>" + b'<testcase classname="a" name="b"/>' * 2 + b"</testsuite>", "twice"),
        (b" " * (MAX_REPORT_BYTES + 1), "more than"),
    ],
    ids=["empty", "broken", "other", "entity", "twice", "huge"],
)
def test_what_cannot_be_believed_is_refused(report: bytes, reason: str) -> None:
    with pytest.raises(ReportError, match=reason):
        read_report(report)
