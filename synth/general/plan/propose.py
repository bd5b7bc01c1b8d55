"""Candidate rules for a plan in the making: what might be asked, with bounds from what is possible."""

from collections.abc import Callable, Sequence
from itertools import combinations
from random import Random

import numpy as np

from envs.general.kinds import Kind
from synth.general.plan.bounds import resolution, rounded
from synth.general.plan.clauses import (
    AllOther,
    Bands,
    By,
    Check,
    Clause,
    Either,
    Every,
    Legs,
    Neighbours,
    Number,
    OnPlace,
    Total,
    Trend,
    Variety,
    Versus,
    When,
    Within,
)
from synth.general.plan.draws import Draws
from synth.general.plan.population import Population
from synth.general.plan.shape import GROUPING, ORDERED, Attribute, Place, Shape
from synth.general.plan.vocabulary import MEASURED, in_sequence
from verifiers.general.constraints import Scalar, Sum, Term

Family = Callable[["Proposer"], "Clause | None"]

Way = tuple[tuple[Place, ...], tuple[str, ...], str, tuple[str, str]]


class Proposer:
    """Draws rules; None where the draw makes no sense for this plan."""

    def __init__(self, shape: Shape, population: Population, rng: Random, level: int) -> None:
        self.shape = shape
        self.draw = Draws(population, rng)
        self.rng = rng
        self.families = [(family, weight) for family, weight, lowest in FAMILIES if lowest <= level]

    def propose(self) -> Clause | None:
        """One draw of a family and of what it is about."""
        families, weights = zip(*self.families, strict=True)
        family: Family = self.rng.choices(families, weights)[0]
        return family(self)

    def _place(self) -> Place:
        return self.rng.choice(self.shape.places)

    def _together(self) -> tuple[Place, ...]:
        """Places that a rule may speak of as one: of one role, or of one table."""
        sets = [places for places in self.shape.roles.values() if len(places) > 1]
        sets += [p for p in self.shape.kinds.values() if p not in sets]
        return self.rng.choice(sets) if sets else ()

    def _attribute(
        self, table: str, kinds: frozenset[Kind], *, near: bool = False
    ) -> Attribute | None:
        found = [
            a
            for a in self.shape.attributes(table)
            if a.kind in kinds and self.shape.may_be_named(a) and not (near and len(a.columns) > 1)
        ]
        # What one has to follow a reference for is asked less often.
        weights = [1.0 if len(a.columns) == 1 else 0.25 for a in found]
        return self.rng.choices(found, weights)[0] if found else None

    def on_place(self) -> Clause | None:
        place = self._place()
        attribute = self._attribute(place.table, ORDERED | GROUPING | {Kind.BOOL})
        check = self.draw.check(place, attribute) if attribute else None
        return OnPlace(place, attribute, check) if attribute and check else None

    def every(self) -> Clause | None:
        places = self._together()
        if not places:
            return None
        attribute = self._attribute(places[0].table, ORDERED | GROUPING)
        if attribute is None:
            return None
        if attribute.kind in GROUPING:
            if attribute.num_values < 3:
                return None
            return Every(places, attribute, Check(By.NOT, (self.rng.choice(attribute.values),)))
        values = sorted(set(attribute.values), key=lambda value: (str(type(value)), value))
        if attribute.kind not in MEASURED:
            at, by = self._edge(values)
            return Every(places, attribute, Check(by, (at,)))
        by = self.rng.choice((By.MOST, By.LEAST))
        numbers = np.array([float(value) for value in attribute.values])
        left = self.rng.uniform(0.5, 0.9)
        at = np.quantile(numbers, left if by is By.MOST else 1 - left)
        bound = rounded(float(at), float(np.ptp(numbers)), resolution(attribute))
        return Every(places, attribute, Check(by, (bound,)))

    def _edge(self, values: list[Scalar]) -> tuple[Scalar, By]:
        """A moment that all but the first or the last few values are on one side of."""
        spare = max(1, len(values) // 4)
        if self.rng.random() < 0.5:
            return values[-1 - spare], By.MOST
        return values[spare], By.LEAST

    def number(self) -> Clause | None:
        places = self._together()
        if len(places) < 3:
            return None
        attribute = self._attribute(places[0].table, ORDERED | GROUPING | {Kind.BOOL})
        check = self.draw.check(places[0], attribute) if attribute else None
        if attribute is None or check is None or check.by is By.NOT:
            return None
        how = self.rng.choice((By.LEAST, By.LEAST, By.MOST, By.EXACTLY))
        n = self.rng.randint(1, len(places) - 1)
        if how is By.LEAST and n == 1 and len(places) > 4:
            n = 2
        return Number(places, attribute, check, how, n)

    def all_other(self) -> Clause | None:
        places = self._together()
        attribute = self._attribute(places[0].table, GROUPING, near=True) if places else None
        if attribute is None or attribute.num_values <= len(places):
            return None
        return AllOther(places, attribute)

    def variety(self) -> Clause | None:
        places = self._together()
        attribute = self._attribute(places[0].table, GROUPING, near=True) if places else None
        if attribute is None or attribute.num_values < 3 or len(places) < 3:
            return None
        most = min(len(places), attribute.num_values)
        return Variety(places, attribute, self.rng.randint(2 if most < 4 else 3, most))

    def total(self) -> Clause | None:
        places = self._together()
        attribute = self._summed(places)
        if attribute is None:
            return None
        by = self.rng.choice((By.MOST, By.MOST, By.UNDER, By.LEAST, By.BAND))
        terms = tuple(place.field(attribute.path) for place in places)
        check = self.draw.bound(Sum(terms=terms), attribute, by)
        return Total((places,), attribute, check) if check else None

    def group_total(self) -> Clause | None:
        """What each group adds up to, or one group."""
        shape = self.shape
        groups = [shape.of_group(group) for group in range(1, shape.count + 1)]
        if not groups or len(groups[0]) < 2 or len({p.table for p in groups[0]}) > 1:
            return None
        attribute = self._summed(groups[0])
        if attribute is None:
            return None
        by = self.rng.choice((By.MOST, By.UNDER, By.LEAST))
        chosen = self.rng.choice(groups)
        sums = Sum(terms=tuple(place.field(attribute.path) for place in chosen))
        check = self.draw.bound(sums, attribute, by)
        if check is None:
            return None
        one = self.rng.random() < 0.4
        return Total((chosen,) if one else tuple(groups), attribute, check)

    def _summed(self, places: Sequence[Place]) -> Attribute | None:
        if not places:
            return None
        found = [
            a
            for a in self.shape.attributes(places[0].table)
            if self.shape.adds_up(places[0].table, a)
        ]
        return self.rng.choice(found) if found else None

    def mean(self) -> Clause | None:
        places = self._together()
        if not places:
            return None
        table = places[0].table
        found = [a for a in self.shape.attributes(table) if self.shape.averages(table, a)]
        if not found:
            return None
        attribute = self.rng.choice(found)
        return self.draw.mean(places, attribute)

    def trend(self) -> Clause | None:
        roles = [places for places in self._rows() if 3 <= len(places) <= 5]
        places = self.rng.choice(roles) if roles else ()
        attribute = self._attribute(places[0].table, ORDERED, near=True) if places else None
        if attribute is None or attribute.num_values < 2 * len(places):
            return None
        return Trend(places, attribute, self.rng.random() < 0.6)

    def _rows(self) -> list[tuple[Place, ...]]:
        """Places of one role, where each group comes before the next."""
        group = self.shape.plan.group
        if group is None or not in_sequence(group):
            return []
        return list(self.shape.roles.values())

    def neighbours(self) -> Clause | None:
        roles = [places for places in self._rows() if len(places) > 2]
        places = self.rng.choice(roles) if roles else ()
        attribute = self._attribute(places[0].table, GROUPING) if places else None
        return Neighbours(places, attribute) if attribute else None

    def within(self) -> Clause | None:
        """Two roles of a group whose attributes hold the same kind of value."""
        shape = self.shape
        first = shape.of_group(1) or shape.places
        pairs = [
            (a, b, x, y)
            for a, b in combinations(first, 2)
            for x in shape.attributes(a.table)
            for y in shape.attributes(b.table)
            if _comparable(x, y) and len(x.columns) == len(y.columns) == 1
        ]
        if not pairs:
            return None
        a, b, x, y = self.rng.choice(pairs)
        roles = shape.roles
        both = tuple(zip(roles[a.role], roles[b.role], strict=True))
        return Within(both, x, y, same=self.rng.random() < 0.4)

    def versus(self) -> Clause | None:
        places = self._together()
        if not places:
            return None
        first, second = self.rng.sample(places, 2)
        attribute = self._attribute(first.table, ORDERED, near=True)
        if attribute is None:
            return None
        return Versus(first, second, attribute, self.rng.random() < 0.5)

    def when(self) -> Clause | None:
        given, then = self.on_place(), self.on_place()
        if not isinstance(given, OnPlace) or not isinstance(then, OnPlace):
            return None
        if given.place == then.place:
            return None
        return When(given, then)

    def either(self) -> Clause | None:
        first = self.on_place()
        if not isinstance(first, OnPlace):
            return None
        others = [p for p in self.shape.places if p.table == first.place.table and p != first.place]
        if not others:
            return None
        return Either(first, OnPlace(self.rng.choice(others), first.attribute, first.check))

    def bands(self) -> Clause | None:
        place, other = self._place(), self._place()
        attribute = self._attribute(place.table, MEASURED, near=True)
        limited = self._attribute(other.table, MEASURED, near=True)
        if place == other or attribute is None or limited is None:
            return None
        values = np.array([float(value) for value in attribute.values])
        finest, spread = resolution(attribute), float(np.ptp(values))
        low, high = (rounded(float(np.quantile(values, q)), spread, finest) for q in (0.33, 0.67))
        by = self.rng.choice((By.MOST, By.LEAST))
        ends = np.array([float(value) for value in limited.values])
        quantiles = (0.65, 0.5, 0.35) if by is By.MOST else (0.35, 0.5, 0.65)
        limits = [
            rounded(float(np.quantile(ends, q)), float(np.ptp(ends)), resolution(limited))
            for q in quantiles
        ]
        if not values.min() < low < high < values.max() or len(set(limits)) < 3:
            return None
        first, second, third = limits
        return Bands(place, attribute, (low, high), other, limited, by, (first, second, third))

    def legs(self) -> Clause | None:
        """Bounds on what lies between each place and the next, where the world has such a table."""
        found = self._between()
        if not found:
            return None
        places, path, table, keys = self.rng.choice(found)
        columns = list(self.shape.compiled.domain.tables[table].columns.values())
        measured = [c for c in columns if c.kind in MEASURED and not c.type.nullable]
        if not measured:
            return None
        column = self.rng.choice(measured)
        values = [row[column.name] for row in self.shape.tables.tables[table].rows]
        attribute = Attribute((column,), tuple(v for v in values if v is not None))
        draft = Legs(places, path, table, keys, column, Check(By.MOST, (0,)), total=True)
        lookups = draft.terms()
        total = self.rng.random() < 0.6
        term: Term = Sum(terms=lookups) if total else lookups[0]
        check = self.draw.bound(term, attribute, By.MOST)
        return Legs(places, path, table, keys, column, check, total) if check else None

    def _between(self) -> list["Way"]:
        """Roles, and the tables with one row for each two of what they are at."""
        shape = self.shape
        found: list[Way] = []
        for table, columns in shape.compiled.domain.lookups().items():
            targets = {shape.tables.tables[table].refs.get(column) for column in columns}
            if len(columns) != 2 or len(targets) > 1:
                continue
            for places in self._rows():
                if len(places) < 2:
                    continue
                base = places[0].table.partition("@")[0]
                refs = shape.tables.tables[base].refs
                paths = [()] if base in targets else [(n,) for n, t in refs.items() if t in targets]
                found += [(places, path, table, (columns[0], columns[1])) for path in paths]
        return found


FAMILIES: Sequence[tuple[Family, int, int]] = (
    (Proposer.on_place, 6, 1),
    (Proposer.every, 3, 1),
    (Proposer.total, 4, 1),
    (Proposer.group_total, 3, 1),
    (Proposer.all_other, 2, 1),
    (Proposer.legs, 4, 1),
    (Proposer.within, 2, 2),
    (Proposer.number, 4, 2),
    (Proposer.mean, 2, 2),
    (Proposer.neighbours, 2, 2),
    (Proposer.versus, 3, 2),
    (Proposer.variety, 1, 2),
    (Proposer.either, 2, 3),
    (Proposer.when, 4, 3),
    (Proposer.trend, 1, 3),
    (Proposer.bands, 3, 4),
)
"""Each family with how often it is drawn and the lowest level that knows it."""


def _comparable(first: Attribute, second: Attribute) -> bool:
    """True if their values are of one set: one column, rows of one table, or the same codes."""
    if first.kind is not second.kind or first.kind not in GROUPING:
        return False
    if first.kind is Kind.REF:
        return first.column.type.table == second.column.type.table
    return first.column.spec.values == second.column.spec.values
