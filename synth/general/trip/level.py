"""What a level of difficulty means for a trip: its length, its world, how much is wished for."""

from random import Random
from typing import NamedTuple

from envs.general.trip.compiled import Domain, Listing, TripVariant
from envs.general.trip.size import Size


class Level(NamedTuple):
    days: tuple[int, ...]
    wishes: tuple[int, int]
    """Fewest and most, beside the standing rules."""
    density: tuple[float, float]
    """Share of the plans under the standing rules that keep the wishes too."""
    cities: tuple[int, int]
    places: tuple[int, int, int]
    """Hotels, restaurants and sights in each city."""
    listings: tuple[Listing, ...]


LEVELS = {
    1: Level((2,), (2, 2), (0.04, 0.4), (4, 5), (4, 6, 5), (Listing.FULL,)),
    2: Level((2, 3), (3, 4), (3e-3, 0.04), (5, 6), (4, 6, 5), (Listing.FULL, Listing.BRIEF)),
    3: Level((3,), (4, 6), (1e-4, 3e-3), (6, 7), (5, 7, 6), (Listing.BRIEF,)),
    4: Level((3, 4), (6, 7), (2e-6, 1e-4), (7, 8), (5, 7, 6), (Listing.BRIEF, Listing.NAMES)),
    5: Level((4, 5), (7, 9), (1e-9, 2e-6), (7, 8), (5, 8, 6), (Listing.NAMES,)),
}
MAX_QUARTERS = 7


class Outline(NamedTuple):
    """What is decided before a world is made."""

    num_days: int
    away: bool
    num_wishes: int
    density: float
    """Aimed at: the middle of the level's band, in orders of magnitude."""
    variant: TripVariant


def outline(domain: Domain, level: int, home: str, rng: Random) -> Outline:
    """A trip of `level`; deterministic in `rng`."""
    known = LEVELS[level]
    num_days = rng.choice(known.days)
    cities = rng.randint(*known.cities)
    if domain is Domain.HELSINKI:
        cities = min(cities, MAX_QUARTERS)
    # A trip away from home needs one city more than days, and some choice beyond that.
    cities = max(cities, num_days + 2)
    hotels, restaurants, attractions = known.places
    low, high = known.density
    return Outline(
        num_days=num_days,
        away=domain is Domain.CHINA and rng.random() < 0.7,
        num_wishes=rng.randint(*known.wishes),
        density=(low * high) ** 0.5,
        variant=TripVariant(
            size=Size(
                cities=cities, hotels=hotels, restaurants=restaurants, attractions=attractions
            ),
            listing=rng.choice(known.listings),
            home=home,
        ),
    )
