"""Packages of npm that bugs are put into: a list of pinned ones, and any other by its name."""

import csv
import re
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

from data.errors import SourceError
from data.record import Record
from envs.code.origins import npm
from envs.code.spec import Origin
from synth.code.languages import PreparedTree, prepared

MARGIN = timedelta(days=365)
"""What a package needs is what there was so long after it: mirrors tell times of their own."""
_VERSION = re.compile(r".@[^@/]+$")


class Package(Record):
    """A release that ships tests which pass."""

    project: str
    version: str
    licence: str
    """SPDX expression."""
    uploaded: datetime
    """What it needs is locked as of then."""
    archive: str
    sha256: str

    @property
    def origin(self) -> Origin:
        return Origin(
            source="npm",
            project=self.project,
            version=self.version,
            archive=self.archive,
            sha256=self.sha256,
        )


@cache
def pinned() -> dict[str, Package]:
    """By name, in the order of the names."""
    text = files("synth.code").joinpath("packages.tsv").read_text()
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    found = (Package.model_validate(row) for row in rows)
    return {package.project: package for package in sorted(found, key=lambda p: p.project)}


def pinned_name(name: str) -> str:
    """A package of the list by its name, any other with the version that its name means now.

    Raises `SourceError` where the registry has none.
    """
    if name in pinned() or _VERSION.search(name):
        return name
    found = npm.releases(name)
    if not found:
        raise SourceError(f"npm has no release of {name}")
    return f"{name}@{found[-1].version}"


def prepare_package(name: str) -> PreparedTree:
    """Of `pinned_name`; raises `SourceError` for one that cannot be had, or is of no use."""
    package = pinned().get(name) or _looked_up(name)
    tree = npm.fetch(package.origin)
    return prepared(tree, package.origin, package.licence, package.uploaded)


@cache
def _looked_up(name: str) -> Package:
    project, _, version = name.rpartition("@")
    release = next((r for r in npm.releases(project) if r.version == version), None)
    if release is None:
        raise SourceError(f"no_release: npm has no final version {version!r} of {project}")
    licence = npm.licence(release)
    if not licence:
        raise SourceError(f"no_licence: {project} {version} tells no licence")
    origin = npm.origin_of(release)
    return Package(
        project=project,
        version=version,
        licence=licence,
        uploaded=release.uploaded + MARGIN,
        archive=origin.archive,
        sha256=origin.sha256,
    )
