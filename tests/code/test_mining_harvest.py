"""Downloads: complete, resumed after a kill, brought up to date; and dumps of events beside them."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.errors import SourceError, UserError
from synth.code.mining.client import ApiFault, Client
from synth.code.mining.harvest import Harvest, Progress
from synth.code.mining.journal import JOURNAL, RECORDS, Journal
from synth.code.mining.records import Records, read_records
from tests.code.mining_api import (
    Answer,
    Site,
    changed_file,
    comment,
    commit,
    issue,
    pull,
    repository,
    served,
)

REPO = "/repos/acme/tally"


@pytest.fixture
def site() -> Iterator[Site]:
    with served(Site()) as site:
        site.objects[REPO] = repository()
        # The list of issues has pull requests among them, as the API gives it.
        site.lists[f"{REPO}/issues"] = [
            issue(1, "Counts are lost", "Body 1"),
            issue(2, "Fix counts", "Fixes #1", pull_request={"url": f"{REPO}/pulls/2"}),
            issue(3, "Zero is dropped", "Body 3"),
            issue(4, "Crash", None),
            issue(5, "Open one", "Body 5", state="open"),
        ]
        site.lists[f"{REPO}/pulls"] = [
            pull(2, "Fix counts", "Fixes #1", "a" * 40),
            pull(6, "Keep zero", "Fixes #3 and #99", "b" * 40),
            pull(7, "Never merged", "Fixes #4"),
        ]
        site.lists[f"{REPO}/issues/comments"] = [comment(n, 1, f"Comment {n}") for n in range(1, 4)]
        for number in (2, 6):
            site.lists[f"{REPO}/pulls/{number}/commits"] = [
                commit(f"{number}{n}" * 20, f"Part {n}") for n in range(3)
            ]
            site.lists[f"{REPO}/pulls/{number}/files"] = [
                changed_file(f"src/{number}.py", "@@ secret")
            ]
        yield site


def harvest(site: Site, folder: Path, seen: list[Progress] | None = None) -> Records:
    def note(progress: Progress) -> None:
        if seen is not None:
            seen.append(progress)

    with Client(site.url, sleep=lambda seconds: None) as client:
        return read_records([Harvest(client, "acme/tally", folder, note).run()], "acme/tally")


def test_a_download_holds_everything_once(site: Site, tmp_path: Path) -> None:
    seen: list[Progress] = []
    records = harvest(site, tmp_path, seen)
    assert sorted(records.issues) == [1, 3, 4, 5]
    assert sorted(records.pulls) == [2, 6, 7]
    assert [c.body for c in records.comments[1]] == ["Comment 1", "Comment 2", "Comment 3"]
    assert [c.commit.message for c in records.commits[2]] == ["Part 0", "Part 1", "Part 2"]
    assert records.files == {2: ("src/2.py",), 6: ("src/6.py",)}
    assert records.repository is not None
    assert records.repository.license is not None
    assert records.repository.license.spdx_id == "MIT"
    assert len(site.paths) == len(set(site.paths))
    assert seen[-1].requests == len(site.paths)


def test_details_are_asked_for_only_where_a_merge_closes_an_issue(
    site: Site, tmp_path: Path
) -> None:
    harvest(site, tmp_path)
    assert not any("/pulls/7/" in path for path in site.paths)


def test_patches_are_not_kept(site: Site, tmp_path: Path) -> None:
    harvest(site, tmp_path)
    assert "@@ secret" not in (tmp_path / RECORDS).read_text()


@pytest.mark.parametrize("status", [404, 410])
def test_an_issue_that_is_gone_is_recorded_as_gone(site: Site, tmp_path: Path, status: int) -> None:
    site.scripted[f"{REPO}/issues/99"] = [Answer(status, {"message": "This issue was deleted"})]
    assert harvest(site, tmp_path).gone == {99}


def test_a_second_run_asks_under_conditions_and_brings_what_changed(
    site: Site, tmp_path: Path
) -> None:
    harvest(site, tmp_path)
    before = len(site.asked)
    site.lists[f"{REPO}/issues"][4] = issue(
        5, "Open one", "Body 5", updated_at="2024-04-01T00:00:00Z"
    )
    site.lists[f"{REPO}/issues"].append(issue(8, "New one", "Body 8"))
    seen: list[Progress] = []
    records = harvest(site, tmp_path, seen)
    assert records.issues[5].state == "closed"
    assert 8 in records.issues
    assert seen[-1].unchanged == 4
    conditions = [asked for asked in site.asked[before:] if "If-None-Match" in asked.headers]
    assert len(conditions) == 4
    assert not any("/commits" in asked.path for asked in site.asked[before:])


def test_a_renamed_repository_goes_by_its_present_name(site: Site, tmp_path: Path) -> None:
    moved = Answer(301, {"message": "Moved Permanently"}, {"Location": f"{site.url}{REPO}"})
    site.scripted["/repos/old/name"] = [moved]
    with Client(site.url) as client:
        path = Harvest(client, "old/name", tmp_path).run()
    assert sorted(read_records([path], "acme/tally").issues) == [1, 3, 4, 5]


def test_a_repository_that_is_not_there_is_one_clear_line(site: Site, tmp_path: Path) -> None:
    with Client(site.url) as client, pytest.raises(SourceError, match="no repository acme/other"):
        Harvest(client, "acme/other", tmp_path).run()


def test_a_fault_in_the_middle_keeps_what_is_there(site: Site, tmp_path: Path) -> None:
    site.scripted[f"{REPO}/issues/comments"] = [Answer(500)] * 20
    with pytest.raises(ApiFault):
        harvest(site, tmp_path)
    del site.scripted[f"{REPO}/issues/comments"]
    asked = len(site.asked)
    records = harvest(site, tmp_path)
    assert len(records.comments[1]) == 3
    later = [
        path
        for path in site.paths[asked:]
        if path.startswith((f"{REPO}/issues?", f"{REPO}/pulls?"))
    ]
    assert later == []


@pytest.mark.parametrize("at", [3, 5, 8])
def test_kill_9_loses_nothing_and_repeats_nothing(site: Site, tmp_path: Path, at: int) -> None:
    whole = harvest(site, tmp_path / "whole")
    site.asked.clear()
    killed: list[int] = []

    def strike(path: str) -> None:
        if len(site.asked) == at and not killed:
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGKILL)

    command = [sys.executable, "-m", "synth.code.mining", "fetch", "acme/tally", "--api", site.url]
    command += ["--out", str(tmp_path / "part")]
    site.before = strike
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    assert process.wait(60) == -signal.SIGKILL
    answered = set(site.paths[1 : at - 1])
    asked = len(site.asked)
    assert harvest(site, tmp_path / "part") == whole
    assert not answered & set(site.paths[asked:])


def test_records_without_their_line_in_the_journal_are_cut_off(site: Site, tmp_path: Path) -> None:
    whole = harvest(site, tmp_path)
    size = (tmp_path / RECORDS).stat().st_size
    with (tmp_path / RECORDS).open("ab") as file:
        file.write(b'{"record": "issue", "data": {"number": 77, "title": "to')
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"page": "torn')
    with Journal(tmp_path, "records of acme/tally"):
        assert (tmp_path / RECORDS).stat().st_size == size
    assert read_records([tmp_path / RECORDS]) == whole


def test_two_downloads_into_one_folder_do_not_mix(tmp_path: Path) -> None:
    with Journal(tmp_path, "one"), pytest.raises(UserError, match="another process"):
        Journal(tmp_path, "one")
    with pytest.raises(SourceError, match="something else than two"):
        Journal(tmp_path, "two")


def event(sort: str, name: str = "acme/tally", **payload: Any) -> dict[str, Any]:
    return {
        "id": "2489651045",
        "type": sort,
        "actor": {"id": 1, "login": "grace", "url": "https://api.github.com/users/grace"},
        "repo": {"id": 77, "name": name, "url": f"https://api.github.com/repos/{name}"},
        "payload": payload,
        "public": True,
        "created_at": "2023-11-10T10:00:00Z",
    }


def dump(path: Path, events: list[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(one) + "\n" for one in events)
    return path


def test_events_of_an_archive_give_the_same_records(site: Site, tmp_path: Path) -> None:
    listed = harvest(site, tmp_path)
    events = [
        event("IssuesEvent", action="closed", issue=one)
        for one in site.lists[f"{REPO}/issues"]
        if "pull_request" not in one
    ]
    events += [
        event("PullRequestEvent", action="closed", number=one["number"], pull_request=one)
        for one in site.lists[f"{REPO}/pulls"]
    ]
    events += [
        event(
            "IssueCommentEvent",
            action="created",
            issue=issue(1, "Counts are lost", "Body 1"),
            comment=one,
        )
        for one in site.lists[f"{REPO}/issues/comments"]
    ]
    others = [
        event("IssuesEvent", "else/where", action="opened", issue=issue(500, "Other", "Text"))
    ]
    others += [event("PushEvent", size=1, commits=[]), event("WatchEvent", action="started")]
    read = read_records([dump(tmp_path / "2024-03-01-10.json.gz", others + events)], "acme/tally")
    assert (read.issues, read.pulls, read.comments) == (
        listed.issues,
        listed.pulls,
        listed.comments,
    )
    assert read.skipped == 0


def test_an_issue_keeps_its_first_words_and_its_last_state(tmp_path: Path) -> None:
    first = issue(1, "Lost", "It is lost.", state="open", updated_at="2023-11-10T10:00:00Z")
    last = issue(
        1, "Lost [fixed in 1.2]", "It is lost. Fixed by #2", updated_at="2024-03-01T10:00:00Z"
    )
    for order in ([first, last], [last, first]):
        path = dump(
            tmp_path / "x.json.gz", [event("IssuesEvent", action="closed", issue=i) for i in order]
        )
        read = read_records([path], "acme/tally").issues[1]
        assert (read.title, read.body, read.state) == ("Lost", "It is lost.", "closed")


def test_short_events_of_pull_requests_do_not_wipe_out_full_ones(tmp_path: Path) -> None:
    short = {"id": 800_002, "number": 2, "url": "https://api.github.com/repos/acme/tally/pulls/2"}
    events = [
        event(
            "PullRequestEvent", action="closed", pull_request=pull(2, "Fix", "Fixes #1", "a" * 40)
        ),
        event("PullRequestEvent", action="merged", number=2, pull_request=short),
    ]
    for order in (events, events[::-1]):
        read = read_records([dump(tmp_path / "x.json.gz", order)], "acme/tally").pulls[2]
        assert (read.title, read.merge_commit_sha) == ("Fix", "a" * 40)


def test_plain_answers_of_the_api_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    objects = [
        [issue(1, "A", "B"), issue(2, "P", "Q", pull_request={})],
        pull(2, "P", "Q"),
        comment(5, 1, "C"),
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in objects))
    read = read_records([path])
    assert (sorted(read.issues), sorted(read.pulls), len(read.comments[1])) == ([1], [2], 1)


def test_broken_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    lines = [
        "{",
        "7",
        '{"hello": 1}',
        '{"record": "cat", "data": {}}',
        '{"number": "x", "title": "y"}',
    ]
    path.write_text("\n".join([*lines, json.dumps(issue(1, "A", "B"))]))
    read = read_records([path])
    assert (len(read.issues), read.skipped) == (1, 5)


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08\x00broken", b"[]\n"])
def test_a_file_without_records_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "2024-03-01-10.json.gz"
    path.write_bytes(content if content.startswith(b"\x1f") else gzip.compress(content))
    with pytest.raises(SourceError, match="2024-03-01-10"):
        read_records([path])
