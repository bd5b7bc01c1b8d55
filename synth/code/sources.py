"""Where bugs come from, as the request's `sources` name it: each draws one bug for a draft."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from data.errors import SourceError
from synth.code import fixes, languages, packages
from synth.code.bug import Bug
from synth.code.coverage import Coverage
from synth.code.draft import Rejected
from synth.code.inject import Placed, mutate
from synth.code.intake import pinned, prepare_pinned
from synth.code.mining import source as mined
from synth.code.mining.draw import candidates, drawn
from synth.code.repository import prepare_repository
from synth.code.sites import Ground

SOURCES = {
    "injected": "mistakes put into releases of well-tested Python packages; injected:PROJECT for one",
    "releases": "real fixes, found between two releases of a Python package; or releases:PROJECT",
    "debian": "real fixes from the patches that Debian applies to packages; or debian:PROJECT",
    "npm": "mistakes put into packages of npm that ship their tests; npm:PACKAGE[@VERSION] for any",
    "repo:PATH": "mistakes put into the newest commit of a repository of yours, see docs/code-languages.md",
    "git:PATH[,records=FILE]": "real fixes in the history of a clone, with the issues that you fetched",
}
CATALOGUED = {"releases": "release", "debian": "patch"}
"""Sources of real fixes, by what the catalogue calls them."""
DEFAULT_SOURCES = ("injected", *CATALOGUED)


class Drawn(NamedTuple):
    bug: Bug
    coverage: Coverage | None
    """Of the fixed tree, where it is known already."""
    placed: Placed | None = None
    """What is known of the tests of an injected bug."""


def known(source: str) -> str:
    """The source, that of a repository with an absolute path and the commit that it means now.

    Raises `SourceError` that names what is known.
    """
    scheme, colon, place = source.partition(":")
    if scheme in mined.SORTS or (scheme not in DEFAULT_SOURCES and Path(source).exists()):
        return str(mined.pinned(mined.parse_source(source)))
    if scheme == "npm":
        return f"npm:{packages.pinned_name(place)}" if place else scheme
    if scheme not in DEFAULT_SOURCES:
        raise SourceError(f"no source {source!r}; sources are {', '.join(SOURCES)}")
    if colon and place not in projects(scheme):
        there = ", ".join(projects(scheme))
        raise SourceError(f"{scheme} has no project {place!r}; its projects are {there}")
    return source


def projects(source: str) -> tuple[str, ...]:
    """Names that the request may choose from; none for a repository, which is one project."""
    scheme, _, project = source.partition(":")
    if scheme == "npm":
        return (project,) if project else tuple(packages.pinned())
    if project:
        return (project,) if scheme in DEFAULT_SOURCES else ()
    if scheme in CATALOGUED:
        sort = CATALOGUED[scheme]
        return tuple(sorted({e.project for e in fixes.catalogue() if e.sort == sort}))
    return tuple(pinned())


def warm(sources: Sequence[str]) -> None:
    """Loads what all workers need; raises `SourceError` where a history has nothing to give."""
    for source in sources:
        if source.startswith("git:"):
            candidates(source)


def draw(source: str, chosen: tuple[str, ...], level: int, rng: Random, turn: int) -> Drawn:
    """A bug of one of the `chosen` projects, of any if there are none.

    `turn` counts the draws: the changes of a clone come one after the other, each once.
    Raises `Rejected`, or `SourceError` where the project cannot be used.
    """
    scheme = source.partition(":")[0]
    if scheme == "git":
        return Drawn(drawn(source, turn), None)
    if scheme == "repo":
        return _injected(_own(source), level, rng)
    names = [name for name in projects(source) if not chosen or name in chosen]
    if not names:
        raise Rejected("no_such_project")
    if scheme in CATALOGUED:
        return Drawn(fixes.draw(rng, names, CATALOGUED[scheme]), None)
    name = rng.choice(names)
    return _injected(_package(name) if scheme == "npm" else _pinned(name), level, rng)


def _injected(ground: Ground | languages.Soil, level: int, rng: Random) -> Drawn:
    if isinstance(ground, languages.Soil):
        placed = languages.mutate(ground, rng)
        return Drawn(placed.bug, None, placed)
    placed = mutate(ground, level, rng)
    return Drawn(placed.bug, ground.prepared.coverage, placed)


@lru_cache(maxsize=64)
def _pinned(project: str) -> Ground:
    return Ground(prepare_pinned(project))


@lru_cache(maxsize=64)
def _package(name: str) -> languages.Soil:
    return languages.Soil(packages.prepare_package(name))


@lru_cache(maxsize=4)
def _own(source: str) -> Ground | languages.Soil:
    found = prepare_repository(mined.parse_source(source))
    if isinstance(found, languages.PreparedTree):
        return languages.Soil(found)
    return Ground(found)
