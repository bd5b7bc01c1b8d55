"""Plan tasks: they are proved, they read back, they are hard in the order of their levels."""

import asyncio
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import product

import pytest

from agents.loop import Limits
from agents.policies import drive
from data.hashing import derive_rng
from data.task import Author, Language, Script, Task, TaskKind, ToolCall
from data.trajectory import Observation, StopReason, Trajectory, Verdict
from envs.base import Baseline, open_env
from envs.general.compiler import Compiled, compile_shipped, load_spec
from envs.general.kinds import Kind
from envs.general.variant import Style, Variant, draw_variant
from synth.certify import Certifier
from synth.general import generate, parts
from synth.general.plan import solvers
from synth.general.plan.bounds import rounded
from synth.general.plan.counting import PlanCounter
from synth.general.plan.ladder import LEVELS, Grown, grow
from synth.general.plan.population import NEAR, Population
from synth.general.plan.solvers import SOLVERS
from synth.general.plan.survey import read_tables, tables_needed
from synth.replay import Replayer
from synth.request import Rejection, Request
from verifiers import verify
from verifiers.general.constraints import Compare, Const, Field, Implies, Member, Rule, walk
from verifiers.general.evaluate import Evaluator
from verifiers.general.plan import plan_spec
from verifiers.general.worlds import plan_tables

PLANS = (("city_library", "reading_list"), ("hotel_desk", "tour"), ("meal_planning", "menu"))


def request(domain: str, language: Language, level: int) -> Request:
    options = {"domain": domain, "family": "plan", "difficulty": level}
    return Request(
        kind=TaskKind.GENERAL,
        seed=3,
        language=language,
        author=Author.PROGRAM,
        options=dict(options),
    )


@cache
def made(domain: str, language: Language, level: int) -> Task:
    """The first task there is."""
    wanted = request(domain, language, level)
    bodies = (generate(wanted, index) for index in range(40))
    return Task.of(next(body for body in bodies if not isinstance(body, Rejection)))


def tasks() -> Iterator[Task]:
    for language in Language:
        for domain, _ in PLANS:
            for level in (1, 3, 5):
                yield made(domain, language, level)


def play(task: Task, script: Script) -> Verdict:
    async def run() -> Trajectory:
        async with open_env(task.public()) as (env, _):
            for call in script.calls:
                observation = await env.call(call)
                assert not observation.error, observation.text
            return Trajectory(
                task_id=task.id,
                turns=(),
                answer=script.answer,
                stop=StopReason.ANSWERED,
                state=env.state(),
            )

    return verify(task, asyncio.run(run()))


def compiled(domain: str, number: int = 0, seed: int = 1) -> Compiled:
    return compile_shipped(domain, draw_variant(load_spec(domain), number, Language.EN), seed)


def test_certificates_hold() -> None:
    with Replayer() as replayer:
        certifier = Certifier(replayer)
        for task in tasks():
            certificate = certifier.certify(task, every_check=True)
            assert certificate.passed, (task.id, certificate.failures)
            counted = {check.name: check.evidence.get("judged", 0) for check in certificate.checks}
            assert counted["alternatives"] >= 20
            assert counted["mutants"] >= len(plan_spec(task).problem.rules)


def test_the_same_request_gives_the_same_task() -> None:
    wanted = request("hotel_desk", Language.ZH, 3)
    assert generate(wanted, 5) == generate(wanted, 5)


@pytest.mark.parametrize("level", LEVELS)
def test_the_share_of_right_plans_is_within_its_level(level: int) -> None:
    for domain, _ in PLANS:
        measures = made(domain, Language.EN, level).difficulty.measures
        low, high = LEVELS[level].share(int(measures["slots"]))
        assert low <= measures["density"] <= high


def test_every_bound_of_a_rule_is_stated() -> None:
    """Numbers that a rule compares with stand in its sentence, and the sentence in the prompt."""
    for task in tasks():
        for rule in plan_spec(task).problem.rules:
            assert rule.text in task.prompt[-1].content
            stated = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", rule.text)}
            if "average" in rule.text or "平均" in rule.text:
                continue
            words = rule.text.split()
            for value in _numbers(rule):
                said = value in stated or _in_words(value, words, rule.text)
                assert said, (value, rule.text)


def _numbers(rule: Rule) -> Iterator[float]:
    for node in walk(rule.formula):
        values = (node.value,) if isinstance(node, Const) else ()
        values = node.values if isinstance(node, Member) else values
        for value in values:
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield float(value)


def _in_words(value: float, words: list[str], text: str) -> bool:
    if value != int(value) or not 0 < value < 11:
        return False
    english = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return english[int(value) - 1] in words or "一两三四五六七八九十"[int(value) - 1] in text


