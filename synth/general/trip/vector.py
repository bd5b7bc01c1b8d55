"""The meaning of constraints on many plans at once: arrays of rows in, arrays of values out.

Written for trips alone and apart from `synth.general.plan`, so that counts by the two can be held
against each other. Numbers are floats, which are exact here: sums are of prices, minutes and half
hours. Texts are numbered. Null is NaN, and what is compared with it is false.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from verifiers.general.constraints import (
    AllDifferent,
    And,
    AtLeast,
    Compare,
    Const,
    Count,
    Distinct,
    Field,
    Formula,
    Greatest,
    Implies,
    Least,
    Lookup,
    Member,
    Not,
    Operator,
    Or,
    Same,
    Scalar,
    Sum,
    Term,
    Times,
)
from verifiers.general.tables import Tables

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rows = Mapping[str, npt.NDArray[np.int64]]
"""For each slot the number of its row in each plan; arrays of one length."""


class Vector:
    """Values and truths over the tables of one world; plans are made of `slots`."""

    def __init__(self, slots: Mapping[str, str], tables: Tables) -> None:
        self._table_of = slots
        self._tables = tables
        self._codes: dict[str, float] = {}
        self._columns: dict[tuple[str, tuple[str, ...]], Floats] = {}
        self._lookups: dict[tuple[str, tuple[str, ...], str], dict[tuple[float, ...], float]] = {}

    def number(self, value: Scalar | None) -> float:
        """A value as a float: texts by number, in no order that means anything."""
        if value is None:
            return float("nan")
        if isinstance(value, str):
            return self._codes.setdefault(value, float(len(self._codes)))
        return float(value)

    def column(self, table: str, path: tuple[str, ...]) -> Floats:
        """What stands at the end of `path` for every row of `table`."""
        found = self._columns.get((table, path))
        if found is None:
            keys = self._tables.keys(table)
            values = [self.number(self._tables.value(table, key, path)) for key in keys]
            found = self._columns[table, path] = np.array(values)
        return found

    def holds(self, formula: Formula, rows: Rows) -> Mask:
        match formula:
            case Compare():
                return _compared(
                    self.value(formula.left, rows), formula.by, self.value(formula.right, rows)
                )
            case Member():
                value = self.value(formula.term, rows)
                return np.asarray(np.isin(value, [self.number(v) for v in formula.values]))
            case AllDifferent():
                return self._apart(formula, rows)
            case Same():
                first, *others = (self.value(term, rows) for term in formula.terms)
                return np.asarray(np.logical_and.reduce([first == other for other in others]))
            case And():
                return np.asarray(np.logical_and.reduce(self._each(formula.of, rows)))
            case Or():
                return np.asarray(np.logical_or.reduce(self._each(formula.of, rows)))
            case Not():
                return ~self.holds(formula.of, rows)
            case Implies():
                return ~self.holds(formula.given, rows) | self.holds(formula.then, rows)
            case AtLeast():
                return self._number_of(formula.of, rows) >= formula.n

    def value(self, term: Term, rows: Rows) -> Floats:
        match term:
            case Const():
                size = len(next(iter(rows.values())))
                return np.full(size, self.number(term.value))
            case Field():
                return self.column(self._table_of[term.slot], term.path)[rows[term.slot]]
            case Lookup():
                return self._looked_up(term, rows)
            case Times():
                return self.value(term.term, rows) * float(term.factor)
            case Count():
                return self._number_of(term.of, rows)
            case Sum():
                return np.asarray(np.sum(self._values(term.terms, rows), axis=0))
            case Least():
                return np.asarray(np.min(self._values(term.terms, rows), axis=0))
            case Greatest():
                return np.asarray(np.max(self._values(term.terms, rows), axis=0))
            case Distinct():
                values = np.sort(self._values(term.terms, rows), axis=0)
                known = ~np.isnan(values)
                fresh = known[1:] & (values[1:] != values[:-1])
                return np.asarray(known[0] + fresh.sum(axis=0), dtype=np.float64)

    def _each(self, formulas: Sequence[Formula], rows: Rows) -> list[Mask]:
        return [self.holds(part, rows) for part in formulas]

    def _values(self, terms: Sequence[Term], rows: Rows) -> list[Floats]:
        return [self.value(part, rows) for part in terms]

    def _number_of(self, formulas: Sequence[Formula], rows: Rows) -> Floats:
        return np.asarray(np.sum(self._each(formulas, rows), axis=0, dtype=np.float64))

    def _apart(self, formula: AllDifferent, rows: Rows) -> Mask:
        values = np.sort(self._values(formula.terms, rows), axis=0)
        return np.asarray(~(values[1:] == values[:-1]).any(axis=0))

    def _looked_up(self, term: Lookup, rows: Rows) -> Floats:
        names = tuple(name for name, _ in term.keys)
        known = self._lookup(term.table, names, term.field)
        keys = np.stack([self.value(key, rows) for _, key in term.keys], axis=1)
        different, places = np.unique(keys, axis=0, return_inverse=True)
        values = np.array([known.get(tuple(key), float("nan")) for key in different.tolist()])
        return np.asarray(values[places.reshape(-1)])

    def _lookup(
        self, table: str, names: tuple[str, ...], field: str
    ) -> dict[tuple[float, ...], float]:
        found = self._lookups.get((table, names, field))
        if found is None:
            found = self._lookups[table, names, field] = {
                tuple(self.number(row[name]) for name in names): self.number(row[field])
                for row in self._tables.tables[table].rows
            }
        return found


def _compared(left: Floats, by: Operator, right: Floats) -> Mask:
    match by:
        case Operator.EQ:
            return np.asarray(left == right)
        case Operator.NE:
            return np.asarray((left != right) & ~np.isnan(left) & ~np.isnan(right))
        case Operator.LT:
            return np.asarray(left < right)
        case Operator.LE:
            return np.asarray(left <= right)
        case Operator.GT:
            return np.asarray(left > right)
        case Operator.GE:
            return np.asarray(left >= right)
