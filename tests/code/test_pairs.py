"""Two releases give the bugs between them: split, fair, told of, and the same whenever made again."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from data.errors import SourceError
from data.sdists import Release
from envs.code import trees
from envs.code.cache import archives
from envs.code.project import describe
from envs.code.spec import Files
from envs.code.trees import laid_over
from synth.code import changelog, chosen, fixes, novelty, pairs
from synth.code.bug import Bug
from synth.code.difference import difference
from synth.code.fixes import miner
from synth.code.labels import label
from synth.code.releases import ReleaseFix, pair_bugs, rebuilt, tree_of
from synth.code.split import Piece
from tests.code.index import archive, serving

OLD = {
    "scales/__init__.py": "__version__ = '1.0'\n",
    "scales/weigh.py": """LIMIT = 100


def total(weights):
    # Sum of all.
    return sum(weights[1:])


def mean(weights):
    return sum(weights) / (len(weights) * 2)


def heaviest(weights):
    return max(weights)
""",
    "tests/test_weigh.py": """from scales import weigh


def test_heaviest():
    assert weigh.heaviest([1, 3, 2]) == 3
""",
    "CHANGES.md": "# 1.0\n\n- First release.\n",
}
NEW = {
    "scales/__init__.py": "__version__ = '1.1'\n",
    "scales/weigh.py": '''LIMIT = 100
_EMPTY = 0


def total(weights):
    # The sum of all weights.
    return sum(weights)


def mean(weights):
    return total(weights) / len(weights) if weights else _EMPTY


def heaviest(weights):
    """The largest weight."""
    return max(weights)


def lightest(weights):
    if not weights:
        raise ValueError("there is nothing to be weighed")
    return min(weights)
''',
    "tests/test_weigh.py": """import pytest

from scales import weigh


def test_heaviest():
    assert weigh.heaviest([1, 3, 2]) == 3


@pytest.mark.parametrize("weights", [[1, 2], [5]])
def test_total(weights):
    assert weigh.total(weights) == sum(weights)


def test_mean_of_none():
    assert weigh.mean([]) == 0


def test_mean():
    assert weigh.mean([2, 4]) == 3


def test_lightest():
    assert weigh.lightest([3, 1]) == 1


def test_version():
    import scales
    assert scales.__version__ == "1.1"
""",
    "CHANGES.md": """# 1.1

