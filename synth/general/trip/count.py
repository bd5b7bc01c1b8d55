"""The exact number of trips that keep rules: route by route, day by day.

Apart from `synth.general.plan.counting`, which knows nothing of cities and days, so that the two
counts can be held against each other. Every trip counted keeps the standing rules by the way it is
made: cities in an order without repeats, places within the city, two different restaurants a day.
"""

from collections.abc import Iterable
from itertools import permutations, product

import numpy as np
import numpy.typing as npt

from synth.general.trip.conjuncts import Parts, take_apart
from synth.general.trip.frame import SLOTS, Frame, slots
from synth.general.trip.vector import Rows, Vector
from verifiers.general.constraints import Formula
from verifiers.general.trip import trip_tables_of

Ints = npt.NDArray[np.int64]

HALVES = 2
"""Amounts are counted in halves, the finest that any field has."""

MAX_STATES = 500_000
"""Partial trips that are looked at together on one route; beyond it nothing is counted."""


class Uncounted(Exception):
    """Too many different partial trips: the number is not known."""


class _Group:
    """Ways to fill one day in one city, alike ways as one."""

    def __init__(self, amounts: Ints, looks: Ints, rows: Ints, weights: Ints) -> None:
        self.amounts = amounts
        """(ways, totals and tallies)"""
        self.looks = looks
        """(ways, fields that mixed formulas see), as codes."""
        self.rows = rows
        """(ways, slots of the day), one row of each kind to stand for all."""
        self.weights = weights

    def part(self, mask: npt.NDArray[np.bool_]) -> "_Group":
        return _Group(self.amounts[mask], self.looks[mask], self.rows[mask], self.weights[mask])


