"""Cells of rows as integers for CP-SAT: texts by rank, numbers scaled until they are whole."""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from verifiers.general.constraints import (
    Const,
    Field,
    Lookup,
    Member,
    PlanProblem,
    Scalar,
    Term,
    Times,
    walk,
)
from verifiers.general.tables import Tables

Cell = Scalar | None

SPARE_DECIMALS = 4
"""Decimals that factors and constants may have beyond those of the data."""


class Coder:
    """Integers for the cells and constants of one problem."""

    def __init__(self, problem: PlanProblem, tables: Tables) -> None:
        self.tables = tables
        self.table_of = {slot.name: slot.table for slot in problem.slots}
        self.keys = {slot.name: tables.keys(slot.table) for slot in problem.slots}
        constants = [
            cell
            for rule in problem.rules
            for node in walk(rule.formula)
            for cell in _constants(node)
        ]
        cells = [c for t in tables.tables.values() for row in t.rows for c in row.values()]
        texts = {cell for cell in (*cells, *constants) if isinstance(cell, str)}
        self.rank = {text: rank for rank, text in enumerate(sorted(texts))}
        self.scale = 10 ** (max(map(_decimals, cells), default=0) + SPARE_DECIMALS)

    def codes(self, slot: str, term: Term, factor: Fraction = Fraction(1)) -> list[int | None]:
        """The integer that `term` is for each row of `slot`; one for a constant."""
        cells = [self._cell(term, key) for key in (self.keys[slot] if slot else ("",))]
        return [None if cell is None else self.code(cell, factor) for cell in cells]

    def _cell(self, term: Term, key: Scalar) -> Cell | Fraction:
        match term:
            case Const():
                return term.value
            case Times():
                cell = self._cell(term.term, key)
                return None if cell is None else _fraction(cell) * _fraction(term.factor)
            case Field():
                table, cell = self.table_of[term.slot], key
                for step in term.path:
                    found = self.tables.tables[table]
                    row = next((r for r in found.rows if r[found.key] == cell), None)
                    value = None if row is None else row.get(step)
                    if value is None:
                        return None
                    table, cell = found.refs.get(step, ""), value
                return cell
            case _:
                raise AssertionError(f"{term.op} is not plain")

    def code(self, cell: Scalar | Fraction, factor: Fraction = Fraction(1)) -> int:
        if isinstance(cell, str):
            return self.rank[cell]
        return whole(_fraction(cell) * factor * self.scale)

    def index(self, term: Lookup) -> Mapping[tuple[int, ...], Cell]:
        index: dict[tuple[int, ...], Cell] = {}
        for row in self.tables.tables[term.table].rows:
            cells = [row.get(name) for name, _ in term.keys]
            known = [self.code(cell) for cell in cells if cell is not None]
            if len(known) == len(cells):
                index[tuple(known)] = row.get(term.field)
        return index


def is_plain(term: Term) -> bool:
    """True if a coder can read it from one row."""
    inner = term
    while isinstance(inner, Times):
        inner = inner.term
    return isinstance(inner, Const | Field)


def _fraction(cell: Cell | Fraction) -> Fraction:
    assert cell is not None
    assert not isinstance(cell, str)
    return Fraction(repr(cell)) if isinstance(cell, float) else Fraction(cell)


def whole(value: Fraction) -> int:
    assert value.denominator == 1, f"{value} has more decimals than the model can hold"
    return value.numerator


def _decimals(cell: Cell) -> int:
    return len(repr(cell).partition(".")[2]) if isinstance(cell, float) else 0


def _constants(node: object) -> Iterable[Scalar]:
    if isinstance(node, Const):
        return (node.value,)
    return node.values if isinstance(node, Member) else ()
