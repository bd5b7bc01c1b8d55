"""From a commit to a proof: the tests of a mined bug fail before its fix and pass after it."""

from datetime import datetime
from pathlib import Path

import pytest

from data.errors import SourceError
from envs.code.junit import Status
from envs.code.project import Project
from envs.code.runs import RunRequest, run_many
from envs.code.spec import Files, Toolchain
from envs.code.tree import Tree
from envs.code.trees import laid_over, origin_tree
from synth.code.bug import Bug
from synth.code.draft import Rejected
from synth.code.intake import toolchain_of
from synth.code.mining.catalogue import catalogue, mined_bugs
from synth.code.mining.draw import drawn
from synth.code.sources import known, warm
from tests.code.mining_repository import History
from tests.code.mining_tally import BASE, tally

TURNED = {
    "tests/test_counts.py": {"test_words_that_occur_zero_times_stay"},
    "tests/test_words.py": {"test_tabs_part_words_as_well"},
}


def unlocked(project: Project, before: datetime) -> Toolchain:
    return Toolchain(root=project.root, command="python -m pytest tests")


def tree_of(bug: Bug, changes: Files) -> Tree:
    origin = origin_tree(bug.origin, bug.tree_sha256)
    return laid_over(origin, {**bug.buggy, **changes, **bug.tests})


def test_hidden_tests_fail_before_the_fix_and_pass_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))
    repo = tally(tmp_path)
    bugs = [bug for bug in mined_bugs(repo.clone, repo.records, unlocked) if isinstance(bug, Bug)]
    requests = [
        RunRequest(tree_of(bug, changes), bug.toolchain, bug.modules)
        for bug in bugs
        for changes in ({}, bug.gold)
    ]
    runs = run_many(requests)
    ends = [{name.rpartition("::")[2]: r.status for name, r in run.results.items()} for run in runs]
    assert not any(run.problem for run in runs[1::2])
    turned = []
    for before, after in zip(ends[::2], ends[1::2], strict=True):
        assert set(after.values()) == {Status.PASSED}
        turned.append({name for name in after if before.get(name) is not Status.PASSED})
        assert Status.PASSED in before.values() or len(bugs) == 1
    assert turned == [
        {"test_an_empty_text_has_no_longest_word"},
        {"test_tabs_part_words_as_well"},
        {"test_ties_are_in_the_order_of_the_alphabet"},
        {"test_words_that_occur_zero_times_stay"},
    ]


def test_changes_are_drawn_one_after_the_other_until_there_are_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))
    repo = tally(tmp_path)
    source = known(f"git:{repo.clone},records={repo.records}")
    mined = catalogue(source, toolchain_of)
    at = [c.change.commit for c in mined.candidates].index(repo.commits["squash"])
    bug = drawn(source, at)
    assert bug.story.title == "order of ties"
    assert bug.modules == ("tests/test_counts.py", "tests/test_words.py")
    assert bug.toolchain.lock == ""
    none = [c.change.commit for c in mined.candidates].index(repo.commits["feature"])
    for turn, reason in ((none, "not_a_fix"), (len(mined.candidates), "exhausted")):
        with pytest.raises(Rejected, match=reason):
            drawn(source, turn)


def test_a_repository_without_anything_to_mine_says_what_it_has(tmp_path: Path) -> None:
    history = History()
    history.commit("Begin", BASE)
    source = known(f"git:{history.written(tmp_path / 'one.git')}")
    with pytest.raises(SourceError, match="nothing_to_mine: .*: 1 no_parent"):
        warm([source])
