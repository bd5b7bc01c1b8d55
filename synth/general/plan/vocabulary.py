"""What may sensibly be said of a column: whether it adds up, averages, or counts years."""

import re
from collections.abc import Sequence

from envs.general.domain import Column
from envs.general.kinds import Kind

MEASURED = frozenset({Kind.INT, Kind.NUMBER, Kind.MONEY})

_RATES = re.compile(r"\b(per|a|an|each)\b|rate|rating|score|level|average|share|%|age\b|speed|rank")
_COUNTS = re.compile(r"number of |calories|duration|length|weight|distance|time")
_YEARS = re.compile(r"\byears?\b")
_ZH_RATES = re.compile("每|率|评分|得分|等级|平均|年龄|速度|排名")
_LIMITS = re.compile(r"\b(limit|minimum|maximum|balance|threshold|stock|capacity|remaining)\b")


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
