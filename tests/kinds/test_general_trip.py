"""Trip tasks: rules mean the same to every reader, counts are exact, certificates hold."""

import asyncio
import json
from collections.abc import Iterator
from itertools import product

import pytest

from data.hashing import derive_rng
from data.task import Author, JsonObject, Language, Task, TaskBody, TaskKind
from data.trajectory import StopReason, Trajectory
from envs.general.trip.compiled import Domain, TripVariant, compile_trip
from envs.general.trip.session import TripSession, open_trip
from envs.general.trip.size import Size
from synth.certify import Certifier
from synth.general.plan.solvers import SOLVERS
from synth.general.trip.compose import GROUPS
from synth.general.trip.count import TripCounter
from synth.general.trip.crowd import Climbers, Crowd
from synth.general.trip.frame import Frame, problem
from synth.general.trip.offer import Bounded, Draft, Wish
from synth.general.trip.survey import solve_by_tools
from synth.general.trip.wishes_day import REPORT_BANDS, bands_wish
from synth.replay import Replayer
from synth.request import kind_module, make_request
from verifiers import verify
from verifiers.general.evaluate import Evaluator
from verifiers.general.plan import plan_spec
from verifiers.general.tables import Table, Tables
from verifiers.general.trip import trip_tables_of

SMALL = TripVariant(size=Size(cities=4, hotels=3, restaurants=4, attractions=3))


def frame(
    domain: Domain = Domain.CHINA,
    language: Language = Language.EN,
    days: int = 2,
    variant: TripVariant = SMALL,
) -> Frame:
    return Frame(compile_trip(domain, variant, 7, language), days, away=domain is Domain.CHINA)


