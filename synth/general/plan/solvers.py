"""Scripted solvers of plan problems, from none to exact; they measure how hard a task is.

A solver is given the rules as the request states them, and rows that were read through the tools.
It knows nothing of the task's solution.
"""

import json
from collections.abc import Callable, Mapping
from random import Random

import numpy as np

from envs.base import Baseline
from envs.general.compiler import Compiled
from synth.general.plan.lowering import Conjunct, Lowering
from synth.general.plan.population import holds
from synth.general.plan.solved import Plan
from synth.general.plan.survey import read_tables, seen_tables, tables_needed
from verifiers.general.constraints import PlanProblem, slots_of
from verifiers.general.form import example
from verifiers.general.plan import PlanSpec
from verifiers.general.tables import Tables
from verifiers.general.worlds import plan_tables

Solver = Callable[[PlanProblem, Tables, Random], Plan]

MAX_REPAIRS = 60
"""Changes of one pick that `repair` makes before it gives up."""


def pick_at_random(problem: PlanProblem, tables: Tables, rng: Random) -> Plan:
    """Any row in every slot."""
    return {slot.name: rng.choice(tables.keys(slot.table)) for slot in problem.slots}


def pick_greedily(problem: PlanProblem, tables: Tables, rng: Random) -> Plan:
    """Slot by slot a row that breaks the fewest rules that can be judged by then; twice over."""
    search = _Search(problem, tables, rng)
    search.fill()
    search.revise()
    return search.plan()


def repair(problem: PlanProblem, tables: Tables, rng: Random) -> Plan:
    """`pick_greedily`, then any pick changed for the best, again and again."""
    search = _Search(problem, tables, rng)
    search.fill()
    search.revise()
    search.repair()
    return search.plan()


def solve(problem: PlanProblem, tables: Tables, rng: Random) -> Plan:
    """A plan that keeps every rule, by CP-SAT; any plan if there is none."""
    from synth.general.plan.model import PlanModel

    found = PlanModel(problem, tables).plans(limit=1).plans
    return found[0] if found else pick_at_random(problem, tables, rng)


SOLVERS: Mapping[str, Solver] = {
    "random": pick_at_random,
    "greedy": pick_greedily,
    "greedy+repair": repair,
    "exact": solve,
}
"""From the weakest to the strongest."""


def play(world: Compiled, spec: PlanSpec, solver: Solver, rng: Random) -> Baseline:
    """An attempt: reads through the tools all that the rules speak of, plans, hands the plan in."""
    problem = spec.problem
    names = tables_needed(problem, plan_tables(world, spec.plan))
    rows = yield from read_tables(world, names)
    tables = seen_tables(world, problem, rows)
    plan = solver(problem, tables, rng)
    shown = {slot: tables.shown(problem.table_of(slot), key) for slot, key in plan.items()}
    return json.dumps(example(spec.form, dict(shown)), ensure_ascii=False)


class _Search:
    """A plan in the making, by row numbers; every row of a slot is judged at once."""

    def __init__(self, problem: PlanProblem, tables: Tables, rng: Random) -> None:
        lowering = Lowering(problem, tables)
        self.rng = rng
        self.keys = {slot.name: tables.keys(slot.table) for slot in problem.slots}
        self.rules: list[tuple[frozenset[str], tuple[Conjunct, ...]]] = [
            (slots_of(rule.formula), lowering.conjuncts(rule.formula)) for rule in problem.rules
        ]
        self.rows: dict[str, int] = {}

    def plan(self) -> Plan:
        return {slot: self.keys[slot][row] for slot, row in self.rows.items()}

    def fill(self) -> None:
        for slot in self.keys:
            self._choose(slot, {*self.rows, slot})

    def revise(self) -> None:
        """Every slot once more, now that the others are filled."""
        for slot in self.keys:
            self._choose(slot, set(self.keys))

    def repair(self) -> None:
        slots = list(self.keys)
        for _ in range(MAX_REPAIRS):
            if self._choose(self.rng.choice(slots), set(slots)) == 0:
                return

    def _choose(self, slot: str, known: set[str]) -> int:
        """One of the best rows for `slot`; returns how many rules the plan then breaks."""
        broken = self._broken(slot, known)
        least = int(broken.min())
        self.rows[slot] = self.rng.choice(np.flatnonzero(broken == least).tolist())
        return least

    def _broken(self, slot: str, known: set[str]) -> "np.typing.NDArray[np.int64]":
        """For each row of `slot`: how many rules about `known` slots the plan then breaks."""
        size = len(self.keys[slot])
        rows = {name: np.full(size, at) for name, at in self.rows.items()}
        rows[slot] = np.arange(size)
        broken = np.zeros(size, dtype=np.int64)
        for scope, trees in self.rules:
            if scope <= known:
                kept = np.ones(size, dtype=np.bool_)
                for tree in trees:
                    kept &= holds(tree, rows)
                broken += ~kept
        return broken
