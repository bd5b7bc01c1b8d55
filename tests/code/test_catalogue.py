"""The catalogue is whole at any moment; mining goes on where it was and never counts a bug twice."""

from collections import Counter
from pathlib import Path

import pytest

from data.errors import SourceError
from data.hashing import derive_rng
from envs.code import trees
from synth.code import fixes
from synth.code.fixes import __main__ as command
from synth.code.fixes.miner import Journal, Tried
from synth.code.releases import tree_of
from tests.code.index import archive, serving

WEIGH = "def total(weights):\n    return {}\n\n\ndef heaviest(weights):\n    return max(weights)\n"
TESTS = "from scales import weigh\n\n\ndef test_heaviest():\n    assert weigh.heaviest([1]) == 1\n"
TOTAL = "\n\ndef test_total():\n    assert weigh.total([1, 2]) == 3\n"


def release(version: str, body: str, tests: str) -> bytes:
    files = {
        "scales/__init__.py": "",
        "scales/weigh.py": WEIGH.format(body),
        "tests/test_weigh.py": tests,
    }
    return archive("scales", version, files)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trees, "_held", trees._Held(trees.MAX_HELD_BYTES))
    tree_of.cache_clear()


def test_mining_writes_down_what_it_finds_and_never_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place, journal = tmp_path / "catalogue.jsonl", tmp_path / "journal.jsonl"
    given = ["--file", str(place), "--journal", str(journal)]
    releases = {
        "1.0": release("1.0", "sum(weights[1:])", TESTS),
        "1.1": release("1.1", "sum(weights)", TESTS + TOTAL),
        "1.2": release("1.2", "sum(list(weights))", TESTS + TOTAL),
    }
    with serving("scales", releases, monkeypatch):
        assert command.main([*given, "mine", "scales", "unknown"]) == 0
        assert "scales 1.0..1.1: 1 of 1 bugs" in capsys.readouterr().err
        (entry,) = fixes.read(place.read_text())
        content = place.read_bytes()

        # Killed while it noted the last of its lines.
        lines = journal.read_text().splitlines(keepends=True)
        journal.write_text("".join(lines[:1]) + lines[1][:20])
        assert command.main([*given, "mine", "scales"]) == 0
        assert capsys.readouterr().err == "scales 1.0..1.1: 1 of 1 bugs\n"
        assert place.read_bytes() == content

        assert command.main([*given, "mine", "scales"]) == 0
        assert capsys.readouterr().err == ""
        assert command.main([*given, "check"]) == 0
        tree_of.cache_clear()
    assert fixes.rebuilt(entry).gold == {"scales/weigh.py": WEIGH.format("sum(weights)")}
    assert command.main([*given, "table"]) == 0
    assert "| scales | 2 | 1 | 1 |" in capsys.readouterr().out


def test_a_changed_entry_gives_no_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "catalogue.jsonl"
    given = ["--file", str(place), "--journal", str(tmp_path / "journal.jsonl")]
    releases = {
        "1.0": release("1.0", "sum(weights[1:])", TESTS),
        "1.1": release("1.1", "sum(weights)", TESTS + TOTAL),
    }
    with serving("scales", releases, monkeypatch):
        command.main([*given, "mine", "scales"])
    text = place.read_text()
    piece = '"old":[0,2]'
    assert piece in text
    (altered,) = fixes.read(text.replace(piece, '"old":[0,1]'))
    with pytest.raises(SourceError, match="not what was verified"):
        fixes.rebuilt(altered)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "version None"),
        ('{"catalogue": 99}\n', "version 99"),
        ('{"catalogue": 1}\n{"sort": "release"}\n', "cannot be read"),
        ('{"catalogue": 1}\n{"sort"', "cannot be read"),
        ("[]\n", "cannot be read"),
    ],
)
def test_what_is_no_catalogue_is_refused(text: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        fixes.read(text)


def test_every_entry_of_ours_is_read_and_stands_once() -> None:
    entries = fixes.catalogue()
    assert len({entry.key for entry in entries}) == len(entries)
    assert [entry.key for entry in entries] == sorted(entry.key for entry in entries)
    assert all(entry.licence for entry in entries)


def test_projects_have_equal_chances() -> None:
    found = Counter(
        fixes.pick(derive_rng(0, index)).project for index in range(40 * len(fixes.catalogue()))
    )
    assert max(found.values()) < 2 * min(found.values())
    with pytest.raises(SourceError, match="no release fix of nothing"):
        fixes.pick(derive_rng(0), ("nothing",), "release")


def test_a_project_is_given_up_when_it_gives_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")

    def tried(what: str, verified: int, refusal: str = "") -> Tried:
        return Tried(
            project="p", what=what, found=1, verified=verified, refusal=refusal, reports={}
        )

    assert not command.is_done(journal.of("p"), 8)
    for number in range(3):
        journal.add(tried(f"{number}", 0, "no_turn: x"))
    assert not command.is_done(journal.of("p"), 8)
    assert command.is_done([*journal.of("p"), tried("3", 0)], 8)
    assert not command.is_done([*journal.of("p"), tried("3", 1)], 8)
    assert command.is_done([tried("0", 8)], 8)
    assert command.is_done([tried("0", 0, "licence: none")], 8)
    words = [tried("", 0, refusal).word for refusal in ("", "licence: x", "cannot resolve a: b")]
    assert words == ["", "licence", "other"]
    assert Journal(tmp_path / "journal.jsonl").tried == journal.tried
