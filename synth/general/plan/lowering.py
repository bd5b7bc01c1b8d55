"""Constraints as integer trees whose leaves depend on one slot each, for exact counting.

Everything that one slot decides is evaluated for each of its rows and becomes a leaf: an array of
integers. What is left above the leaves are weighted sums, extremes, sets, comparisons and lookups;
truth is 0 or 1, and "and", "or", "not", "implies" are comparisons of sums. Texts are coded in their
order, numbers are scaled to integers.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import combinations, pairwise

import numpy as np

from synth.general.plan.arrays import NULL, Ints, compared
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
    PlanProblem,
    Same,
    Sum,
    Term,
    Times,
    slots_of,
)
from verifiers.general.evaluate import Evaluator, Exact, exact
from verifiers.general.tables import Row, Tables

SPARE_DECIMALS = 4
"""Decimals that constants and factors may have beyond those of the data."""

MAX_DECIMALS = 6


@dataclass(eq=False)
class Leaf:
    """A value for each row of the slot's table; `slot` is empty for a constant of one value."""

    slot: str
    values: Ints


@dataclass(eq=False)
class Weighted:
    """Sum of the children, each times its weight; null if any is."""

    children: tuple["Tree", ...]
    weights: tuple[Fraction, ...]


@dataclass(eq=False)
class Extreme:
    """The least or greatest of the children; null if any is."""

    children: tuple["Tree", ...]
    greatest: bool


@dataclass(eq=False)
class Spread:
    """Scaled number of different values among leaves; null is none."""

    children: tuple[Leaf, ...]
    codes: dict[int, int]
    """Bit of each value that can occur, at most 62."""
    scale: int


@dataclass(eq=False)
class Test:
    """Comparison of two children; false if a side is null."""

    children: tuple["Tree", "Tree"]
    by: Operator


@dataclass(eq=False)
class Found:
    """Value of a lookup: `table` is indexed by the position of each child's value in `axes`."""

    children: tuple["Tree", ...]
    axes: tuple[Ints, ...]
    table: Ints


@dataclass(eq=False)
class Apart:
    """No two leaves have the same value; only at the top of a conjunct."""

    children: tuple[Leaf, ...]


Tree = Leaf | Weighted | Extreme | Spread | Test | Found
Conjunct = Tree | Apart


