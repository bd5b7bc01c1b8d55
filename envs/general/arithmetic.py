"""What expressions compute with: types, arithmetic that keeps decimals, dates and times as text."""

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from envs.general.kinds import NUMERIC, TEMPORAL, TEXTUAL, Kind

DIGITS = 6
"""Decimals that arithmetic keeps, so that 0.1 + 0.2 equals 0.3."""


@dataclass(frozen=True)
class Sort:
    """The type of an expression: a kind, with the table of a row or the values of an enum."""

    kind: Kind | None
    """None for null."""
    table: str = ""
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind is Kind.REF:
            return f"a {self.table}"
        if self.kind is Kind.ENUM:
            return f"one of {', '.join(self.values)}"
        return self.kind.value if self.kind else "null"


BOOL, INT, NUMBER, TEXT = Sort(Kind.BOOL), Sort(Kind.INT), Sort(Kind.NUMBER), Sort(Kind.TEXT)
DATE, DATETIME = Sort(Kind.DATE), Sort(Kind.DATETIME)
NULL = Sort(None)


def tidy(number: float) -> float:
    """A rounded number; whole ones are ints."""
    rounded = round(number, DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded


def _divided(x: float, y: float) -> float | None:
    return tidy(x / y) if y else None


def _remainder(x: float, y: float) -> float | None:
    return tidy(x % y) if y else None


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text if len(text) > 5 else f"2000-01-01 {text}")


def shifted(kind: Kind | None, text: str, by: int) -> str | None:
    """A date moved by days, a time or moment by minutes; null beyond the calendar."""
    try:
        if kind is Kind.DATE:
            return (dt.date.fromisoformat(text) + dt.timedelta(days=by)).isoformat()
        moved = _moment(text) + dt.timedelta(minutes=by)
    except OverflowError:
        return None
    return moved.strftime("%H:%M" if kind is Kind.TIME else "%Y-%m-%d %H:%M")


def between(later: str, earlier: str) -> int:
    """Days from one date to the other, or minutes from one time or moment to the other."""
    if len(later) == len("2000-01-01") and len(earlier) == len(later):
        return (dt.date.fromisoformat(later) - dt.date.fromisoformat(earlier)).days
    return int((_moment(later) - _moment(earlier)).total_seconds() // 60)


def _days(later: str, earlier: str) -> int:
    return (dt.date.fromisoformat(later[:10]) - dt.date.fromisoformat(earlier[:10])).days


COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: tidy(x + y),
    "-": lambda x, y: tidy(x - y),
    "*": lambda x, y: tidy(x * y),
    "/": _divided,
    "%": _remainder,
}
FOLDS: Mapping[str, Callable[[list[Any]], Any]] = {"min": min, "max": max}

_DAY = (Kind.DATE, Kind.DATETIME)
FUNCTIONS: Mapping[str, tuple[tuple[tuple[Kind, ...], ...], Sort, Callable[..., Any]]] = {
    "days": ((_DAY, _DAY), INT, _days),
    "minutes": ((tuple(TEMPORAL), tuple(TEMPORAL)), INT, between),
    "date_of": (((Kind.DATETIME,),), DATE, lambda moment: moment[:10]),
    "time_of": (((Kind.DATETIME,),), Sort(Kind.TIME), lambda moment: moment[11:]),
    "weekday": ((_DAY,), INT, lambda day: dt.date.fromisoformat(day[:10]).isoweekday()),
    "month": ((_DAY,), INT, lambda day: int(day[5:7])),
    "year": ((_DAY,), INT, lambda day: int(day[:4])),
    "round": ((tuple(NUMERIC),), INT, lambda number: int(number + 0.5)),
    "at": (
        ((Kind.DATE,), (Kind.TIME,)),
        DATETIME,
        lambda day, time: f"{day} {time}",
    ),
    "larger": ((tuple(NUMERIC), tuple(NUMERIC)), NUMBER, max),
    "smaller": ((tuple(NUMERIC), tuple(NUMERIC)), NUMBER, min),
}
"""Name to kinds of its arguments, type of its result, and what it computes."""


def fits(found: Sort, wanted: Sort) -> bool:
    """True if a value of one type may stand where the other is wanted."""
    if found.kind is None:
        return True
    if wanted.kind in NUMERIC:
        return found.kind is Kind.INT or (found.kind in NUMERIC and wanted.kind is not Kind.INT)
    if wanted.kind in TEXTUAL:
        return found.kind in TEXTUAL or found.kind is Kind.ENUM
    if wanted.kind is Kind.ENUM:
        return found.kind is Kind.ENUM and set(found.values) <= set(wanted.values)
    return found.kind is wanted.kind and found.table == wanted.table


def comparable(left: Sort, right: Sort) -> bool:
    """True if == between the two can hold."""
    if left.kind is None or right.kind is None:
        return True
    if left.kind in NUMERIC:
        return right.kind in NUMERIC
    if left.kind in TEXTUAL or left.kind is Kind.ENUM:
        return right.kind in TEXTUAL or right.kind is Kind.ENUM
    return left.kind is right.kind and left.table == right.table
