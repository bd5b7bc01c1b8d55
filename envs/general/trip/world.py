"""The records of a trip world, before they are put into a language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from envs.general.trip.names import Name

EARTH_KM = 6371.0
FACILITIES = {
    "breakfast": Name("含早餐", "breakfast included"),
    "pool": Name("泳池", "swimming pool"),
    "gym": Name("健身房", "gym"),
    "parking": Name("停车场", "parking"),
    "laundry": Name("自助洗衣", "laundry"),
    "pets": Name("可带宠物", "pets welcome"),
}


class Point(NamedTuple):
    """Degrees north and east."""

    latitude: float
    longitude: float


class City(NamedTuple):
    """A place where a day can be spent: a city, or a quarter of one."""

    name: Name
    region: Name
    at: Point
    known_for: tuple[Name, ...]
    cuisine: Name
    districts: tuple[Name, ...]
    stations: tuple[Name, ...]
    airports: tuple[Name, ...]
    local: tuple[Name, ...]
    """Means of transport within it, as a person would describe them."""
    metro: bool
    day_pass: int
    """Price of a day ticket for buses, trams and metro."""


class Hotel(NamedTuple):
    name: Name
    city: int
    """Place in `World.cities`; the same in the records below."""
    district: Name
    price: int
    """For a room and a night."""
    rating: float
    stars: int
    facilities: frozenset[str]
    """Keys of `FACILITIES`."""


class Restaurant(NamedTuple):
    name: Name
    city: int
    district: Name
    cuisine: Name
    price: int
    """For one person and one meal."""
    rating: float
    hours: str
    """When it is open, as it is shown."""
    lunch: bool
    dinner: bool
    rests: frozenset[int]
    """Weekdays on which it is closed, 0 is Monday."""
    dish: Name | None


class Attraction(NamedTuple):
    name: Name
    city: int
    district: Name
    type: Name
    outdoor: bool
    ticket: int
    rating: float
    hours: str
    rests: frozenset[int]
    visit_hours: float
    """Time that a visit takes."""


class Service(NamedTuple):
    """One connection between two cities that runs every day."""

    origin: int
    destination: int
    mode: str
    """A key of `MODES`."""
    number: str
    """Empty where connections have none; the same of `departs`."""
    from_stop: Name | None
    to_stop: Name | None
    departs: str
    minutes: int
    price: int
    """For one person."""


class Weather(NamedTuple):
    condition: Name
    wet: bool
    """Rain or snow at some time of the day."""
    high: int
    low: int


MODES = {
    "high_speed": Name("高铁动车", "high-speed train"),
    "train": Name("普速列车", "regular train"),
    "flight": Name("航班", "flight"),
    "walk": Name("步行", "walk"),
    "tram": Name("有轨电车", "tram"),
    "metro": Name("地铁", "metro"),
    "bus": Name("公交", "bus"),
}


@dataclass(frozen=True)
class World:
    """Everything the tools of one world can show."""

    currency: str
    cities: tuple[City, ...]
    home: int
    """The city in which trips start."""
    hotels: tuple[Hotel, ...]
    restaurants: tuple[Restaurant, ...]
    attractions: tuple[Attraction, ...]
    services: tuple[Service, ...]
    weather: Mapping[tuple[int, date], Weather]
    first: date
    last: date
    """The days whose weather is known."""


def distance_km(a: Point, b: Point) -> float:
    """Length of the great circle between two points."""
    north, south = radians(a.latitude), radians(b.latitude)
    half = sin((south - north) / 2) ** 2
    half += cos(north) * cos(south) * sin(radians(b.longitude - a.longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))
