"""Source distributions of a Python package index, checked by hash and kept in a folder.

The index is the one that pip is told to use (`PIP_INDEX_URL`), else the public one.
"""

import os
import tempfile
from datetime import datetime
from pathlib import Path

from packaging.version import InvalidVersion, Version
from pypi_simple import (
    PYPI_SIMPLE_ENDPOINT,
    DigestMismatchError,
    DistributionPackage,
    NoSuchProjectError,
    PyPISimple,
    UnsupportedContentTypeError,
)
from requests import RequestException

from data.errors import SourceError
from data.hashing import file_hash
from data.record import Record

TIMEOUT_S = 60.0
MAX_BYTES = 32 << 20
"""Of one archive; what is larger carries data that no task needs."""


class Release(Record):
    """One source distribution. `sha256` is the archive's, as 64 hex digits."""

    project: str
    version: str
    filename: str
    sha256: str
    uploaded: datetime
    requires_python: str = ""


class Index:
    """A client; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Archives are kept in `folder`, which is made when the first one arrives."""
        self._folder = folder
        self._client = PyPISimple(os.environ.get("PIP_INDEX_URL") or PYPI_SIMPLE_ENDPOINT)

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.__exit__(None, None, None)

    def releases(self, project: str) -> list[Release]:
        """All final releases with a source distribution, oldest version first.

        Raises `SourceError` where the index does not know the project or cannot be reached.
        """
        found = {
            Version(release.version): release
            for package in self._packages(project)
            if (release := _release(package))
        }
        return [found[version] for version in sorted(found)]

    def fetch(self, release: Release) -> Path:
        """The archive of `release`; asks the index only where the folder does not have it."""
        path = self._folder / release.sha256 / release.filename
        if path.is_file() and file_hash(path) == release.sha256:
            return path
        packages = self._packages(release.project)
        wanted = next((p for p in packages if p.digests.get("sha256") == release.sha256), None)
        if wanted is None:
            raise SourceError(
                f"{release.filename} with hash {release.sha256[:12]} is not in the package index "
                f"(any more), nor in {self._folder}"
            )
        if (wanted.size or 0) > MAX_BYTES:
            raise SourceError(f"{release.filename} has {wanted.size} bytes, more than {MAX_BYTES}")
        return self._download(wanted, path)

    def _download(self, package: DistributionPackage, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".partial-") as aside:
            partial = Path(aside) / path.name
            try:
                self._client.download_package(package, partial, timeout=TIMEOUT_S)
            except (RequestException, DigestMismatchError, OSError) as error:
                raise SourceError(f"cannot download {package.filename}: {error}") from error
            partial.replace(path)
        return path

    def _packages(self, project: str) -> list[DistributionPackage]:
        try:
            return self._client.get_project_page(project, timeout=TIMEOUT_S).packages
        except NoSuchProjectError as error:
            raise SourceError(f"the package index has no project {project!r}") from error
        except (RequestException, UnsupportedContentTypeError) as error:
            raise SourceError(f"the package index does not answer for {project!r}") from error


def _release(package: DistributionPackage) -> Release | None:
    """None for what is no final, dated, hashed source distribution that still stands."""
    digest = package.digests.get("sha256")
    final = package.package_type == "sdist" and package.version and not package.is_yanked
    if not final or not digest or package.upload_time is None:
        return None
    try:
        version = Version(package.version or "")
    except InvalidVersion:
        return None
    if version.is_prerelease:
        return None
    return Release(
        project=package.project or "",
        version=str(version),
        filename=package.filename,
        sha256=digest,
        uploaded=package.upload_time,
        requires_python=package.requires_python or "",
    )
