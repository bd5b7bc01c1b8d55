"""What may sensibly be said of a column: whether it adds up, averages, or counts years."""

import re
from collections.abc import Sequence
from enum import StrEnum

from envs.general.domain import Column
from envs.general.kinds import Kind
from envs.general.texts import Noun


class Comparison(StrEnum):
    """Earlier or later, fewer or more, shorter or longer, smaller or larger, lower or higher."""

    TIME = "time"
    COUNT = "count"
    LENGTH = "length"
    SIZE = "size"
    LEVEL = "level"


MEASURED = frozenset({Kind.INT, Kind.NUMBER, Kind.MONEY})

_RATES = re.compile(r"\b(per|a|an|each)\b|rate|rating|score|level|average|share|%|age\b|speed|rank")
_COUNTS = re.compile(r"number of |calories|duration|length|weight|distance|time")
_YEARS = re.compile(r"\byears?\b")
_ZH_RATES = re.compile("每|率|评分|得分|等级|平均|年龄|速度|排名")
_LIMITS = re.compile(r"\b(limit|minimum|maximum|balance|threshold|stock|capacity|remaining)\b")


_SEQUENCES = re.compile(
    r"\b(hour|day|evening|morning|night|week|weekend|month|quarter|term|semester|year|season|stop|"
    r"stage|leg|step|round|session|shift|slot|course|lesson|class|period|match|game|episode|issue|"
    r"chapter|act|turn|visit|date|meal|tour|trip|block|screening|performance|concert|lecture|batch)$"
)
_LONG = re.compile(r"\b(time|duration|length|distance|runtime)$")
_LARGE = re.compile(r"\b(area|size|volume|population)$")


def in_sequence(group: Noun) -> bool:
    """True for groups of which one comes before the next, as days do and teams do not."""
    return bool(_SEQUENCES.search(group.en))


def comparison(column: Column) -> Comparison:
    """How more of a column is told from less."""
    label = column.label.en
    if column.kind in (Kind.DATE, Kind.TIME, Kind.DATETIME) or is_year(column):
        return Comparison.TIME
    if label.startswith("number of ") or column.label.zh.endswith(("数", "数量")):
        return Comparison.COUNT
    if _LONG.search(label):
        return Comparison.LENGTH
    return Comparison.SIZE if _LARGE.search(label) else Comparison.LEVEL


def is_year(column: Column) -> bool:
    """True for years of the calendar, which are neither added nor grouped in thousands."""
    return column.kind is Kind.INT and bool(_YEARS.search(column.label.en)) and not column.spec.unit


def adds_up(columns: Sequence[Column]) -> bool:
    """True if the sum over several rows means something, as far as its label tells."""
    column = columns[-1]
    label = column.label.en.lower()
    if len(columns) > 1 or column.kind not in MEASURED or is_year(column):
        return False
    if _RATES.search(label) or _ZH_RATES.search(column.label.zh) or _LIMITS.search(label):
        return False
    unit = column.spec.unit.en if column.spec.unit else ""
    if unit and unit not in ("%", "°C", "°F", "stars", "star"):
        return True
    return column.kind is Kind.MONEY or bool(_COUNTS.search(label))
