"""Patch series of Debian source packages: what they are applied to, and each patch in its state."""

import re
import tarfile
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from data.errors import SourceError
from data.hashing import file_hash
from data.sdists import Index
from envs.code import origins
from envs.code.cache import archives
from envs.code.origins.debian import download
from envs.code.project import is_configuration, is_test
from envs.code.spec import Files, Origin
from envs.code.trees import laid_over
from synth.code.patches import Patch, parse, patched

SERIES = "debian/patches/series"
MAX_CHANGES_BYTES = 16 << 20
_TRAILER = re.compile(r"^ -- .*>  (.+)$", re.MULTILINE)
_UPSTREAM = re.compile(r"^(?:\d+:)?(.+)-[^-]+$")
_REPACKED = re.compile(r"[+.~](dfsg|ds|repack|really).*$")


class Package(NamedTuple):
    """A source package as it was unpacked."""

    name: str
    version: str
    changes: Path
    before: datetime
    series: tuple[Patch, ...]
    origin: Origin


class Step(NamedTuple):
    """A patch in its series."""

    patch: Patch
    earlier: Files
    """All that the patches before it change."""
    gold: Files
    tests: Files


@lru_cache(maxsize=4)
def package_of(name: str) -> Package:
    """The newest version that apt has; raises `SourceError`."""
    found = download(name)
    description = next(path for file, path in found.items() if file.endswith(".dsc"))
    version = next(
        (
            line.partition(":")[2].strip()
            for line in description.read_text(errors="replace").splitlines()
            if line.startswith("Version:")
        ),
        "",
    )
    changes = next((path for file, path in found.items() if ".debian.tar." in file), None)
    if changes is None:
        raise SourceError(f"no_patch: {name} {version} has no series of patches")
    patches = patches_of(changes)
    if not patches:
        raise SourceError(f"no_patch: the series of {name} {version} is empty")
    upstream = next((path for file, path in found.items() if ".orig.tar." in file), None)
    if upstream is not None:
        origin = Origin(
            source="debian",
            project=name,
            version=version,
            archive=upstream.name,
            sha256=file_hash(upstream),
        )
    else:
        origin = _released(name, version)
    return Package(name, version, changes, _date(changes), patches, origin)


def _released(name: str, version: str) -> Origin:
    """The release of the package index that has the package's upstream version."""
    upstream = _UPSTREAM.match(version)
    wanted = _REPACKED.sub("", upstream[1] if upstream else version)
    with Index(archives()) as index:
        for project in dict.fromkeys((name.removeprefix("python-"), name)):
            try:
                releases = index.releases(project)
            except SourceError:
                continue
            for release in releases:
                if release.version == wanted:
                    return Origin(
                        source="sdist",
                        project=release.project,
                        version=release.version,
                        archive=release.filename,
                        sha256=release.sha256,
                    )
    raise SourceError(f"gone: the upstream archive of {name} {version} cannot be had")


def series(package: Package) -> Iterator[Step]:
    """The patches in order, those that only Debian needs and those that do not apply passed over."""
    tree = origins.fetch(package.origin)
    earlier: Files = {}
    for patch in package.series:
        try:
            files = patched(laid_over(tree, earlier), patch)
        except SourceError:
            continue
        tests = {p: t for p, t in files.items() if is_test(p) or is_configuration(p)}
        gold = {p: t for p, t in files.items() if p not in tests and p.endswith(".py")}
        yield Step(patch, dict(earlier), gold, tests)
        earlier.update(files)


def patches_of(changes: Path) -> tuple[Patch, ...]:
    texts = _members(changes)
    names = [line.split()[0] for line in texts.get(SERIES, "").splitlines() if _is_name(line)]
    found: list[Patch] = []
    for name in names:
        text = texts.get(f"debian/patches/{name}")
        if text is None:
            continue
        try:
            found.append(parse(name, text))
        except SourceError:
            continue
    return tuple(found)


def _is_name(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _date(changes: Path) -> datetime:
    """Of the newest entry of the package's changelog."""
    trailer = _TRAILER.search(_members(changes).get("debian/changelog", ""))
    if trailer is None:
        raise SourceError(f"malformed: {changes.name} has no dated changelog")
    try:
        return parsedate_to_datetime(trailer[1].strip())
    except ValueError as error:
        raise SourceError(f"malformed: {changes.name} has a date that is none") from error


@lru_cache(maxsize=4)
def _members(changes: Path) -> dict[str, str]:
    """Patches, series and changelog of the archive, by path."""
    found: dict[str, str] = {}
    size = 0
    try:
        with tarfile.open(changes) as members:
            for member in members:
                wanted = (
                    member.name.startswith("debian/patches/") or member.name == "debian/changelog"
                )
                if not wanted or not member.isfile():
                    continue
                size += member.size
                if size > MAX_CHANGES_BYTES:
                    raise SourceError(f"large: {changes.name} unpacks to more than we take")
                file = members.extractfile(member)
                found[member.name] = file.read().decode(errors="replace") if file else ""
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SourceError(f"malformed: {changes.name} is no readable archive: {error}") from error
    return found
