"""Constraints in the terms of CP-SAT: every formula becomes a literal, every term a linear sum.

Each slot has one Boolean for each row of its table, exactly one of them true; everything else is
determined by these in both directions, so that solutions of the model and plans are one to one. The
lowering here shares no code with the exact counter or the verifier's evaluation.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from ortools.sat.python import cp_model
from ortools.sat.python.cp_model_helper import Literal

from synth.general.plan.coding import Coder, is_plain, whole
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
from verifiers.general.tables import Tables


class Linear(NamedTuple):
    """An integer expression with its ends; where `present` is false it stands for null."""

    expr: cp_model.LinearExprT
    low: int
    high: int
    present: tuple[Literal, ...] = ()


class Reifier:
    """Adds formulas to a model of `problem`; equal formulas share their literal."""

    def __init__(self, problem: PlanProblem, tables: Tables) -> None:
        self.model = cp_model.CpModel()
        self.coder = Coder(problem, tables)
        self.keys = self.coder.keys
        self.rows = {
            slot: [self.model.new_bool_var("") for _ in keys] for slot, keys in self.keys.items()
        }
        for literals in self.rows.values():
            self.model.add_exactly_one(literals)
        self._keyed: dict[Term, tuple[cp_model.IntVar, list[int]]] = {}
        self._literals: dict[Formula, Literal] = {}
        self._sets: dict[tuple[str, tuple[int, ...]], Literal] = {}

    def literal(self, formula: Formula) -> Literal:
        """True exactly if `formula` holds."""
        found = self._literals.get(formula)
        if found is None:
            found = self._literals[formula] = self._reified(formula)
        return found

    def _reified(self, formula: Formula) -> Literal:
        match formula:
            case Compare():
                return self._compare(formula)
            case Member():
                each = [Compare(left=formula.term, by=Operator.EQ, right=Const(value=v))
                        for v in formula.values]  # fmt: skip
                return self._any([self.literal(part) for part in each])
            case AllDifferent():
                return self._all_different(formula)
            case Same():
                first, *others = formula.terms
                return self._all(
                    [
                        self.literal(Compare(left=first, by=Operator.EQ, right=other))
                        for other in others
                    ]
                )
            case Not():
                return ~self.literal(formula.of)
            case Implies():
                return self._any([~self.literal(formula.given), self.literal(formula.then)])
            case And() | Or() | AtLeast():
                return self._gate(formula)

    def _gate(self, formula: And | Or | AtLeast) -> Literal:
        parts = [self.literal(part) for part in formula.of]
        match formula:
            case And():
                return self._all(parts)
            case Or():
                return self._any(parts)
            case AtLeast():
                total = Linear(cp_model.LinearExpr.sum(parts), 0, len(parts))
                return self._linear(total, Operator.GE, Linear(formula.n, formula.n, formula.n))

    def _all(self, literals: Sequence[Literal]) -> Literal:
        if len(literals) == 1:
            return literals[0]
        whole = self.model.new_bool_var("")
        self.model.add_bool_and(literals).only_enforce_if(whole)
        self.model.add_bool_or([*(~part for part in literals), whole])
        return whole

    def _any(self, literals: Sequence[Literal]) -> Literal:
        return ~self._all([~part for part in literals])

    def _row_in(self, slot: str, rows: Iterable[int]) -> Literal:
        """True exactly if `slot` takes one of `rows`."""
        chosen = tuple(rows)
        literals = self.rows[slot]
        found = self._sets.get((slot, chosen))
        if found is None:
            found = self.model.new_bool_var("")
            taken = cp_model.LinearExpr.sum([literals[row] for row in chosen]) if chosen else 0
            self.model.add(taken == found)
            self._sets[slot, chosen] = found
        return found

    def _compare(self, formula: Compare) -> Literal:
        slots = slots_of(formula)
        if len(slots) == 1 and is_plain(formula.left) and is_plain(formula.right):
            (slot,) = slots
            left, right = (
                self.coder.codes(slot, formula.left),
                self.coder.codes(slot, formula.right),
            )
            pairs = enumerate(zip(left, right, strict=True))
            return self._row_in(
                slot,
                [
                    row
                    for row, (a, b) in pairs
                    if a is not None and b is not None and _COMPARED[formula.by](a, b)
                ],
            )
        return self._linear(self._term(formula.left), formula.by, self._term(formula.right))

    def _linear(self, left: Linear, by: Operator, right: Linear) -> Literal:
        holds = self.model.new_bool_var("")
        forward = _related(left.expr, by, right.expr)
        backward = _related(left.expr, _OPPOSITE[by], right.expr)
        self.model.add(forward).only_enforce_if(holds)
        self.model.add(backward).only_enforce_if(~holds)
        return self._all([holds, *left.present, *right.present])

    def _all_different(self, formula: AllDifferent) -> Literal:
        taking: dict[int, list[Literal]] = {}
        for term in formula.terms:
            slots = sorted(slots_of(term))
            if len(slots) != 1 or not is_plain(term):
                return self._pairwise_different(formula)
            by_value: dict[int, list[int]] = {}
            for row, code in enumerate(self.coder.codes(slots[0], term)):
                if code is not None:
                    by_value.setdefault(code, []).append(row)
            for code, rows in by_value.items():
                taking.setdefault(code, []).append(self._taken(slots[0], rows))
        clashes = []
        for _, literals in sorted(taking.items()):
            if len(literals) > 1:
                clash = self.model.new_bool_var("")
                total = cp_model.LinearExpr.sum(literals)
                self.model.add(total >= 2).only_enforce_if(clash)
                self.model.add(total <= 1).only_enforce_if(~clash)
                clashes.append(clash)
        return ~self._any(clashes) if clashes else self._all([self._true()])

    def _taken(self, slot: str, rows: list[int]) -> Literal:
        return self.rows[slot][rows[0]] if len(rows) == 1 else self._row_in(slot, rows)

    def _pairwise_different(self, formula: AllDifferent) -> Literal:
        terms = formula.terms
        pairs = [(a, b) for i, a in enumerate(terms) for b in terms[i + 1 :]]
        equal = [self.literal(Compare(left=a, by=Operator.EQ, right=b)) for a, b in pairs]
        return self._all([~pair for pair in equal])

    def _true(self) -> Literal:
        return self.model.new_constant(1)

    def _term(self, term: Term, factor: Fraction = Fraction(1)) -> Linear:
        """`term` times `factor`, in scaled integers."""
        slots = sorted(slots_of(term))
        if len(slots) <= 1 and is_plain(term):
            return self._plain(slots[0] if slots else "", term, factor)
        match term:
            case Times():
                return self._term(term.term, factor * Fraction(repr(term.factor)))
            case Sum():
                parts = [self._term(part, factor) for part in term.terms]
                return Linear(
                    cp_model.LinearExpr.sum([part.expr for part in parts]),
                    sum(part.low for part in parts),
                    sum(part.high for part in parts),
                    tuple(literal for part in parts for literal in part.present),
                )
            case Count():
                return self._counted([self.literal(part) for part in term.of], factor)
            case Distinct():
                return self._counted(self._kinds(term), factor)
            case Lookup():
                return self._lookup(term, factor)
            case _:
                return self._extreme(term, factor)

    def _counted(self, literals: Sequence[Literal], factor: Fraction) -> Linear:
        unit = whole(factor * self.coder.scale)
        ends = sorted((0, unit * len(literals)))
        expr = cp_model.LinearExpr.sum(literals) * unit if literals else 0
        return Linear(expr, ends[0], ends[1])

    def _kinds(self, term: Distinct) -> list[Literal]:
        """For each value that the terms can have, whether one has it."""
        taking: dict[int, list[Literal]] = {}
        for part in term.terms:
            (slot,) = slots_of(part)
            by_value: dict[int, list[int]] = {}
            for row, code in enumerate(self.coder.codes(slot, part)):
                if code is not None:
                    by_value.setdefault(code, []).append(row)
            for code, rows in by_value.items():
                taking.setdefault(code, []).append(self._taken(slot, rows))
        return [self._any(literals) for _, literals in sorted(taking.items())]

    def _extreme(self, term: Term, factor: Fraction) -> Linear:
        assert not isinstance(term, Const | Field | Times | Sum | Count | Distinct | Lookup)
        parts = [self._term(part, factor) for part in term.terms]
        smallest = isinstance(term, Least) == (factor >= 0)
        choose = min if smallest else max
        low, high = choose(p.low for p in parts), choose(p.high for p in parts)
        chosen = self.model.new_int_var(low, high, "")
        add = self.model.add_min_equality if smallest else self.model.add_max_equality
        add(chosen, [part.expr for part in parts])
        present = tuple(literal for part in parts for literal in part.present)
        return Linear(chosen, low, high, present)

    def _lookup(self, term: Lookup, factor: Fraction) -> Linear:
        """Value and presence for every combination of what the keys can be."""
        index = self.coder.index(term)
        keys = [self._key(part) for _, part in term.keys]
        tuples: list[tuple[int, ...]] = []
        for cells in product(*(values for _, values in keys)):
            cell = index.get(cells)
            value = 0 if cell is None else self.coder.code(cell, factor)
            tuples.append((*cells, value, int(cell is not None)))
        values = [entry[-2] for entry in tuples]
        found = self.model.new_int_var(min(values), max(values), "")
        present = self.model.new_bool_var("")
        columns = [variable for variable, _ in keys]
        self.model.add_allowed_assignments([*columns, found, present], tuples)
        return Linear(found, min(values), max(values), (present,))

    def _key(self, term: Term) -> tuple[cp_model.IntVar, list[int]]:
        """A variable for the code of a lookup's key, and the codes it can have; -1 is null."""
        found = self._keyed.get(term)
        if found is None:
            (slot,) = slots_of(term) or ("",)
            rows: dict[int, list[int]] = {}
            for row, code in enumerate(self.coder.codes(slot, term)):
                rows.setdefault(-1 if code is None else code, []).append(row)
            values = sorted(rows)
            variable = self.model.new_int_var_from_domain(cp_model.Domain.from_values(values), "")
            for value in values if slot else ():
                taken = self._taken(slot, rows[value])
                self.model.add(variable == value).only_enforce_if(taken)
                self.model.add(variable != value).only_enforce_if(~taken)
            found = self._keyed[term] = variable, values
        return found

    def _plain(self, slot: str, term: Term, factor: Fraction) -> Linear:
        codes = self.coder.codes(slot, term, factor)
        known = [code for code in codes if code is not None]
        if not known:
            return Linear(0, 0, 0, (~self._true(),))
        if not slot:
            return Linear(known[0], known[0], known[0])
        weights = [0 if code is None else code for code in codes]
        expr = cp_model.LinearExpr.weighted_sum(self.rows[slot], weights)
        present: tuple[Literal, ...] = ()
        if len(known) < len(codes):
            rows = [row for row, code in enumerate(codes) if code is not None]
            present = (self._row_in(slot, rows),)
        return Linear(expr, min(weights), max(weights), present)


_OPPOSITE = {
    Operator.EQ: Operator.NE,
    Operator.NE: Operator.EQ,
    Operator.LT: Operator.GE,
    Operator.GE: Operator.LT,
    Operator.LE: Operator.GT,
    Operator.GT: Operator.LE,
}


def _related(
    left: cp_model.LinearExprT, by: Operator, right: cp_model.LinearExprT
) -> cp_model.BoundedLinearExpression | bool:
    related: cp_model.BoundedLinearExpression | bool = _COMPARED[by](left, right)
    return related


_COMPARED: Mapping[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}
