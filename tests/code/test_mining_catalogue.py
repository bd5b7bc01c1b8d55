"""A history as a catalogue: which changes are bugs, what they hold, and why the others are none."""

from datetime import datetime
from pathlib import Path

import pytest

from data.errors import SourceError
from envs.code.clone import Clone
from envs.code.project import Project
from envs.code.spec import Toolchain
from synth.code.bug import Bug
from synth.code.mining.catalogue import Catalogue, catalogue, mined_bugs, own_tree
from synth.code.mining.reasons import MEANINGS, Reason, Refusal
from synth.code.mining.source import MinedSource, parse_source, pinned
from tests.code.mining_repository import History
from tests.code.mining_tally import (
    BASE,
    FIXED_LONGEST,
    FIXED_MERGED,
    FIXED_WORDS,
    SPARE,
    TEST_TABS,
    TEST_WORDS,
    WORDS,
    Tally,
    tally,
)


def unlocked(project: Project, before: datetime) -> Toolchain:
    assert project.requirements == ()
    return Toolchain(root=project.root, command="python -m pytest tests")


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Tally:
    return tally(tmp_path_factory.mktemp("tally"))


@pytest.fixture(scope="module")
def found(repo: Tally) -> dict[str, Bug | Refusal]:
    """What became of each change, by our word for it."""
    words = {commit: word for word, commit in repo.commits.items()}
    made = Catalogue(
        pinned(MinedSource("git", repo.clone, (repo.records,), "acme/tally")), unlocked
    )
    bases = {c.change.base: c.change.commit for c in made.candidates}
    result = {}
    for one in made:
        commit = one.commit if isinstance(one, Refusal) else bases[one.origin.version]
        result[words[commit]] = one
    assert len(result) == len(made) == len(words)
    return result


REFUSED = {
    "first": Reason.NO_PARENT,
    "docs": Reason.NO_SOURCE,
    "reverted": Reason.REVERTED,
    "revert": Reason.REVERT,
    "reapply": Reason.REVERT,
    "silent": Reason.NO_TESTS,
    "tests": Reason.NO_SOURCE,
    "bot": Reason.BOT,
    "feature": Reason.NOT_A_FIX,
    "binary": Reason.BINARY,
    "odd path": Reason.ODD_PATH,
    "part": Reason.PART_OF_PULL,
    "moved": Reason.UNTOLD_NAMES,
    "comments": Reason.NO_CODE_CHANGE,
    "sync": Reason.BRANCH_SYNC,
    "backport": Reason.BACKPORT,
}


@pytest.mark.parametrize("word", REFUSED)
def test_a_change_that_is_no_task_has_its_reason(
    found: dict[str, Bug | Refusal], word: str
) -> None:
    one = found[word]
    assert isinstance(one, Refusal)
    assert one.reason == REFUSED[word]


@pytest.mark.parametrize("word", ["merge", "squash", "again", "rebased"])
def test_a_fix_is_a_bug_however_it_was_merged(found: dict[str, Bug | Refusal], word: str) -> None:
    bug = found[word]
    assert isinstance(bug, Bug), bug
    assert bug.story.sort == "issue"
    assert bug.licence.licence == "MIT"
    assert bug.removed == ()
    assert bug.buggy == {}
    assert all("test" in path for path in bug.tests)
    assert not any("test" in path for path in bug.gold)


def test_a_merge_is_taken_against_its_first_parent(
    repo: Tally, found: dict[str, Bug | Refusal]
) -> None:
    bug = found["merge"]
    assert isinstance(bug, Bug)
    assert bug.origin.version == repo.commits["docs"]
    assert bug.gold == {"src/tally/counts.py": FIXED_MERGED}
    assert list(bug.tests) == ["tests/test_counts.py"]
    assert bug.modules == ("tests/test_counts.py", "tests/test_words.py")
    assert bug.sources == (
        "src/tally/__init__.py",
        "src/tally/_old.py",
        "src/tally/counts.py",
        "src/tally/words.py",
        "src/tally/",
    )
    assert bug.story.links == ("acme/tally#1", "acme/tally#2")


def test_a_rebased_pull_request_is_one_change_with_its_rename(
    repo: Tally, found: dict[str, Bug | Refusal]
) -> None:
    bug = found["rebased"]
    assert isinstance(bug, Bug)
    assert bug.origin.version == repo.commits["odd path"]
    assert bug.gold == {
        "src/tally/_new.py": SPARE,
        "src/tally/_old.py": None,
        "src/tally/words.py": FIXED_LONGEST,
    }


