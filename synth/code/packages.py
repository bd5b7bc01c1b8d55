"""Packages of npm that bugs are put into: a list of pinned ones, and any other by its name."""

import re
from datetime import timedelta
from functools import cache

from data.errors import SourceError
from envs.code.origins import npm
from synth.code.intake import Pinned, listed
from synth.code.languages import PreparedTree, prepared

MARGIN = timedelta(days=365)
"""What a package needs is what there was so long after it: mirrors tell times of their own."""
_VERSION = re.compile(r".@[^@/]+$")


@cache
def pinned() -> dict[str, Pinned]:
    return listed("packages.tsv", "npm")


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
def _looked_up(name: str) -> Pinned:
    project, _, version = name.rpartition("@")
    release = next((r for r in npm.releases(project) if r.version == version), None)
    if release is None:
        raise SourceError(f"no_release: npm has no final version {version!r} of {project}")
    licence = npm.licence(release)
    if not licence:
        raise SourceError(f"no_licence: {project} {version} tells no licence")
    origin = npm.origin_of(release)
    return Pinned(
        source="npm",
        project=project,
        version=version,
        licence=licence,
        uploaded=release.uploaded + MARGIN,
        archive=origin.archive,
        sha256=origin.sha256,
    )
