"""Rules of a trip taken apart into what one day decides, what the route decides, and what is left.

Used by `count` alone. Days are filled one after the other along a route of cities; a conjunct is
checked as soon as all it speaks of is known.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from synth.general.trip.frame import Frame
from verifiers.general.constraints import (
    And,
    AtLeast,
    Compare,
    Const,
    Field,
    Formula,
    Greatest,
    Least,
    Operator,
    Or,
    Sum,
    Term,
    slots_of,
    walk,
)

UPPER = (Operator.LE, Operator.LT)
LOWER = (Operator.GE, Operator.GT)


class Total(NamedTuple):
    """A sum that must not pass `bound`: `parts` by day, and what the route adds."""

    parts: dict[int, tuple[Term, ...]]
    route: tuple[Term, ...]
    bound: float
    strict: bool


class Tally(NamedTuple):
    """At least `least` of the formulas must hold; each is about one day."""

    parts: dict[int, tuple[Formula, ...]]
    least: int


class Mixed(NamedTuple):
    """A formula over several days; its days, and the fields by which it sees them."""

    formula: Formula
    days: frozenset[int]
    fields: tuple[Field, ...]


class Parts(NamedTuple):
    local: dict[int, list[Formula]]
    """What one day decides, by day."""
    route: list[Formula]
    """What the cities decide."""
    totals: list[Total]
    tallies: list[Tally]
    mixed: list[Mixed]


def take_apart(frame: Frame, formulas: Iterable[Formula]) -> Parts:
    parts = Parts({day: [] for day in frame.days}, [], [], [], [])
    for formula in formulas:
        for piece in _pieces(formula):
            _sort_in(piece, parts)
    return parts


def _pieces(formula: Formula) -> Iterator[Formula]:
    """Formulas that all have to hold: those of an "and", and each value under an extreme."""
    if isinstance(formula, And):
        for part in formula.of:
            yield from _pieces(part)
        return
    if isinstance(formula, Compare) and isinstance(formula.right, Const):
        left, by = formula.left, formula.by
        high = isinstance(left, Greatest) and by in UPPER
        low = isinstance(left, Least) and by in LOWER
        if (high or low) and isinstance(left, Greatest | Least):
            for term in left.terms:
                yield Compare(left=term, by=by, right=formula.right)
            return
    yield formula


def _sort_in(piece: Formula, parts: Parts) -> None:
    days = _days(piece)
    if all(slot.endswith(".city") for slot in slots_of(piece)):
        parts.route.append(piece)
    elif len(days) == 1:
        parts.local[min(days)].append(piece)
    else:
        total, tally = _total(piece), _tally(piece)
        if total:
            parts.totals.append(total)
        elif tally:
            parts.tallies.append(tally)
        else:
            fields = {part for part in walk(piece) if isinstance(part, Field)}
            ordered = tuple(sorted(fields, key=lambda field: (field.slot, field.path)))
            parts.mixed.append(Mixed(piece, days, ordered))


def _total(piece: Formula) -> Total | None:
    if not (
        isinstance(piece, Compare)
        and isinstance(piece.left, Sum)
        and piece.by in UPPER
        and isinstance(piece.right, Const)
        and not isinstance(piece.right.value, str)
    ):
        return None
    by_day: dict[int, tuple[Term, ...]] = {}
    route: tuple[Term, ...] = ()
    for term in piece.left.terms:
        days = _days(term)
        if all(slot.endswith(".city") for slot in slots_of(term)):
            route = (*route, term)
        elif len(days) == 1:
            by_day[min(days)] = (*by_day.get(min(days), ()), term)
        else:
            return None
    return Total(by_day, route, float(piece.right.value), piece.by is Operator.LT)


def _tally(piece: Formula) -> Tally | None:
    if not isinstance(piece, AtLeast | Or) or any(len(_days(part)) != 1 for part in piece.of):
        return None
    by_day: dict[int, tuple[Formula, ...]] = {}
    for part in piece.of:
        day = min(_days(part))
        by_day[day] = (*by_day.get(day, ()), part)
    return Tally(by_day, piece.n if isinstance(piece, AtLeast) else 1)


def _days(part: Formula | Term) -> frozenset[int]:
    return frozenset(int(slot[3 : slot.index(".")]) for slot in slots_of(part))
