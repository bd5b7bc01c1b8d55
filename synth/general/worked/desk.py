"""The teacher's hands: makes calls for a thought, keeps what they show."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import JsonValue

from data.task import JsonObject, Script, Task, ToolCall
from envs.general.compiler import Compiled
from envs.general.expr import Value
from envs.general.surface import Op, ReadTool, id_name, shown_name
from envs.general.variant import Paging
from envs.general.world import World
from envs.general.writes import perform
from synth.general.worked.known import Equal, Known
from synth.general.worked.length import CALL_TOKENS, MAX_TOKENS, num_tokens, prompt_tokens
from synth.general.worked.words import Line, Words
from synth.parts import Worked

MAX_CALLS = 24
"""An attempt that takes more teaches patience, not thought."""


class Untaught(Exception):
    """The teacher finds no way that is worth showing; the word says why."""


class Step(NamedTuple):
    reason: str
    call: ToolCall


class Desk:
    """One attempt: the steps so far, and the thoughts that wait for the next call."""

    def __init__(self, task: Task, world: Compiled, opened: World) -> None:
        self.world = world
        self.opened = opened
        self.words = Words(task.language)
        self.known = Known(world.domain, world.reader)
        self.steps: list[Step] = []
        self._notes: list[str] = []
        self.num_tokens = prompt_tokens(task)
        """About so many has the prompt with all that was written and read."""
        self.tools: dict[str, dict[Op, ReadTool]] = {}
        self.by: dict[tuple[str, str], ReadTool] = {}
        for tool in world.reads:
            if tool.by:
                self.by[tool.table, tool.by] = tool
            else:
                self.tools.setdefault(tool.table, {}).setdefault(tool.op, tool)

    def think(self, line: Line, **slots: object) -> None:
        """A thought that is said before the next call."""
        self._notes.append(self.words.say(line, **slots))

    def _thoughts(self) -> str:
        """What waits to be said; the same is not said twice at once."""
        said, self._notes = self.words.joined(list(dict.fromkeys(self._notes))), []
        return said

    def finished(self, answer: JsonValue) -> Worked:
        """The attempt with its final message. Raises `Untaught` if it is too long."""
        reasons = (*(step.reason for step in self.steps), self._thoughts())
        text = json.dumps(answer, ensure_ascii=False)
        self._count(reasons[-1] + text)
        return Worked(Script(calls=tuple(step.call for step in self.steps), answer=text), reasons)

    def call(self, name: str, arguments: JsonObject) -> ToolCall:
        if len(self.steps) >= MAX_CALLS:
            raise Untaught("too_many_calls")
        step = Step(self._thoughts(), ToolCall(name=name, arguments=arguments))
        self.steps.append(step)
        self.num_tokens += CALL_TOKENS
        self._count(step.reason + json.dumps(arguments, ensure_ascii=False))
        return step.call

    def _count(self, text: str) -> None:
        self.num_tokens += num_tokens(text)
        if self.num_tokens > MAX_TOKENS:
            raise Untaught("too_long")

    def read(self, tool: ReadTool, given: JsonObject) -> JsonObject:
        call = self.call(tool.tool.name, given)
        seen = self.world.reader.answer(tool, call.arguments, self.opened)
        if seen.error or seen.truncated:
            raise Untaught("unreadable")
        self._count(seen.text)
        shown: JsonObject = json.loads(seen.text)
        return shown

    def write(self, name: str, arguments: JsonObject) -> list[tuple[str, str]]:
        """What the write reports: what was done, and the row's id. Raises `Untaught` if refused."""
        call = self.call(name, arguments)
        action = self.world.domain.actions[name]
        seen, write = perform(
            self.world.domain, self.world.reader, action, call.arguments, self.opened
        )
        if write is None:
            raise Untaught("refused")
        self._count(seen.text)
        self.known.forget_computed()
        changes: list[dict[str, Any]] = json.loads(seen.text)["changes"]
        return [self.known.note_change(change) for change in changes]

    # Reading -------------------------------------------------------------------------------------

    def look(self, table: str, row_id: str, columns: list[str]) -> None:
        """Reads columns of one row, the thought before it being said. Raises `Untaught`."""
        made, tools = self.world.domain.tables[table], self.tools.get(table, {})
        given: JsonObject = {id_name(made): row_id}
        if Op.GET in tools:
            self.known.note(table, self.read(tools[Op.GET], given))
        elif Op.FIELDS in tools:
            shown = [shown_name(self.world.domain, made.columns[name]) for name in columns]
            self.known.note(table, self.read(tools[Op.FIELDS], {**given, "fields": [*shown]}))
        else:
            for _ in self.pages(tools[Op.LIST], {}, {}):
                if all(self.known.has(table, row_id, name) for name in columns):
                    return

    def pages(self, tool: ReadTool, given: JsonObject, equal: Equal) -> Iterator[list[str]]:
        """Turns the pages of a listing, giving the ids on each; `equal` is what `given` picks.

        After the last page the listing counts as complete.
        """
        table, variant = self.world.domain.tables[tool.table], self.world.variant
        seen: list[str] = []
        total = 0
        for number in range(MAX_CALLS):
            turn: JsonObject = {}
            if number:
                page = variant.paging is Paging.PAGE
                turn = {"page": number + 1} if page else {"offset": len(seen)}
                self.think(Line.NEXT_PAGE, n=len(seen), total=total, plural=self.plural(tool.table))
            shown = self.read(tool, {**given, **turn})
            rows, count = shown[table.plural], shown["total"]
            assert isinstance(rows, list)
            assert isinstance(count, int)
            total = count
            ids = [self.known.note(tool.table, row) for row in rows if isinstance(row, dict)]
            seen += ids
            last = len(seen) >= total
            if last:
                self.known.note_listed(tool.table, equal, seen)
            yield ids
            if last:
                return

    def plural(self, table: str) -> str:
        label = self.world.domain.tables[table].label
        return label.zh if self.words.zh else label.en_plural

    def shown(self, table: str, column: str) -> str:
        """What a column is called in tools."""
        if column == "id":
            return id_name(self.world.domain.tables[table])
        return shown_name(self.world.domain, self.world.domain.tables[table].columns[column])

    def filters(self, tool: ReadTool, equal: Mapping[str, Value]) -> JsonObject:
        """Arguments of a search that pick rows with these values, as far as it has filters."""
        given: JsonObject = {}
        for spot in tool.filters:
            value = equal.get(spot.column)
            if value is not None:
                given[spot.arg] = value
        return given
