"""What the scripted baselines read first: every row that can be listed without knowing anything."""

import datetime as dt
import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from data.task import JsonObject, ToolCall, ToolSpec
from data.trajectory import Observation

MAX_READS = 60
MAX_PAGES = 8
MAX_HOPS = 2

Reading = Generator[ToolCall, Observation, None]

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_STOPS = re.compile(r"(?<=[.?!。？！])\s*")


def sentences(text: str) -> list[str]:
    return [sentence for line in text.splitlines() for sentence in _STOPS.split(line) if sentence]


@dataclass
class Seen:
    id: str
    values: dict[str, Any]
    words: list[str] = field(default_factory=list)


class Desk:
    """What has been read, and how sentences are understood by it."""

    def __init__(self, tools: tuple[ToolSpec, ...], system: str) -> None:
        self.reads = [tool for tool in tools if reads(tool)]
        self.acts = [tool for tool in tools if not reads(tool) and not looks(tool)]
        self.looks = [tool for tool in tools if tool.name.startswith("get_")]
        self._labels = dict(_labels(self.reads))
        self.rows: dict[str, dict[str, Seen]] = {}
        found = re.search(r"\d{4}-\d{2}-\d{2}", system)
        self.today = dt.date.fromisoformat(found[0]) if found else dt.date(2026, 1, 1)

    def look_around(self) -> Reading:
        """Turns the pages of everything that can be listed without knowing anything."""
        left = MAX_READS
        for tool in self.reads:
            for page in range(MAX_PAGES):
                if left == 0:
                    return
                left -= 1
                observation = yield ToolCall(name=tool.name, arguments=page_of(tool, page))
                rows = [] if observation.error else self._take(observation.text)
                total = json.loads(observation.text).get("total", 0) if rows else 0
                if not rows or len(rows) * (page + 1) >= total:
                    break
        self._connect()

    def _take(self, text: str) -> list[JsonObject]:
        found = json.loads(text)
        rows = next((v for v in found.values() if isinstance(v, list)), [])
        for row in rows:
            key = next(iter(row))
            self.rows.setdefault(key, {})[str(row[key])] = Seen(str(row[key]), row)
        return rows

    def _connect(self) -> None:
        """Adds to each row the words of the rows it points at."""
        for rows in self.rows.values():
            for row in rows.values():
                row.words = list(self._words(row, MAX_HOPS))

    def _words(self, row: Seen, hops: int) -> Iterator[str]:
        for number, (key, value) in enumerate(row.values.items()):
            target = self.rows.get(key, {}).get(str(value)) if number and hops else None
            if target is not None:
                yield from self._words(target, hops - 1)
            elif isinstance(value, str) and number:
                yield from spoken(value, self.today)

    def detail(self, key: str, most: int) -> Reading:
        """Reads up to `most` rows of a kind one by one, where a tool shows one row."""
        tool = next((tool for tool in self.looks if key in required(tool)), None)
        if tool is None:
            return
        properties = tool.parameters["properties"]
        assert isinstance(properties, dict)
        for row in list(self.rows[key].values())[:most]:
            given: JsonObject = {key: row.id}
            fields = properties.get("fields")
            if isinstance(fields, dict):
                items = fields["items"]
                assert isinstance(items, dict)
                given["fields"] = items["enum"]
            observation = yield ToolCall(name=tool.name, arguments=given)
            if not observation.error:
                row.values = json.loads(observation.text)
        self._connect()

    def labels(self, column: str) -> list[str]:
        """What a column may be called in a request."""
        known = self._labels.get(column)
        plain = column.removesuffix("_id").replace("_", " ")
        return [plain, known] if known else [plain]


def _labels(tools: list[ToolSpec]) -> Iterator[tuple[str, str]]:
    """Columns and their names, from the filters that searches describe."""
    for tool in tools:
        properties = tool.parameters["properties"]
        assert isinstance(properties, dict)
        for name, schema in properties.items():
            words = str(schema.get("description", "")) if isinstance(schema, dict) else ""
            words = re.split(r"[(（.。]", re.sub(r"^(At (least|most): |不[小大]于)", "", words))[0]
            if words.strip():
                yield re.sub(r"^(min|max)_", "", name), words.strip()


def required(tool: ToolSpec) -> list[str]:
    names = tool.parameters.get("required")
    return [str(name) for name in names] if isinstance(names, list) else []


def reads(tool: ToolSpec) -> bool:
    return not tool.parameters.get("required") and tool.name.startswith(("list_", "search_"))


def looks(tool: ToolSpec) -> bool:
    return tool.name.startswith(("get_", "find_", "list_", "search_", "count_", "summarise_"))


def page_of(tool: ToolSpec, page: int) -> JsonObject:
    properties = tool.parameters["properties"]
    assert isinstance(properties, dict)
    if page == 0:
        return {}
    if "page" in properties:
        return {"page": page + 1}
    limit = properties.get("limit")
    size = limit.get("default") if isinstance(limit, dict) else None
    return {"offset": page * size} if isinstance(size, int) else {}


def spoken(value: str, today: dt.date) -> Iterator[str]:
    """How a text or date of a row may stand in a sentence."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}.*", value):
        year, month, day = int(value[:4]), int(value[5:7]), int(value[8:10])
        yield f"{day} {MONTHS[month - 1]}" + ("" if year == today.year else f" {year}")
        yield f"{month}月{day}日"
        if len(value) > 10:
            yield value[11:16]
    elif len(value) > 1:
        yield value
