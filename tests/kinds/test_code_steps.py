"""The steps of making a code task: tests are hidden, changes are played, places are found."""

import subprocess
from pathlib import Path

import pytest

from data.hashing import derive_rng
from data.task import ToolCall
from envs.code.runs import Ended, RunRequest, run_many
from envs.code.spec import Toolchain
from envs.code.tree import File
from synth.code.coverage import ends_plugin, read_ends
from synth.code.difficulty import level
from synth.code.draft import Rejected, text_of
from synth.code.hiding import hide
from synth.code.inject import likelihood, yields
from synth.code.leaks import secrets
from synth.code.moves import edited, patched
from synth.code.operators import OPERATORS, Module, applied, candidates
from synth.code.sites import new_lines, old_lines

SUITE = """\
import pytest


class TestAdd:
    def test_one(self):
        assert 1 + 1 == 2

    @pytest.mark.parametrize(
        "n",
        [1, 2],
    )
    def test_many(self, n):
        assert n


class TestSub:
    def test_two(self):
        pass


@pytest.fixture
def number():
    return 3


def test_number(number):
    assert number == 3


def test_helper():
    return 4


def test_builds_on_it():
    assert test_helper() == 4
"""


def tree(**texts: str) -> dict[str, File]:
    return {name.replace("__", "/") + ".py": File(content=t.encode()) for name, t in texts.items()}


def test_hidden_tests_are_cut_and_the_others_stay() -> None:
    tests = ["tests.test_a.TestAdd::test_many[1]", "tests.test_a::test_number"]
    hidden = hide(tree(tests__test_a=SUITE), ["tests/test_a.py"], tests)
    rest = hidden.cut["tests/test_a.py"]
    assert rest is not None
    assert hidden.removed == ()
    assert "test_many" not in rest
    assert "parametrize" not in rest
    assert "def test_number" not in rest
    names = [node.name for node in Module(rest).tree.body if hasattr(node, "name")]
    assert names == ["TestAdd", "TestSub", "number", "test_helper", "test_builds_on_it"]


def test_a_class_of_hidden_tests_goes_with_them() -> None:
    hidden = hide(
        tree(tests__test_a=SUITE), ["tests/test_a.py"], ["tests.test_a.TestSub::test_two"]
    )
    assert "TestSub" not in str(hidden.cut["tests/test_a.py"])


@pytest.mark.parametrize(
    "test",
    ["tests.test_a::test_helper", "tests.test_a::test_made_at_run_time", "tests.test_a.TestX::t"],
)
def test_a_module_goes_where_a_test_cannot_be_cut_out(test: str) -> None:
    files = tree(tests__test_a=SUITE, tests__test_b="import os\n")
    assert hide(files, ["tests/test_a.py", "tests/test_b.py"], [test]) == (
        {},
        ("tests/test_a.py",),
    )


def test_a_module_that_others_need_cannot_go() -> None:
    files = tree(tests__test_a=SUITE, tests__test_b="from tests.test_a import number\n")
    with pytest.raises(Rejected, match="tests_entangled"):
        hide(files, ["tests/test_a.py"], ["tests.test_a::test_helper"])


def drawn_texts(seed: int) -> tuple[str, str]:
    """Two versions of a file of few different lines, so that most places look alike."""
    rng = derive_rng(seed, "texts")
    lines = [rng.choice(["a\n", "b\n", "    a\n", "\n"]) for _ in range(rng.randint(1, 30))]
    after = list(lines)
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(after))
        after[at : at + rng.randint(0, 2)] = [rng.choice(["c\n", "a\n", "d e\n"])] * rng.randint(
            0, 2
        )
    ends = [rng.choice(["", "\n", "x"]) for _ in range(2)]
    return "".join(lines) + ends[0], "".join(after) + ends[1]


