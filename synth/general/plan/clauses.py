"""What one sentence of a request says, apart from any language, and the constraint that it is."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from envs.general.domain import Column
from synth.general.plan.shape import Attribute, Place
from verifiers.general.constraints import (
    AllDifferent,
    And,
    Compare,
    Const,
    Count,
    Distinct,
    Formula,
    Implies,
    Lookup,
    Member,
    Operator,
    Or,
    Same,
    Scalar,
    Sum,
    Term,
)


class By(StrEnum):
    """How a value is compared; a band holds its low end and not its high end."""

    MOST = "most"
    LEAST = "least"
    UNDER = "under"
    OVER = "over"
    BAND = "band"
    IS = "is"
    NOT = "not"
    AMONG = "among"
    EXACTLY = "exactly"


_OPERATORS = {
    By.MOST: Operator.LE,
    By.LEAST: Operator.GE,
    By.UNDER: Operator.LT,
    By.OVER: Operator.GT,
    By.IS: Operator.EQ,
    By.EXACTLY: Operator.EQ,
    By.NOT: Operator.NE,
}


@dataclass(frozen=True)
class Check:
    by: By
    values: tuple[Scalar, ...]

    def of(self, term: Term) -> Formula:
        if self.by is By.AMONG:
            return Member(term=term, values=self.values)
        if self.by is By.BAND:
            low, high = (Const(value=value) for value in self.values)
            return And(
                of=(
                    Compare(left=term, by=Operator.GE, right=low),
                    Compare(left=term, by=Operator.LT, right=high),
                )
            )
        return Compare(left=term, by=_OPERATORS[self.by], right=Const(value=self.values[0]))


@dataclass(frozen=True)
class OnPlace:
    """One row has a property."""

    place: Place
    attribute: Attribute
    check: Check

    def formula(self) -> Formula:
        return self.check.of(self.place.field(self.attribute.path))


@dataclass(frozen=True)
class Every:
    """All rows have a property."""

    places: tuple[Place, ...]
    attribute: Attribute
    check: Check

    def formula(self) -> Formula:
        path = self.attribute.path
        return And(of=tuple(self.check.of(place.field(path)) for place in self.places))


@dataclass(frozen=True)
class Number:
    """So many rows have a property: `how` many is at least, at most or exactly `n`."""

    places: tuple[Place, ...]
    attribute: Attribute
    check: Check
    how: By
    n: int

    def formula(self) -> Formula:
        path = self.attribute.path
        count = Count(of=tuple(self.check.of(place.field(path)) for place in self.places))
        return Check(self.how, (self.n,)).of(count)


@dataclass(frozen=True)
class NoRepeat:
    """No row is picked twice."""

    places: tuple[Place, ...]

    def formula(self) -> Formula:
        return AllDifferent(terms=tuple(place.field() for place in self.places))


@dataclass(frozen=True)
class AllOther:
    """No two rows share a value."""

    places: tuple[Place, ...]
    attribute: Attribute

    def formula(self) -> Formula:
        return AllDifferent(terms=_terms(self.places, self.attribute))


@dataclass(frozen=True)
class Variety:
    """The rows have at least `n` different values."""

    places: tuple[Place, ...]
    attribute: Attribute
    n: int

    def formula(self) -> Formula:
        kinds = Distinct(terms=_terms(self.places, self.attribute))
        return Check(By.LEAST, (self.n,)).of(kinds)


@dataclass(frozen=True)
class Total:
    """What the rows add up to: all together, or in each group of places apart."""

    groups: tuple[tuple[Place, ...], ...]
    attribute: Attribute
    check: Check

    def formula(self) -> Formula:
        sums = [Sum(terms=_terms(places, self.attribute)) for places in self.groups]
        parts = tuple(self.check.of(total) for total in sums)
        return And(of=parts) if len(parts) > 1 else parts[0]


@dataclass(frozen=True)
class Mean:
    """The average of the rows; `total` is the bound times their number."""

    places: tuple[Place, ...]
    attribute: Attribute
    by: By
    value: int | float
    total: int | float

    def formula(self) -> Formula:
        return Check(self.by, (self.total,)).of(Sum(terms=_terms(self.places, self.attribute)))


@dataclass(frozen=True)
class Trend:
    """Values rise, or fall, from each group to the next."""

    places: tuple[Place, ...]
    attribute: Attribute
    rising: bool

    def formula(self) -> Formula:
        by = Operator.LT if self.rising else Operator.GT
        return And(
            of=tuple(
                Compare(left=a, by=by, right=b)
                for a, b in pairwise(_terms(self.places, self.attribute))
            )
        )


@dataclass(frozen=True)
class Neighbours:
    """Two groups in a row do not share a value."""

    places: tuple[Place, ...]
    attribute: Attribute

    def formula(self) -> Formula:
        return And(
            of=tuple(
                Compare(left=a, by=Operator.NE, right=b)
                for a, b in pairwise(_terms(self.places, self.attribute))
            )
        )


@dataclass(frozen=True)
class Within:
    """In each group, two roles share a value, or do not."""

    pairs: tuple[tuple[Place, Place], ...]
    first: Attribute
    second: Attribute
    same: bool

    def formula(self) -> Formula:
        each = [(a.field(self.first.path), b.field(self.second.path)) for a, b in self.pairs]
        if self.same:
            return And(of=tuple(Same(terms=pair) for pair in each))
        return And(of=tuple(Compare(left=a, by=Operator.NE, right=b) for a, b in each))


@dataclass(frozen=True)
class Versus:
    """One row has more, or less, of something than another."""

    first: Place
    second: Place
    attribute: Attribute
    more: bool

    def formula(self) -> Formula:
        left, right = _terms((self.first, self.second), self.attribute)
        by = Operator.GT if self.more else Operator.LT
        return Compare(left=left, by=by, right=right)


@dataclass(frozen=True)
class When:
    """If one row has a property, another must have one."""

    given: OnPlace
    then: OnPlace

    def formula(self) -> Formula:
        return Implies(given=self.given.formula(), then=self.then.formula())


@dataclass(frozen=True)
class Bands:
    """What another row may have depends on the band that the first falls into."""

    place: Place
    attribute: Attribute
    cuts: tuple[int | float, int | float]
    other: Place
    limited: Attribute
    by: By
    limits: tuple[Scalar, Scalar, Scalar]
    """For the low, the middle and the high band."""

    def bands(self) -> tuple[Check, Check, Check]:
        low, high = self.cuts
        return Check(By.UNDER, (low,)), Check(By.BAND, (low, high)), Check(By.LEAST, (high,))

    def branches(self) -> tuple[Formula, ...]:
        """What holds in each band."""
        term = self.place.field(self.attribute.path)
        limited = self.other.field(self.limited.path)
        return tuple(
            Implies(given=band.of(term), then=Check(self.by, (limit,)).of(limited))
            for band, limit in zip(self.bands(), self.limits, strict=True)
        )

    def formula(self) -> Formula:
        return And(of=self.branches())


@dataclass(frozen=True)
class Either:
    """One of two rows, or both, has a property."""

    first: OnPlace
    second: OnPlace

    def formula(self) -> Formula:
        return Or(of=(self.first.formula(), self.second.formula()))


@dataclass(frozen=True)
class Legs:
    """What a table says of each place and the next: each, or all added up, within a bound."""

    places: tuple[Place, ...]
    path: tuple[str, ...]
    """From a place's row to what the table is about."""
    table: str
    keys: tuple[str, str]
    column: Column
    check: Check
    total: bool

    def terms(self) -> tuple[Term, ...]:
        """What the table says of each place and the next."""
        return tuple(
            Lookup(
                table=self.table,
                keys=((self.keys[0], a.field(self.path)), (self.keys[1], b.field(self.path))),
                field=self.column.name,
            )
            for a, b in pairwise(self.places)
        )

    def formula(self) -> Formula:
        if self.total:
            return self.check.of(Sum(terms=self.terms()))
        return And(of=tuple(self.check.of(leg) for leg in self.terms()))


Clause = (
    OnPlace
    | Every
    | Number
    | NoRepeat
    | AllOther
    | Variety
    | Total
    | Mean
    | Trend
    | Neighbours
    | Within
    | Versus
    | When
    | Bands
    | Either
    | Legs
)


def _terms(places: tuple[Place, ...], attribute: Attribute) -> tuple[Term, ...]:
    return tuple(place.field(attribute.path) for place in places)
