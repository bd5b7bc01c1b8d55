"""Every reason for which a change is none, on a repository made for it."""

import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from data.errors import SourceError
from envs.code.project import Project
from envs.code.spec import Toolchain
from synth.code.bug import Bug
from synth.code.mining.catalogue import Catalogue, own_tree
from synth.code.mining.reasons import Refusal
from synth.code.mining.source import MinedSource, pinned
from tests.code.mining_api import changed_file, issue, pull
from tests.code.mining_repository import History
from tests.code.mining_tally import BASE, FIXED_WORDS, TABS_ISSUE, TEST_TABS, TEST_WORDS, WORDS

FIX = {"src/tally/words.py": FIXED_WORDS, "tests/test_words.py": TEST_WORDS + TEST_TABS}


def unlocked(project: Project, before: datetime) -> Toolchain:
    return Toolchain(root=project.root, command="python -m pytest tests")


def outcome(
    folder: Path,
    files: Mapping[str | bytes, str | bytes | None],
    message: str = "Fix tabs (#2)\n\nFixes #1",
    records: list[dict[str, Any]] | None = None,
    base: Mapping[str | bytes, str | bytes | None] = BASE,
    own: bool = False,
) -> Bug | Refusal:
    """What becomes of the last of two commits; without records an issue is there, and good."""
    history = History()
    history.commit("Begin", base)
    history.commit(message, files)
    clone = history.written(folder / "one.git")
    path = folder / "records.jsonl"
    lines = [issue(1, "words ignores tabs", TABS_ISSUE)] if records is None else records
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    sources = (path,) if lines else ()
    made = Catalogue(pinned(MinedSource("repo" if own else "git", clone, sources)), unlocked)
    found = [one for one in made if not (isinstance(one, Refusal) and one.reason == "no_parent")]
    assert len(found) == 1
    return found[0]


def test_the_fix_that_the_others_spoil_is_a_bug(tmp_path: Path) -> None:
    assert isinstance(outcome(tmp_path, FIX), Bug)


BROKEN_TEST = "def test_words():\n    assert"
LONG = WORDS + "".join(f"\n\ndef _part{n}():\n    return {n}\n" for n in range(100))


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({**FIX, "src/tally/words.py": LONG}, "too_many_lines"),
        ({**FIX, "src/tally/words.py": "def words(text):\n    return text.split()\n\n\nprint 1\n"}, "other_syntax"),
        ({**FIX, "setup.py": "print('built')\n"}, "outside_sources"),
        ({**FIX, "native/fast.c": "int x;\n"}, "outside_sources"),
        ({**FIX, "src/tally/table.json": "{}\n"}, "outside_sources"),
        ({**FIX, "src/other/new.py": "X = 1\n"}, "outside_sources"),
        ({**FIX, "src/tally/table.json": b"\xff\xfe\x00"}, "binary"),
        (
            {**FIX, "pyproject.toml": '[project]\nname = "tally"\nversion = "1.3"\ndependencies = ["httpx"]\n'},
            "build_changed",
        ),
        ({**FIX, "src/tally/words.py": FIXED_WORDS + "\n\nX = 1\n", "tests/test_words.py": TEST_WORDS + TEST_TABS + "\n\nfrom tally.words import X\n"}, "untold_names"),
        ({**FIX, "src/tally/words.py": "# No words.\n"}, "removes_names"),
    ],
)  # fmt: skip
def test_an_edit_of_no_use_has_its_reason(
    tmp_path: Path, files: Mapping[str | bytes, str | bytes | None], reason: str
) -> None:
    found = outcome(tmp_path, files)
    assert isinstance(found, Refusal)
    assert found.reason == reason


@pytest.mark.parametrize(
    ("message", "records", "reason"),
    [
        ("Fix tabs (#2)", None, "no_issue"),
        ("Fix tabs (#2)\n\nFixes #7", None, "issue_gone"),
        ("Fix tabs (#2)\n\nFixes #1, #7, #8", None, "several_issues"),
        ("Speak of tabs (#2)", [], "not_a_fix"),
        ("Speak of tabs (#2)\n\nFixes #1", [issue(1, "t", "x")], "issue_short"),
        (
            "Fix tabs (#2)\n\nFixes #1",
            [
                issue(1, "words ignores tabs", TABS_ISSUE),
                pull(2, "Fix", "Fixes #1", "f" * 40),
                {
                    "record": "pull_files",
                    "data": {"number": 2, "files": [changed_file("src/other.py")]},
                },
            ],
            "pull_mismatch",
        ),
    ],
)
def test_links_of_no_use_have_their_reason(
    tmp_path: Path, message: str, records: list[dict[str, Any]] | None, reason: str
) -> None:
    found = outcome(tmp_path, FIX, message, records)
    assert isinstance(found, Refusal)
    assert found.reason == reason


@pytest.mark.parametrize(
    ("without", "reason"),
    [
        ("LICENSE", "no_licence"),
        ("pyproject.toml", "no_metadata"),
        ("src/tally/fast.pyx", "compiled"),
    ],
)
def test_a_project_of_no_use_has_its_reason(tmp_path: Path, without: str, reason: str) -> None:
    base = {path: text for path, text in BASE.items() if path != without}
    if reason == "compiled":
        base[without] = "cdef int x\n"
    found = outcome(tmp_path, FIX, base=base)
    assert isinstance(found, Refusal)
    assert found.reason == reason


def test_a_repository_of_ones_own_needs_no_licence(tmp_path: Path) -> None:
    base = {path: text for path, text in BASE.items() if path != "LICENSE"}
    found = outcome(tmp_path, FIX, base=base, own=True)
    assert isinstance(found, Bug)
    assert found.licence.licence == "LicenseRef-own"
    source = MinedSource("git", tmp_path / "one.git")
    with pytest.raises(SourceError, match="no_licence"):
        own_tree(source)
    assert own_tree(source._replace(sort="repo")).licence.licence == "LicenseRef-own"


def test_an_issue_that_two_changes_close_belongs_to_neither(tmp_path: Path) -> None:
    history = History()
    history.commit("Begin", BASE)
    history.commit("Fix tabs\n\nFixes #1", FIX)
    more = FIXED_WORDS.replace("text.split()", "text.strip().split()")
    history.commit(
        "Fix tabs again\n\nFixes #1",
        {"src/tally/words.py": more, "tests/test_words.py": TEST_WORDS},
    )
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(issue(1, "words ignores tabs", TABS_ISSUE)))
    made = Catalogue(
        pinned(MinedSource("git", history.written(tmp_path / "two.git"), (path,))), unlocked
    )
    reasons = [one.reason for one in made if isinstance(one, Refusal)]
    assert reasons == ["shared_issue", "shared_issue", "no_parent"]


def test_a_clone_that_is_partial_has_changes_that_cannot_be_read(tmp_path: Path) -> None:
    history = History()
    history.commit("Begin", BASE)
    history.commit("Fix tabs", FIX)
    clone = history.written(tmp_path / "whole.git")
    made = Catalogue(pinned(MinedSource("git", clone)), unlocked)
    for folder in (clone / "objects").iterdir():
        shutil.rmtree(folder)
    assert {one.reason for one in made if isinstance(one, Refusal)} == {"unreadable", "no_parent"}
