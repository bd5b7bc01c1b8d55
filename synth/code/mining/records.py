"""Issues, pull requests and comments in the shape of GitHub's REST API, read from JSON lines.

A line is what `fetch` writes (`{"record": ..., "repository": ..., "data": ...}`), an object or a list
of objects as the API gives them, or an event of GH Archive. Fields that we have no use for are not
kept. Lines that are none of these are skipped and counted.
"""

import gzip
import json
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zlib import error as ZlibError

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import SourceError
from synth.code.mining.events import Unpacked, unpacked

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 16 << 20


class Kind(StrEnum):
    REPOSITORY = "repository"
    ISSUE = "issue"
    PULL = "pull"
    COMMENT = "comment"
    PULL_COMMITS = "pull_commits"
    PULL_FILES = "pull_files"
    GONE = "gone"
    """An issue that the API says is not there (any more)."""


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class User(_Shape):
    login: str = ""
    type: str = ""


class Label(_Shape):
    name: str = ""


class Licence(_Shape):
    spdx_id: str | None = None


class Repository(_Shape):
    full_name: str
    default_branch: str = ""
    license: Licence | None = None


class Issue(_Shape):
    number: int
    title: str = ""
    body: str | None = None
    user: User | None = None
    labels: tuple[Label, ...] = ()
    state: str = ""
    state_reason: str | None = None
    created_at: str = ""
    updated_at: str = ""
    html_url: str = ""


class Pull(_Shape):
    number: int
    title: str = ""
    body: str | None = None
    user: User | None = None
    labels: tuple[Label, ...] = ()
    created_at: str = ""
    updated_at: str = ""
    merged_at: str | None = None
    merge_commit_sha: str | None = None


class Comment(_Shape):
    id: int
    body: str | None = None
    user: User | None = None
    created_at: str = ""
    updated_at: str = ""
    issue_url: str = ""

    @property
    def issue(self) -> int:
        """Number of the issue that it belongs to; 0 if that is not said."""
        number = self.issue_url.rpartition("/")[2]
        return int(number) if number.isdecimal() else 0


class CommitText(_Shape):
    message: str = ""


class PullCommit(_Shape):
    sha: str
    commit: CommitText = CommitText()


class PullFile(_Shape):
    filename: str


class Detail(_Shape):
    """What belongs to one pull request; one page of it a record."""

    number: int
    commits: tuple[PullCommit, ...] = ()
    files: tuple[PullFile, ...] = ()


class Records(NamedTuple):
    """All that is known of one repository, by number; the latest record of each, as first worded."""

    repository: Repository | None
    issues: dict[int, Issue]
    pulls: dict[int, Pull]
    comments: dict[int, tuple[Comment, ...]]
    """Of an issue, oldest first."""
    commits: dict[int, tuple[PullCommit, ...]]
    files: dict[int, tuple[str, ...]]
    """Paths that a pull request touches."""
    gone: frozenset[int]
    skipped: int = 0
    """Lines that could not be read."""


NO_RECORDS = Records(None, {}, {}, {}, {}, {}, frozenset())

_Worded = TypeVar("_Worded", Issue, Pull, Comment)


def read_records(paths: Sequence[Path], repository: str = "") -> Records:
    """The records of `repository` (`owner/name`) in files of JSON lines, packed (.gz) or not.

    The name is only needed where files hold several repositories, as dumps of GH Archive do.
    Raises `SourceError` for a file that is missing or broken, and for one that holds nothing.
    """
    reader = _Reader(repository)
    for path in paths:
        for line in _lines(path, repository if is_dump(path) else ""):
            reader.take(line)
    if not (reader.issues or reader.pulls):
        names = ", ".join(path.name for path in paths)
        raise SourceError(
            f"{names}: no issue or pull request of {repository or 'any repository'} in it; "
            "files hold JSON lines as `python -m synth.code.mining fetch` writes them"
        )
    if reader.skipped:
        log.warning("skipped %d lines that are no records", reader.skipped)
    return reader.records()


def is_dump(path: Path) -> bool:
    """Whether the file is named as those of GH Archive, which hold an hour of all repositories."""
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d-\d{1,2}\.json(\.gz)?", path.name))