def wishes(of: Frame, seed: int = 0) -> Iterator[Wish]:
    """One wish of every maker that has one for this trip, bounds in the middle."""
    rng = derive_rng("wishes", seed)
    draft, crowd = Draft(of, rng), Crowd(of, rng)
    for makers, _ in GROUPS:
        for maker in makers:
            made = maker(draft)
            if isinstance(made, Bounded):
                values = sorted(crowd.values(made.term))
                middle = round(values[len(values) // 2] / made.step) * made.step
                made = made.at(middle)
            if made is not None:
                yield made


@pytest.mark.parametrize(("domain", "days"), [(Domain.CHINA, 3), (Domain.HELSINKI, 3)])
def test_both_readings_of_every_rule_agree(domain: Domain, days: int) -> None:
    trip = frame(domain, days=days)
    crowd = Crowd(trip, derive_rng("crowd"))
    tables = trip_tables_of(trip.compiled)
    for wish in wishes(trip):
        for rule in wish.rules:
            found = crowd.holding(rule.formula)
            evaluator = Evaluator(problem(trip, (rule,)), tables)
            for at in range(0, 600, 40):
                plan = {
                    slot.name: tables.keys(slot.table)[int(crowd.rows[slot.name][at])]
                    for slot in evaluator.problem.slots
                }
                assert evaluator.holds(rule.formula, plan) == found[at], rule.id
                assert not {"no_repeats", "in_city", "start"} & set(evaluator.broken(plan))


@pytest.mark.parametrize("away", [True, False])
def test_counts_are_those_of_trying_every_plan(away: bool) -> None:
    size = Size(cities=3, hotels=3, restaurants=4, attractions=3)
    trip = Frame(compile_trip(Domain.CHINA, TripVariant(size=size), 7, Language.EN), 2, away)
    counter = TripCounter(trip)
    every = [rule for wish in wishes(trip, seed=1) for rule in wish.rules]
    chosen = every[:: len(every) // 5]
    evaluator = Evaluator(problem(trip, ()), trip_tables_of(trip.compiled))
    right = list(_plans(trip))
    assert all(evaluator.solves(plan) for plan in right[::97])
    assert counter.count(()) == len(right)
    for rule in chosen:
        kept = [plan for plan in right if evaluator.holds(rule.formula, plan)]
        assert counter.count([rule.formula]) == len(kept), rule.id
        assert counter.count([rule.formula, chosen[0].formula]) == sum(
            evaluator.holds(chosen[0].formula, plan) for plan in kept
        ), rule.id


def _plans(trip: Frame) -> Iterator[dict[str, str]]:
    """Every trip of two days: cities in an order that may be, places within, two restaurants."""
    rows = trip.compiled.tables
    days = []
    for city in rows["city"].rows:
        here = {
            t: [str(r["name"]) for r in rows[t].rows if r["city"] == city["name"]]
            for t in ("hotel", "restaurant", "attraction")
        }
        days += [
            (str(city["name"]), *rest)
            for rest in product(
                here["hotel"], here["restaurant"], here["attraction"], here["restaurant"]
            )
            if rest[1] != rest[3]
        ]
    names = ("city", "hotel", "lunch", "sight", "dinner")
    for both in product(days, repeat=trip.num_days):
        first, second = both[0][0], both[1][0]
        if first == second or (trip.home in (first, second) if trip.away else first != trip.home):
            continue
        yield {
            f"day{d}.{name}": value
            for d, day in enumerate(both, start=1)
            for name, value in zip(names, day, strict=True)
        }


def test_wishes_read_well_in_both_languages_and_mean_the_same() -> None:
    for domain in Domain:
        pairs = zip(
            *(list(wishes(frame(domain, language, 3), seed=2)) for language in Language),
            strict=True,
        )
        for english, chinese in pairs:
            assert [r.id for r in english.rules] == [r.id for r in chinese.rules]
            assert english.text[0].isupper()
            assert english.text[-1] == "."
            assert chinese.text[-1] == "。"
            assert not any("\u4e00" <= c <= "\u9fff" for c in english.text)
            assert "{" not in english.text + chinese.text
            assert "None" not in english.text + chinese.text


def test_a_price_on_a_border_belongs_to_the_band_above() -> None:
    trip = frame(days=2, variant=TripVariant(size=Size(cities=8)))
    rules = {rule.id: rule for rule in bands_wish(Draft(trip, derive_rng(0)), REPORT_BANDS).rules}
    hotel = dict(trip.rows("hotel")[0])
    sight = {**trip.rows("attraction")[0], "ticket_price": 150}
    meal = {**trip.rows("restaurant")[0], "rating": 4.5, "price": 50}
    expected = {199: {"not_below_day2"}, 200: set(), 499: set(), 500: set(), 799: set()}
    for price, broken in {**expected, 800: {"luxury_day2"}}.items():
        changed = {"hotel": {**hotel, "price": price}, "attraction": sight, "restaurant": meal}
        tables = Tables({name: Table("name", (row,)) for name, row in changed.items()})
        evaluator = Evaluator(problem(trip, tuple(rules.values())), tables)
        plan = {
            "day2.hotel": str(hotel["name"]),
            "day2.sight": str(sight["name"]),
            "day2.lunch": str(meal["name"]),
            "day2.dinner": str(meal["name"]),
        }
        found = {i for i, rule in rules.items() if not evaluator.holds(rule.formula, plan)}
        assert found == broken, price


@pytest.mark.parametrize(("domain", "language"), [(d, la) for d in Domain for la in Language])
def test_the_exact_policy_solves_by_what_the_tools_tell(domain: Domain, language: Language) -> None:
    task = Task.of(made(language, {"domain": domain.value, "difficulty": 2}, index=1))
    proof = task.hidden.proof
    trip = Frame(
        open_trip(task.public()), len(json.loads(task.hidden.witness.answer)), bool(proof["away"])
    )
    desk, rules = TripSession(trip.compiled), plan_spec(task).problem
    policy = solve_by_tools(trip, rules, SOLVERS["exact"], derive_rng("exact"))
    calls = []
    try:
        call = next(policy)
        while True:
            calls.append(call)
            call = policy.send(asyncio.run(desk.call(call)))
    except StopIteration as done:
        answer = str(done.value)
    ended = Trajectory(
        task_id=task.id,
        turns=(),
        answer=answer,
        stop=StopReason.ANSWERED,
        state=desk.state(),
    )
    verdict = verify(task, ended)
    assert verdict.score == 1.0, [c for c in verdict.checks if not c.passed]
    unsaid = ended.model_copy(update={"answer": "Done."})
    assert verify(task, unsaid).score == 0.0
    unsubmitted = ended.model_copy(update={"state": {"submitted": None}})
    assert [c.name for c in verify(task, unsubmitted).checks if not c.passed] == ["submitted"]


def test_levels_are_harder_and_effort_pays_on_every_one() -> None:
    reached: dict[int, list[float]] = {}
    for level in (1, 3, 5):
        task = Task.of(made(Language.EN, {"domain": "trip_china", "difficulty": level}, index=2))
        num_days, away = task.hidden.proof["num_days"], bool(task.hidden.proof["away"])
        trip = Frame(open_trip(task.public()), int(str(num_days)), away)
        rules = [rule.formula for rule in plan_spec(task).problem.rules]
        climbers = Climbers(trip, rules, derive_rng("climb"))
        reached[level] = [climbers.climb(rounds) for rounds in (0, 1, 3)]
    assert all(shares == sorted(shares) for shares in reached.values())
    assert all(easy >= hard for easy, hard in zip(reached[1], reached[3], strict=True))
    assert reached[1][2] > reached[3][2] > reached[5][2] or reached[5][2] == 0


def made(language: Language, options: JsonObject, index: int = 0) -> TaskBody:
    module = kind_module("general")
    request = make_request(TaskKind.GENERAL, options, 0, language, Author.PROGRAM)
    body = module.generate(request, index)
    assert isinstance(body, TaskBody), body
    return body


@pytest.mark.parametrize(
    ("language", "options"),
    [
        (Language.EN, {"domain": "trip_china", "difficulty": 2}),
        (Language.ZH, {"domain": "trip_china", "difficulty": 3}),
        (Language.EN, {"domain": "trip_helsinki", "difficulty": 1}),
        (Language.ZH, {"domain": "trip_helsinki", "difficulty": 2}),
        (Language.EN, {"family": "report"}),
    ],
    ids=["china-en", "china-zh", "helsinki-en", "helsinki-zh", "report"],
)
def test_a_trip_is_certified(language: Language, options: JsonObject) -> None:
    task = Task.of(made(language, options))
    with Replayer() as replayer:
        certificate = Certifier(replayer).certify(task, every_check=True)
    assert [(c.name, c.reason) for c in certificate.checks if not c.passed] == []


def test_the_task_of_the_report_is_three_days_from_hangzhou() -> None:
    body = made(Language.ZH, {"family": "report"})
    text = body.prompt[-1].content
    assert "杭州" in text
    assert "2025年10月1日至3日" in text
    assert all(part in text for part in ("800元", "500元", "200元", "350元", "120元", "180元"))
    days = json.loads(body.hidden.witness.answer)
    assert [day["time"] for day in days] == ["2025-10-01", "2025-10-02", "2025-10-03"]
    assert days[0]["city"] == "杭州"
