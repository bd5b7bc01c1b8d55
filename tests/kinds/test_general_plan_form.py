"""Reading a plan from a message: forgiving about what means nothing, strict about the rest."""

import json

import pytest

from verifiers.general.constraints import PlanProblem, Slot
from verifiers.general.form import Fixed, Items, Object, Pick, read_plan
from verifiers.general.tables import Row, Table, Tables
from verifiers.messages import Malformed

ROWS: list[Row] = [
    {"id": "D-1", "name": "Blue Soup"},
    {"id": "D-2", "name": "《红烧肉》"},
    {"id": "D-3", "name": "Twin"},
    {"id": "D-4", "name": "twin"},
    {"id": "D-5", "name": "Same"},
    {"id": "D-6", "name": "same "},
]
TABLES = Tables({"dish": Table("id", ROWS, {}, "name")})
PROBLEM = PlanProblem(
    slots=(Slot(name="day1.dish", table="dish"), Slot(name="day2.dish", table="dish")), rules=()
)
LIST = Items(
    items=tuple(
        Object(fields={"day": Fixed(value=n), "dish": Pick(slot=f"day{n}.dish")}) for n in (1, 2)
    )
)
WHOLE = Object(fields={"first": Pick(slot="day1.dish"), "days": LIST.items[1]})
RIGHT = {"day1.dish": "D-1", "day2.dish": "D-2"}


@pytest.mark.parametrize(
    "message",
    [
        '[{"day": 1, "dish": "Blue Soup"}, {"day": 2, "dish": "《红烧肉》"}]',
        '[{"dish":"blue  SOUP","day":1},{"dish":"红烧肉","day":2.0}]',
        'As in [1] I plan:\n```json\n[{"day": "1", "dish": "D-1"}, {"day": 2, "dish": "D-2"}]\n```',
        '[{"day": 2, "dish": "d-2"}, {"day": 1, "dish": "Blue Soup"}]',
        '[{"day": 1, "dish": "\\uff22lue Soup"}, {"day": 2, "dish": "\\u7ea2烧肉"}]',
        '[{"day": 1, "dish": "D-1"}, {"day": 2, "dish": "D-2"}]\n'
        'So: [{"dish": "D-1", "day": 1}, {"day": 2, "dish": "D-2"}]',
    ],
    ids=["plain", "spelt otherwise", "fenced", "other order", "full width", "said twice"],
)
def test_what_means_the_same_reads_the_same(message: str) -> None:
    assert read_plan(message, LIST, PROBLEM, TABLES) == RIGHT


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Blue Soup and 红烧肉",
        "[]",
        '[{"day": 1, "dish": "D-1"}]',
        '[{"day": 1, "dish": "D-1"}, {"day": 1, "dish": "D-2"}]',
        '[{"day": 1, "dish": "D-1"}, {"day": 2, "dish": "D-9"}]',
        '[{"day": 1, "dish": "D-1"}, {"day": 2, "dish": ["D-2"]}]',
        '[{"day": 1, "dish": "D-1"}, {"day": 2, "dish": null}]',
        '[{"day": 1, "dish": "D-1"}, {"day": 2, "dish": "D-2", "note": ""}]',
        '[{"day": 1, "dish": "D-1"}, {"day": 2, "dish": "D-2", "dish": "D-1"}]',
        '[{"day": 1, "dish": "D-1"}, {"day": 2, "dish": "D-2"}] or '
        '[{"day": 1, "dish": "D-2"}, {"day": 2, "dish": "D-1"}]',
        '[{"day": 1, "dish": "D-1 or D-2"}, {"day": 2, "dish": "D-2"}]',
        '[{"day": true, "dish": "D-1"}, {"day": 2, "dish": "D-2"}]',
        '[{"day": 1, "dish": "same  "}, {"day": 2, "dish": "D-2"}]',
        '{"plan": [{"day": 1, "dish": "D-1"}, {"day": 2, "dish": "D-1"}], "score": 1} []',
        "[" * 60_000,
        '[{"day": 1e999, "dish": "D-1"}, {"day": 2, "dish": "D-2"}]',
    ],
    ids=range(17),
)
def test_what_is_not_one_plan_is_refused(message: str) -> None:
    with pytest.raises(Malformed):
        read_plan(message, LIST, PROBLEM, TABLES)


def test_names_that_two_rows_share_in_any_spelling_are_told_apart_exactly() -> None:
    assert TABLES.called("dish", "Twin") == ["D-3"]
    assert TABLES.called("dish", "twin") == ["D-4"]
    assert TABLES.called("dish", "TWIN") == ["D-3", "D-4"]
    assert [TABLES.shown("dish", row["id"]) for row in ROWS[2:4] if row["id"]] == ["Twin", "twin"]


def test_an_object_holds_what_its_form_says() -> None:
    value = {"days": {"dish": "Blue Soup", "day": 2}, "first": "D-2"}
    plan = read_plan(json.dumps(value), WHOLE, PROBLEM, TABLES)
    assert plan == {"day1.dish": "D-2", "day2.dish": "D-1"}
    with pytest.raises(Malformed, match="exactly one JSON object"):
        read_plan("[]", WHOLE, PROBLEM, TABLES)