def _lines(path: Path, containing: str) -> Iterator[bytes]:
    """Whole lines; of a dump only those that name the repository, for parsing the others is dear."""
    wanted = containing.encode().lower()
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                if len(line) > MAX_LINE_BYTES:
                    raise SourceError(f"{path}: a line is longer than {MAX_LINE_BYTES >> 20} MiB")
                if line.strip() and (not wanted or wanted in line.lower()):
                    yield line
    except (OSError, EOFError, ZlibError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error


class _Reader:
    def __init__(self, repository: str) -> None:
        self._wanted = repository.lower()
        self._repository: Repository | None = None
        self.issues: dict[int, Issue] = {}
        self.pulls: dict[int, Pull] = {}
        self._comments: dict[int, Comment] = {}
        self._commits: defaultdict[int, dict[str, PullCommit]] = defaultdict(dict)
        self._files: defaultdict[int, dict[str, None]] = defaultdict(dict)
        self._gone: set[int] = set()
        self.skipped = 0

    def take(self, line: bytes) -> None:
        try:
            value = json.loads(line)
            for item in value if isinstance(value, list) else [value]:
                self._take(item)
        except (ValueError, RecursionError, ValidationError, TypeError):
            self.skipped += 1

    def _take(self, item: Any) -> None:
        if not isinstance(item, dict):
            raise TypeError("no object")
        found = list(unpacked(item))
        if not found:
            self.skipped += "payload" not in item
        for record in found:
            if not self._wanted or record.repository.lower() in ("", self._wanted):
                self._keep(record)

    def _keep(self, record: Unpacked) -> None:
        match Kind(record.kind):
            case Kind.REPOSITORY:
                self._repository = Repository.model_validate(record.data)
            case Kind.ISSUE:
                issue = Issue.model_validate(record.data)
                self.issues[issue.number] = _later(self.issues.get(issue.number), issue)
                self._gone.discard(issue.number)
            case Kind.PULL:
                pull = Pull.model_validate(record.data)
                self.pulls[pull.number] = _later(self.pulls.get(pull.number), pull)
            case Kind.COMMENT:
                comment = Comment.model_validate(record.data)
                self._comments[comment.id] = _later(self._comments.get(comment.id), comment)
            case Kind.PULL_COMMITS:
                detail = Detail.model_validate(record.data)
                self._commits[detail.number] |= {c.sha: c for c in detail.commits}
            case Kind.PULL_FILES:
                detail = Detail.model_validate(record.data)
                self._files[detail.number] |= dict.fromkeys(f.filename for f in detail.files)
            case Kind.GONE:
                self._gone.add(Detail.model_validate(record.data).number)

    def records(self) -> Records:
        comments: defaultdict[int, list[Comment]] = defaultdict(list)
        for comment in sorted(self._comments.values(), key=lambda c: (c.created_at, c.id)):
            comments[comment.issue].append(comment)
        return Records(
            repository=self._repository,
            issues=self.issues,
            pulls=self.pulls,
            comments={number: tuple(found) for number, found in comments.items()},
            commits={number: tuple(found.values()) for number, found in self._commits.items()},
            files={number: tuple(found) for number, found in self._files.items()},
            gone=frozenset(self._gone - set(self.issues)),
            skipped=self.skipped,
        )


def _later(known: _Worded | None, new: _Worded) -> _Worded:
    """The later state with the earlier words: what was edited in afterwards may tell of the fix.

    Where a version says less than the other, as short events do, the other's words are taken.
    """
    if known is None:
        return new
    first, last = sorted((known, new), key=lambda version: version.updated_at)
    if isinstance(first, Comment) or isinstance(last, Comment):
        return last.model_copy(update={"body": first.body or last.body})
    words = {"title": first.title or last.title, "body": first.body or last.body}
    if isinstance(first, Pull) and isinstance(last, Pull):
        words["merged_at"] = last.merged_at or first.merged_at
        words["merge_commit_sha"] = last.merge_commit_sha or first.merge_commit_sha
    return last.model_copy(update=words)


def counted(records: Records) -> Counter[str]:
    """How much there is of each kind."""
    return Counter(
        issues=len(records.issues),
        pulls=len(records.pulls),
        comments=sum(map(len, records.comments.values())),
        gone=len(records.gone),
    )


def bodies(pulls: Iterable[Pull]) -> Iterator[tuple[int, str]]:
    for pull in pulls:
        yield pull.number, f"{pull.title}\n\n{pull.body or ''}"
