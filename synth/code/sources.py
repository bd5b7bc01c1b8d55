"""Where bugs come from, as the request's `sources` name it: each draws one bug for a draft."""

from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from data.errors import SourceError
from synth.code.bug import Bug
from synth.code.coverage import Coverage
from synth.code.inject import mutate
from synth.code.intake import pinned, prepare_pinned
from synth.code.mining.source import parse_source
from synth.code.mining.source import pinned as pinned_source
from synth.code.sites import Ground

SOURCES = {
    "injected": "mistakes put into releases of well-tested Python packages, which are downloaded",
    "repo:PATH": "mistakes put into the newest commit of a Python repository of yours",
    "git:PATH[,records=FILE]": "fixes in the history of a clone, with its issues if you fetched them",
}
DEFAULT_SOURCES = ("injected",)


def known(source: str) -> str:
    """The source, with an absolute path and the commit that it means now.

    Raises `SourceError` that names what is known.
    """
    if source in DEFAULT_SOURCES:
        return source
    if ":" not in source and not Path(source).exists():
        raise SourceError(f"no source {source!r}; sources are {', '.join(SOURCES)}")
    return str(pinned_source(parse_source(source)))


def projects_of(source: str, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Projects that `source` has; of the pinned ones those that were chosen, all if none were."""
    if source != "injected":
        return (source,)
    return tuple(project for project in pinned() if not chosen or project in chosen)


class Drawn(NamedTuple):
    bug: Bug
    coverage: Coverage | None
    """Of the fixed tree, where it is known already."""


def draw(source: str, project: str, level: int, rng: Random) -> Drawn:
    """Raises `Rejected`, or `SourceError` where the project cannot be used."""
    if source.startswith("git:"):
        from synth.code.mining.draw import drawn

        return Drawn(drawn(source, rng), None)
    ground = ground_of(source, project)
    return Drawn(mutate(ground, level, rng), ground.prepared.coverage)


@lru_cache(maxsize=64)
def ground_of(source: str, project: str) -> Ground:
    if source == "injected":
        return Ground(prepare_pinned(project))
    from synth.code.repository import prepare_repository

    return Ground(prepare_repository(parse_source(source)))
