"""Rules for a plan, one after the other, until it is as hard as its level asks.

As in the report's workflow a task starts simple and is made harder step by step: a level has more
groups, more families of rules, more rules and a lower share of plans that satisfy them. The share is
followed on a population while rules are added and counted exactly at the end.
"""

from dataclasses import dataclass
from math import log, sqrt
from random import Random
from typing import NamedTuple

from envs.general.compiler import Compiled
from envs.general.domain import Plan
from synth.general.plan.clauses import (
    Bands,
    Clause,
    Either,
    Every,
    Legs,
    NoRepeat,
    OnPlace,
    Total,
    Trend,
    Variety,
    Versus,
    When,
    Within,
)
from synth.general.plan.counting import Counted, PlanCounter, TooMany
from synth.general.plan.population import Population
from synth.general.plan.propose import Proposer
from synth.general.plan.shape import Shape
from verifiers.general.constraints import Formula, Scalar


class Level(NamedTuple):
    """`low` and `high` bound the share of right plans, as what one slot contributes to it.

    With six slots and a `high` of 0.1, at most one well-formed plan in a million is right.
    """

    low: float
    high: float
    fewest: int
    most: int
    """Rules, those against repetition not counted."""
    places: int
    """Slots that a plan should not have more of, if it may have fewer groups."""

    def share(self, num_slots: int) -> tuple[float, float]:
        """Bounds of the share of right plans among all that are well formed."""
        return self.low**num_slots, self.high**num_slots


LEVELS = {
    1: Level(0.3, 0.65, 2, 3, 4),
    2: Level(0.2, 0.38, 3, 5, 5),
    3: Level(0.12, 0.25, 4, 7, 5),
    4: Level(0.06, 0.15, 6, 10, 6),
    5: Level(0.0, 0.1, 7, 14, 6),
}
CANDIDATES, DRAWS = 6, 20
"""Wanted for each rule, and draws that are made for them."""

MAX_BARREN = 15
"""Times that no candidate fits before a problem is given up."""

LEAST_SHARE, MOST_SHARE = 0.02, 0.85
"""Shares of the plans so far that a rule may leave: no rule does everything, none does nothing."""

SURE = 0.7
"""The population's share is an estimate: one that is this much below the bound is counted."""

REPETITION_BARRED = 0.8
"""How often a plan may not use a row twice."""

MAX_WORK = 150_000
"""Partial plans that the count of a task may look at: more is a task that is slow to prove."""


@dataclass(frozen=True)
class Step:
    """One rule as it was added, and the share of plans that were left then, by the population."""

    clause: Clause
    formula: Formula
    share: float
    part: int
    """Number of its first part in the population."""


@dataclass(frozen=True)
class Grown:
    shape: Shape
    steps: tuple[Step, ...]
    count: Counted
    well_formed: int
    solution: dict[str, Scalar]
    near: tuple[dict[str, Scalar], ...]
    """For each step a plan that breaks just its rule."""


def groups_at(plan: Plan, level: int) -> int:
    """How many groups a plan has at a level: from the fewest to the most, within its slots."""
    low, high = plan.count
    grouped = sum(slot.grouped for slot in plan.slots.values())
    room = (LEVELS[level].places - (len(plan.slots) - grouped)) // max(1, grouped)
    return max(low, min(low + round((high - low) * (level - 1) / 4), room))


def grow(compiled: Compiled, plan: Plan, level: int, rng: Random) -> Grown | str:
    """A problem of this level, or why there is none."""
    shape = Shape(compiled, plan, groups_at(plan, level))
    if any(not shape.tables.keys(place.table) for place in shape.places):
        return "nothing_to_pick"
    if any(slot.where is not None and slot.that is None for slot in plan.slots.values()):
        return "slot_unexplained"
    counter = PlanCounter(shape.problem, shape.tables, MAX_WORK)
    well_formed = counter.well_formed()
    wanted = LEVELS[level]
    low, high = wanted.share(len(shape.places))
    if well_formed * high < 1:
        return "too_few_plans"
    population = Population(counter.lowering, rng)
    growth = _Growth(shape, counter, population, rng, level)
    reason = growth.run()
    if reason:
        return reason
    near = tuple(population.breaking(step.part) for step in growth.steps)
    return Grown(shape, tuple(growth.steps), growth.count, well_formed, population.member(0), near)


