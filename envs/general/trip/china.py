"""The Chinese world: real cities, invented hotels, restaurants and sights, all from one seed.

Nothing with a price, a rating or opening hours is real, and the city tool says so.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from data.errors import UserError
from data.hashing import derive_rng
from envs.general.trip.climate import chinese_climate, forecast
from envs.general.trip.hours import DINNER, LUNCH
from envs.general.trip.names import Cuisine, Name, Namer, SightType, cuisines, sight_types
from envs.general.trip.size import Size
from envs.general.trip.skeleton import Place, places
from envs.general.trip.travel import connections
from envs.general.trip.world import (
    FACILITIES,
    Attraction,
    City,
    Hotel,
    Restaurant,
    Weather,
    World,
    distance_km,
)

NEAR = 16
"""Cities are drawn from so many nearest to the home, so that trips need no whole day of travel."""
FORECAST_DAYS = 16
FIRST_DAY = date(2025, 3, 1)
LAST_START = 600
"""Days after `FIRST_DAY` on which a forecast may begin."""
MOST_ANYWHERE = ("hotpot", "vegetarian", "teahouse", "japanese", "western", "barbecue", "seafood")
TRAITS = {
    "lake": Name("湖泊", "lakes"),
    "river": Name("江景", "riverside"),
    "canal": Name("水乡运河", "canals"),
    "sea": Name("海滨", "seaside"),
    "mountain": Name("山岳", "mountains"),
    "garden": Name("园林花木", "gardens"),
    "ancient": Name("古城古迹", "old towns"),
    "museum": Name("博物馆", "museums"),
    "modern": Name("都市风光", "city life"),
    "tea": Name("茶文化", "tea"),
    "hotspring": Name("温泉", "hot springs"),
    "grotto": Name("石窟", "grottoes"),
    "kiln": Name("陶瓷", "porcelain"),
}
BANDS = ((140, 290), (300, 490), (500, 790), (830, 1680))
"""Prices of a night in CNY, by the band of the hotel's name. Prices are multiples of 5, so that
totals have few values and plans can be counted."""


class Setting(NamedTuple):
    place: Place
    city: int
    dearness: float
    """Factor on prices: large cities cost more."""


def make_china(seed: int, size: Size, first: date | None, home: str) -> World:
    """The world of `seed`. `home` is a city's Chinese name; empty leaves it to the seed."""
    rng = derive_rng(seed, "trip_china", 1)
    chosen = _cities(size.cities, home, rng)
    settings = [
        Setting(place, i, 1.12 if "modern" in place.traits else 0.94)
        for i, place in enumerate(chosen)
    ]
    namer = Namer(rng)
    first = first or FIRST_DAY + timedelta(days=rng.randrange(LAST_START))
    return World(
        currency="CNY",
        cities=tuple(_city(place, rng) for place in chosen),
        home=0,
        hotels=tuple(h for s in settings for h in _hotels(s, size.hotels, namer, rng)),
        restaurants=tuple(
            r for s in settings for r in _restaurants(s, size.restaurants, namer, rng)
        ),
        attractions=tuple(
            a for s in settings for a in _attractions(s, size.attractions, namer, rng)
        ),
        services=tuple(connections(chosen, rng)),
        weather=dict(_weather(chosen, first, rng)),
        first=first,
        last=first + timedelta(days=FORECAST_DAYS - 1),
    )


def _cities(number: int, home: str, rng: Random) -> tuple[Place, ...]:
    """The home and others near it, the home first and the rest in the order of the table."""
    known = places()
    start = next((p for p in known if home in p.name), None) if home else rng.choice(known)
    if start is None:
        names = ", ".join(place.name.en for place in known)
        raise UserError(f"no city {home!r} in trip_china; its cities are {names}")
    near = sorted(known, key=lambda place: distance_km(place.at, start.at))[1 : NEAR + 1]
    others = rng.sample(near, number - 1)
    return (start, *(place for place in known if place in others))


def _city(place: Place, rng: Random) -> City:
    fare = rng.choice((2, 2, 2, 3))
    taxi = rng.choice((8, 9, 10, 11, 13))
    night = rng.choice(("21:30", "22:00", "22:30", "23:00"))
    local = [
        Name(
            f"公交：单程{fare}元，末班约{night}", f"bus: {fare} CNY a ride, last one about {night}"
        )
    ]
    if place.metro:
        lines = Name("地铁：起步价2元，按里程计费", "metro: from 2 CNY, priced by distance")
        local.insert(0, lines)
    local.append(Name(f"出租车：起步价{taxi}元", f"taxi: starts at {taxi} CNY"))
    return City(
        name=place.name,
        region=place.province,
        at=place.at,
        known_for=tuple(name for trait, name in TRAITS.items() if trait in place.traits),
        cuisine=cuisines()[place.cuisine].name,
        districts=place.districts,
        stations=place.stations,
        airports=tuple(airport.name for airport in place.airports),
        local=tuple(local),
        metro=place.metro,
        day_pass=rng.choice((15, 18, 20, 25)) if place.metro else rng.choice((8, 10, 12)),
    )


