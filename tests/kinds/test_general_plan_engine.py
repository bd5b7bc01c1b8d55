"""Three readings of plan constraints agree: the verifier's, the exact counter's and CP-SAT's."""

from itertools import product
from random import Random

import pytest

from synth.general.plan.counting import PlanCounter, TooMany
from synth.general.plan.model import Plan, PlanModel
from tests.kinds.general_plan_cases import random_problem
from verifiers.general.constraints import (
    AllDifferent,
    Compare,
    Const,
    Field,
    Operator,
    PlanProblem,
    Rule,
    Slot,
    Sum,
)
from verifiers.general.evaluate import Evaluator
from verifiers.general.tables import Row, Table, Tables

SEEDS = range(120)


def every_plan(problem: PlanProblem, tables: Tables) -> list[Plan]:
    names = [slot.name for slot in problem.slots]
    keys = [tables.keys(slot.table) for slot in problem.slots]
    return [dict(zip(names, chosen, strict=True)) for chosen in product(*keys)]


@pytest.mark.parametrize("seed", SEEDS)
def test_all_three_find_the_same_plans(seed: int) -> None:
    problem, tables = random_problem(Random(seed))
    evaluator = Evaluator(problem, tables)
    right = [plan for plan in every_plan(problem, tables) if evaluator.solves(plan)]
    found = PlanModel(problem, tables).plans(limit=100_000)
    assert found.complete
    assert sorted(map(str, found.plans)) == sorted(map(str, right))
    assert PlanCounter(problem, tables).count(problem.rules) == len(right)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rule_is_refuted_alone_exactly_where_a_plan_breaks_it_alone(seed: int) -> None:
    problem, tables = random_problem(Random(seed))
    evaluator = Evaluator(problem, tables)
    broken = [evaluator.broken(plan) for plan in every_plan(problem, tables)]
    model = PlanModel(problem, tables)
    for rule in problem.rules:
        plan = model.breaking_only(rule.id)
        assert (plan is not None) == ([rule.id] in broken)
        if plan is not None:
            assert evaluator.broken(plan) == [rule.id]


def _shop(num_rows: int) -> tuple[PlanProblem, Tables]:
    rows: list[Row] = [{"id": f"i{n}", "price": n} for n in range(num_rows)]
    slots = tuple(Slot(name=f"s{n}", table="item") for n in range(6))
    return PlanProblem(slots=slots, rules=()), Tables({"item": Table("id", rows)})


def test_counts_beyond_64_bits_are_exact() -> None:
    problem, tables = _shop(3000)
    cheap = Compare(left=Field(slot="s0", path=("price",)), by=Operator.LT, right=Const(value=7))
    both = Compare(left=Field(slot="s1"), by=Operator.NE, right=Field(slot="s2"))
    counter = PlanCounter(problem, tables)
    rules = (Rule(id="cheap", formula=cheap), Rule(id="both", formula=both))
    assert counter.count(rules) == 7 * (3000 * 2999) * 3000**3
    assert counter.well_formed() == 3000**6


def test_a_count_that_would_not_fit_gives_up() -> None:
    problem, tables = _shop(400)
    slots = [Field(slot=slot.name) for slot in problem.slots]
    prices = [Field(slot=slot.name, path=("price",)) for slot in problem.slots]
    total = Compare(left=Sum(terms=tuple(prices)), by=Operator.LE, right=Const(value=1000))
    rules = (
        Rule(id="different", formula=AllDifferent(terms=tuple(slots))),
        Rule(id="total", formula=total),
    )
    with pytest.raises(TooMany):
        PlanCounter(problem, tables).count(rules)


def test_a_search_repeats_itself() -> None:
    problem, tables = random_problem(Random(3))
    first = PlanModel(problem, tables).plans(limit=5)
    assert PlanModel(problem, tables).plans(limit=5) == first
