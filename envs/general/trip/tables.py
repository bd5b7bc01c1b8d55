"""A trip world as plain tables in one language: what rules are about and tools show.

Keys are names, as the tools show them and plans give them; no two rows of a table share one.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from data.task import Language
from envs.general.trip.names import Name
from envs.general.trip.world import FACILITIES, World, distance_km

Scalar = bool | int | float | str
Row = Mapping[str, Scalar | None]

INDOOR, OUTDOOR = Name("室内", "indoor"), Name("室外", "outdoor")
WEEKDAYS = tuple(
    Name(zh, en)
    for zh, en in (
        ("周一", "Monday"),
        ("周二", "Tuesday"),
        ("周三", "Wednesday"),
        ("周四", "Thursday"),
        ("周五", "Friday"),
        ("周六", "Saturday"),
        ("周日", "Sunday"),
    )
)
STAYING: Row = {
    "distance_km": 0,
    "fastest_minutes": 0,
    "cheapest_price": 0,
    "fastest_ground_minutes": 0,
    "cheapest_ground_price": 0,
}
DAY_FIELDS = ("open_mon", "open_tue", "open_wed", "open_thu", "open_fri", "open_sat", "open_sun")
"""Whether a restaurant or sight is open on each weekday, Monday first."""


class TripTable(NamedTuple):
    key: str
    rows: tuple[Row, ...]
    refs: Mapping[str, str]
    """Fields that hold keys of another table."""


def trip_tables(world: World, language: Language) -> dict[str, TripTable]:
    """Every table of `world` by name; legs and weather have a key of their own beside theirs."""
    to_city = {"city": "city"}
    return {
        "city": TripTable("name", tuple(_cities(world, language)), {}),
        "hotel": TripTable("name", tuple(_hotels(world, language)), to_city),
        "restaurant": TripTable("name", tuple(_restaurants(world, language)), to_city),
        "attraction": TripTable("name", tuple(_attractions(world, language)), to_city),
        "leg": TripTable(
            "id", tuple(_legs(world, language)), {"origin": "city", "destination": "city"}
        ),
        "weather": TripTable("id", tuple(_weather(world, language)), to_city),
    }


def open_field(day: date) -> str:
    """The field that says whether a place is open on `day`."""
    return DAY_FIELDS[day.weekday()]


def _cities(world: World, language: Language) -> Iterator[Row]:
    for city in world.cities:
        yield {
            "name": city.name.of(language),
            "region": city.region.of(language),
            "metro": city.metro,
            "day_pass": city.day_pass,
        }


def _hotels(world: World, language: Language) -> Iterator[Row]:
    for hotel in world.hotels:
        yield {
            "name": hotel.name.of(language),
            "city": world.cities[hotel.city].name.of(language),
            "district": hotel.district.of(language),
            "price": hotel.price,
            "rating": hotel.rating,
            "stars": hotel.stars,
            **{key: key in hotel.facilities for key in FACILITIES},
        }


def _restaurants(world: World, language: Language) -> Iterator[Row]:
    for place in world.restaurants:
        yield {
            "name": place.name.of(language),
            "city": world.cities[place.city].name.of(language),
            "district": place.district.of(language),
            "cuisine": place.cuisine.of(language),
            "price": place.price,
            "rating": place.rating,
            "opening_hours": place.hours,
            "lunch": place.lunch,
            "dinner": place.dinner,
            "signature_dish": place.dish and place.dish.of(language),
            **{field: i not in place.rests for i, field in enumerate(DAY_FIELDS)},
        }


def _attractions(world: World, language: Language) -> Iterator[Row]:
    for place in world.attractions:
        yield {
            "name": place.name.of(language),
            "city": world.cities[place.city].name.of(language),
            "district": place.district.of(language),
            "type": place.type.of(language),
            "setting": (OUTDOOR if place.outdoor else INDOOR).of(language),
            "outdoor": place.outdoor,
            "ticket_price": place.ticket,
            "rating": place.rating,
            "opening_hours": place.hours,
            "visit_hours": place.visit_hours,
            **{field: i not in place.rests for i, field in enumerate(DAY_FIELDS)},
        }


def _legs(world: World, language: Language) -> Iterator[Row]:
    """One row for each ordered pair of cities: the best that its connections offer.

    From a city to itself it is no way at all, so that rules about journeys have a value there too.
    """
    for city in world.cities:
        name = city.name.of(language)
        yield {"id": f"{name} > {name}", "origin": name, "destination": name, **STAYING}
    legs: dict[tuple[int, int], list[tuple[bool, int, int]]] = {}
    for service in world.services:
        rail = service.mode != "flight"
        offers = legs.setdefault((service.origin, service.destination), [])
        offers.append((rail, service.minutes, service.price))
    for (origin, destination), offers in legs.items():
        start, end = world.cities[origin], world.cities[destination]
        grounded = [offer for offer in offers if offer[0]]
        yield {
            "id": f"{start.name.of(language)} > {end.name.of(language)}",
            "origin": start.name.of(language),
            "destination": end.name.of(language),
            "distance_km": round(distance_km(start.at, end.at), 1),
            "fastest_minutes": min(minutes for _, minutes, _ in offers),
            "cheapest_price": min(price for _, _, price in offers),
            "fastest_ground_minutes": min((m for _, m, _ in grounded), default=None),
            "cheapest_ground_price": min((p for _, _, p in grounded), default=None),
        }


def _weather(world: World, language: Language) -> Iterator[Row]:
    for (city, day), weather in world.weather.items():
        name = world.cities[city].name.of(language)
        yield {
            "id": f"{name} {day.isoformat()}",
            "city": name,
            "date": day.isoformat(),
            "weather": weather.condition.of(language),
            "wet": weather.wet,
            "high": weather.high,
            "low": weather.low,
        }
