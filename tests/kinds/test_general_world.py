"""General worlds: apart from each other, whole or not at all, deaf to hostile calls."""

import asyncio
import json
from random import Random
from typing import Any

import pytest

from agents import draw
from data.task import JsonObject, Language, ToolCall
from envs.general.compiler import Compiled, compile_domain, compile_shipped, domain_files, load_spec
from envs.general.reads import said
from envs.general.surface import Op
from envs.general.variant import Paging, Style, draw_variant
from envs.general.writes import perform
from envs.tools import dispatch

FUZZED = 10_000
"""Calls of each sort of domain."""
HOSTILE: list[Any] = [
    "",
    " ",
    "'; DROP TABLE loan; --",
    '" OR 1=1 --',
    "%",
    "\x00",
    "\ud7ff" * 40,
    "a" * 100_000,
    -1,
    0,
    10**400,
    1e308,
    True,
    None,
    [],
    {},
    [[[[]]]],
    {"$ref": "#"},
    "9999-99-99",
    "99:99",
    "2026-02-30 25:61",
]


def library(number: int = 0, language: Language = Language.EN) -> Compiled:
    spec = load_spec("city_library")
    return compile_shipped("city_library", draw_variant(spec, number, language), 1)


async def call(compiled: Compiled, world: Any, made: ToolCall) -> tuple[str, bool]:
    """One call as the environment makes it, without its bookkeeping."""

    async def handle(given: JsonObject) -> Any:
        tool = compiled.reader.tools.get(made.name)
        if tool is not None:
            return compiled.reader.answer(tool, given, world)
        action = compiled.domain.actions[made.name]
        return perform(compiled.domain, compiled.reader, action, given, world)[0]

    seen = await dispatch(compiled.tools, {made.name: handle}, made)
    return seen.text, seen.error


def fuzzed(compiled: Compiled, ids: list[str], rng: Random) -> ToolCall:
    """A call that is nearly right: drawn arguments, of which some are dropped, added or spoilt."""
    tool = rng.choice(compiled.tools)
    words = [*rng.sample(ids, 6), "2026-03-20", "borrow", "premium"]
    given = draw.arguments(tool.parameters, words, rng)
    for name in list(given):
        if name.endswith("_id") and rng.random() < 0.8:
            own = compiled.rows.tables.get(name.removesuffix("_id"))
            given[name] = rng.choice(list(own) if own and rng.random() < 0.9 else ids)
        spoil = rng.random()
        if spoil < 0.1:
            del given[name]
        elif spoil < 0.25:
            given[name] = rng.choice(HOSTILE)
    if rng.random() < 0.1:
        given[rng.choice(["x", "id", "__class__", "member_id"])] = rng.choice(HOSTILE)
    name = tool.name if rng.random() < 0.98 else rng.choice(["", "sqlite_master", "drop"])
    return ToolCall(name=name, arguments=given)


