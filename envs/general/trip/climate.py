"""Plausible weather of a place and a span of days: by latitude, altitude and month, from a seed."""

from collections.abc import Iterator
from datetime import date, timedelta
from math import cos, pi
from random import Random
from typing import NamedTuple

from envs.general.trip.names import Name
from envs.general.trip.world import Weather

WARMEST_DAY = 200
DRY = (Name("晴", "sunny"), Name("多云", "partly cloudy"), Name("阴", "overcast"))
RAIN = (
    (Name("小雨", "light rain"), 5),
    (Name("阵雨", "showers"), 3),
    (Name("中雨", "rain"), 2),
    (Name("大雨", "heavy rain"), 1),
)
STORM = Name("雷阵雨", "thunderstorms")
SNOW = Name("小雪", "light snow")
STAYS = 0.35
"""How much likelier a wet day is after a wet one than after a dry one."""


class Climate(NamedTuple):
    """Yearly course of a place: means in degrees Celsius, shares of wet days."""

    mean: float
    swing: float
    wet: float
    wet_swing: float
    """Above 0 where summers are the wet season."""

    def warmth(self, day: date) -> float:
        """Mean temperature of `day`."""
        return self.mean + self.swing * self._season(day)

    def wet_share(self, day: date) -> float:
        return min(0.6, max(0.08, self.wet + self.wet_swing * self._season(day)))

    def _season(self, day: date) -> float:
        """1 on the warmest day of the year, -1 half a year away."""
        return cos(2 * pi * (day.timetuple().tm_yday - WARMEST_DAY) / 365)


def chinese_climate(latitude: float, altitude_m: float) -> Climate:
    """Fitted by eye to the means of large Chinese cities: wrong by 2 to 3 degrees."""
    mean = 25.5 - 0.80 * max(0.0, latitude - 19) - 0.0036 * altitude_m
    swing = 4.5 + 0.60 * max(0.0, latitude - 19)
    return Climate(mean, min(swing, 20.0), 0.36 if latitude < 32 else 0.24, 0.14)


def forecast(climate: Climate, first: date, num_days: int, rng: Random) -> Iterator[Weather]:
    """The weather of `num_days` days from `first` on; wet spells last."""
    wet = rng.random() < climate.wet_share(first)
    for offset in range(num_days):
        day = first + timedelta(days=offset)
        share, warmth = climate.wet_share(day), climate.warmth(day) + rng.gauss(0, 2)
        # Both chances together leave the share of wet days as it is in the long run.
        chance = share + STAYS * (1 - share) if wet else share * (1 - STAYS)
        wet = rng.random() < chance
        spread = rng.uniform(2, 4) if wet else rng.uniform(3.5, 6.5)
        high, low = round(warmth + spread - wet), round(warmth - spread)
        yield Weather(_condition(wet, warmth, rng), wet, high, low)


def _condition(wet: bool, warmth: float, rng: Random) -> Name:
    if not wet:
        return rng.choices(DRY, weights=(4, 4, 2))[0]
    if warmth < 0.5:
        return SNOW
    if warmth > 24 and rng.random() < 0.3:
        return STORM
    return rng.choices([name for name, _ in RAIN], weights=[weight for _, weight in RAIN])[0]
