"""The meaning of constraints: the value of a term, the truth of a formula, in a filled plan.

Numbers are exact: a float counts as the decimal it is written as, so 0.1 + 0.2 is 0.3.
"""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

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
    Scalar,
    Sum,
    Term,
    Times,
)
from verifiers.general.tables import Tables

Exact = bool | int | str | Decimal
Plan = Mapping[str, Scalar]
"""The key of the row that fills each slot."""


def exact(value: Scalar) -> Exact:
    """`value` with floats as the decimals they are written as."""
    return Decimal(repr(value)) if isinstance(value, float) else value


class Evaluator:
    """Values of one problem's terms over one world's tables; holds no state between plans."""

    def __init__(self, problem: PlanProblem, tables: Tables) -> None:
        self.problem = problem
        self.tables = tables
        self.table_of = {slot.name: slot.table for slot in problem.slots}

    def broken(self, plan: Plan) -> list[str]:
        """Ids of the rules that `plan` breaks; it fills every slot with an existing row."""
        return [rule.id for rule in self.problem.rules if not self.holds(rule.formula, plan)]

    def solves(self, plan: Plan) -> bool:
        return all(self.holds(rule.formula, plan) for rule in self.problem.rules)

    def holds(self, formula: Formula, plan: Plan) -> bool:
        match formula:
            case Compare():
                return compare(
                    self.value(formula.left, plan), formula.by, self.value(formula.right, plan)
                )
            case Member():
                value = self.value(formula.term, plan)
                return any(compare(value, Operator.EQ, exact(v)) for v in formula.values)
            case AllDifferent():
                present = [v for v in self._values(formula.terms, plan) if v is not None]
                return len(set(present)) == len(present)
            case Same():
                found = self._values(formula.terms, plan)
                return found[0] is not None and all(value == found[0] for value in found)
            case And():
                return all(self.holds(part, plan) for part in formula.of)
            case Or():
                return any(self.holds(part, plan) for part in formula.of)
            case Not():
                return not self.holds(formula.of, plan)
            case Implies():
                return not self.holds(formula.given, plan) or self.holds(formula.then, plan)
            case AtLeast():
                return sum(self.holds(part, plan) for part in formula.of) >= formula.n

    def value(self, term: Term, plan: Plan) -> Exact | None:
        match term:
            case Const():
                return exact(term.value)
            case Field():
                table = self.table_of[term.slot]
                found = self.tables.value(table, plan[term.slot], term.path)
            case Lookup():
                fields = tuple(name for name, _ in term.keys)
                given = tuple(self.value(key, plan) for _, key in term.keys)
                keys = tuple(float(v) if isinstance(v, Decimal) else v for v in given)
                row = self.tables.lookup(term.table, fields, keys)
                found = None if row is None else row.get(term.field)
            case Count():
                return sum(self.holds(part, plan) for part in term.of)
            case Times():
                value = self.value(term.term, plan)
                return None if value is None else number(value) * number(exact(term.factor))
            case Sum() | Distinct() | Least() | Greatest():
                return _folded(term, self._values(term.terms, plan))
        return None if found is None else exact(found)

    def _values(self, terms: tuple[Term, ...], plan: Plan) -> list[Exact | None]:
        return [self.value(term, plan) for term in terms]


def _folded(term: Sum | Distinct | Least | Greatest, values: list[Exact | None]) -> Exact | None:
    present = [value for value in values if value is not None]
    if isinstance(term, Distinct):
        return len(set(present))
    if len(present) < len(values):
        return None
    if isinstance(term, Sum):
        return sum(map(number, present))
    texts = [value for value in present if isinstance(value, str)]
    choose = min if isinstance(term, Least) else max
    return choose(texts) if texts else choose(map(number, present))


def number(value: Exact) -> int | Decimal:
    """`value` as a number; text has none."""
    assert not isinstance(value, str), f"{value!r} is no number"
    return value


def compare(left: Exact | None, by: Operator, right: Exact | None) -> bool:
    """False if a side is null. Order is asked of two numbers or two texts only."""
    if left is None or right is None:
        return False
    return bool(_COMPARED[by](left, right))


_COMPARED: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}