def _hotels(setting: Setting, number: int, namer: Namer, rng: Random) -> Iterator[Hotel]:
    """The upper three bands always occur; the rest is drawn."""
    bands = [1, 2, 3, *rng.choices((0, 1, 2, 3), weights=(3, 4, 4, 2), k=number)][:number]
    rng.shuffle(bands)
    for band in bands:
        low, high = BANDS[band]
        district = rng.choice(setting.place.districts)
        price = 10 * round(rng.uniform(low, high) * setting.dearness / 10)
        quality = 3.5 + 0.3 * band + rng.gauss(0, 0.25)
        likely = 0.25 + 0.15 * band
        yield Hotel(
            name=namer.hotel(district, band),
            city=setting.city,
            district=district,
            price=price,
            rating=_rating(quality),
            stars=min(5, 2 + band),
            facilities=frozenset(key for key in FACILITIES if rng.random() < likely),
        )


def _restaurants(setting: Setting, number: int, namer: Namer, rng: Random) -> Iterator[Restaurant]:
    known = cuisines()
    local = known[setting.place.cuisine]
    sea = "sea" in setting.place.traits
    elsewhere = [known[key] for key in MOST_ANYWHERE if key != "seafood" or sea]
    elsewhere.append(rng.choice(list(known.values())))
    for position in range(number):
        cuisine = local if position % 5 in (0, 2) else rng.choice(elsewhere)
        yield _restaurant(cuisine, setting, namer, rng)


def _restaurant(cuisine: Cuisine, setting: Setting, namer: Namer, rng: Random) -> Restaurant:
    district = rng.choice(setting.place.districts)
    # Squaring makes cheap places more common than dear ones.
    rank = rng.random() ** 2
    price = 5 * round((cuisine.low + (cuisine.high - cuisine.low) * rank) * setting.dearness / 5)
    return Restaurant(
        name=namer.restaurant(cuisine, district),
        city=setting.city,
        district=district,
        cuisine=cuisine.name,
        price=price,
        rating=_rating(3.75 + 0.5 * rank + rng.gauss(0, 0.4)),
        hours=f"{cuisine.opens}-{cuisine.closes}",
        lunch=cuisine.opens <= LUNCH[0] and cuisine.closes >= LUNCH[1],
        dinner=cuisine.opens <= DINNER[0] and cuisine.closes >= DINNER[1],
        rests=frozenset(),
        dish=rng.choice(cuisine.dishes),
    )


def _attractions(setting: Setting, number: int, namer: Namer, rng: Random) -> Iterator[Attraction]:
    """A third at least is indoors and a third outdoors, of types that suit the city."""
    traits = setting.place.traits
    fitting = {
        outdoor: [
            type_
            for type_ in sight_types()
            if type_.outdoor is outdoor and ("any" in type_.traits or type_.traits & traits)
        ]
        for outdoor in (False, True)
    }
    third = max(1, number // 3)
    wanted = [False] * third + [True] * third
    wanted += [rng.random() < 0.6 for _ in range(number - len(wanted))]
    rng.shuffle(wanted)
    for outdoor in wanted:
        yield _attraction(fitting[outdoor], setting, namer, rng)


def _attraction(types: list[SightType], setting: Setting, namer: Namer, rng: Random) -> Attraction:
    while True:
        weights = [3 if type_.traits & setting.place.traits else 1 for type_ in types]
        type_ = rng.choices(types, weights=weights)[0]
        district = rng.choice(setting.place.districts)
        name = namer.sight(type_, district)
        if name:
            break
    free = type_.low == 0 and (type_.high == 0 or rng.random() < 0.45)
    price = 5 * round(rng.uniform(max(10, type_.low), max(10, type_.high)) / 5)
    return Attraction(
        name=name,
        city=setting.city,
        district=district,
        type=type_.name,
        outdoor=type_.outdoor,
        ticket=0 if free else price,
        rating=_rating(4.2 + rng.gauss(0, 0.35)),
        hours=f"{type_.opens}-{type_.closes}",
        rests=frozenset(() if type_.rests is None else (type_.rests,)),
        visit_hours=rng.choice((1.0, 1.5, 2.0, 2.5, 3.0)),
    )


def _rating(quality: float) -> float:
    return round(min(4.9, max(2.8, quality)), 1)


def _weather(
    chosen: tuple[Place, ...], first: date, rng: Random
) -> Iterator[tuple[tuple[int, date], Weather]]:
    for index, place in enumerate(chosen):
        climate = chinese_climate(place.at.latitude, place.altitude_m)
        for offset, weather in enumerate(forecast(climate, first, FORECAST_DAYS, rng)):
            yield (index, first + timedelta(days=offset)), weather
