"""Connections between Chinese cities, from their distance: trains between real stations, flights."""

from collections.abc import Iterator
from random import Random

from envs.general.trip.names import Name
from envs.general.trip.skeleton import Place
from envs.general.trip.world import Service, distance_km

RAIL_DETOUR = 1.22
"""Length of a railway line over the straight one."""
MIN_FLIGHT_KM = 420
MAX_SLOW_RAIL_KM = 1500
FIRST_DEPARTURE, LAST_DEPARTURE = 6 * 60 + 20, 10 * 60
AIRLINES = ("CA", "MU", "CZ", "HU", "MF", "3U", "ZH")
ISLAND = "海南省"


def connections(places: tuple[Place, ...], rng: Random) -> Iterator[Service]:
    """Between each ordered pair one to four connections, at least one of them a train."""
    for origin, start in enumerate(places):
        for destination, end in enumerate(places):
            if origin != destination:
                for service in _between(start, end, rng):
                    yield service._replace(origin=origin, destination=destination)


def _between(start: Place, end: Place, rng: Random) -> Iterator[Service]:
    rail_km = RAIL_DETOUR * distance_km(start.at, end.at)
    # No high-speed line crosses the strait; the ferry carries slow trains only.
    over_sea = (start.province.zh == ISLAND) != (end.province.zh == ISLAND)
    fast = not over_sea and rng.random() < 0.92
    if fast:
        for _ in range(1 if rail_km > 700 or rng.random() < 0.5 else 2):
            minutes = 9 + 60 * rail_km / rng.uniform(175, 265)
            yield _train(start, end, "high_speed", minutes, 0.46 * rail_km, rng)
    if not fast or (rail_km < MAX_SLOW_RAIL_KM and rng.random() < 0.7):
        minutes = 14 + 60 * rail_km / rng.uniform(75, 105) + (90 if over_sea else 0)
        yield _train(start, end, "train", minutes, 6 + 0.155 * rail_km, rng)
    if start.airports and end.airports:
        leaves, lands = rng.choice(start.airports), rng.choice(end.airports)
        air_km = distance_km(leaves.at, lands.at)
        if air_km >= MIN_FLIGHT_KM and rng.random() < 0.85:
            price = 10 * round((180 + 0.62 * air_km) * rng.uniform(0.6, 1.25) / 10)
            minutes = 5 * round((38 + 60 * air_km / 730) / 5)
            number = f"{rng.choice(AIRLINES)}{rng.randint(1001, 8999)}"
            yield _service("flight", number, leaves.name, lands.name, minutes, price, rng)


def _train(
    start: Place, end: Place, mode: str, minutes: float, price: float, rng: Random
) -> Service:
    letter = rng.choice("GGD") if mode == "high_speed" else rng.choice("KTZ")
    digits = rng.randint(101, 9899) if letter in "GD" else rng.randint(11, 1199)
    stops = rng.choice(start.stations), rng.choice(end.stations)
    return _service(
        mode, f"{letter}{digits}", *stops, round(minutes), max(10, 5 * round(price / 5)), rng
    )


def _service(
    mode: str, number: str, leaves: Name, arrives: Name, minutes: int, price: int, rng: Random
) -> Service:
    minute = rng.randrange(FIRST_DEPARTURE, LAST_DEPARTURE)
    departs = f"{minute // 60:02d}:{minute % 60:02d}"
    return Service(-1, -1, mode, number, leaves, arrives, departs, minutes, price)
