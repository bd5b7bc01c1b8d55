"""The engine of general worlds where it is easily wrong: rows that are gone, tables that are left out,
rules that are hard to keep, requests that contradict each other, one of a thing."""

import json
from pathlib import Path
from random import Random

import pytest

from data.task import Language, Task, TaskBody, TaskKind
from envs.general import compiler
from envs.general.check import problems
from envs.general.compiler import Compiled, compile_domain, domain_files, load_spec
from envs.general.env import open_compiled
from envs.general.kinds import parse_type
from envs.general.phrases import extreme
from envs.general.reading import parse_spec
from envs.general.resolve import resolve
from envs.general.spec import SpecError
from envs.general.texts import parse_unit
from envs.general.trip.helsinki import make_helsinki
from envs.general.trip.names import fold
from envs.general.trip.size import Size
from envs.general.variant import draw_variant
from envs.general.world import Refused
from synth.general import generate, prepare
from synth.general.plan.author import first_rows_do
from synth.general.plan.variants import SPELLINGS
from synth.general.transact.clash import contradict
from synth.general.transact.goals import Drawer, Unfit, play
from synth.general.transact.model import Goal
from synth.request import Rejection, Request
from verifiers.general.plan import plan_spec
from verifiers.general.worlds import plan_tables


def source(name: str) -> str:
    return domain_files()[name].read_text(encoding="utf-8")


def world(name: str, number: int = 0, seed: int = 0) -> Compiled:
    spec = load_spec(name)
    return compile_domain(spec, draw_variant(spec, number, Language.EN), seed)


def test_acting_on_a_row_that_is_gone_is_refused_and_never_played() -> None:
    compiled = world("meal_planning")
    action = compiled.domain.actions["take_out"]
    item = next(iter(compiled.rows.tables[action.args["item"].type.table]))
    opened = compiled.open()
    opened.act(action, {"item": item})
    left = opened.everything()
    with pytest.raises(Refused, match=item):
        opened.act(action, {"item": item})
    assert opened.everything() == left
    opened.close()
    once = Goal(action="take_out", values={"item": item}, clues={}, ask=0)
    assert play(compiled, (once, once)) is None


def test_errands_in_a_world_where_rows_go_are_drawn_or_unfit() -> None:
    compiled, drawn = world("meal_planning", seed=2), 0
    for number in range(24):
        try:
            drawn += bool(Drawer(compiled, 5, Random(number)).draw().errand.goals)
        except Unfit:
            continue
    assert drawn


@pytest.mark.parametrize("name", ["airline_reservations", "bike_sharing", "city_library"])
def test_without_a_table_nothing_is_left_that_points_at_it(name: str) -> None:
    spec = load_spec(name)
    left = 0
    for table in spec.tables:
        try:
            domain = resolve(spec, frozenset({f"tables.{table}"}))
        except SpecError:
            continue
        left += 1
        targets = {c.type.table for made in domain.tables.values() for c in made.refs}
        targets |= {a.type.table for act in domain.actions.values() for a in act.args.values()}
        assert targets <= {"", *domain.tables}
    assert left >= 2


def test_a_real_row_that_breaks_a_rule_gives_way_to_another() -> None:
    text = source("meal_planning").replace(
        "    real: foods\n", "    real: foods\n    valid: [calories < 100]\n", 1
    )
    spec = parse_spec(text, "meals")
    made = compile_domain(spec, draw_variant(spec, 0, Language.EN), seed=1)
    found = [row["calories"] for row in made.rows.tables["food"].values()]
    assert len(found) >= spec.tables["food"].rows.low // 2
    assert all(isinstance(value, int) and value < 100 for value in found)


def hopeless(folder: Path) -> Path:
    """The library with a rule that hardly a loan keeps."""
    text = source("city_library").replace("- due > lent\n", "- due > lent + 66\n", 1)
    path = folder / "library" / "city_library.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def test_worlds_that_cannot_be_filled_are_counted_and_not_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = hopeless(tmp_path)
    assert any("tables.loan.valid" in line for line in problems(path)[0])
    path.rename(path.with_stem("hopeless_library"))
    monkeypatch.setattr(compiler, "DOMAINS", tmp_path)
    request = Request(
        kind=TaskKind.GENERAL,
        seed=0,
        language=Language.EN,
        options=prepare({"domain": "hopeless_library"}),
    )
    reasons = {made.reason for i in range(6) if isinstance(made := generate(request, i), Rejection)}
    assert "unfillable" in reasons