def test_requests_hold_no_other_language() -> None:
    for task in tasks():
        text = "\n".join(message.content for message in task.prompt)
        chinese = bool(re.search("[\u4e00-\u9fff]", text))
        assert chinese == (task.language is Language.ZH)
        assert "None" not in text
        assert not re.search(r"[{}]\w+[{}]|\bthe the\b|\ba an\b|  |。。|\.\.", text.split("\n[")[0])


def test_a_plan_that_changes_the_world_is_wrong() -> None:
    task = made("city_library", Language.EN, 1)
    world = compile_shipped(
        "city_library", Variant.model_validate(task.env.parameters["variant"]), 1
    )
    witness = task.hidden.witness
    assert play(task, witness).score == 1.0
    seed = task.env.parameters["seed"]
    assert isinstance(seed, int)
    world = compile_shipped("city_library", world.variant, seed)
    owing = next(row for row in world.rows.tables["member"].values() if _owes(row["fines"]))
    pay = ToolCall(name="pay_fines", arguments={"member_id": owing["id"], "amount": 0.5})
    verdict = play(task, Script(calls=(*witness.calls, pay), answer=witness.answer))
    assert verdict.score == 0.0
    assert [check.name for check in verdict.checks if not check.passed] == ["unchanged"]


def _owes(fines: object) -> bool:
    return isinstance(fines, int | float) and fines >= 1


def test_the_verdict_names_the_rules_that_are_broken() -> None:
    task = made("hotel_desk", Language.EN, 3)
    spec = plan_spec(task)
    world = compiled_of(task)
    tables = plan_tables(world, spec.plan)
    evaluator = Evaluator(spec.problem, tables)
    rng = derive_rng("any")
    plan = SOLVERS["random"](spec.problem, tables, rng)
    value = json.loads(task.hidden.witness.answer)
    for item in value:
        item["room"] = plan[f"couple{item['couple']}.room"]
    verdict = play(task, Script(calls=(), answer=json.dumps(value)))
    failed = [check.name for check in verdict.checks if not check.passed]
    assert failed == evaluator.broken(plan) != []


def compiled_of(task: Task) -> Compiled:
    given = task.env.parameters
    assert isinstance(given["seed"], int)
    variant = Variant.model_validate(given["variant"])
    return compile_shipped(str(given["domain"]), variant, given["seed"])


@pytest.mark.parametrize("level", [1, 5])
def test_the_exact_solver_solves_through_the_tools(level: int) -> None:
    """What the request states and the tools show is enough."""
    for domain, _ in PLANS:
        task = made(domain, Language.ZH, level)
        spec = plan_spec(task)
        baseline = solvers.play(compiled_of(task), spec, solvers.solve, derive_rng(level))

        async def attempt(task: Task = task, baseline: Baseline = baseline) -> Trajectory:
            async with open_env(task.public()) as (env, _):
                return await drive(task.id, env, baseline, Limits(max_turns=400, max_calls=400))

        assert verify(task, asyncio.run(attempt())).score == 1.0


def test_no_rule_is_dead() -> None:
    """Each rule dropped from the verifier lets a stored answer through that it kept out."""
    for task in tasks():
        spec = plan_spec(task)
        tables = plan_tables(compiled_of(task), spec.plan)
        near = task.hidden.proof["near"]
        assert isinstance(near, dict)
        for rule in spec.problem.rules:
            plan = near[rule.id]
            assert isinstance(plan, dict)
            given = {slot: str(key) for slot, key in plan.items()}
            assert Evaluator(spec.problem, tables).broken(given) == [rule.id]
            assert Evaluator(spec.problem.without(rule.id), tables).solves(given)


def test_no_rule_asks_about_what_another_says_outright() -> None:
    """Not "must be red" of a place together with "if it is red"."""
    for task in tasks():
        rules = [rule.formula for rule in plan_spec(task).problem.rules]
        said = {rule.left for rule in rules if isinstance(rule, Compare)}
        parts = [part for rule in rules for part in walk(rule) if isinstance(part, Implies)]
        asked = {field for part in parts for field in walk(part.given) if isinstance(field, Field)}
        assert said.isdisjoint(asked)


def test_a_task_with_an_implied_rule_is_refused() -> None:
    task = made("hotel_desk", Language.EN, 3)
    verifier = dict(task.hidden.verifier)
    problem = plan_spec(task).problem
    twin = Rule(id="again", formula=problem.rules[0].formula)
    verifier["problem"] = problem.also(twin).model_dump(mode="json")
    hidden = task.hidden.model_copy(update={"verifier": verifier})
    complete = parts(task.model_copy(update={"hidden": hidden})).complete()
    assert complete.problem == "implied_rule"


