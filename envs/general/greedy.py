"""The scripted baseline of errands: reads what can be listed, then does each sentence as it reads it.

It knows the prompt and the tools and nothing else: no domain file, no grammar. A sentence's tool is
the one whose words it shares most; rows are those whose values stand in the sentence.
"""

import datetime as dt
import json
import math
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from data.task import JsonObject, PublicTask, Role, ToolCall, ToolSpec
from data.trajectory import Observation
from envs.base import Baseline

MAX_READS = 60
MAX_PAGES = 8
MAX_HOPS = 2

Reading = Generator[ToolCall, Observation, None]

_STOPS = re.compile(r"(?<=[.?!。？！])\s*")
_NUMBER = re.compile(
    r"(?<![\w.])\d+(?:\.\d+)?(?![\w:])|(?<=[^\d.])\d+(?:\.\d+)?(?=[\u4e00-\u9fff])"
)
_DATE_EN = re.compile(
    r"(\d{1,2}) (January|February|March|April|May|June|July|August|September|October|November|"
    r"December)(?: (\d{4}))?"
)
_DATE_ZH = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日")
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def greedy(task: PublicTask) -> Baseline:
    """One pass over the world, then one call a sentence."""
    user = next(m.content for m in reversed(task.prompt) if m.role is Role.USER)
    system = "\n".join(m.content for m in task.prompt if m.role is Role.SYSTEM)
    desk = _Desk(task.tools, system)
    yield from desk.look_around()
    changed: dict[str, None] = {}
    declined = 0
    for sentence in filter(None, _STOPS.split(user)):
        call = desk.understood(sentence)
        if call is None:
            continue
        observation = yield call
        if observation.error:
            declined += 1
        else:
            changed.update(dict.fromkeys(_ids(observation.text)))
    report: dict[str, Any] = {"changed": list(changed), "declined": declined}
    if '"answer"' in system:
        report["answer"] = desk.asked(list(filter(None, _STOPS.split(user)))[-1])
    return json.dumps(report, ensure_ascii=False)


def _ids(text: str) -> Iterator[str]:
    """First value of every row that a write reports."""
    for change in json.loads(text).get("changes", []):
        for row in change.values():
            values = [value for key, value in row.items() if key != "type"]
            yield str(values[0])


@dataclass
class _Row:
    id: str
    values: dict[str, Any]
    words: list[str] = field(default_factory=list)


class _Desk:
    """What has been read, and how sentences are understood by it."""

    def __init__(self, tools: tuple[ToolSpec, ...], system: str) -> None:
        self.reads = [tool for tool in tools if _reads(tool)]
        self.acts = [tool for tool in tools if not _reads(tool) and not _looks(tool)]
        self.rows: dict[str, dict[str, _Row]] = {}
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
                observation = yield ToolCall(name=tool.name, arguments=_page(tool, page))
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
            self.rows.setdefault(key, {})[str(row[key])] = _Row(str(row[key]), row)
        return rows

    def _connect(self) -> None:
        """Adds to each row the words of the rows it points at."""
        for rows in self.rows.values():
            for row in rows.values():
                row.words = list(self._words(row, MAX_HOPS))

    def _words(self, row: _Row, hops: int) -> Iterator[str]:
        for number, (key, value) in enumerate(row.values.items()):
            target = self.rows.get(key, {}).get(str(value)) if number and hops else None
            if target is not None:
                yield from self._words(target, hops - 1)
            elif isinstance(value, str) and number:
                yield from _spoken(value, self.today)

    def understood(self, sentence: str) -> ToolCall | None:
        """The call that a sentence seems to ask for; None if it asks for none."""
        if not self.acts:
            return None
        tool = max(self.acts, key=lambda tool: _overlap(sentence, tool))
        if _overlap(sentence, tool) == 0:
            return None
        properties = tool.parameters["properties"]
        required = tool.parameters["required"]
        assert isinstance(properties, dict)
        assert isinstance(required, list)
        numbers = [float(n) for n in _NUMBER.findall(_undated(sentence))]
        dates = list(_dates(sentence, self.today))
        clocks = _CLOCK.findall(sentence)
        arguments: JsonObject = {}
        for name, schema in properties.items():
            assert isinstance(schema, dict)
            value = self._argument(name, schema, sentence, numbers, dates, clocks)
            if value is not None:
                arguments[name] = value
            elif name in required:
                return None
        return ToolCall(name=tool.name, arguments=arguments)

    def _argument(
        self,
        name: str,
        schema: JsonObject,
        sentence: str,
        numbers: list[float],
        dates: list[str],
        clocks: list[str],
    ) -> Any:
        if "enum" in schema:
            return _named(schema, sentence)
        kind, pattern = schema.get("type"), str(schema.get("pattern", ""))
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", 0), schema.get("maximum", 0)
            assert isinstance(low, int | float)
            assert isinstance(high, int | float)
            fit = next((n for n in numbers if low <= n <= high), None)
            if fit is None:
                return None
            numbers.remove(fit)
            return int(fit) if kind == "integer" else fit
        if kind == "boolean":
            return not re.search(r"without|不含|不要|无", sentence)
        if pattern:
            day = dates.pop(0) if dates and "{4}" in pattern else ""
            time = clocks.pop(0) if clocks and ":" in pattern else ""
            return " ".join(part for part in (day, time) if part) or None
        return self._row_for(name, schema, sentence)

    def _row_for(self, name: str, schema: JsonObject, sentence: str) -> str | None:
        """The id of the row of the argument's kind that shares most with the sentence."""
        rows = self.rows.get(name)
        if rows is None:
            words = str(schema.get("description", "")).lower()
            near = [k for k in self.rows if k.removesuffix("_id").replace("_", " ") in words]
            rows = self.rows.get(near[0]) if near else None
        if not rows:
            return None
        scored = [(sum(len(w) for w in r.words if w in sentence), r.id) for r in rows.values()]
        best, row_id = max(scored)
        return row_id if best else None

    def asked(self, sentence: str) -> Any:
        """A value of the row that the question shares most with."""
        every = [row for rows in self.rows.values() for row in rows.values()]
        if not every:
            return None
        row = max(every, key=lambda row: sum(len(w) for w in row.words if w in sentence))
        keys = [k for k in list(row.values)[1:] if k.replace("_", " ") in sentence.lower()]
        return row.values[keys[0] if keys else list(row.values)[-1]]


