"""A statement has to show each place of a fix that a hidden test asks for, and no other."""

from pathlib import Path

import pytest

from data.task import Source
from envs.code.spec import Origin, Toolchain
from envs.code.tree import File
from envs.code.trees import keep_tree
from synth.code.bug import Bug, Labels, Story
from synth.code.labels import buggy_tree, fixed_tree
from synth.code.untold import is_untold, unmended

SOURCE = "scales/weigh.py"
BUGGY = """def total(weights):
    return sum(weights[1:])


def heaviest(weights):
    return weights[0]


def unit():
    return "kg"
"""
GOLD = BUGGY.replace("[1:]", "").replace("weights[0]", "max(weights)").replace('"kg"', "str('kg')")
TESTS = """from scales import weigh


def test_total():
    assert weigh.total([1, 2]) == 3


def test_heaviest():
    assert weigh.heaviest([1, 2]) == 2


def test_unit():
    assert weigh.unit() == "kg"
"""
TOTAL = "from scales.weigh import total\n\nprint(total([1, 2]))\n"
HEAVIEST = "from scales.weigh import heaviest\n\nprint(heaviest([1, 2]))\n"


@pytest.fixture
def bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bug:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path))
    tree = {"scales/__init__.py": File(content=b""), SOURCE: File(content=BUGGY.encode())}
    tree_sha256 = keep_tree(tree)
    return Bug(
        origin=Origin(
            source="sdist", project="scales", version="1.0", archive="x", sha256=tree_sha256
        ),
        tree_sha256=tree_sha256,
        toolchain=Toolchain(command="python -m pytest"),
        sources=(SOURCE,),
        removed=(),
        buggy={},
        gold={SOURCE: GOLD},
        tests={"tests/test_weigh.py": TESTS},
        modules=("tests/test_weigh.py",),
        story=Story(sort="release"),
        licence=Source(name="scales", version="1.0", licence="MIT", sha256="0" * 64),
    )


def labels(*names: str) -> Labels:
    return Labels(fail_to_pass=tuple(f"tests.test_weigh::{name}" for name in names))


def test_what_only_a_hidden_test_asks_for_is_found_and_what_nobody_asks_for_is_not(
    bug: Bug,
) -> None:
    trees = fixed_tree(bug), buggy_tree(bug)
    both = labels("test_heaviest", "test_total")
    assert is_untold(bug, both, [TOTAL], *trees)
    assert is_untold(bug, both, [HEAVIEST], *trees)
    assert not is_untold(bug, both, [TOTAL, HEAVIEST], *trees)
    assert not is_untold(bug, labels("test_total"), [TOTAL], *trees)


def test_each_place_of_a_fix_is_left_out_once(bug: Bug) -> None:
    texts = [files[SOURCE] or "" for files in unmended(bug.gold, buggy_tree(bug))]
    assert sorted(texts) == sorted(
        [
            GOLD.replace("sum(weights)", "sum(weights[1:])"),
            GOLD.replace("max(weights)", "weights[0]"),
            GOLD.replace("str('kg')", '"kg"'),
        ]
    )


def test_files_that_come_or_go_with_a_fix_are_one_place(bug: Bug) -> None:
    gold = {"scales/extra.py": "X = 1\n", SOURCE: None}
    assert unmended(gold, buggy_tree(bug)) == [{"scales/extra.py": None}, {SOURCE: BUGGY}]