@pytest.mark.parametrize("style", list(Style))
def test_a_survey_reads_what_the_world_holds(style: Style) -> None:
    """Whatever way of reading a world offers, the tools give all rows that the rules are about."""
    base = compiled("meal_planning", 3)
    styles = dict.fromkeys(base.domain.tables, style)
    world = compile_shipped("meal_planning", base.variant.model_copy(update={"styles": styles}), 2)
    grown = next(
        g
        for g in (grow(world, world.domain.plans["menu"], 2, derive_rng(n)) for n in range(20))
        if isinstance(g, Grown)
    )
    problem = grown.shape.problem.also(
        *(Rule(id=str(n), formula=step.formula) for n, step in enumerate(grown.steps))
    )
    names = tables_needed(problem, grown.shape.tables)
    reader, opened = read_tables(world, names), world.open()
    try:
        call = next(reader)
        while True:
            observation: Observation = world.reader.answer(
                world.reader.tools[call.name], call.arguments, opened
            )
            call = reader.send(observation)
    except StopIteration as end:
        found = end.value
    finally:
        opened.close()
    for name in names:
        rows = {str(row["id"]): row for row in found[name]}
        assert rows == {key: dict(row) for key, row in world.rows.tables[name].items()}


def test_stronger_solvers_do_better_and_higher_levels_are_harder() -> None:
    levels, solved, tried = (1, 3, 5), dict.fromkeys(product(SOLVERS, (1, 3, 5)), 0), 0
    for level, (domain, plan), number in product(levels, PLANS[:2], range(8)):
        world = compiled(domain, number)
        grown = grow(world, world.domain.plans[plan], level, derive_rng(level, number))
        if isinstance(grown, str):
            continue
        problem = grown.shape.problem.also(
            *(Rule(id=str(n), formula=step.formula) for n, step in enumerate(grown.steps))
        )
        evaluator = Evaluator(problem, grown.shape.tables)
        tried += 1
        for name, solver in SOLVERS.items():
            found = solver(problem, grown.shape.tables, derive_rng(name, level, number))
            solved[name, level] += evaluator.solves(found)
    assert sum(solved["exact", level] for level in levels) == tried >= 36
    assert solved["greedy+repair", 5] > solved["random", 5] == 0
    for level in levels:
        assert solved["random", level] <= solved["greedy", level] <= solved["greedy+repair", level]
        assert solved["greedy+repair", level] <= solved["exact", level]
    for name in ("random", "greedy", "greedy+repair"):
        assert solved[name, 1] >= solved[name, 3] >= solved[name, 5]


@pytest.mark.parametrize(("domain", "plan"), PLANS)
def test_a_population_satisfies_its_rules_and_keeps_each_broken_alone(
    domain: str, plan: str
) -> None:
    world = compiled(domain)
    grown = next(
        g
        for g in (grow(world, world.domain.plans[plan], 3, derive_rng(n)) for n in range(20))
        if isinstance(g, Grown)
    )
    shape = grown.shape
    formulas = [step.formula for step in grown.steps]
    problem = shape.problem.also(*(Rule(id=str(n), formula=f) for n, f in enumerate(formulas)))
    evaluator = Evaluator(problem, shape.tables)
    counter = PlanCounter(problem, shape.tables)
    population = Population(counter.lowering, derive_rng("population"))
    added = [n for n, formula in enumerate(formulas) if population.restrict(formula)]
    size = len(next(iter(population.rows.values()))) - NEAR * len(added)
    for number in range(0, size, 20):
        broken = set(evaluator.broken(population.member(number)))
        assert broken.isdisjoint(map(str, added))
    for at, n in enumerate(added):
        member = population.member(size + at * NEAR)
        assert set(evaluator.broken(member)) & set(map(str, added)) == {str(n)}


@pytest.mark.parametrize(("domain", "plan"), PLANS)
def test_rules_speak_only_of_what_every_row_has(domain: str, plan: str) -> None:
    world = compiled(domain)
    grown = grow(world, world.domain.plans[plan], 1, derive_rng(1))
    assert isinstance(grown, Grown)
    for place in grown.shape.places:
        for attribute in grown.shape.attributes(place.table):
            assert attribute.kind not in (Kind.TEXT, Kind.CODE, Kind.NAME)
            assert len(attribute.values) == len(grown.shape.tables.keys(place.table))


@pytest.mark.parametrize(
    ("value", "spread", "finest", "bound"),
    [(1237, 900, 1, 1200), (4.234, 1.5, 0.1, 4.2), (17.3, 20, 0.5, 18), (96.4, 3, 1, 96)],
)
def test_bounds_are_round(value: float, spread: float, finest: float, bound: float) -> None:
    assert rounded(value, spread, finest) == bound
