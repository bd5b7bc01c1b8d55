"""Three readings of plan constraints agree: the verifier's, the exact counter's and CP-SAT's."""

from itertools import product
from random import Random

import pytest

from synth.general.plan.counting import PlanCounter, TooMany
from synth.general.plan.model import PlanModel
from synth.general.plan.solved import Plan
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


def _shop(prices: list[int]) -> tuple[PlanProblem, Tables]:
    rows: list[Row] = [{"id": f"i{n}", "price": price} for n, price in enumerate(prices)]
    slots = tuple(Slot(name=f"s{n}", table="item") for n in range(6))
    return PlanProblem(slots=slots, rules=()), Tables({"item": Table("id", rows)})


def _total_at_most(problem: PlanProblem, bound: int) -> Rule:
    prices = tuple(Field(slot=slot.name, path=("price",)) for slot in problem.slots)
    total = Compare(left=Sum(terms=prices), by=Operator.LE, right=Const(value=bound))
    return Rule(id="total", formula=total)


def test_counts_beyond_64_bits_are_exact() -> None:
    problem, tables = _shop([0, 1, 2] * 1400)
    classes = sum(1 for prices in product(range(3), repeat=6) if sum(prices) <= 5)
    found = PlanCounter(problem, tables).count([_total_at_most(problem, 5)])
    assert found == classes * 1400**6 > 2**64


def test_a_count_that_would_not_fit_gives_up() -> None:
    problem, tables = _shop(list(range(400)))
    different = AllDifferent(terms=tuple(Field(slot=slot.name) for slot in problem.slots))
    rules = (Rule(id="different", formula=different), _total_at_most(problem, 1000))
    with pytest.raises(TooMany):
        PlanCounter(problem, tables).count(rules)


def test_a_search_repeats_itself() -> None:
    problem, tables = random_problem(Random(3))
    first = PlanModel(problem, tables).plans(limit=5)
    assert PlanModel(problem, tables).plans(limit=5) == first
