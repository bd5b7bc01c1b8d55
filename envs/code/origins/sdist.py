"""Trees of source distributions of the Python package index."""

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from data.errors import SourceError
from data.sdists import Index, Release
from envs.code.cache import archives
from envs.code.spec import Origin
from envs.code.tree import Tree, unpack

_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Archives are found by their hash, whenever they were uploaded."""


def fetch(origin: Origin) -> Tree:
    """Downloads the archive unless it was kept; raises `SourceError`."""
    if PurePosixPath(origin.archive).name != origin.archive or "\0" in origin.archive:
        raise SourceError(f"{origin.archive!r} is no file name of an archive")
    release = Release(
        project=origin.project,
        version=origin.version,
        filename=origin.archive,
        sha256=origin.sha256,
        uploaded=_ANY_TIME,
    )
    return unpack(_archive(release, archives()))


def _archive(release: Release, folder: Path) -> Path:
    try:
        with Index(folder) as index:
            return index.fetch(release)
    except OSError as error:
        raise SourceError(f"{release.filename} cannot be kept in {folder}: {error}") from error
