"""The scripted baselines of general tasks: errands here, plans and trips in modules of their own.

They know the prompt and the tools and nothing else: no domain file, no grammar. Of an errand, a
sentence's tool is the one whose words it shares most; rows are those whose values stand in it.
"""

import json
import math
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from data.task import JsonObject, PublicTask, Role, ToolCall, ToolSpec
from envs.base import Baseline
from envs.general.greedy_desk import MONTHS, Desk, sentences
from envs.general.greedy_plan import greedy_plan
from envs.general.trip.compiled import is_trip
from envs.general.trip.greedy import greedy as greedy_trip

_NUMBER = re.compile(
    r"(?<![\w.])\d+(?:\.\d+)?(?![\w:])|(?<=[^\d.])\d+(?:\.\d+)?(?=[\u4e00-\u9fff])"
)
_DATE_EN = re.compile(
    r"(\d{1,2}) (January|February|March|April|May|June|July|August|September|October|November|"
    r"December)(?: (\d{4}))?"
)
_DATE_ZH = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日")
_CLOCK = re.compile(r"\d{1,2}:\d{2}")


def greedy(task: PublicTask) -> Baseline:
    """One pass over the world, then what the request says, as far as it is understood."""
    if is_trip(task.env.parameters):
        return (yield from greedy_trip(task))
    system = "\n".join(m.content for m in task.prompt if m.role is Role.SYSTEM)
    if '"changed"' not in system:
        return (yield from greedy_plan(task))
    return (yield from _errand(task, system))


def _errand(task: PublicTask, system: str) -> Baseline:
    """One call a sentence."""
    user = next(m.content for m in reversed(task.prompt) if m.role is Role.USER)
    desk = Desk(task.tools, system)
    yield from desk.look_around()
    clerk = _Clerk(desk)
    changed: dict[str, None] = {}
    declined = 0
    for sentence in sentences(user):
        call = clerk.understood(sentence)
        if call is None:
            continue
        observation = yield call
        if observation.error:
            declined += 1
        else:
            changed.update(dict.fromkeys(_ids(observation.text)))
    report: dict[str, Any] = {"changed": list(changed), "declined": declined}
    if '"answer"' in system:
        report["answer"] = clerk.asked(sentences(user)[-1])
    return json.dumps(report, ensure_ascii=False)


def _ids(text: str) -> Iterator[str]:
    """First value of every row that a write reports."""
    for change in json.loads(text).get("changes", []):
        for row in change.values():
            values = [value for key, value in row.items() if key != "type"]
            yield str(values[0])


class _Clerk:
    """Understands sentences by what has been read."""

    def __init__(self, desk: Desk) -> None:
        self.rows = desk.rows
        self.acts = desk.acts
        self.today = desk.today

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


def _dates(sentence: str, today: date) -> Iterator[str]:
    for day, month, year in _DATE_EN.findall(sentence):
        yield _iso(int(year or today.year), MONTHS.index(month) + 1, int(day))
    for year, month, day in _DATE_ZH.findall(sentence):
        yield _iso(int(year or today.year), int(month), int(day))


def _iso(year: int, month: int, day: int) -> str:
    return f"{year:04d}-{month:02d}-{day:02d}"


def _undated(sentence: str) -> str:
    """A sentence without its dates and times, whose numbers are no amounts."""
    for pattern in (_DATE_EN, _DATE_ZH, _CLOCK):
        sentence = pattern.sub(" ", sentence)
    return sentence