@dataclass
class Lowering:
    """Lowers formulas over fixed slots and tables; remembers the leaves it has evaluated."""

    problem: PlanProblem
    tables: Tables
    texts: list[str] = field(init=False)
    scale: int = field(init=False)

    def __post_init__(self) -> None:
        self._evaluator = Evaluator(self.problem, self.tables)
        self._keys = {s.name: self.tables.keys(s.table) for s in self.problem.slots}
        self._table_of = {s.name: s.table for s in self.problem.slots}
        self._columns: dict[tuple[str, tuple[str, ...]], Ints] = {}
        self._indexes: dict[tuple[str, tuple[str, ...], str], tuple[tuple[Ints, ...], Ints]] = {}
        self._leaves: dict[Term | Formula, Leaf] = {}
        self._conjuncts: dict[Formula, tuple[Conjunct, ...]] = {}
        cells = [
            value
            for table in self.tables.tables.values()
            for row in table.rows
            for value in row.values()
        ]
        self.texts = sorted({value for value in cells if isinstance(value, str)})
        decimals = max((_decimals(exact(v)) for v in cells if isinstance(v, float)), default=0)
        self.scale = 10 ** (min(decimals, MAX_DECIMALS) + SPARE_DECIMALS)

    def conjuncts(self, formula: Formula) -> tuple[Conjunct, ...]:
        """Trees that must all be true for `formula` to be."""
        found = self._conjuncts.get(formula)
        if found is None:
            found = tuple(self._split(formula))
            self._conjuncts[formula] = found
        return found

    def _split(self, formula: Formula) -> Iterator[Conjunct]:
        if isinstance(formula, AllDifferent) and _one_slot_each(formula):
            yield Apart(tuple(self._leaf(term) for term in formula.terms))
            return
        parts = _conjoined(formula)
        if not parts:
            yield self._formula(formula)
        for part in parts:
            yield from self._split(part)

    def code(self, value: Exact | None) -> int:
        """The integer that stands for `value`; texts that no row has lie between two that do."""
        if value is None:
            return int(NULL)
        if isinstance(value, str):
            at = bisect_left(self.texts, value)
            known = at < len(self.texts) and self.texts[at] == value
            return 2 * at if known else 2 * at - 1
        scaled = value * self.scale
        assert scaled == int(scaled), f"{value} has more decimals than can be counted with"
        return int(scaled)

    def _leaf(self, node: Term | Formula) -> Leaf:
        found = self._leaves.get(node)
        if found is None:
            names = sorted(slots_of(node))
            slot = names[0] if names else ""
            found = self._leaves[node] = Leaf(slot, self._values(node, slot))
        return found

    def _values(self, node: Term | Formula, slot: str) -> Ints:
        """The value of `node` for each row of `slot`; shared by slots of one table."""
        if isinstance(node, Field):
            table = self._table_of[slot]
            values = self._columns.get((table, node.path))
            if values is None:
                cells = [self.tables.value(table, key, node.path) for key in self._keys[slot]]
                codes = [self.code(None if cell is None else exact(cell)) for cell in cells]
                values = self._columns[table, node.path] = np.array(codes, dtype=np.int64)
            return values
        if isinstance(node, Compare):
            sides = [self._leaf(side) for side in (node.left, node.right)]
            truth = compared(sides[0].values, node.by, sides[1].values).astype(np.int64)
            return np.broadcast_to(truth, len(self._keys[slot]) if slot else 1)
        plans = [{slot: key} for key in self._keys[slot]] if slot else [{}]
        if isinstance(node, _FORMULAS):
            codes = [int(self._evaluator.holds(node, plan)) for plan in plans]
        else:
            codes = [self.code(self._evaluator.value(node, plan)) for plan in plans]
        return np.array(codes, dtype=np.int64)

    def _formula(self, formula: Formula) -> Tree:
        if len(slots_of(formula)) <= 1:
            return self._leaf(formula)
        if isinstance(formula, Compare):
            return self._compare(formula)
        if isinstance(formula, Not):
            return Test((self._formula(formula.of), _constant(0)), Operator.EQ)
        parts, n = _threshold(formula)
        held = tuple(self._formula(part) for part in parts)
        return Test((Weighted(held, (Fraction(1),) * len(held)), _constant(n)), Operator.GE)

    def _compare(self, formula: Compare) -> Tree:
        """Sums are compared to a constant or, as a difference, to nothing."""
        left, right = self.term(formula.left), self.term(formula.right)
        if isinstance(left, Weighted) and isinstance(right, Leaf) and not right.slot:
            return Test((left, right), formula.by)
        if isinstance(left, Weighted) or isinstance(right, Weighted):
            difference = Weighted((left, right), (Fraction(1), Fraction(-1)))
            return Test((difference, _constant(0)), formula.by)
        return Test((left, right), formula.by)

    def term(self, term: Term) -> Tree:
        if len(slots_of(term)) <= 1:
            return self._leaf(term)
        match term:
            case Sum():
                parts = tuple(self.term(part) for part in term.terms)
                return Weighted(parts, (Fraction(1),) * len(parts))
            case Times():
                factor = Fraction(Decimal(repr(term.factor)))
                return Weighted((self.term(term.term),), (factor,))
            case Count():
                held = tuple(self._formula(part) for part in term.of)
                return Weighted(held, (Fraction(self.scale),) * len(held))
            case Distinct():
                return self._spread(tuple(self._leaf(part) for part in term.terms))
            case Least() | Greatest():
                parts = tuple(self.term(part) for part in term.terms)
                return Extreme(parts, greatest=isinstance(term, Greatest))
            case Lookup():
                return self._found(term)
            case Const() | Field():
                return self._leaf(term)

    def _spread(self, leaves: tuple[Leaf, ...]) -> Spread:
        values = sorted({int(v) for leaf in leaves for v in leaf.values} - {int(NULL)})
        return Spread(leaves, {value: bit for bit, value in enumerate(values)}, self.scale)

    def _found(self, term: Lookup) -> Found:
        fields = tuple(name for name, _ in term.keys)
        known = self._indexes.get((term.table, fields, term.field))
        if known is None:
            known = self._indexes[term.table, fields, term.field] = self._indexed(term, fields)
        return Found(tuple(self.term(key) for _, key in term.keys), *known)

    def _indexed(self, term: Lookup, fields: tuple[str, ...]) -> tuple[tuple[Ints, ...], Ints]:
        rows = self.tables.tables[term.table].rows
        coded = [[self._cell(row, name) for name in fields] for row in rows]
        axes = tuple(
            np.array(sorted({codes[a] for codes in coded} | {int(NULL)}), dtype=np.int64)
            for a in range(len(fields))
        )
        table = np.full(tuple(len(axis) for axis in axes), NULL, dtype=np.int64)
        for row, codes in zip(rows, coded, strict=True):
            if int(NULL) not in codes:
                at = [int(np.searchsorted(axis, c)) for axis, c in zip(axes, codes, strict=True)]
                table[tuple(at)] = self._cell(row, term.field)
        return axes, table

    def _cell(self, row: Row, name: str) -> int:
        value = row.get(name)
        return self.code(None if value is None else exact(value))