- Add `lightest` (#12).
- The total no longer leaves out the first weight (#7).
- Speed.

# 1.0

- First release.
""",
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trees, "_held", trees._Held(trees.MAX_HELD_BYTES))
    tree_of.cache_clear()


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Release, Release]]:
    with serving(
        "scales",
        {"1.0": archive("scales", "1.0", OLD), "1.1": archive("scales", "1.1", NEW)},
        monkeypatch,
    ):
        ((old, new),) = miner.pairs("scales")
        yield old, new


def mined(pair: tuple[Release, Release]) -> tuple[list[ReleaseFix], Mapping[str, int]]:
    reports: Counter[str] = Counter()

    def report(reason: str) -> None:
        reports[reason.partition(":")[0]] += 1

    return list(pair_bugs(*pair, miner.Runner(), report)), reports


def shown(bug: Bug) -> set[str]:
    """Lines that the fix adds."""
    before = set(OLD["scales/weigh.py"].split("\n"))
    return {line.strip() for line in (bug.gold["scales/weigh.py"] or "").split("\n")} - {
        line.strip() for line in before
    }


def test_a_release_is_split_into_its_fixes_and_what_is_new_is_refused(
    pair: tuple[Release, Release], tmp_path: Path
) -> None:
    found, reports = mined(pair)
    tests = [{t.rpartition("::")[2] for t in entry.fix.fail_to_pass} for entry in found]
    assert tests == [
        {"test_mean", "test_mean_of_none", "test_total[weights0]", "test_total[weights1]"}
    ]
    assert reports == {"new_api": 1}
    (entry,) = found
    bug = rebuilt(entry)
    assert bug.buggy == {}
    assert bug.removed == ()
    assert "lightest" not in str(bug.gold)
    assert "_EMPTY = 0" in shown(bug)
    assert bug.story.text == "The total no longer leaves out the first weight (#7)."
    assert bug.story.links == ("#7",)
    assert (bug.licence.licence, entry.licence_file) == ("MIT", "LICENSE")

    checked = miner.verify(entry)
    assert isinstance(checked, ReleaseFix)
    assert set(checked.fix.fail_to_pass) == set(entry.fix.fail_to_pass)
    assert label(bug).pass_to_pass == ("tests.test_weigh::test_heaviest",)

    place = tmp_path / "catalogue.jsonl"
    fixes.write([checked, checked], place)
    (read,) = fixes.read(place.read_text())
    trees._held = trees._Held(trees.MAX_HELD_BYTES)
    tree_of.cache_clear()
    assert fixes.rebuilt(read) == bug
    assert "sum(" not in place.read_text(), "the catalogue has facts, no source"


def test_two_fixes_of_one_release_are_two_bugs(monkeypatch: pytest.MonkeyPatch) -> None:
    weigh = NEW["scales/weigh.py"].replace("total(weights) /", "sum(weights) /")
    new = {**NEW, "scales/weigh.py": weigh}
    releases = {"1.0": archive("scales", "1.0", OLD), "1.1": archive("scales", "1.1", new)}
    with serving("scales", releases, monkeypatch):
        found, _ = mined(miner.pairs("scales")[0])
        tests = [
            {t.partition("::")[2].partition("[")[0] for t in e.fix.fail_to_pass} for e in found
        ]
        assert tests == [{"test_mean", "test_mean_of_none"}, {"test_total"}]
        sets = [set(entry.fix.pieces) for entry in found]
        assert not sets[0] & sets[1]
        assert [bool(entry.fix.entry) for entry in found] == [False, True]


def test_lines_of_another_change_in_the_same_function_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weigh = OLD["scales/weigh.py"].replace(
        "    # Sum of all.\n    return sum(weights[1:])",
        "    if len(weights) > MOST:\n        return 0\n    # Sum of all.\n    return sum(weights)",
    )
    weigh = weigh.replace("def heaviest", "MOST = 1000\n\n\ndef heaviest")
    new = {**NEW, "scales/weigh.py": weigh}
    releases = {"1.0": archive("scales", "1.0", OLD), "1.1": archive("scales", "1.1", new)}
    with serving("scales", releases, monkeypatch):
        (entry,) = mined(miner.pairs("scales")[0])[0]
        fixed = OLD["scales/weigh.py"].replace("[1:]", "")
        assert rebuilt(entry).gold == {"scales/weigh.py": fixed}


def test_a_fix_that_breaks_another_test_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = NEW["tests/test_weigh.py"] + (
        "\n\ndef test_size():\n    import inspect\n"
        "    text = inspect.getsource(weigh)\n"
        "    assert ('sum(weights)' in text) == ('LIMIT = 200' in text) == ('_SPARE' in text)\n"
    )
    old = {**OLD, "scales/weigh.py": OLD["scales/weigh.py"].replace("sum(weights) /", "1 /")}
    weigh = NEW["scales/weigh.py"].replace("LIMIT = 100", "LIMIT = 200")
    new = {
        **NEW,
        "tests/test_weigh.py": tests,
        "scales/weigh.py": weigh.replace("def heaviest", "_SPARE = 1\n\n\ndef heaviest"),
    }
    releases = {"1.0": archive("scales", "1.0", old), "1.1": archive("scales", "1.1", new)}
    with serving("scales", releases, monkeypatch):
        one = miner.mine_pair(*miner.pairs("scales")[0])
        assert one.tried.found
        assert one.tried.reports["pass_to_fail"] == one.tried.found
        assert one.entries == ()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"tests/test_weigh.py": OLD["tests/test_weigh.py"]}, "no_test_change"),
        ({"scales/weigh.py": OLD["scales/weigh.py"] + "# More.\n"}, "no_source_change"),
        ({"scales/fast.c": ""}, "compiled"),
        ({"lib/scales/__init__.py": "", "lib/scales/weigh.py": ""}, "moved"),
    ],
)
def test_releases_of_no_use_say_why(
    changed: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = {
        "1.0": archive("scales", "1.0", OLD),
        "1.1": archive("scales", "1.1", {**NEW, **changed}),
    }
    with serving("scales", releases, monkeypatch):
        one = miner.mine_pair(*miner.pairs("scales")[0])
    assert one.tried.word == reason
    assert one.entries == ()


def test_an_archive_that_has_changed_gives_no_bug(
    pair: tuple[Release, Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = pair
    place = archives() / new.sha256 / new.filename
    tree_of(new)
    tree_of.cache_clear()
    place.write_bytes(place.read_bytes().replace(b"sum(weights)", b"sum(WEIGHTS)"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/")
    with pytest.raises(SourceError):
        tree_of(new)


def test_only_tests_that_may_end_differently_are_chosen(pair: tuple[Release, Release]) -> None:
    old, new = tree_of(pair[0]), tree_of(pair[1])
    change = difference(old, new)
    every = describe(new).tests
    assert chosen.changed(old, change.tests, every) == (
        "tests.test_weigh::test_total",
        "tests.test_weigh::test_mean_of_none",
        "tests.test_weigh::test_mean",
        "tests.test_weigh::test_lightest",
        "tests.test_weigh::test_version",
    )
    assert chosen.changed(old, {"tests/conftest.py": "x = 1"}, every) == ("tests.test_weigh",)
    helper: Files = {
        "tests/test_weigh.py": OLD["tests/test_weigh.py"] + "\n\ndef helper():\n    pass\n"
    }
    assert chosen.changed(old, helper, every) == ("tests.test_weigh",)


def test_a_test_that_asks_for_new_words_is_unfair() -> None:
    old = "def f(x):\n    return x\n"
    new = (
        'def f(x, *, strict=False):\n    raise ValueError("the value is of no use here")\n'
        'def g(x):\n    add("--plain")\n    raise ValueError("x {} have to be one of %d" % x)\n'
    )
    defined, texts = novelty.brought([old], [new])
    assert defined == {"g", "strict"}
    known = novelty.names(old)

    def asked(test: str, failure: str = "") -> str:
        return novelty.asked(test, failure, defined, texts, known).partition(":")[0]

    assert asked("def test():\n    f(1, strict=True)\n") == "new_api"
    assert asked("def test():\n    strict = 1\n    f(strict)\n") == ""
    assert asked("def test():\n    raises(match='value is of no use')\n") == "hidden_text"
    assert asked("def test():\n    raises(match='have to be one of 3')\n") == "hidden_text"
    assert asked("def test():\n    main(['--plain', 'x'])\n") == "new_api"
    assert asked("def test():\n    main(['--other', 'x'])\n") == ""
    assert asked("", "module 'm' has no attribute 'g'") == "new_api"
    assert asked("", "'NoneType' object has no attribute 'x'") == ""


def test_the_entry_on_a_fix_is_found_among_others() -> None:
    texts = [
        "Drop support for old things.",
        "`Scale.read` no longer fails on empty input (#41).",
        "Fix the reading of units in `parse_unit`.",
        "Documentation.",
    ]
    assert changelog.best(texts, "def parse_unit(text):\n    test_units") == 2
    assert changelog.best(texts, "def test_issue_41():\n    scale.read('')") == 1
    assert changelog.best(texts, "def unrelated():\n    pass") is None


def test_a_pair_that_takes_too_long_is_given_up(pair: tuple[Release, Release]) -> None:
    runner = miner.Runner(budget_s=1e-9)
    with pytest.raises(SourceError, match="slow: its tests"):
        list(pair_bugs(*pair, runner, lambda reason: None))


def test_a_version_module_that_comes_with_a_release_is_part_of_its_change() -> None:
    metadata = "Metadata-Version: 2.1\nName: scales\nVersion: 1.{}\nLicense: MIT\n"
    version = {"scales/__init__.py": "from scales._version import VERSION\n"}
    old = laid_over({}, {**OLD, "PKG-INFO": metadata.format(0)})
    new = laid_over(
        {},
        {**NEW, **version, "PKG-INFO": metadata.format(1), "scales/_version.py": "VERSION = 1\n"},
    )
    newest = laid_over(
        new, {"scales/_version.py": "VERSION = 2\n", "tests/test_weigh.py": "x = 1\n"}
    )
    assert "scales/_version.py" in difference(old, new).sources
    changed = laid_over(newest, {"scales/weigh.py": OLD["scales/weigh.py"]})
    assert set(difference(new, changed).sources) == {"scales/weigh.py"}


def test_one_mistake_in_several_places_is_one_bug() -> None:
    def fix(line: int, *tests: str) -> pairs.Fix:
        piece = Piece(path="x.py", old=(line, line), new=(line, line + 1))
        return pairs.Fix(pieces=(piece,), fail_to_pass=tests, modules=("t.py",), entry=None)

    first, again, other = fix(1, "t::a[1]", "t::a[2]"), fix(5, "t::a[3]"), fix(9, "t::a[4]", "t::b")
    reports: list[str] = []
    assert pairs.once([first, again, other], reports.append) == [first, other]
    assert [report.partition(":")[0] for report in reports] == ["again"]