def test_an_issue_is_told_without_what_leads_to_its_fix(found: dict[str, Bug | Refusal]) -> None:
    bug = found["merge"]
    assert isinstance(bug, Bug)
    assert bug.story.title == "merged loses zero counts"
    assert bug.story.text == (
        "### What happened\n\n"
        "`merged` loses words whose count is zero. I expected that they stay, as the documentation says, but\n"
        "they are missing in the result.\n\n"
        '```python\n>>> merged({"a": 0}, {"b": 1})\nCounter({\'b\': 1})\n```\n\n'
        "It happens with `Counter` objects as well, not only with plain dictionaries."
    )


def test_a_catalogue_puts_what_may_be_a_task_first(repo: Tally) -> None:
    made = Catalogue(
        pinned(MinedSource("git", repo.clone, (repo.records,), "acme/tally")), unlocked
    )
    assert sum(made.refused.values()) == len(made) - len(made.candidates)
    dates = [candidate.change.committed for candidate in made.candidates]
    assert dates == sorted(dates, reverse=True)
    with pytest.raises(IndexError):
        made[len(made)]


def test_a_clone_alone_gives_fixes_with_their_messages(repo: Tally) -> None:
    bugs = [bug for bug in mined_bugs(repo.clone, None, unlocked) if isinstance(bug, Bug)]
    assert {bug.story.sort for bug in bugs} == {"patch"}
    told = {bug.origin.version: (bug.story.title, bug.story.text) for bug in bugs}
    assert told[repo.commits["docs"]] == ("Keep zero", "")
    assert "again" in [
        word for word, commit in repo.commits.items() if commit == repo.commits["again"]
    ]


def test_an_older_change_with_the_same_edit_is_the_original(tmp_path: Path, repo: Tally) -> None:
    history = History()
    history.commit("Begin", BASE)
    files = {"src/tally/words.py": FIXED_WORDS, "tests/test_words.py": TEST_WORDS + TEST_TABS}
    first = history.commit("Fix tabs", files)
    history.commit("Tidy", {"src/tally/words.py": WORDS})
    second = history.commit(
        "Fix tabs once more", files | {"tests/test_words.py": TEST_WORDS + "\n" + TEST_TABS}
    )
    clone = history.written(tmp_path / "twice.git")
    made = Catalogue(pinned(MinedSource("git", clone)), unlocked)
    assert [candidate.change.commit for candidate in made.candidates] == [history.hashes[first]]
    assert (history.hashes[second], "duplicate") in [(r.commit, r.reason) for r in made.refusals]


def test_the_same_source_gives_the_same_bytes(repo: Tally) -> None:
    source = pinned(MinedSource("git", repo.clone, (repo.records,), "acme/tally"))
    one, other = (list(Catalogue(source, unlocked)) for _ in range(2))
    assert one == other


def test_every_reason_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Reason)


def test_a_source_means_the_same_after_it_was_pinned(repo: Tally) -> None:
    text = f"git:{repo.clone},records={repo.records},name=acme/tally"
    once = pinned(parse_source(text))
    assert pinned(parse_source(str(once))) == once
    assert once.commit == repo.commits["backport"]
    assert len(catalogue(str(once), unlocked)) == len(repo.commits)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("svn:/x", "no source 'svn:/x'"),
        ("git:/nowhere,records", "'records' is no option"),
        ("git:/nowhere,branch=main", "'branch=main' is no option"),
        ("git:/nowhere", "no git repository"),
        ("/nowhere", "no git repository"),
    ],
)
def test_a_source_that_is_none_is_one_clear_line(text: str, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        pinned(parse_source(text))
    assert "\n" not in str(caught.value)


def test_records_that_changed_are_noticed(repo: Tally, tmp_path: Path) -> None:
    records = tmp_path / "records.jsonl"
    records.write_text(repo.records.read_text())
    source = pinned(MinedSource("git", repo.clone, (records,)))
    records.write_text(repo.records.read_text() + "\n")
    with pytest.raises(SourceError, match="not what they were"):
        pinned(source)


def test_a_repository_of_the_users_own_is_taken_as_committed(repo: Tally, tmp_path: Path) -> None:
    with Clone(repo.clone) as clone:
        tree = clone.tree(clone.head)
    own = own_tree(parse_source(f"repo:{repo.clone}"))
    assert (own.project.name, own.project.version, own.project.root) == ("tally", "1.2", "src")
    assert set(own.tree) - set(tree) == {"PKG-INFO", "src/tally.egg-info/PKG-INFO"}
    assert own.licence.licence == "MIT"
