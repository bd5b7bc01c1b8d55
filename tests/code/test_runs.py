"""Tests of a tree run in sandboxes: ids, order, clock, and everything that can go wrong with them."""

import datetime

import pytest

from envs.code.junit import Status
from envs.code.runs import Ended, Run, RunRequest, run_many
from envs.code.spec import CodeLimits, Toolchain
from envs.code.toolchains.base import NOTES, Plugin
from envs.code.tree import File
from tests.code.spans import BUG, LABELS, SCRIPT, TOOLCHAIN, TREE

SHORT = CodeLimits(tests_s=3.0)
CLOCKS = """
import datetime, email.utils, logging, os, sys, time

def test_clock():
    date = datetime.datetime.now(datetime.timezone.utc)
    record = logging.makeLogRecord({}).created
    before, started = time.time_ns(), time.monotonic()
    time.sleep(0.01)
    assert time.monotonic() > started
    assert before == time.time_ns()
    clocks = {time.time(), date.timestamp(), record, before / 1e9}
    clocks.add(email.utils.mktime_tz(email.utils.parsedate_tz(email.utils.formatdate())))
    assert len(clocks) == 1
    assert datetime.date.today() == date.date()
    assert not date.year - datetime.date.fromtimestamp(os.stat(__file__).st_mtime).year, date.year
"""


def run(text: str, **fields: object) -> Run:
    """A tree of one test module."""
    tree = {"test_it.py": File(content=text.encode())}
    wanted = RunRequest(tree, Toolchain(command="pytest"), ("test_it.py",), limits=SHORT)
    (found,) = run_many([wanted._replace(**fields)])
    return found


def ends(found: Run) -> dict[str, str]:
    return {name: result.status.value for name, result in found.results.items()}


def test_ids_and_results_are_those_of_the_tree() -> None:
    wanted = RunRequest(TREE, TOOLCHAIN, BUG.modules)
    broken = {**TREE, **{p: File(content=str(t).encode()) for p, t in BUG.buggy.items()}}
    fixed, buggy = run_many([wanted, wanted._replace(tree=broken)])
    assert ends(fixed) == dict.fromkeys((*LABELS.fail_to_pass, *LABELS.pass_to_pass), "passed")
    failing = {name for name, end in ends(buggy).items() if end == "failed"}
    assert failing == set(LABELS.fail_to_pass)
    assert (fixed.problem, fixed.ended, buggy.problem) == ("", Ended.WELL, "")


def test_only_the_tests_asked_for_run() -> None:
    (found,) = run_many([RunRequest(TREE, TOOLCHAIN, BUG.modules, ids=LABELS.fail_to_pass[:2])])
    assert list(found.results) == list(LABELS.fail_to_pass[:2])


def test_seeds_change_the_order_and_the_hashes_and_nothing_else() -> None:
    text = "".join(f"def test_{n}(): assert {{}}\n" for n in range(9)).replace(
        "{}", "hash('a') or 1"
    )
    shown = text + "def test_hash(): assert 0, hash('a')\n"
    first, again, other = (run(shown, seed=seed) for seed in (7, 7, 8))
    ordered = run(shown, seed=0, order=7)
    assert list(first.results) == list(again.results) == list(ordered.results)
    assert list(first.results) != list(other.results) != list(run(shown).results)
    messages = [r.results["test_it::test_hash"].message for r in (first, again, other, ordered)]
    assert messages[0] == messages[1]
    assert len(set(messages)) == 3


def test_tests_of_a_class_stay_together_in_any_order() -> None:
    classes = "".join(
        f"class Test{name}:\n" + "".join(f"    def test_{n}(self): pass\n" for n in range(4))
        for name in "ABC"
    )
    for seed in range(1, 5):
        names = [name.partition("::")[0] for name in run(classes, order=seed).results]
        assert len([n for n, after in zip(names, names[1:], strict=False) if n != after]) == 2


@pytest.mark.parametrize("seed", [0, 5], ids=["forked", "started"])
def test_a_moved_clock_stands_still_for_all_of_python(seed: int) -> None:
    found = run(CLOCKS, days=3 * 366, seed=seed)
    result = found.results["test_it::test_clock"]
    # Time stamps of files go on with the true clock, which is how the test sees that it moved.
    assert result.status is Status.FAILED
    assert result.message.startswith("AssertionError: 20")


def test_home_is_empty_and_the_network_is_not_there() -> None:
    text = (
        "import os, pathlib, socket, locale, time\n"
        "def test_home(): assert list(pathlib.Path.home().iterdir()) == []\n"
        "def test_zone(): assert time.tzname[0] == 'UTC' and os.environ['LANG'] == 'C.UTF-8'\n"
        "def test_network():\n"
        "    try: socket.create_connection(('192.0.2.1', 80), 1)\n"
        "    except OSError: pass\n"
        "    else: assert False\n"
    )
    assert set(ends(run(text)).values()) == {"passed"}