class _Growth:
    def __init__(
        self,
        shape: Shape,
        counter: PlanCounter,
        population: Population,
        rng: Random,
        level: int,
    ) -> None:
        self.shape = shape
        self.counter = counter
        self.population = population
        self.wanted = LEVELS[level]
        self.low, self.high = self.wanted.share(len(shape.places))
        self.proposer = Proposer(shape, population, rng, level)
        self.steps: list[Step] = []
        self.share = 1.0
        self.count = Counted(0, 0)
        self._parts = 0
        self._rng = rng
        self._said: set[object] = set()
        self._rules = rng.randint(self.wanted.fewest, self.wanted.most)
        self._goal = sqrt(max(self.low, 2 / counter.well_formed()) * self.high)

    def run(self) -> str:
        """Empty if the problem is as wanted."""
        for places in self.shape.kinds.values():
            if self._rng.random() < REPETITION_BARRED:
                self._add(NoRepeat(places))
        own, barren = len(self.steps), 0
        while barren < MAX_BARREN:
            rules = len(self.steps) - own
            if rules >= self._rules and self.share <= SURE * self.high:
                reason = self._settled()
                if reason != "too_many":
                    return reason
            if rules >= self.wanted.most:
                return "too_loose"
            needed = min(1.0, self._goal / self.share) ** (1 / max(1, self._rules - rules))
            self.proposer.draw.wanted = needed
            if not any(self._add(clause) for clause in self._candidates(needed)):
                barren += 1
        return "no_more_rules"

    def _candidates(self, needed: float) -> list[Clause]:
        """Some rules that could be next, that which leaves nearest to the share needed first."""
        found: list[tuple[float, int, Clause]] = []
        for number in range(DRAWS):
            if len(found) == CANDIDATES:
                break
            clause = self.proposer.propose()
            if clause is None or _about(clause) in self._said or self._too_often(clause):
                continue
            if self._settles(clause):
                continue
            left = float(self.population.holding(clause.formula()).mean())
            if LEAST_SHARE <= left <= MOST_SHARE and self.share * left >= self.low:
                found.append((abs(log(left / needed)), number, clause))
        return [clause for _, _, clause in sorted(found, key=lambda entry: entry[:2])]

    def _settles(self, clause: Clause) -> bool:
        """True if one rule says outright what another asks about: "is red", "if it is red"."""
        told = [_told(step.clause) for step in self.steps]
        fixed, asked = _told(clause)
        return any(fixed & others or asked & own for own, others in told)

    def _too_often(self, clause: Clause) -> bool:
        same = sum(1 for step in self.steps if type(step.clause) is type(clause))
        most = max(2, self._rules // (2 if isinstance(clause, OnPlace) else 3))
        return same >= (1 if isinstance(clause, Trend | Variety) else most)

    def _add(self, clause: Clause) -> bool:
        formula = clause.formula()
        left = float(self.population.holding(formula).mean())
        parts = clause.branches() if isinstance(clause, Bands) else (formula,)
        if not self.population.restrict(*parts):
            return False
        self._said.add(_about(clause))
        self.share *= left
        self.steps.append(Step(clause, formula, self.share, self._parts))
        self._parts += len(parts)
        return True

    def _settled(self) -> str:
        try:
            self.count = self.counter.bounds(step.formula for step in self.steps)
        except TooMany:
            return "too_many"
        share = self.count.high / self.counter.well_formed()
        if share > self.high:
            return "too_many"
        return "" if share >= self.low else "too_tight"


def _about(clause: Clause) -> object:
    """What a clause speaks of: no two rules of a task speak of the same."""
    kind = type(clause).__name__
    match clause:
        case When():
            return kind, _about(clause.given), _about(clause.then)
        case Either():
            return kind, clause.first.attribute.path
        case Bands():
            return kind, clause.attribute.path, clause.limited.path
        case OnPlace():
            return kind, clause.place.slot, clause.attribute.path
        case Versus():
            return kind, frozenset((clause.first.slot, clause.second.slot)), clause.attribute.path
        case Total():
            return kind, len(clause.groups), clause.attribute.path
        case Within():
            return kind, clause.first.path, clause.second.path
        case NoRepeat():
            return kind, clause.places
        case Legs():
            return kind, clause.column.name
        case _:
            return kind, clause.places, clause.attribute.path


Told = frozenset[tuple[str, tuple[str, ...]]]
"""Slots, and paths from their rows."""


def _told(clause: Clause) -> tuple[Told, Told]:
    """What a clause says outright of a place, and what it makes other things depend on."""
    match clause:
        case OnPlace():
            return frozenset([(clause.place.slot, clause.attribute.path)]), frozenset()
        case Every():
            said = ((place.slot, clause.attribute.path) for place in clause.places)
            return frozenset(said), frozenset()
        case When():
            given = clause.given
            return frozenset(), frozenset([(given.place.slot, given.attribute.path)])
        case Bands():
            return frozenset(), frozenset([(clause.place.slot, clause.attribute.path)])
        case _:
            return frozenset(), frozenset()
