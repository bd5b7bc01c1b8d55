"""Chooses the rows of a plan among those that were read, as a person would: the narrow places first,
and for a total the rows that bring it nearest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from verifiers.general.constraints import (
    AllDifferent,
    And,
    Compare,
    Const,
    Field,
    Formula,
    Operator,
    PlanProblem,
    Scalar,
    Sum,
    slots_of,
)
from verifiers.general.evaluate import Evaluator
from verifiers.general.tables import Tables

MAX_TRIES = 400
"""Rows that are put in a place before it is said that more has to be read."""

Plan = dict[str, Scalar]


@dataclass(frozen=True)
class Aim:
    """A total that the plan must come to, between two bounds of which one may be missing."""

    fields: tuple[Field, ...]
    low: float | None
    high: float | None

    def distance(self, value: float) -> float:
        """How far a row with this value is from what would be best."""
        if self.low is None:
            return value
        if self.high is None:
            return -value
        return abs(value - (self.low + self.high) / 2 / len(self.fields))


def parts(formula: Formula) -> Iterator[Formula]:
    """What must hold, one by one."""
    if isinstance(formula, And):
        for part in formula.of:
            yield from parts(part)
    elif isinstance(formula, AllDifferent):
        for pair in combinations(formula.terms, 2):
            yield AllDifferent(terms=pair)
    else:
        yield formula


def aims(problem: PlanProblem) -> list[Aim]:
    """The totals that rules ask for."""
    found: dict[tuple[Field, ...], list[float | None]] = {}
    for rule in problem.rules:
        for part in parts(rule.formula):
            if not (isinstance(part, Compare) and isinstance(part.left, Sum)):
                continue
            fields = tuple(term for term in part.left.terms if isinstance(term, Field))
            if len(fields) < len(part.left.terms) or not isinstance(part.right, Const):
                continue
            bounds = found.setdefault(fields, [None, None])
            if isinstance(part.right.value, int | float):
                bounds[part.by in (Operator.LT, Operator.LE)] = part.right.value
    return [Aim(fields, low, high) for fields, (low, high) in found.items()]


class Choice:
    """A search for one plan among `candidates`, which names the rows for each slot in their order."""

    def __init__(
        self, problem: PlanProblem, tables: Tables, candidates: Mapping[str, Sequence[Scalar]]
    ) -> None:
        self.problem = problem
        self.tables = tables
        self.evaluator = Evaluator(problem, tables)
        every = [part for rule in problem.rules for part in parts(rule.formula)]
        self.alone = {s.name: [p for p in every if slots_of(p) == {s.name}] for s in problem.slots}
        self.joint = [p for p in every if len(slots_of(p)) > 1]
        self.fits = {slot: self._fitting(slot, keys) for slot, keys in candidates.items()}
        self.order = sorted(self.fits, key=lambda slot: len(self.fits[slot]))
        """The narrowest place first."""
        self._left = MAX_TRIES

    def _fitting(self, slot: str, keys: Sequence[Scalar]) -> list[Scalar]:
        """Rows that the rules about this place alone allow, the best for its total first."""
        alone = self.alone[slot]
        fits = [k for k in keys if all(self.evaluator.holds(p, {slot: k}) for p in alone)]
        for aim in aims(self.problem):
            field = next((field for field in aim.fields if field.slot == slot), None)
            if field is not None:
                worth = {k: self.evaluator.value(field, {slot: k}) for k in fits}
                return sorted(fits, key=lambda k: aim.distance(float(worth[k] or 0)))
        return fits

    def plan(self) -> Plan | None:
        """A plan that keeps every rule; None if none is found soon."""
        return self._filled({}) if all(self.fits.values()) else None

    def _filled(self, plan: Plan) -> Plan | None:
        if len(plan) == len(self.order):
            return plan
        slot = self.order[len(plan)]
        for key in self.fits[slot]:
            self._left -= 1
            if self._left < 0:
                return None
            more = {**plan, slot: key}
            decided = [p for p in self.joint if slot in slots_of(p) and slots_of(p) <= more.keys()]
            if all(self.evaluator.holds(part, more) for part in decided):
                found = self._filled(more)
                if found is not None:
                    return found
        return None