@pytest.mark.parametrize("name", ["city_library", "airline_bookings"])
async def test_ten_thousand_fuzzed_calls_raise_nothing_and_refused_ones_change_nothing(
    name: str,
) -> None:
    rng = Random(7)
    for number in range(4):
        spec = load_spec(name)
        language = Language.ZH if number % 2 else Language.EN
        compiled = compile_shipped(name, draw_variant(spec, number, language), number)
        ids = [row_id for rows in compiled.rows.tables.values() for row_id in rows]
        world = compiled.open()
        before = world.everything()
        written = 0
        for turn in range(FUZZED // 4):
            made = fuzzed(compiled, ids, rng)
            text, error = await call(compiled, world, made)
            assert text
            if not error and made.name not in compiled.reader.tools:
                written += 1
                before = world.everything()
            elif turn % 10 == 0:
                assert world.everything() == before
        assert world.everything() == before
        assert written > 10
        world.close()


async def test_what_is_refused_leaves_no_trace_in_later_ids() -> None:
    compiled = library()
    action = compiled.domain.actions["place_hold"]
    worlds = [compiled.open() for _ in range(2)]
    book, other = list(compiled.rows.tables["book"])[:2]
    member = next(iter(compiled.rows.tables["member"]))
    branch = next(iter(compiled.rows.tables["branch"]))
    given = {"book_id": book, "member_id": member, "pickup_id": branch}
    made = []
    for number, world in enumerate(worlds):
        for _ in range(number * 3):
            perform(compiled.domain, compiled.reader, action, {**given, "book_id": "x"}, world)
        seen, _ = perform(
            compiled.domain, compiled.reader, action, {**given, "book_id": other}, world
        )
        made.append(seen.text)
        world.close()
    assert made[0] == made[1]


def test_a_thousand_worlds_see_nothing_of_each_other() -> None:
    compiled = library()
    action = compiled.domain.actions["pay_fines"]
    debtor = next(r for r in compiled.rows.tables["member"].values() if float(r["fines"] or 0) > 2)
    worlds = [compiled.open() for _ in range(1000)]
    for number, world in enumerate(worlds):
        if number % 2:
            world.act(action, {"member": debtor["id"], "amount": 0.5 * (1 + number % 4)})
    for number, world in enumerate(worlds):
        paid = 0.5 * (1 + number % 4) if number % 2 else 0
        assert world.row("member", str(debtor["id"]))["fines"] == float(debtor["fines"] or 0) - paid
        world.close()
        world.close()


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("paging", list(Paging))
def test_every_row_can_be_reached_whatever_the_tools(style: Style, paging: Paging) -> None:
    spec = load_spec("hotel_desk")
    plain = draw_variant(spec, 0, Language.EN)
    variant = plain.model_copy(
        update={"styles": dict.fromkeys(spec.tables, style), "paging": paging, "page_size": 5}
    )
    compiled = compile_domain(spec, variant, 2)
    world = compiled.open()
    shown: dict[str, set[str]] = {name: set() for name in compiled.domain.tables}
    for name, table in compiled.domain.tables.items():
        for tool in [t for t in compiled.reads if t.table == name and t.op in (Op.LIST, Op.SEARCH)]:
            parents = shown[table.columns[tool.by].type.table] if tool.by else {""}
            for parent in sorted(parents):
                key = next(iter(tool.tool.parameters["required"]), "")
                number = 0
                while True:
                    turn: JsonObject = {"page": number + 1} if paging is Paging.PAGE else {}
                    turn = {"offset": number * 5} if paging is Paging.OFFSET else turn
                    given = {**({key: parent} if key else {}), **turn}
                    rows = json.loads(compiled.reader.answer(tool, given, world).text)[table.plural]
                    shown[name] |= {str(next(iter(row.values()))) for row in rows}
                    number += 1
                    if paging is Paging.ALL or len(rows) < 5:
                        break
    world.close()
    assert shown == {name: set(rows) for name, rows in compiled.rows.tables.items()}


def test_computed_columns_follow_what_is_written() -> None:
    compiled = library()
    world = compiled.open()
    loan = next(r for r in compiled.rows.tables["loan"].values() if r["returned"] is None)
    assert world.row("copy", str(loan["copy"]))["available"] is False
    world.act(compiled.domain.actions["return_copy"], {"loan": loan["id"]})
    assert world.row("copy", str(loan["copy"]))["available"] is True
    world.close()


def test_no_tool_tells_of_rules_that_it_does_not_enforce() -> None:
    compiled = library()
    loose = [n for n in compiled.domain.policies if not compiled.variant.enforced.get(n)]
    assert loose
    surface = said({"tools": [tool.model_dump(mode="json") for tool in compiled.tools]}).text
    for name in compiled.domain.policies:
        assert name not in surface
        assert compiled.domain.policies[name].text.en not in surface


def test_two_threads_of_control_do_not_mix_worlds() -> None:
    compiled = library(3, Language.ZH)

    async def both() -> list[tuple[str, bool]]:
        worlds = [compiled.open() for _ in range(2)]
        tool = next(t for t in compiled.tools if t.name.startswith(("list_", "search_")))
        made = ToolCall(name=tool.name, arguments={})
        seen = await asyncio.gather(*(call(compiled, world, made) for world in worlds))
        for world in worlds:
            world.close()
        return list(seen)

    one, two = asyncio.run(both())
    assert one == two


def test_all_domains_are_found_by_name() -> None:
    assert {"city_library", "airline_bookings", "hotel_desk"} <= set(domain_files())
