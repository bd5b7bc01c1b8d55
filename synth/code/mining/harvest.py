"""Downloads what the API knows of a repository's issues and pull requests, once and then its changes.

First the lists of issues, pull requests and comments; then, only for merged pull requests that close
an issue, their commits and files. A second run asks for the same pages under the condition that they
have changed. What it writes is read by `records`.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from data.errors import SourceError
from synth.code.mining.client import PAGE, Client, Limits, Page
from synth.code.mining.journal import Journal
from synth.code.mining.records import Kind, Records, bodies, read_records
from synth.code.mining.references import closed_issues

MAX_DETAIL_PAGES = 3
"""Of the commits and of the files of one pull request; a larger one is no task."""
_LISTS = (
    (Kind.ISSUE, "issues?state=all&sort=created&direction=asc"),
    (Kind.PULL, "pulls?state=closed&sort=created&direction=asc"),
    (Kind.COMMENT, "issues/comments?sort=created&direction=asc"),
)
_DETAILS = ((Kind.PULL_COMMITS, "commits"), (Kind.PULL_FILES, "files"))


class Progress(NamedTuple):
    stage: str
    """What is being asked for."""
    requests: int
    records: Counter[str]
    """New ones of this run, by kind."""
    unchanged: int
    """Pages that have not changed since the last run."""
    seconds: float
    limits: Limits | None


class Harvest:
    """One run; `records` is the file that it leaves behind."""

    def __init__(
        self,
        client: Client,
        repository: str,
        folder: Path,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        """`repository` is `owner/name`; the folder is made, or gone on with."""
        if repository.count("/") != 1 or not all(repository.split("/")):
            raise SourceError(f"{repository!r} is no repository; name one as OWNER/NAME")
        self._client = client
        self._repository = repository
        self._folder = folder
        self._on_progress = on_progress
        self._counts: Counter[str] = Counter()
        self._unchanged = 0
        self._started = time.monotonic()

    def run(self) -> Path:
        """Brings the folder up to date; raises what the client raises, and keeps what it has."""
        with Journal(self._folder, f"records of {self._repository}") as journal:
            self._renamed(journal)
            for kind, path in _LISTS:
                self._list(journal, kind, f"repos/{self._repository}/{path}&per_page={PAGE}")
            known = read_records([journal.records])
            for number in _wanted(known, self._repository):
                for kind, name in _DETAILS:
                    self._detail(journal, kind, number, name)
            for number in _unknown(known, self._repository):
                self._missing(journal, number)
            journal.complete()
        return journal.records

    def _renamed(self, journal: Journal) -> None:
        """Asks for the repository itself; all that follows uses its present name."""
        address = f"repos/{self._repository}"
        page = self._client.page(address)
        if page.status != 200:
            raise SourceError(
                f"there is no repository {self._repository}, or the token may not read it ({page.status})"
            )
        journal.add(address, "", "", self._lines(Kind.REPOSITORY, page.items))
        self._repository = str(page.items[0].get("full_name") or self._repository)
        self._report("repository")

    def _list(self, journal: Journal, kind: Kind, address: str) -> None:
        while address:
            page = journal.done(address)
            if page is None:
                self._fetch(journal, kind, address)
                page = journal.done(address)
                self._report(f"{kind}s")
            address = page.next if page else ""

    def _fetch(self, journal: Journal, kind: Kind, address: str) -> None:
        known = journal.known(address)
        # The last page is asked for anew: whether another follows is not part of what its tag covers.
        etag = known.etag if known and known.next else ""
        page = self._client.page(address, etag)
        if page.status == 304 and known:
            self._unchanged += 1
            journal.add(address, known.etag, known.next, [])
        elif page.status == 200:
            items = [
                item for item in page.items if kind != Kind.ISSUE or "pull_request" not in item
            ]
            journal.add(address, page.etag, page.next, self._lines(kind, items))
        else:
            # A repository can have its issues switched off, and keep its pull requests.
            journal.add(address, "", "", [])

    def _detail(self, journal: Journal, kind: Kind, number: int, name: str) -> None:
        """The pages of one list of a pull request, which does not change once it is merged."""
        address = f"repos/{self._repository}/pulls/{number}/{name}?per_page={PAGE}"
        for _ in range(MAX_DETAIL_PAGES):
            page = journal.known(address)
            if page is None:
                answer = self._client.page(address)
                data = {"number": number, name: [_slim(kind, item) for item in answer.items]}
                journal.add(address, "", answer.next, self._lines(kind, [data], _found(answer)))
                page = journal.known(address)
                self._report("details")
            address = page.next if page else ""
            if not address:
                break

    def _missing(self, journal: Journal, number: int) -> None:
        """An issue that a fix names and the list lacks: deleted, moved away, or made private."""
        address = f"repos/{self._repository}/issues/{number}"
        if journal.done(address):
            return
        page = self._client.page(address)
        if not _found(page):
            journal.add(address, "", "", self._lines(Kind.GONE, [{"number": number}]))
        elif "pull_request" in page.items[0]:
            journal.add(address, "", "", [])
        else:
            journal.add(address, "", "", self._lines(Kind.ISSUE, page.items))
        self._report("missing issues")

    def _lines(
        self, kind: Kind, items: list[dict[str, Any]], found: bool = True
    ) -> Iterator[dict[str, Any]]:
        for item in items if found else []:
            self._counts[kind] += 1
            yield {"record": kind, "repository": self._repository, "data": item}

    def _report(self, stage: str) -> None:
        self._on_progress(
            Progress(
                stage,
                self._client.requests,
                Counter(self._counts),
                self._unchanged,
                time.monotonic() - self._started,
                self._client.limits,
            )
        )


def _found(page: Page) -> bool:
    return page.status == 200


def _slim(kind: Kind, item: dict[str, Any]) -> dict[str, Any]:
    """Without patches, which are in the clone."""
    return {key: value for key, value in item.items() if kind != Kind.PULL_FILES or key != "patch"}


def _wanted(records: Records, repository: str) -> list[int]:
    """Merged pull requests that say which issue they close."""
    merged = (pull for pull in records.pulls.values() if pull.merged_at)
    return sorted(
        number
        for number, text in bodies(merged)
        if closed_issues(text, repository) & set(records.issues)
    )


def _unknown(records: Records, repository: str) -> list[int]:
    merged = (pull for pull in records.pulls.values() if pull.merged_at)
    named = {issue for _, text in bodies(merged) for issue in closed_issues(text, repository)}
    return sorted(named - set(records.issues) - set(records.pulls))