def played(files: dict[str, str], calls: tuple[ToolCall, ...]) -> dict[str, str]:
    """What the editor makes of a file: `old` has to be there exactly once."""
    for call in calls:
        path, old, new = (str(call.arguments[name]) for name in ("path", "old", "new"))
        if old:
            assert files[path].count(old) == 1
        files[path] = files[path].replace(old, new) if old else new
    return files


@pytest.mark.parametrize("seed", range(60))
def test_edits_and_patches_make_the_text_that_is_wanted(seed: int, tmp_path: Path) -> None:
    before, after = drawn_texts(seed)
    files = tree(m=before)
    if before:
        assert played({"m.py": before}, edited(files, {"m.py": after})) == {"m.py": after}
    if before != after:
        (tmp_path / "m.py").write_text(before)
        (call,) = patched(files, {"m.py": after})
        subprocess.run(["bash", "-c", str(call.arguments["command"])], cwd=tmp_path, check=True)
        assert (tmp_path / "m.py").read_text() == after


CODE = """\
def total(rows, limit=3):
    found = 0
    for row in rows:
        if row > limit:
            continue
        found += row
    return found
"""


def test_a_test_that_never_ends_is_told_and_ends_the_run() -> None:
    files = tree(test_a="def test_a():\n    while True: pass\n\ndef test_b(): pass\n")
    plugin = ends_plugin((), test_cpu_s=0.2)
    request = RunRequest(files, Toolchain(command="pytest"), ("test_a.py",), plugin=plugin)
    (run,) = run_many([request])
    assert run.ended is Ended.CRASHED
    assert [end.error for end in read_ends(run.notes).values()] == ["hang"]


def test_operators_that_give_more_are_drawn_more_often() -> None:
    known = yields()
    assert set(OPERATORS) >= set(known)
    assert all(0 <= kept <= tried for tried, kept in known.values())
    useless, useful = (f(known, key=likelihood) for f in (min, max))
    assert 0 < likelihood(useless) < likelihood(useful) < 1
    assert likelihood("an operator that was never tried") == 0.5


def test_lines_of_a_change_are_those_that_differ() -> None:
    module = Module(CODE)
    for operator in ("flip_comparison", "drop_statement", "change_constant", "drop_guard"):
        for mutation in candidates(module, operator):
            old, new = CODE.splitlines(), applied(CODE, mutation.edits).splitlines()
            touched = {n for a, b in old_lines(CODE, mutation.edits) for n in range(a, b + 1)}
            stay = [line for n, line in enumerate(old, start=1) if n not in touched]
            changed = new_lines(CODE, mutation.edits)
            assert len(touched) <= len(old)
            assert mutation.line in touched or operator == "drop_guard"
            assert changed
            assert [line for line in new if line in stay] == [line for line in stay if line in new]


def test_what_the_working_copy_has_anyway_is_no_secret() -> None:
    old = "def f(value):\n    return value + 1\n\n\ndef g(value):\n    return value + 22222\n"
    new = old.replace("value + 1\n", "value + 22222\n")
    agents = tree(m=old)
    found = secrets(
        agents, {"m.py": new}, ["tests.test_m::test_value_is_large"], ["tests/test_m.py"]
    )
    assert "test_value_is_large" in found
    assert any("def f(value):\n    return value + 22222" in secret for secret in found)
    assert all(secret not in (text_of(agents, "m.py") or "") for secret in found)


def test_bugs_in_more_places_and_farther_from_tests_are_harder() -> None:
    easy = {"distance": 1, "functions": 1, "files": 1, "function_lines": 5, "fail_to_pass": 9}
    steps = [
        easy,
        {**easy, "distance": 3},
        {**easy, "distance": 3, "function_lines": 100},
        {**easy, "distance": 3, "function_lines": 100, "functions": 2},
        {**easy, "distance": 3, "function_lines": 100, "functions": 2, "files": 2},
    ]
    assert [level(step) for step in steps] == [1, 2, 3, 4, 5]
