"""The witness: tools only, every id read before it is used.

The walker plays the world as an agent would. It looks a row up by what the request says of it, with
the tools that the world has: filters where there is a search, else page by page, else by way of the
rows it points at.
"""

import json

from data.hashing import canonical_json
from data.task import JsonObject, Script, ToolCall
from envs.general.compiler import Compiled
from envs.general.domain import Table
from envs.general.kinds import TEMPORAL, Kind
from envs.general.surface import Op, ReadTool, arg_name, id_name, shown_name
from envs.general.variant import Paging
from envs.general.world import World
from envs.general.writes import perform
from synth.general.transact.goals import Unfit
from synth.general.transact.model import Clue, Errand, Goal

MAX_CALLS = 150


class Walker:
    """Collects the calls of one attempt; `known` are rows whose id has been shown."""

    def __init__(self, world: Compiled, opened: World) -> None:
        self.world = world
        self.opened = opened
        self.calls: list[ToolCall] = []
        self.known: set[tuple[str, str]] = set()
        self.reads: dict[str, list[ReadTool]] = {}
        for tool in world.reads:
            self.reads.setdefault(tool.table, []).append(tool)

    def find(self, table: str, row_id: str, clue: Clue | None = None, depth: int = 0) -> None:
        """Calls until the row has been shown. Raises `Unfit` if no tool leads to it."""
        if (table, row_id) in self.known:
            return
        if depth > 5:
            raise Unfit("no_route")
        tools = {tool.op: tool for tool in self.reads.get(table, ()) if not tool.by}
        row = self.world.rows.row(table, row_id)
        made = self.world.domain.tables[table]
        if Op.SEARCH in tools:
            self._pages(tools[Op.SEARCH], made, row_id, self._filters(tools[Op.SEARCH], made, clue))
        elif Op.FIND in tools and made.name_column:
            name = str(row[made.name_column])
            self._pages(tools[Op.FIND], made, row_id, {made.name_column: name})
        elif Op.LIST in tools:
            self._pages(tools[Op.LIST], made, row_id, {})
        else:
            self._by_parent(made, row_id, depth)
        if (table, row_id) not in self.known:
            raise Unfit("no_route")

    def _by_parent(self, table: Table, row_id: str, depth: int) -> None:
        row = self.world.rows.row(table.name, row_id)
        lists = [tool for tool in self.reads[table.name] if tool.by and row[tool.by] is not None]
        if not lists:
            raise Unfit("no_route")
        tool = lists[0]
        column = table.columns[tool.by]
        self.find(column.type.table, str(row[tool.by]), depth=depth + 1)
        self._pages(tool, table, row_id, {shown_name(self.world.domain, column): row[tool.by]})

    def _filters(self, tool: ReadTool, table: Table, clue: Clue | None) -> JsonObject:
        """What the clue says in the search's own terms."""
        given: JsonObject = {}
        if clue is None:
            return given
        row = self.world.rows.row(clue.table, clue.row_id)
        stated = dict(clue.equals)
        if clue.called and table.name_column:
            stated[table.name_column] = row[table.name_column]
        for spot in tool.filters:
            if spot.column not in stated or stated[spot.column] is None:
                continue
            column = table.columns[spot.column]
            if column.kind is Kind.REF:
                continue
            if spot.how in ("eq", "has") or column.kind in TEMPORAL:
                given[spot.arg] = stated[spot.column]
        sorts = tool.tool.parameters["properties"]
        assert isinstance(sorts, dict)
        if clue.extreme and "sort_by" in sorts:
            given |= {"sort_by": clue.extreme, "descending": clue.largest}
        return given

    def _pages(self, tool: ReadTool, table: Table, row_id: str, given: JsonObject) -> None:
        """Turns pages until the row is there."""
        paging = self.world.variant.paging
        size = self.world.variant.page_size
        number = 0
        while (table.name, row_id) not in self.known:
            turn: JsonObject = {}
            if number and paging is Paging.PAGE:
                turn = {"page": number + 1}
            elif number:
                turn = {"offset": number * size}
            text = self.read(tool, {**given, **turn})
            rows = json.loads(text)[table.plural]
            for row in rows:
                self._note(table, row)
            number += 1
            if paging is Paging.ALL or len(rows) < size:
                return

    def _note(self, table: Table, row: JsonObject) -> None:
        """Notes a shown row and the rows it points at."""
        self.known.add((table.name, str(row[id_name(table)])))
        for column in table.refs:
            value = row.get(shown_name(self.world.domain, column))
            if value is not None:
                self.known.add((column.type.table, str(value)))

    def read(self, tool: ReadTool, given: JsonObject) -> str:
        if len(self.calls) >= MAX_CALLS:
            raise Unfit("long_route")
        self.calls.append(ToolCall(name=tool.tool.name, arguments=given))
        return self.world.reader.answer(tool, given, self.opened).text

    def look(self, clue: Clue, column: str) -> None:
        """Reads a column of a row."""
        table = self.world.domain.tables[clue.table]
        shown = shown_name(self.world.domain, table.columns[column])
        for tool in self.reads[clue.table]:
            given: JsonObject = {id_name(table): clue.row_id}
            if tool.op is Op.GET:
                self.read(tool, given)
                return
            if tool.op is Op.FIELDS:
                self.read(tool, {**given, "fields": [shown]})
                return

    def act(self, goal: Goal) -> None:
        call = action_call(self.world, goal)
        if len(self.calls) >= MAX_CALLS:
            raise Unfit("long_route")
        self.calls.append(call)
        action = self.world.domain.actions[goal.action]
        answer, write = perform(
            self.world.domain, self.world.reader, action, call.arguments, self.opened
        )
        if write is None:
            raise Unfit("refused_in_order")


def action_call(world: Compiled, goal: Goal) -> ToolCall:
    """The call that does what a goal asks."""
    action = world.domain.actions[goal.action]
    arguments: JsonObject = {
        arg_name(world.domain, arg): goal.values[name]
        for name, arg in action.args.items()
        if goal.values[name] is not None
    }
    return ToolCall(name=action.name, arguments=arguments)


def walk(world: Compiled, errand: Errand, answer: JsonObject) -> Script:
    """An attempt that looks everything up, then does it. Raises `Unfit`."""
    opened = world.open()
    try:
        walker = Walker(world, opened)
        for clue in errand.clues():
            walker.find(clue.table, clue.row_id, clue)
        if errand.question:
            walker.look(errand.question.clue, errand.question.column)
        for goal in errand.goals:
            walker.act(goal)
        changed = sorted({change.row_id for change in opened.diff(world.rows.tables)})
        return Script(
            calls=tuple(walker.calls), answer=canonical_json({**answer, "changed": changed})
        )
    finally:
        opened.close()