_FORMULAS = (Compare, Member, AllDifferent, Same, And, Or, Not, Implies, AtLeast)


def _one_slot_each(formula: AllDifferent) -> bool:
    scopes = [slots_of(term) for term in formula.terms]
    return all(len(scope) == 1 for scope in scopes) and len(set(scopes)) == len(scopes)


def _conjoined(formula: Formula) -> Sequence[Formula]:
    """Formulas that together say what `formula` says; none if it is not made of such."""
    match formula:
        case And():
            return formula.of
        case Not(of=Or() as either):
            return [Not(of=part) for part in either.of]
        case Not(of=Not() as inner):
            return [inner.of]
        case AllDifferent():
            return [Not(of=pair) for pair in _equalities(combinations(formula.terms, 2))]
        case Same():
            return _equalities(pairwise(formula.terms))
        case _:
            return ()


def _threshold(
    formula: Member | AllDifferent | Same | And | Or | Implies | AtLeast,
) -> tuple[Sequence[Formula], int]:
    """Formulas, and how many of them must hold."""
    match formula:
        case Member():
            constants = [Const(value=value) for value in formula.values]
            return _equalities((formula.term, constant) for constant in constants), 1
        case Or():
            return formula.of, 1
        case Implies():
            return (Not(of=formula.given), formula.then), 1
        case AtLeast():
            return formula.of, formula.n
        case _:
            parts = _conjoined(formula)
            return parts, len(parts)


def _equalities(pairs: Iterable[tuple[Term, Term]]) -> list[Compare]:
    return [Compare(left=a, by=Operator.EQ, right=b) for a, b in pairs]


def _constant(value: int) -> Leaf:
    return Leaf("", np.array([value], dtype=np.int64))


def _decimals(value: Exact) -> int:
    if not isinstance(value, Decimal):
        return 0
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def slots_below(tree: Conjunct) -> frozenset[str]:
    """Slots of the leaves of `tree`."""
    if isinstance(tree, Leaf):
        return frozenset([tree.slot] if tree.slot else [])
    return reduce(frozenset.union, (slots_below(child) for child in tree.children))
