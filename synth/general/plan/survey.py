"""Reads whole tables of a world through its tools, whatever way of reading the world offers.

It uses what an agent can see: the names and schemas of the tools and what they answer.
"""

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from data.errors import EnvironmentFault
from data.task import JsonObject, ToolCall
from data.trajectory import Observation
from envs.general.compiler import Compiled
from envs.general.domain import Table
from envs.general.expr import Value
from envs.general.surface import Op, ReadTool, id_name, shown_name
from envs.general.variant import Paging
from verifiers.general.constraints import Field, Lookup, PlanProblem, walk
from verifiers.general.tables import Table as PlainTable
from verifiers.general.tables import Tables

Row = dict[str, Value]
Reading = Generator[ToolCall, Observation, list[Row]]
MAX_PAGES = 500


def tables_needed(problem: PlanProblem, tables: Tables) -> list[str]:
    """Tables that the slots and rules of `problem` speak of, each after those it is listed by."""
    needed: dict[str, None] = {}
    for slot in problem.slots:
        needed[slot.table.partition("@")[0]] = None
    for rule in problem.rules:
        for node in walk(rule.formula):
            if isinstance(node, Lookup):
                needed[node.table] = None
            elif isinstance(node, Field):
                table = problem.table_of(node.slot)
                for step in node.path[:-1]:
                    table = tables.tables[table].refs[step]
                    needed[table] = None
    return list(needed)


def read_tables(
    compiled: Compiled, names: Iterable[str]
) -> Generator[ToolCall, Observation, dict[str, list[Row]]]:
    """Rows of the named tables, and of those that must be read to get at them."""
    found: dict[str, list[Row]] = {}
    for name in names:
        yield from _read(compiled, name, found)
    return found


def _read(
    compiled: Compiled, name: str, found: dict[str, list[Row]]
) -> Generator[ToolCall, Observation, None]:
    if name in found:
        return
    table = compiled.domain.tables[name]
    tools = [tool for tool in compiled.reads if tool.table == name]
    whole = [t for t in tools if t.op in (Op.SEARCH, Op.LIST) and not t.by and not t.brief]
    brief = [t for t in tools if t.op is Op.LIST and not t.by and t.brief]
    if whole:
        found[name] = yield from _pages(compiled, table, whole[0], {})
        return
    if brief:
        ids = yield from _pages(compiled, table, brief[0], {})
        rows: list[Row] = []
        for row in ids:
            rows.append((yield from _one(compiled, table, tools, str(row["id"]))))
        found[name] = rows
        return
    by = next(tool for tool in tools if tool.by)
    column = table.columns[by.by]
    target = column.type.table
    yield from _read(compiled, target, found)
    rows = []
    for row in found[target]:
        given: JsonObject = {shown_name(compiled.domain, column): row["id"]}
        rows += yield from _pages(compiled, table, by, given)
    found[name] = rows


def _pages(compiled: Compiled, table: Table, tool: ReadTool, given: JsonObject) -> Reading:
    rows: list[Row] = []
    for page in range(1, MAX_PAGES):
        arguments = dict(given)
        if page > 1:
            if compiled.variant.paging is Paging.PAGE:
                arguments["page"] = page
            else:
                arguments["offset"] = len(rows)
        answer = _parsed((yield ToolCall(name=tool.tool.name, arguments=arguments)))
        shown: Sequence[dict[str, Any]] = answer[table.plural]
        rows += [_columns(compiled, table, row) for row in shown]
        if not shown or len(rows) >= answer["total"]:
            break
    return rows


def _one(
    compiled: Compiled, table: Table, tools: Sequence[ReadTool], row_id: str
) -> Generator[ToolCall, Observation, Row]:
    tool = next(tool for tool in tools if tool.op in (Op.GET, Op.FIELDS))
    arguments: JsonObject = {id_name(table): row_id}
    if tool.op is Op.FIELDS:
        names = [
            shown_name(compiled.domain, c) for c in table.columns.values() if c.name != table.key
        ]
        arguments["fields"] = list(names)
    answer = _parsed((yield ToolCall(name=tool.tool.name, arguments=arguments)))
    return _columns(compiled, table, answer)


def _columns(compiled: Compiled, table: Table, shown: dict[str, Any]) -> Row:
    """A row under the names of its columns instead of those that tools show."""
    row: Row = {"id": shown[id_name(table)]}
    for column in table.columns.values():
        name = id_name(table) if column.name == table.key else shown_name(compiled.domain, column)
        if name in shown:
            row[column.name] = shown[name]
    return row


def _parsed(observation: Observation) -> dict[str, Any]:
    if observation.error or observation.truncated:
        raise EnvironmentFault(f"a table cannot be read whole: {observation.text[:200]}")
    answer: dict[str, Any] = json.loads(observation.text)
    return answer


def seen_tables(
    compiled: Compiled, problem: PlanProblem, rows: Mapping[str, Sequence[Row]]
) -> Tables:
    """Tables of `rows` as they were read, by name; the others are empty.

    A slot that takes only some rows of its table has a table of these: which, the request says.
    """
    known: dict[str, PlainTable] = {}
    for name, made in compiled.domain.tables.items():
        refs = {column.name: column.type.table for column in made.refs}
        known[name] = PlainTable("id", tuple(rows.get(name, ())), refs, made.name_column)
    for slot in problem.slots:
        name, _, role = slot.table.partition("@")
        if role:
            plan = next(p for p in compiled.domain.plans.values() if role in p.slots)
            allowed = {row["id"] for row in compiled.candidates(plan.name, role)}
            some = tuple(row for row in known[name].rows if row["id"] in allowed)
            known[slot.table] = replace(known[name], rows=some)
    return Tables(known)


def reading(compiled: Compiled, problem: PlanProblem, tables: Tables) -> tuple[ToolCall, ...]:
    """The calls that read all that `problem` needs, found in a fresh copy of the world."""
    calls: list[ToolCall] = []
    world = compiled.open()
    try:
        reader = read_tables(compiled, tables_needed(problem, tables))
        call = next(reader)
        while True:
            calls.append(call)
            tool = compiled.reader.tools[call.name]
            call = reader.send(compiled.reader.answer(tool, call.arguments, world))
    except StopIteration:
        return tuple(calls)
    finally:
        world.close()