def test_two_values_for_one_row_contradict_and_two_loans_do_not() -> None:
    compiled = world("city_library")
    (member, other), copies = list(compiled.rows.tables["member"])[:2], compiled.rows.tables["copy"]
    shelf = [key for key, row in copies.items() if row["available"]]

    def pay(who: str, amount: float) -> Goal:
        return Goal(action="pay_fines", values={"member": who, "amount": amount}, clues={}, ask=0)

    def lend(copy: str) -> Goal:
        values: dict[str, str | int] = {"copy": copy, "member": member, "days": 7}
        return Goal(action="lend_copy", values=dict(values), clues={}, ask=0)

    assert contradict(compiled, pay(member, 0.5), pay(member, 2))
    assert not contradict(compiled, pay(member, 0.5), pay(other, 0.5))
    assert contradict(compiled, lend(shelf[0]), lend(shelf[0]))
    assert not contradict(compiled, lend(shelf[0]), lend(shelf[1]))


def test_no_declined_request_contradicts_another() -> None:
    compiled, seen = world("city_library"), 0
    for number in range(40):
        try:
            errand = Drawer(compiled, 5, Random(number)).draw().errand
        except Unfit:
            continue
        for at, one in enumerate(errand.declined):
            others = (*errand.goals, *errand.declined[:at])
            seen += len(others)
            assert not any(contradict(compiled, one, other) for other in others)
    assert seen > 20


@pytest.mark.parametrize(
    ("unit", "one", "several"),
    [
        ("copies | 册", "copy", "copies"),
        ("people | 人", "person", "people"),
        ("pieces of luggage | 件行李", "piece of luggage", "pieces of luggage"),
        ("euros per MWh | 欧元/兆瓦时", "euro per MWh", "euros per MWh"),
        ("day passes | 张日票", "day pass", "day passes"),
        ("ox/oxen | 头", "ox/oxen", "ox/oxen"),
        ("goose/geese | 只", "goose", "geese"),
        ("kB/kB | KB", "kB", "kB"),
        ("m/s | 米/秒", "m/s", "m/s"),
        ("Mbit/s | Mbit/s", "Mbit/s", "Mbit/s"),
    ],
)
def test_a_unit_says_one_and_several(unit: str, one: str, several: str) -> None:
    made = parse_unit(unit)
    assert (made.one, made.en) == (one, several)


@pytest.mark.parametrize(
    ("field", "largest", "en", "zh"),
    [
        (
            "branch meeting_rooms",
            True,
            "the branch with the most meeting rooms",
            "会议室最多的分馆",
        ),
        ("loan renewals", False, "the loan with the fewest renewals", "续借次数最少的借阅记录"),
        ("member fines", True, "the member with the highest unpaid fines", "未缴罚款最高的读者"),
        ("loan due", True, "the loan with the latest due date", "到期日最晚的借阅记录"),
        ("book year", False, "the book with the earliest year of publication", "出版年份最早的书"),
    ],
)
def test_the_most_and_the_least_have_words_of_their_noun(
    field: str, largest: bool, en: str, zh: str
) -> None:
    table, name = field.split()
    made = world("city_library").domain.tables[table]
    found, label = made.columns[name], made.label
    assert extreme(found, largest, label, Language.EN) == en
    assert extreme(found, largest, label, Language.ZH) == zh


def test_a_list_whose_places_mean_something_keeps_its_order() -> None:
    spell = SPELLINGS["reversed"]
    days = [{"day": 1, "lunch": "Soup"}, {"day": 2, "lunch": "Rice"}]
    assert [item["day"] for item in json.loads(spell(days))] == [2, 1]  # type: ignore[arg-type]
    assert json.loads(spell({"cars": ["A", "B"]})) == {"cars": ["A", "B"]}
    assert json.loads(spell([{"car": "A"}, {"car": "B"}])) == [{"car": "A"}, {"car": "B"}]


def test_a_mark_for_what_may_be_missing_may_follow_the_type() -> None:
    assert parse_type("int? 3..10") == parse_type("int 3..10 ?")


def test_a_chinese_request_greets_once() -> None:
    request = Request(
        kind=TaskKind.GENERAL,
        seed=1,
        language=Language.ZH,
        options=prepare({"domain": "meal_planning"}),
    )
    texts = [
        body.prompt[-1].content
        for index in range(30)
        if isinstance(body := generate(request, index), TaskBody)
    ]
    assert texts
    assert all(text.count("你好") + text.count("您好") <= 1 for text in texts)


def test_no_plan_is_solved_by_the_first_rows() -> None:
    request = Request(
        kind=TaskKind.GENERAL,
        seed=5,
        language=Language.ZH,
        options=prepare({"domain": "volunteer_rota", "family": "plan", "difficulty": 1}),
    )
    solved = []
    for index in range(12):
        body = generate(request, index)
        if isinstance(body, TaskBody):
            spec = plan_spec(Task.of(body))
            tables = plan_tables(open_compiled(Task.of(body).public()), spec.plan)
            solved.append(first_rows_do(spec.problem, tables))
    assert len(solved) >= 6
    assert not any(solved)


def test_no_two_places_of_helsinki_are_called_alike() -> None:
    for seed in range(8):
        made = make_helsinki(seed, Size(), None, "")
        for places in (made.hotels, made.restaurants, made.attractions):
            names = [fold(place.name.en) for place in places]
            assert len(set(names)) == len(names)
