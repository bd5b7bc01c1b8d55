"""What runners say, in their own words, becomes one report with stable names."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from envs.code.inside import palaestra_driver
from envs.code.inside.palaestra_driver import FORMS, Case, Said, numbered, stable, written
from envs.code.junit import Status, read_report

ROOT = "/home/agent/repo"


def read(form: str, said: Said) -> dict[str, str]:
    cases = list(FORMS[form](said))
    return {f"{case.classname}::{case.name}": case.status for case in cases}


def test_assertions_below_a_comment_are_one_test() -> None:
    output = """TAP version 13
# adds
ok 1 should be equal
not ok 2 should be equal
  ---
    expected: 1
  ...
# subtracts
ok 3 should be equal
# waits # SKIP
ok 4 later # SKIP no time
1..4
# tests 4
# pass  3
# fail  1
"""
    said = Said(1, output, "test/a.js", None)
    assert read("tap", said) == {
        "test/a.js::adds": "failed",
        "test/a.js::subtracts": "passed",
        "test/a.js::waits # SKIP": "skipped",
    }
    failed = next(case for case in FORMS["tap"](said) if case.status == "failed")
    assert "expected: 1" in failed.message


def test_lines_without_comments_are_tests_of_their_own() -> None:
    output = "1..3\nok 1 - reads\nnot ok 2 - writes # time=3.2ms\nok 3 - closes # TODO\n"
    said = Said(1, output, "check", None)
    assert read("tap", said) == {
        "check::reads": "passed",
        "check::writes": "failed",
        "check::closes": "skipped",
    }


def test_a_program_that_dies_fails_the_test_it_was_in() -> None:
    said = Said(-11, "1..3\nok 1 - reads\n", "check", None)
    assert read("tap", said) == {"check::reads": "error"}
    assert read("status", Said(1, "Segmentation fault", "check", None)) == {"check::main": "failed"}
    assert read("status", Said(0, "all well", "check", None)) == {"check::main": "passed"}


def test_events_of_go_are_tests_and_a_broken_package_is_none() -> None:
    events = [
        {"Action": "run", "Package": "m/p", "Test": "TestA"},
        {"Action": "output", "Package": "m/p", "Test": "TestA", "Output": "a_test.go:3: wrong\n"},
        {"Action": "fail", "Package": "m/p", "Test": "TestA", "Elapsed": 0.25},
        {"Action": "pass", "Package": "m/p", "Test": "TestB/x_y", "Elapsed": 0},
        {"Action": "skip", "Package": "m/p", "Test": "TestC", "Elapsed": 0},
        {"Action": "fail", "Package": "m/p", "Elapsed": 0.3},
        {"Action": "output", "Package": "m/q", "Output": "FAIL\tm/q [build failed]\n"},
        {"Action": "fail", "Package": "m/q", "Elapsed": 0},
    ]
    output = "# m/q\n./q.go:1: undefined: x\n" + "\n".join(map(json.dumps, events))
    cases = list(FORMS["go"](Said(1, output, "", None)))
    assert [(c.classname, c.name, c.status) for c in cases] == [
        ("m/p", "TestA", "failed"),
        ("m/p", "TestB/x_y", "passed"),
        ("m/p", "TestC", "skipped"),
        ("", "m/q", "error"),
    ]
    assert "wrong" in cases[0].message
    assert cases[0].seconds == 0.25


def test_names_of_suites_and_of_jest_files_tell_tests_apart(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    report.write_text(
        '<testsuites><testsuite name="outer"><testcase name="a" classname="test" time="0.1"/>'
        '<testsuite name="inner"><testcase name="a" classname="test"><skipped/></testcase>'
        '</testsuite></testsuite><testcase name="a" classname="test"><failure message="no"/>'
        "</testcase></testsuites>"
    )
    assert read("suites", Said(1, "", "t.js", report)) == {
        "t.js > outer::a": "passed",
        "t.js > outer > inner::a": "skipped",
        "t.js::a": "failed",
    }
    result = {
        "testResults": [
            {
                "name": f"{ROOT}/a.test.js",
                "status": "failed",
                "assertionResults": [
                    {"ancestorTitles": ["x"], "title": "y", "status": "pending", "duration": None},
                    {"ancestorTitles": [], "title": "z", "status": "failed", "duration": 12},
                ],
            },
            {
                "name": f"{ROOT}/b.test.js",
                "status": "failed",
                "assertionResults": [],
                "message": "?",
            },
        ]
    }
    path = tmp_path / "jest.json"
    path.write_text(json.dumps(result))
    cases = list(numbered(FORMS["jest"](Said(1, "", "", path)), ROOT))
    assert [(c.classname, c.name, c.status) for c in cases] == [
        ("a.test.js > x", "y", "skipped"),
        ("a.test.js", "z", "failed"),
        ("", "b.test.js", "error"),
    ]


def test_what_automake_notes_of_programs(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.trs").write_text(":test-result: FAIL\n:recheck: yes\n")
    (tmp_path / "tests" / "a.log").write_text("a.c:3: wrong\n")
    (tmp_path / "tests" / "b.trs").write_text(
        ":test-result: PASS 1 - x\n:test-result: SKIP 2 - y\n"
    )
    assert read("trs", Said(1, "", "", tmp_path)) == {
        "tests/a::main": "failed",
        "tests/b::1 - x": "passed",
        "tests/b::2 - y": "skipped",
    }


@pytest.mark.parametrize(
    ("name", "after"),
    [
        (f"reads {ROOT}/data/x.txt", "reads data/x.txt"),
        ("takes long (12.5 ms)", "takes long"),
        ("two\nlines\tand \x00 more", "two lines and more"),
        ("ends # time=3ms", "ends"),
        ("costs (3 m)", "costs (3 m)"),
    ],
)
def test_names_hold_no_paths_and_no_durations(name: str, after: str) -> None:
    assert stable(name, ROOT) == after


def test_the_second_test_of_a_name_is_numbered_and_the_report_is_read() -> None:
    cases = [
        Case("c", "a"),
        Case("c", "a", "failed", "was \x00 <bad> & \ud800"),
        Case("", "m", "error"),
    ]
    found = read_report(written(numbered([*cases, *cases[2:]], ROOT)))
    assert {name: result.status for name, result in found.items()} == {
        "c::a": Status.PASSED,
        "c::a (2)": Status.FAILED,
        "::m": Status.ERROR,
    }
    assert "<bad> &" in found["c::a (2)"].message


def job(tmp_path: Path, **changes: object) -> subprocess.CompletedProcess[str]:
    command = {"argv": ["sh", "-c", "echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1"]}
    given = {
        "links": {},
        "setup": [],
        "runs": [{**command, "form": "tap", "module": "m", "env": dict(os.environ)}],
        "ids": None,
        "seed": 0,
        "report": str(tmp_path / "report.xml"),
        **changes,
    }
    return subprocess.run(
        [sys.executable, str(palaestra_driver.__file__)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )


def test_a_tree_that_does_not_build_has_no_report(tmp_path: Path) -> None:
    setup = [{"argv": ["sh", "-c", "echo x.c:1: wrong >&2; exit 3"], "env": dict(os.environ)}]
    done = job(tmp_path, setup=setup)
    assert done.returncode == 1
    assert "it does not build: sh" in done.stdout
    assert "x.c:1: wrong" in done.stdout
    assert not (tmp_path / "report.xml").exists()
    missing = job(tmp_path, setup=[{"argv": ["no-such-compiler"], "env": {}}])
    assert "no-such-compiler: No such file" in missing.stdout


def test_only_the_wanted_tests_are_reported(tmp_path: Path) -> None:
    assert job(tmp_path, ids=["m::b", "m::c"], links={"there": "/usr"}).returncode == 0
    assert list(read_report((tmp_path / "report.xml").read_bytes())) == ["m::b"]
    assert (tmp_path / "there").readlink() == Path("/usr")
