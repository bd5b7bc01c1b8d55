"""Trees of the npm registry's packages, by hash; npm itself talks to the registry it is told to use.

Archives are what authors published: many leave their tests out, which is found out later. No script
of a package runs.
"""

import json
import re
import tempfile
from datetime import datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from data.errors import SourceError
from data.hashing import file_hash
from data.record import Record
from envs.code.cache import archives
from envs.code.npm import npm
from envs.code.spec import Origin
from envs.code.tree import Tree, unpack

TIMEOUT_S = 120.0
MAX_UNPACKED_BYTES = 32 << 20
MAX_SHOWN = 200
_NAME = re.compile(r"(@[a-z0-9-~][a-z0-9-._~]*/)?[a-z0-9-~][a-z0-9-._~]*")
_FINAL = re.compile(r"\d+\.\d+\.\d+")


class NpmRelease(Record):
    """One published version."""

    project: str
    version: str
    uploaded: datetime


def releases(project: str) -> list[NpmRelease]:
    """Final versions, the oldest version first; raises `SourceError` for an unknown package."""
    times = _view(project, "time")
    found = [
        NpmRelease(project=project, version=version, uploaded=datetime.fromisoformat(str(moment)))
        for version, moment in times.items()
        if _FINAL.fullmatch(version)
    ]
    return sorted(found, key=lambda release: tuple(map(int, release.version.split("."))))


def licence(release: NpmRelease) -> str:
    """SPDX expression, as its author wrote it; '' if there is none."""
    found = _view(f"{release.project}@{release.version}", "license")
    return str(found.get("license", ""))


def origin_of(release: NpmRelease) -> Origin:
    """Downloads a release, checked by the registry's hash, and says where it can be had again."""
    size = _view(f"{release.project}@{release.version}", "dist.unpackedSize")
    if int(size.get("dist.unpackedSize") or 0) > MAX_UNPACKED_BYTES:
        raise SourceError(f"too_large: {release.project} {release.version} is more than we take")
    with tempfile.TemporaryDirectory(prefix="palaestra-npm-") as aside:
        archive = _packed(release.project, release.version, Path(aside))
        origin = Origin(
            source="npm",
            project=release.project,
            version=release.version,
            archive=archive.name,
            sha256=file_hash(archive),
        )
        _keep(archive, origin)
    return origin


def fetch(origin: Origin) -> Tree:
    """Downloads the archive unless it was kept; raises `SourceError`."""
    if PurePosixPath(origin.archive).name != origin.archive or "\0" in origin.archive:
        raise SourceError(f"{origin.archive!r} is no file name of an archive")
    kept = _place(origin)
    if not (kept.is_file() and file_hash(kept) == origin.sha256):
        with tempfile.TemporaryDirectory(prefix="palaestra-npm-") as aside:
            archive = _packed(origin.project, origin.version, Path(aside))
            if file_hash(archive) != origin.sha256:
                raise SourceError(
                    f"{origin.project} {origin.version} is not what it was: its archive has "
                    f"another hash than {origin.sha256[:12]}"
                )
            _keep(archive, origin)
    return unpack(kept)


def _place(origin: Origin) -> Path:
    return archives() / origin.sha256 / origin.archive


def _keep(archive: Path, origin: Origin) -> None:
    """A reader meets the whole archive or none."""
    place = _place(origin)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".partial-") as aside:
            partial = Path(aside) / "archive"
            partial.write_bytes(archive.read_bytes())
            partial.replace(place)
    except OSError as error:
        raise SourceError(f"{origin.archive} cannot be kept in {place.parent}: {error}") from error


def _packed(project: str, version: str, folder: Path) -> Path:
    _check(project)
    done = npm(["pack", f"{project}@{version}", "--ignore-scripts", "--silent"], folder, TIMEOUT_S)
    found = sorted(folder.glob("*.tgz"))
    if done.returncode or not found:
        raise SourceError(f"cannot download {project} {version}: {_reason(done.stderr)}")
    return found[0]


@cache
def _view(what: str, field: str) -> dict[str, Any]:
    """A field of what the registry says of a package or release."""
    _check(what.rpartition("@")[0] or what)
    with tempfile.TemporaryDirectory(prefix="palaestra-npm-") as aside:
        done = npm(["view", what, field, "--json"], Path(aside), TIMEOUT_S)
    if done.returncode:
        raise SourceError(f"the registry gives no {field} of {what}: {_reason(done.stderr)}")
    try:
        found = json.loads(done.stdout or "{}")
    except json.JSONDecodeError as error:
        raise SourceError(f"npm says nothing of {what} that can be read") from error
    return found if isinstance(found, dict) else {field: found}


def _check(project: str) -> None:
    if not _NAME.fullmatch(project):
        raise SourceError(f"{project!r} is no name of a package")


def _reason(stderr: str) -> str:
    return " ".join(stderr.split())[:MAX_SHOWN] or "npm says nothing"
