"""What a user names as a source: `git:PATH`, mined for fixes, or `repo:PATH`, the user's own.

Options follow behind commas: `records=FILE` (several times), `name=OWNER/NAME`, `commit=REVISION`. A
pinned source has the commit's full hash and the records' digest, so that it always means the same.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from data.errors import SourceError
from data.hashing import file_hash
from envs.code.clone import Clone

SORTS = ("git", "repo")


class MinedSource(NamedTuple):
    sort: str
    """One of `SORTS`."""
    path: Path
    records: tuple[Path, ...] = ()
    name: str = ""
    """`owner/name` where neither the records nor the clone say it."""
    commit: str = ""
    """'' for HEAD."""
    digest: str = ""
    """Of the records' files, 16 hex digits; '' if any will do."""

    @property
    def own(self) -> bool:
        return self.sort == "repo"

    def __str__(self) -> str:
        options = [f"records={path}" for path in self.records]
        options += [
            f"{key}={value}"
            for key, value in (
                ("name", self.name),
                ("commit", self.commit),
                ("digest", self.digest),
            )
            if value
        ]
        return ",".join([f"{self.sort}:{self.path}", *options])


def parse_source(text: str) -> MinedSource:
    """Raises `SourceError` for what is no such source; a plain path is the user's own repository."""
    sort, colon, rest = text.partition(":")
    if not colon or sort not in SORTS:
        if colon and not Path(text).expanduser().exists():
            raise SourceError(
                f"no source {text!r}; sources are git:PATH[,records=FILE] and repo:PATH"
            )
        sort, rest = "repo", text
    path, *options = [rest] if Path(rest).expanduser().exists() else rest.split(",")
    records, given = [], {"name": "", "commit": "", "digest": ""}
    for option in options:
        key, _, value = option.partition("=")
        if not value or key not in ("records", *given):
            raise SourceError(
                f"source {text!r}: {option!r} is no option; options are records=FILE, name=OWNER/NAME"
                " and commit=REVISION"
            )
        if key == "records":
            records.append(Path(value).expanduser().resolve())
        else:
            given[key] = value
    return MinedSource(sort, Path(path).expanduser().resolve(), tuple(records), **given)


def pinned(source: MinedSource) -> MinedSource:
    """`source` with its commit and digest; raises `SourceError` where they cannot be had or differ."""
    with Clone(source.path) as clone:
        commit = clone.commit(source.commit) if source.commit else clone.head
    digest = _digest(source.records)
    if source.digest and source.digest != digest:
        raise SourceError(
            f"the records of {source.path.name} are not what they were ({digest} instead of"
            f" {source.digest}); leave out digest= to take them as they are"
        )
    return source._replace(commit=commit, digest=digest)


def _digest(paths: Sequence[Path]) -> str:
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise SourceError(f"there is no file of records {missing[0]}")
    hashes = "".join(file_hash(path) for path in paths)
    return hashlib.sha256(hashes.encode()).hexdigest()[:16] if paths else ""
