"""What reading tools answer: rows as JSON, in pages, by filters, counted or summarised."""

import datetime as dt
import json
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from data.task import JsonObject, Language
from data.trajectory import Observation
from envs.general.domain import Domain, Table
from envs.general.expr import Row, Value
from envs.general.kinds import Kind
from envs.general.surface import Filter, Op, ReadTool, id_name, shown_name
from envs.general.texts import PLACEHOLDER
from envs.general.variant import Paging, Variant
from envs.general.world import World

MAX_OBSERVATION_CHARS = 60_000


class Reader:
    """Answers the reading tools of one compiled world; holds no state of an episode."""

    def __init__(self, domain: Domain, variant: Variant, tools: Sequence[ReadTool]) -> None:
        self.domain = domain
        self.variant = variant
        self.tools = {tool.tool.name: tool for tool in tools}
        self.names = {
            table.name: {
                column.name: shown_name(domain, column) for column in table.columns.values()
            }
            for table in domain.tables.values()
        }
        self.briefs = {table.name: _brief(table) for table in domain.tables.values()}

    def answer(self, tool: ReadTool, given: JsonObject, world: World) -> Observation:
        if tool.op is Op.CALENDAR:
            return self._weekday(given)
        table = self.domain.tables[tool.table]
        match tool.op:
            case Op.GET | Op.FIELDS:
                return self._one(tool, table, given, world)
            case Op.COUNT:
                return said({"count": len(self._matching(tool, given, world))})
            case Op.SUMMARY:
                return self._summary(table, given, world)
            case _:
                return self._many(tool, table, given, world)

    def shown(self, table: Table, row: Row, only: Sequence[str] | None = None) -> JsonObject:
        """A row as the tools show it: its id first, then its columns."""
        made: JsonObject = {id_name(table): row["id"]}
        for column, name in self.names[table.name].items():
            if column != table.key and (only is None or name in only):
                made[name] = row[column]
        return made

    def _one(self, tool: ReadTool, table: Table, given: JsonObject, world: World) -> Observation:
        row_id = str(given[id_name(table)])
        row = world.find(table.name, row_id)
        if row is None:
            return self.unknown(table, row_id)
        if tool.op is Op.GET:
            return said(self.shown(table, row))
        wanted = given["fields"]
        assert isinstance(wanted, list)
        return said(self.shown(table, row, [str(name) for name in wanted]))

    def _many(self, tool: ReadTool, table: Table, given: JsonObject, world: World) -> Observation:
        if tool.by:
            column = table.columns[tool.by]
            target = self.domain.tables[column.type.table]
            wanted = str(given[shown_name(self.domain, column)])
            if world.find(target.name, wanted) is None:
                return self.unknown(target, wanted)
            rows = list(world.select(table.name, {tool.by: wanted}))
        else:
            rows = self._matching(tool, given, world)
            rows = _sorted(rows, given)
        start, size = self._window(given)
        page = rows[start : start + size] if size else rows
        only = self.briefs[table.name] if tool.brief else None
        answer: JsonObject = {"total": len(rows)}
        if size:
            if self.variant.paging is Paging.PAGE:
                answer["page"] = start // size + 1
                answer["pages"] = max(1, -(-len(rows) // size))
            else:
                answer["offset"] = start
        answer[table.plural] = [self.shown(table, row, only) for row in page]
        return said(answer)

    def _window(self, given: JsonObject) -> tuple[int, int]:
        """First row and number of rows; 0 rows stands for all."""
        size = self.variant.page_size
        match self.variant.paging:
            case Paging.ALL:
                return 0, 0
            case Paging.PAGE:
                return (_whole(given.get("page", 1)) - 1) * size, size
            case Paging.OFFSET:
                return _whole(given.get("offset", 0)), _whole(given.get("limit", size))

    def _matching(self, tool: ReadTool, given: JsonObject, world: World) -> list[Row]:
        table = self.domain.tables[tool.table]
        used = [f for f in tool.filters if f.arg in given]
        equal = {f.column: _plain(given[f.arg]) for f in used if f.how == "eq"}
        rest = [(f, _plain(given[f.arg])) for f in used if f.how != "eq"]
        rows = world.select(table.name, equal)
        return [row for row in rows if all(_passes(row[f.column], f, v) for f, v in rest)]

    def _summary(self, table: Table, given: JsonObject, world: World) -> Observation:
        groups: dict[str, list[float]] = defaultdict(list)
        for row in world.select(table.name, {}):
            value = row[str(given["measure"])]
            if isinstance(value, int | float):
                groups[str(row[str(given["group_by"])])].append(value)
        answer: JsonObject = {
            name: {
                "count": len(values),
                "min": min(values),
                "max": max(values),
                "mean": round(sum(values) / len(values), 2),
            }
            for name, values in sorted(groups.items())
        }
        return said(answer)

    def _weekday(self, given: JsonObject) -> Observation:
        try:
            day = dt.date.fromisoformat(str(given["date"]))
        except ValueError:
            return failed(f"Error: {given['date']} is not a date.")
        return said({"date": day.isoformat(), "weekday": day.strftime("%A")})

    def unknown(self, table: Table, row_id: str) -> Observation:
        shown = ascii(row_id[:80])
        if self.variant.language is Language.ZH:
            return failed(f"错误：没有编号为 {shown} 的{table.label.zh}。")
        return failed(f"Error: there is no {table.label.en} {shown}.")


def said(value: JsonObject) -> Observation:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > MAX_OBSERVATION_CHARS:
        return Observation(text=text[:MAX_OBSERVATION_CHARS] + " [cut]", truncated=True)
    return Observation(text=text)


def failed(text: str) -> Observation:
    return Observation(text=text, error=True)


def _brief(table: Table) -> list[str]:
    """Columns that a short list shows: the name, else those that people refer to it by."""
    if table.name_column:
        return [table.name_column]
    roots = dict.fromkeys(path.split(".")[0] for path in PLACEHOLDER.findall(table.called.en))
    return [
        f"{name}_id" if table.columns[name].kind is Kind.REF else name
        for name in roots
        if name in table.columns
    ] + [name for name in roots if name in table.columns and table.columns[name].kind is Kind.REF]


def _whole(value: Any) -> int:
    return int(value)


def _plain(value: Any) -> Value:
    return value  # type: ignore[no-any-return]


def _passes(value: Value, wanted: Filter, given: Value) -> bool:
    if value is None:
        return False
    match wanted.how:
        case "has":
            return folded(str(given)) in folded(str(value))
        case "min":
            return value >= given  # type: ignore[operator]
        case _:
            return value <= given  # type: ignore[operator]


def folded(text: str) -> str:
    """Text without case, width and repeated spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _sorted(rows: list[Row], given: JsonObject) -> list[Row]:
    name = given.get("sort_by")
    if name is None:
        return rows
    known = [row for row in rows if row[str(name)] is not None]
    missing = [row for row in rows if row[str(name)] is None]
    key: Any = lambda row: row[str(name)]  # noqa: E731 - rows of one column have one type
    return sorted(known, key=key, reverse=bool(given.get("descending"))) + missing