@pytest.mark.parametrize(
    ("text", "ended", "left"),
    [
        ("def test_a(): pass\ndef test_b():\n    while True: pass\n", Ended.LATE, ["test_it::test_a"]),
        ("import os\ndef test_a(): pass\ndef test_b(): os._exit(0)\n", Ended.EARLY, ["test_it::test_a"]),
        ("import os\ndef test_a(): os.abort()\n", Ended.CRASHED, []),
        ("import sys\nsys.exit(0)\n", Ended.REFUSED, []),
        ("def test_a(:\n", Ended.BROKEN, []),
        ("import os\nos.write(3, b'{}')\ndef test_a(): pass\n", Ended.FORGED, []),
        ("import os\nos.fork()\ndef test_a(): pass\n", Ended.FORGED, []),
        ("import os\ndef test_a(): open('/tmp/report.xml', 'w').close(); os.mkdir('/tmp/r')\n"
         "import atexit\n", Ended.WELL, ["test_it::test_a"]),
    ],
    ids=["hangs", "leaves", "crashes", "exits", "broken", "forges", "forks", "touches the report"],
)  # fmt: skip
def test_whatever_code_does_gives_a_run(text: str, ended: Ended, left: list[str]) -> None:
    found = run(text)
    assert (found.ended, bool(found.problem)) == (ended, ended is not Ended.WELL)
    assert set(left) <= set(found.results)


def test_a_flood_of_output_is_kept_small() -> None:
    text = (
        "import os\ndef test_a(capfd):\n    with capfd.disabled():\n        for _ in range(40):\n"
    )
    found = run(text + "            os.write(1, b'x' * (1 << 20))\n")
    assert found.ended is Ended.FLOODED
    assert len(found.output) < 1 << 20


def test_one_module_that_does_not_load_leaves_the_others_alone() -> None:
    tree = {**TREE, "tests/test_bad.py": File(content=b"import nothing_of_this_name\n")}
    (found,) = run_many([RunRequest(tree, TOOLCHAIN, (*BUG.modules, "tests/test_bad.py"))])
    assert found.ended is Ended.BROKEN
    assert "nothing_of_this_name" in found.problem
    assert found.results.keys() == {*LABELS.fail_to_pass, *LABELS.pass_to_pass}


def test_ids_too_long_stay_different() -> None:
    text = (
        "import pytest\n@pytest.mark.parametrize('x', [1, 2], ids=['a' * 600, 'a' * 599 + 'b'])\n"
        "def test_a(x): pass\n"
    )
    found = run(text)
    assert (len(found.results), found.problem) == (2, "")


def test_a_script_runs_outside_the_framework() -> None:
    script = "import sys\nprint(sorted(m for m in sys.modules if 'pytest' in m), sys.argv[1:])\n"
    wanted = RunRequest(TREE, TOOLCHAIN, (), script=script)
    fails = wanted._replace(script=SCRIPT + "spans.parse('?')\n")
    plain, failing = run_many([wanted, fails])
    assert plain.output == "[] []\n"
    assert failing.output == "'1h 30m'\nspans.units.SpanError: no length of time: '?'\n"
    assert (plain.problem, failing.ended) == ("", Ended.CRASHED)


def test_a_script_may_run_on_another_day() -> None:
    script = "import datetime, sys\nprint(datetime.date.today().year, len(sys.argv), __name__)\n"
    year = datetime.date.today().year
    requests = [RunRequest(TREE, TOOLCHAIN, (), script=script, days=days) for days in (0, 3 * 366)]
    now, later = [run.output for run in run_many(requests)]
    assert now == f"{year} 1 __main__\n"
    assert later == f"{year + 3} 1 __main__\n"


def test_a_script_of_ours_is_forked_where_the_framework_is_loaded() -> None:
    request = RunRequest(
        TREE, TOOLCHAIN, (), script=f"{SCRIPT}\nimport sys\nprint('pytest' in sys.modules)"
    )
    plain, forked = run_many([request, request._replace(forked=True)])
    assert forked.output == plain.output.replace("False", "True")
    (broken,) = run_many([request._replace(script="raise ValueError", forked=True)])
    assert broken.ended is Ended.CRASHED


def test_a_disguised_test_finds_no_trace_of_its_framework_around_it() -> None:
    text = (
        "import os, sys\n"
        "def test_a(): assert not [w for w in (*os.environ, *sys.argv) if 'test' in w.lower()]\n"
    )
    assert ends(run(text)) == {"test_it::test_a": "failed"}
    assert ends(run(text, disguised=True)) == {"test_it::test_a": "passed"}


def test_a_tree_may_be_what_the_framework_is_made_of() -> None:
    tree = {
        "pluggy/__init__.py": File(content=b"OURS = True\n"),
        "test_it.py": File(content=b"import pluggy\ndef test_a(): assert pluggy.OURS\n"),
    }
    wanted = RunRequest(tree, Toolchain(command="pytest"), ("test_it.py",))
    for found in run_many([wanted, wanted._replace(seed=3)]):
        assert ends(found) == {"test_it::test_a": "passed"}


def test_notes_of_a_plugin_come_back() -> None:
    source = (
        "import os\n"
        "def pytest_runtest_call(item):\n"
        "    with open(os.environ['NOTED'], 'a') as file: file.write(item.name + '\\n')\n"
    )
    found = run("def test_a(): pass\n", plugin=Plugin(source, {"NOTED": NOTES}))
    assert found.notes == "test_a\n"


def test_programs_of_a_tree_stay_programs() -> None:
    tree = {
        "tool": File(content=b"#!/bin/sh\necho works\n", executable=True),
        "test_it.py": File(
            content=b"import subprocess\n"
            b"def test_a(): assert subprocess.check_output(['./tool']) == b'works\\n'\n"
        ),
    }
    (found,) = run_many([RunRequest(tree, Toolchain(command="pytest"), ("test_it.py",))])
    assert ends(found) == {"test_it::test_a": "passed"}
