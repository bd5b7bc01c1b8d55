"""A crowd of random trips that keep the rules so far: what a wish would leave, what bounds bite.

Trips are drawn under the standing rules. As wishes thin the crowd out, what is left is copied and
moved about (another place in the same city, another day, two days swapped) within all rules.
"""

from collections.abc import Sequence
from random import Random

import numpy as np
import numpy.typing as npt

from synth.general.trip.frame import SLOTS, Frame, slots
from synth.general.trip.vector import Floats, Mask, Vector
from verifiers.general.constraints import Formula, Scalar, Term
from verifiers.general.trip import trip_tables_of

SIZE = 600
ROUNDS = 2
"""Times that every slot of every trip is offered another row after a wish."""

PLACES = ("hotel", "lunch", "sight", "dinner")


class Crowd:
    def __init__(self, frame: Frame, rng: Random) -> None:
        self.frame = frame
        self.tables = trip_tables_of(frame.compiled)
        self.vector = Vector({slot.name: slot.table for slot in slots(frame)}, self.tables)
        # The legacy generator: its stream is the same in every version of numpy.
        self._rng = np.random.RandomState(rng.getrandbits(32))
        self._cities = np.arange(len(frame.rows("city")))
        self._in_city = {table: self._by_city(table) for table in set(SLOTS.values()) - {"city"}}
        self.rows = self._drawn()
        self._kept: list[Formula] = []

    def holding(self, formula: Formula) -> Mask:
        return self.vector.holds(formula, self.rows)

    def values(self, term: Term) -> Floats:
        """Of those trips that have one."""
        values = self.vector.value(term, self.rows)
        return np.asarray(values[~np.isnan(values)])

    def keep(self, formula: Formula) -> None:
        """Goes on with the trips that satisfy `formula`, of which there must be one."""
        left = np.flatnonzero(self.holding(formula))
        assert len(left), "no trip satisfies the wish"
        self._kept.append(formula)
        chosen = left[self._rng.randint(0, len(left), SIZE)]
        self.rows = {slot: rows[chosen] for slot, rows in self.rows.items()}
        if len(left) < SIZE * 0.7:
            for _ in range(ROUNDS):
                self._move()

    def member(self) -> dict[str, Scalar]:
        """One trip of the crowd, by the keys of its rows."""
        return {
            slot.name: self.tables.keys(slot.table)[int(self.rows[slot.name][0])]
            for slot in slots(self.frame)
        }

    def _by_city(self, table: str) -> list[npt.NDArray[np.int64]]:
        names = [row["name"] for row in self.frame.rows("city")]
        rows = self.frame.rows(table)
        return [
            np.array([i for i, row in enumerate(rows) if row["city"] == name]) for name in names
        ]

    def _drawn(self) -> dict[str, npt.NDArray[np.int64]]:
        home = self.frame.compiled.world.home
        others = np.delete(self._cities, home)
        orders = np.array([self._rng.permutation(others) for _ in range(SIZE)])
        rows: dict[str, npt.NDArray[np.int64]] = {}
        for day in self.frame.days:
            at_home = day == 1 and not self.frame.away
            city = np.full(SIZE, home) if at_home else orders[:, day - 1]
            self._fill(rows, day, city)
        return rows

    def _fill(
        self, rows: dict[str, npt.NDArray[np.int64]], day: int, city: npt.NDArray[np.int64]
    ) -> None:
        """Random places of a day in these cities."""
        rows[f"day{day}.city"] = city
        for slot in PLACES:
            rows[f"day{day}.{slot}"] = self._places(SLOTS[slot], city)
        # Where both meals fell on one restaurant, the next of the city takes dinner.
        lunch, dinner = rows[f"day{day}.lunch"], rows[f"day{day}.dinner"]
        rows[f"day{day}.dinner"] = np.where(lunch == dinner, self._next(dinner, city), dinner)

    def _places(self, table: str, city: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        there = self._in_city[table]
        sizes = np.array([len(rows) for rows in there])
        starts = np.array([rows[0] for rows in there])
        # Rows of a city lie side by side, so that a start and an offset name one.
        offset = (self._rng.random_sample(len(city)) * sizes[city]).astype(np.int64)
        return np.asarray(starts[city] + offset)

    def _next(
        self, place: npt.NDArray[np.int64], city: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        there = self._in_city["restaurant"]
        sizes = np.array([len(rows) for rows in there])
        starts = np.array([rows[0] for rows in there])
        return np.asarray(starts[city] + (place - starts[city] + 1) % sizes[city])

    def _move(self) -> None:
        for day in self.frame.days:
            for slot in PLACES:
                moved = dict(self.rows)
                moved[f"day{day}.{slot}"] = self._places(SLOTS[slot], self.rows[f"day{day}.city"])
                self._accept(moved)
            if day > 1 or self.frame.away:
                moved = dict(self.rows)
                self._fill(moved, day, self._rng.choice(self._cities, SIZE))
                self._accept(moved)

    def _accept(self, moved: dict[str, npt.NDArray[np.int64]]) -> None:
        """Takes the moved trips where they are trips and keep every wish."""
        mask = self._are_trips(moved)
        for formula in self._kept:
            mask &= self.vector.holds(formula, moved)
        self._take(mask, moved)

    def _are_trips(self, moved: dict[str, npt.NDArray[np.int64]]) -> Mask:
        mask = np.ones(SIZE, dtype=np.bool_)
        for day in self.frame.days:
            mask &= moved[f"day{day}.lunch"] != moved[f"day{day}.dinner"]
        cities = np.sort([moved[f"day{day}.city"] for day in self.frame.days], axis=0)
        mask &= ~(cities[1:] == cities[:-1]).any(axis=0)
        if self.frame.away:
            mask &= ~(cities == self.frame.compiled.world.home).any(axis=0)
        return mask

    def _take(self, mask: Mask, moved: dict[str, npt.NDArray[np.int64]]) -> None:
        self.rows = {slot: np.where(mask, moved[slot], rows) for slot, rows in self.rows.items()}


class Climbers(Crowd):
    """Trips that change one pick or one day at a time where that breaks no more rules.

    What share of them gets there tells how far a solver without a plan comes.
    """

    def __init__(self, frame: Frame, formulas: Sequence[Formula], rng: Random) -> None:
        super().__init__(frame, rng)
        self._formulas = tuple(formulas)

    def climb(self, rounds: int) -> float:
        """The share that breaks no rule after some rounds, each offering every pick once."""
        for _ in range(rounds):
            self._move()
        return float((self._broken(self.rows) == 0).mean())

    def _accept(self, moved: dict[str, npt.NDArray[np.int64]]) -> None:
        no_worse = self._broken(moved) <= self._broken(self.rows)
        self._take(self._are_trips(moved) & no_worse, moved)

    def _broken(self, rows: dict[str, npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
        kept = [self.vector.holds(formula, rows) for formula in self._formulas]
        return np.asarray(len(kept) - np.sum(kept, axis=0, dtype=np.int64))
