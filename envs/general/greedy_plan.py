"""The scripted baseline of plans: keeps the plain limits of single choices, in the order of the form.

It reads the rows that can be listed, takes from the request the sentences that compare one column
with a number, and picks for every place of the form an unused row that breaks the fewest of them.
Sums, comparisons of two choices and anything it cannot read are left to luck.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from data.task import PublicTask, Role
from envs.base import Baseline
from envs.general.greedy_desk import Desk, Seen, sentences

MAX_DETAILS = 60
_BLANK = re.compile(r"^<.+>$")
_OVER_ALL = re.compile(r"average|together|total|sum|平均|合计|总共|一共|总和")
_LIMITS = (
    ("max", re.compile(r"(?:at most|under|below|up to|less than) [€$£¥]?([\d.,]*\d)")),
    ("min", re.compile(r"([\d.,]*\d) or later")),
    ("max", re.compile(r"([\d.,]*\d) or earlier")),
    ("min", re.compile(r"(?:at least|over|above|more than) [€$£¥]?([\d.,]*\d)")),
    (
        "max",
        re.compile(r"(?:不超过|不高于|不大于|至多|最多|低于|少于|小于|不晚于)[约]?([\d.,]*\d)"),
    ),
    (
        "min",
        re.compile(r"(?:不低于|不少于|不小于|至少|高于|超过|多于|大于|不早于)[约]?([\d.,]*\d)"),
    ),
)


_BARS = re.compile(r"^\W*No |不能|不得")
_FORM_WORDS = {"name", "title", "id", "day", "名称", "编号"}
"""Words that every form has."""


class Limit(NamedTuple):
    """One sentence read as a limit: which places it is about, '' and 0 for all, and what it says."""

    slot: str
    group: int
    column: str
    end: str
    number: float


def greedy_plan(task: PublicTask) -> Baseline:
    """Reads everything once, then answers."""
    user = next(m.content for m in reversed(task.prompt) if m.role is Role.USER)
    desk = Desk(task.tools, "\n".join(m.content for m in task.prompt))
    yield from desk.look_around()
    for key in list(desk.rows):
        yield from desk.detail(key, 1)
    form = _form(user)
    picker = _Picker(desk, user, form)
    for key in sorted(set(picker.tables.values()) & set(desk.rows)):
        yield from desk.detail(key, MAX_DETAILS)
    return json.dumps(picker.filled(form, 0), ensure_ascii=False)


def _form(text: str) -> Any:
    """The JSON example at the end of the request; an empty object if there is none."""
    for start in sorted({text.find("[\n"), text.find("{\n"), text.find("[{"), text.find('{"')}):
        if start >= 0:
            try:
                return json.JSONDecoder().raw_decode(text, start)[0]
            except ValueError:
                continue
    return {}


def _slots(form: Any) -> Iterator[str]:
    """Keys of the form that are to be filled."""
    if isinstance(form, list):
        for item in form:
            yield from _slots(item)
    elif isinstance(form, dict):
        for key, value in form.items():
            if isinstance(value, str) and _BLANK.match(value):
                yield key
            else:
                yield from _slots(value)


class _Picker:
    def __init__(self, desk: Desk, user: str, form: Any) -> None:
        self.desk = desk
        self.slots = list(dict.fromkeys(_slots(form)))
        self.tables = {slot: self._table(slot, user) for slot in self.slots}
        self.used: set[str] = set()
        self.limits = list(self._limits(user))
        self.barred = [s for s in sentences(user) if _BARS.search(s)]

    def _table(self, slot: str, user: str) -> str:
        """Id column of the rows that a place seems to want."""
        for key in self.desk.rows:
            if slot in (key, key.removesuffix("_id")):
                return key
        return max(self.desk.rows, key=lambda key: self._mentions(key, user), default="")

    def _mentions(self, key: str, user: str) -> int:
        """How often the columns of a kind of row are spoken of."""
        row = next(iter(self.desk.rows[key].values()))
        words = {word.lower() for name in list(row.values)[1:] for word in self.desk.labels(name)}
        return sum(len(word) for word in words - _FORM_WORDS if word in user.lower())

    def _limits(self, user: str) -> Iterator[Limit]:
        for sentence in sentences(user):
            if _OVER_ALL.search(sentence):
                continue
            for end, pattern in _LIMITS:
                found = pattern.search(sentence)
                column = self._column(sentence)
                if found and column:
                    number = float(found[1].replace(",", ""))
                    yield Limit(self._slot(sentence), self._group(sentence), column, end, number)

    def _column(self, sentence: str) -> str:
        """The column with the longest label that stands in the sentence."""
        said: dict[str, str] = {}
        for rows in self.desk.rows.values():
            for name in list(next(iter(rows.values())).values)[1:]:
                for label in self.desk.labels(name):
                    if label.lower() in sentence.lower():
                        said[label] = name
        return said[max(said, key=len)] if said else ""

    def _slot(self, sentence: str) -> str:
        named = [slot for slot in self.slots if slot.replace("_", " ") in sentence.lower()]
        return named[0] if len(named) == 1 else ""

    def _group(self, sentence: str) -> int:
        found = re.search(r"(?:第|\b[a-z]+ )(\d+)(?:'s|[\u4e00-\u9fff])", sentence)
        return int(found[1]) if found else 0

    def filled(self, form: Any, group: int) -> Any:
        if isinstance(form, list):
            return [self.filled(item, number) for number, item in enumerate(form, start=1)]
        if not isinstance(form, dict):
            return form
        made: dict[str, Any] = {}
        for key, value in form.items():
            blank = isinstance(value, str) and _BLANK.match(value)
            made[key] = self._picked(key, str(value), group) if blank else self.filled(value, group)
        return made

    def _picked(self, slot: str, blank: str, group: int) -> str:
        rows = self.desk.rows.get(self.tables[slot], {})
        limits = [
            limit for limit in self.limits if limit.slot in ("", slot) and limit.group in (0, group)
        ]
        ranked = sorted(
            rows.values(),
            key=lambda row: (row.id in self.used, _broken(row, limits) + self._bars(row)),
        )
        if not ranked:
            return ""
        best = ranked[0]
        self.used.add(best.id)
        by_id = "id" in blank.lower() or "编号" in blank
        values = [str(value) for value in best.values.values()]
        return best.id if by_id or len(values) < 2 else values[1]

    def _bars(self, row: Seen) -> int:
        """How many sentences that bar something name what the row has."""
        return sum(any(word in sentence for word in row.words) for sentence in self.barred)


def _broken(row: Seen, limits: list[Limit]) -> int:
    return sum(not _kept(row.values, limit) for limit in limits)


def _kept(values: Mapping[str, Any], limit: Limit) -> bool:
    value = values.get(limit.column)
    if not isinstance(value, int | float):
        return True
    return value <= limit.number if limit.end == "max" else value >= limit.number