def _reads(tool: ToolSpec) -> bool:
    return not tool.parameters.get("required") and tool.name.startswith(("list_", "search_"))


def _looks(tool: ToolSpec) -> bool:
    return tool.name.startswith(("get_", "find_", "list_", "search_", "count_", "summarise_"))


def _page(tool: ToolSpec, page: int) -> JsonObject:
    properties = tool.parameters["properties"]
    assert isinstance(properties, dict)
    if page == 0:
        return {}
    if "page" in properties:
        return {"page": page + 1}
    limit = properties.get("limit")
    size = limit.get("default") if isinstance(limit, dict) else None
    return {"offset": page * size} if isinstance(size, int) else {}


def _grams(text: str) -> set[str]:
    """Stems of English words, pairs of Chinese characters."""
    words = {word[:5] for word in re.findall(r"[a-z]{3,}", text.lower())}
    pairs = re.findall(r"(?=([\u4e00-\u9fff]{2}))", text)
    return (words | set(pairs)) - {"the", "for", "with", "and"}


def _overlap(sentence: str, tool: ToolSpec) -> float:
    mine = _grams(f"{tool.name.replace('_', ' ')} {tool.description}")
    shared = len(mine & _grams(sentence))
    return shared / math.sqrt(1 + len(mine))


def _named(schema: JsonObject, sentence: str) -> Any:
    """The value of an enum that is named, by its code or by its words."""
    values = schema["enum"]
    assert isinstance(values, list)
    described = dict(re.findall(r"(\w+): ([^;；]+)", str(schema.get("description", ""))))
    for value in values:
        spoken = (str(value).replace("_", " "), described.get(str(value), "").strip())
        if any(word and word in sentence for word in spoken):
            return value
    return None


def _dates(sentence: str, today: dt.date) -> Iterator[str]:
    for day, month, year in _DATE_EN.findall(sentence):
        yield _iso(int(year or today.year), _MONTHS.index(month) + 1, int(day))
    for year, month, day in _DATE_ZH.findall(sentence):
        yield _iso(int(year or today.year), int(month), int(day))


def _iso(year: int, month: int, day: int) -> str:
    return f"{year:04d}-{month:02d}-{day:02d}"


def _undated(sentence: str) -> str:
    """A sentence without its dates and times, whose numbers are no amounts."""
    for pattern in (_DATE_EN, _DATE_ZH, _CLOCK):
        sentence = pattern.sub(" ", sentence)
    return sentence


def _spoken(value: str, today: dt.date) -> Iterator[str]:
    """How a text or date of a row may stand in a sentence."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}.*", value):
        year, month, day = int(value[:4]), int(value[5:7]), int(value[8:10])
        yield f"{day} {_MONTHS[month - 1]}" + ("" if year == today.year else f" {year}")
        yield f"{month}月{day}日"
        if len(value) > 10:
            yield value[11:16]
    elif len(value) > 1:
        yield value
