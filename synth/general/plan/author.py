"""Writes a plan task: a problem of some level in a world, its text, its witness."""

import json
from random import Random

from pydantic import JsonValue

from data.hashing import content_hash
from data.record import Record
from data.task import Hidden, Language, Script
from envs.general.compiler import Compiled
from envs.general.domain import Plan
from synth.general.plan.chinese import Chinese
from synth.general.plan.compose import prompt
from synth.general.plan.english import English
from synth.general.plan.ladder import Grown, grow
from synth.general.plan.survey import reading
from synth.general.transact.goals import Unfit
from synth.general.written import Written
from verifiers.general.constraints import PlanProblem, Rule, Scalar
from verifiers.general.evaluate import Evaluator
from verifiers.general.form import Items, Object, example
from verifiers.general.plan import FAMILY, PlanSpec
from verifiers.general.tables import Tables

DRAWS = 3
"""Problems that are tried while choosing nothing solves them."""
MAX_READS = 150
"""Calls that it may take to read everything."""


class History(Record):
    """One step of the ladder: which family of rules, and the share of plans it left."""

    family: str
    share: float


class PlanProof(Record):
    """`Hidden.proof` of a plan task."""

    family: str = FAMILY
    solution: dict[str, Scalar]
    near: dict[str, dict[str, Scalar]]
    """For each rule a plan that breaks it and no other."""
    low: int
    high: int
    """The number of right plans, or the bounds it lies between."""
    well_formed: int
    history: tuple[History, ...]


def write(world: Compiled, level: int, rng: Random) -> Written:
    """A task of `level` in `world`. Raises `Unfit`."""
    plan = world.domain.plans[rng.choice(sorted(world.domain.plans))]
    grown, problem = _problem(world, plan, level, rng)
    shape = grown.shape
    clauses = tuple(step.clause for step in grown.steps)
    messages = prompt(shape, clauses, tuple(rule.text for rule in problem.rules), rng)
    reference = answer(shape.form, shape.shown(grown.solution))
    spec = PlanSpec(plan=plan.name, problem=problem, form=shape.form)
    calls = reading(world, problem, shape.tables)
    if len(calls) > MAX_READS:
        raise Unfit("too_much_to_read")
    return Written(
        messages=messages,
        hidden=Hidden(
            verifier=spec.model_dump(mode="json"),
            reference=reference,
            witness=Script(calls=calls, answer=json.dumps(reference, ensure_ascii=False)),
            proof=_proof(grown, problem).model_dump(mode="json"),
        ),
        measures=measures(problem, shape.tables, grown, len(calls)),
        fingerprint=content_hash(
            [world.domain.name, world.variant.model_dump_json(), world.seed, _identity(problem)]
        ),
    )


def _problem(world: Compiled, plan: Plan, level: int, rng: Random) -> tuple[Grown, PlanProblem]:
    """A problem that takes thought, with its rules in words. Raises `Unfit`."""
    for _ in range(DRAWS):
        grown = grow(world, plan, level, rng)
        if isinstance(grown, str):
            raise Unfit(grown)
        shape = grown.shape
        zh = world.variant.language is Language.ZH
        words = Chinese(shape) if zh else English(shape)
        rules = (
            Rule(id=f"rule {n}", formula=step.formula, text=words.sentence(step.clause))
            for n, step in enumerate(grown.steps, start=1)
        )
        problem = shape.problem.also(*rules)
        if not first_rows_do(problem, shape.tables):
            return grown, problem
    raise Unfit("first_rows_do")


def first_rows_do(problem: PlanProblem, tables: Tables) -> bool:
    """True if the first row of every table makes a right plan, so that nobody has to choose."""
    first = {slot.name: tables.keys(slot.table)[0] for slot in problem.slots}
    return Evaluator(problem, tables).solves(first)


def answer(form: Object | Items, shown: dict[str, str]) -> JsonValue:
    """The JSON that hands a plan in."""
    return example(form, dict(shown))


def _proof(grown: Grown, problem: PlanProblem) -> PlanProof:
    return PlanProof(
        solution=grown.solution,
        near={rule.id: plan for rule, plan in zip(problem.rules, grown.near, strict=True)},
        low=grown.count.low,
        high=grown.count.high,
        well_formed=grown.well_formed,
        history=tuple(
            History(family=type(step.clause).__name__, share=step.share) for step in grown.steps
        ),
    )


def _identity(problem: PlanProblem) -> JsonValue:
    """The problem without its wording."""
    rules: list[JsonValue] = [rule.formula.model_dump(mode="json") for rule in problem.rules]
    return [[slot.name for slot in problem.slots], sorted(rules, key=json.dumps)]


def measures(
    problem: PlanProblem, tables: Tables, grown: Grown, num_calls: int
) -> dict[str, float]:
    """What makes the task hard, in numbers."""
    return {
        "slots": float(len(problem.slots)),
        "rules": float(len(problem.rules)),
        "rows": float(sum(len(tables.keys(t)) for t in {s.table for s in problem.slots})),
        "solutions": float(grown.count.high),
        "counted_exactly": float(grown.count.exact),
        "density": grown.count.high / grown.well_formed,
        "witness_calls": float(num_calls),
    }