class TripCounter:
    """Counts trips of one frame."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._tables = trip_tables_of(frame.compiled)
        self._vector = Vector({slot.name: slot.table for slot in slots(frame)}, self._tables)
        self._cities = [row["name"] for row in frame.rows("city")]
        self._combos = [self._day_rows(city) for city in range(len(self._cities))]
        biggest = max(len(combos) for combos in self._combos)
        assert biggest**frame.num_days < 2**62, "a world of this size has too many trips"

    def count(self, formulas: Iterable[Formula]) -> int:
        """Trips that keep the standing rules and all `formulas`; may raise `Uncounted`."""
        parts = take_apart(self.frame, formulas)
        return _Walk(self, parts).count()

    def _day_rows(self, city: int) -> Ints:
        """Every way to fill a day in a city: (ways, slots in the order of `SLOTS`)."""
        name = self._cities[city]
        places = {
            table: [i for i, row in enumerate(self.frame.rows(table)) if row.get("city") == name]
            for table in set(SLOTS.values())
        }
        columns = [[city] if slot == "city" else places[table] for slot, table in SLOTS.items()]
        rows = np.array(list(product(*columns)), dtype=np.int64)
        names = list(SLOTS)
        return np.asarray(rows[rows[:, names.index("lunch")] != rows[:, names.index("dinner")]])

    def routes(self, formulas: list[Formula]) -> Ints:
        """Orders of cities that the trip may take: (routes, days), sorted."""
        world, frame = self.frame.compiled.world, self.frame
        others = [city for city in range(len(self._cities)) if city != world.home]
        if frame.away:
            orders = list(permutations(others, frame.num_days))
        else:
            orders = [(world.home, *rest) for rest in permutations(others, frame.num_days - 1)]
        routes = np.array(orders, dtype=np.int64)
        for formula in formulas:
            if len(routes):
                routes = routes[self._vector.holds(formula, self.cities(routes))]
        return routes

    def cities(self, routes: Ints) -> Rows:
        return {f"day{day}.city": routes[:, day - 1] for day in self.frame.days}


class _Walk:
    """One count: the tree of routes, each node with the partial trips that end there."""

    def __init__(self, counter: TripCounter, parts: Parts) -> None:
        self.counter = counter
        self.frame = counter.frame
        self.parts = parts
        self._groups: dict[tuple[int, int], _Group] = {}
        self._bounds = [int(HALVES * t.bound) - t.strict for t in parts.totals]

    def count(self) -> int:
        routes = self.counter.routes(self.parts.route)
        if not len(routes):
            return 0
        size = len(self.parts.totals) + len(self.parts.tallies)
        nothing = _Group(
            np.zeros((1, size), np.int64),
            np.zeros((1, 0), np.int64),
            np.zeros((1, 0), np.int64),
            np.ones(1, np.int64),
        )
        added = self._route_amounts(routes)
        return self._below(routes, added, 1, nothing)

    def _route_amounts(self, routes: Ints) -> Ints:
        """What each route adds to each total: (routes, totals)."""
        rows = self.counter.cities(routes)
        columns = []
        for total in self.parts.totals:
            values = np.zeros(len(routes))
            for term in total.route:
                values = values + self.counter._vector.value(term, rows)
            columns.append(HALVES * values)
        return np.array(columns, dtype=np.int64).T.reshape(len(routes), len(columns))

    def _below(self, routes: Ints, added: Ints, day: int, before: _Group) -> int:
        """Trips on `routes`, which agree up to `day`, that begin as `before` tells."""
        last = day == self.frame.num_days
        plain = last and all(max(mixed.days) < day for mixed in self.parts.mixed)
        total = 0
        for city in np.unique(routes[:, day - 1]).tolist():
            here = routes[:, day - 1] == city
            group = self._group(day, city)
            if plain:
                total += self._closed(added[here][0], before, group)
                continue
            after = self._extended(before, group, day)
            if last:
                total += self._finished(added[here][0], after)
            elif len(after.weights):
                total += self._below(routes[here], added[here], day + 1, after)
        return total

    def _closed(self, added: Ints, before: _Group, group: _Group) -> int:
        """What `_extended` and `_finished` give together, where the last day brings nothing mixed.

        Partial trips and last days are paired by their tallies; under one total they are matched
        along the sorted sums instead of one by one.
        """
        num = len(self._bounds)
        least = np.array([tally.least for tally in self.parts.tallies], dtype=np.int64)
        room = np.array(self._bounds, dtype=np.int64) - added
        total = 0
        for first in _by_tally(before, num):
            for second in _by_tally(group, num):
                if (first.amounts[0, num:] + second.amounts[0, num:] >= least).all():
                    total += _paired(first, second, room)
        return total

    def _finished(self, added: Ints, trips: _Group) -> int:
        num = len(self._bounds)
        mask = (trips.amounts[:, :num] + added <= self._bounds).all(axis=1)
        least = [tally.least for tally in self.parts.tallies]
        mask &= (trips.amounts[:, num:] >= least).all(axis=1)
        return int(trips.weights[mask].sum())

    def _group(self, day: int, city: int) -> _Group:
        found = self._groups.get((day, city))
        if found is None:
            found = self._groups[day, city] = self._make_group(day, city)
        return found

    def _make_group(self, day: int, city: int) -> _Group:
        vector = self.counter._vector
        rows = self.counter._combos[city]
        mask = np.ones(len(rows), dtype=np.bool_)
        for formula in self.parts.local[day]:
            mask &= vector.holds(formula, self._rows(day, rows))
        rows = rows[mask]
        named = self._rows(day, rows)
        amounts = np.zeros((len(rows), len(self._bounds) + len(self.parts.tallies)))
        if len(rows):
            for at, total in enumerate(self.parts.totals):
                for term in total.parts.get(day, ()):
                    amounts[:, at] += HALVES * vector.value(term, named)
            for at, tally in enumerate(self.parts.tallies, start=len(self._bounds)):
                for part in tally.parts.get(day, ()):
                    amounts[:, at] += vector.holds(part, named)
        looks = [
            np.unique(vector.value(field, named), return_inverse=True)[1].reshape(-1)
            for mixed in self.parts.mixed
            for field in mixed.fields
            if field.slot.startswith(f"day{day}.")
        ]
        if not self.parts.mixed:
            rows = rows[:, :0]
        codes = np.array(looks, dtype=np.int64).T.reshape(len(rows), len(looks))
        ones = np.ones(len(rows), np.int64)
        return _merged(_Group(amounts.astype(np.int64), codes, rows, ones))

    def _rows(self, day: int, rows: Ints) -> Rows:
        return {f"day{day}.{slot}": rows[:, at] for at, slot in enumerate(SLOTS)}

    def _extended(self, before: _Group, day_group: _Group, day: int) -> _Group:
        """Every partial trip with every way to spend the next day, as far as rules allow."""
        first, second = len(before.weights), len(day_group.weights)
        if first * second > MAX_STATES:
            raise Uncounted
        left = np.repeat(np.arange(first), second)
        right = np.tile(np.arange(second), first)
        amounts = before.amounts[left] + day_group.amounts[right]
        num = len(self._bounds)
        mask = (amounts[:, :num] <= self._bounds).all(axis=1)
        left, right, amounts = left[mask], right[mask], amounts[mask]
        # More than enough is as good as enough.
        for at, tally in enumerate(self.parts.tallies, start=num):
            amounts[:, at] = np.minimum(amounts[:, at], tally.least)
        rows = np.concatenate([before.rows[left], day_group.rows[right]], axis=1)
        looks = np.concatenate([before.looks[left], day_group.looks[right]], axis=1)
        weights = before.weights[left] * day_group.weights[right]
        kept = np.ones(len(left), dtype=np.bool_)
        for mixed in self.parts.mixed:
            if max(mixed.days) == day:
                kept &= self._mixed_holds(mixed.formula, rows, day)
        made = _Group(amounts[kept], looks[kept], rows[kept], weights[kept])
        if all(max(mixed.days) <= day for mixed in self.parts.mixed):
            made.looks = made.looks[:, :0]
        return _merged(made)

    def _mixed_holds(self, formula: Formula, rows: Ints, day: int) -> npt.NDArray[np.bool_]:
        if not len(rows):
            return np.ones(0, dtype=np.bool_)
        width = len(SLOTS)
        named: dict[str, Ints] = {}
        for at in range(1, day + 1):
            named.update(self._rows(at, rows[:, (at - 1) * width : at * width]))
        return self.counter._vector.holds(formula, named)


def _by_tally(group: _Group, num: int) -> list[_Group]:
    """Parts of the group with equal tallies, which stand behind `num` totals."""
    if not len(group.weights):
        return []
    if group.amounts.shape[1] == num:
        return [group]
    _, places = np.unique(group.amounts[:, num:], axis=0, return_inverse=True)
    places = places.reshape(-1)
    return [group.part(places == place) for place in range(int(places.max()) + 1)]


def _paired(first: _Group, second: _Group, room: Ints) -> int:
    """Weight of the pairs whose totals stay within `room`."""
    if not len(room):
        return int(first.weights.sum()) * int(second.weights.sum())
    if len(room) == 1:
        order = np.argsort(second.amounts[:, 0], kind="stable")
        sums = np.concatenate([[0], np.cumsum(second.weights[order])])
        left = room[0] - first.amounts[:, 0]
        fitting = np.searchsorted(second.amounts[order, 0], left, side="right")
        return int((first.weights * sums[fitting]).sum())
    fits = np.ones((len(first.weights), len(second.weights)), dtype=np.bool_)
    for at, limit in enumerate(room):
        fits &= first.amounts[:, at, None] + second.amounts[None, :, at] <= limit
    return int((first.weights * (fits @ second.weights)).sum())


def _merged(group: _Group) -> _Group:
    """Alike ways as one, their weights added."""
    keys = np.concatenate([group.amounts, group.looks], axis=1)
    if not len(keys):
        return group
    if not keys.shape[1]:
        total = np.array([group.weights.sum()])
        return _Group(group.amounts[:1], group.looks[:1], group.rows[:1], total)
    order = np.lexsort(keys.T)
    ordered = keys[order]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    starts = np.flatnonzero(new)
    first = order[starts]
    weights = np.add.reduceat(group.weights[order], starts)
    return _Group(group.amounts[first], group.looks[first], group.rows[first], weights)
