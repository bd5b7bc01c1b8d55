"""Opening hours: when lunch and dinner are, and the plain part of OpenStreetMap's notation."""

import re
from typing import NamedTuple

LUNCH = ("12:00", "13:30")
"""A place serves lunch if it is open all this time on every day it is open at all."""
DINNER = ("18:30", "20:00")
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

_DAY = "|".join(DAYS)
_TIME = r"\d{1,2}:\d{2}"
_RULE = re.compile(
    rf"(?P<days>(?:{_DAY})(?:\s*[-,]\s*(?:{_DAY}))*)\s+"
    rf"(?P<times>{_TIME}\s*-\s*{_TIME}(?:\s*,\s*{_TIME}\s*-\s*{_TIME})*)"
)
_HOLIDAYS = re.compile(r"[;,]?\s*PH\s+off")
_CLOSED = re.compile(rf"[;,]?\s*(?:{_DAY})(?:-(?:{_DAY}))?\s+(?:closed|off)")


class Week(NamedTuple):
    lunch: bool
    dinner: bool
    rests: frozenset[int]


def read_week(text: str) -> Week | None:
    """What `text` says of a week; None where it says more than days and times."""
    rest = _CLOSED.sub("", _HOLIDAYS.sub("", text))
    open_: dict[int, list[tuple[str, str]]] = {}
    for rule in _RULE.finditer(rest):
        for day in _days(rule["days"]):
            open_.setdefault(day, []).extend(_spans(rule["times"]))
    if not open_ or _RULE.sub("", rest).strip(" ;,"):
        return None
    return Week(
        all(_covers(spans, LUNCH) for spans in open_.values()),
        all(_covers(spans, DINNER) for spans in open_.values()),
        frozenset(range(7)) - open_.keys(),
    )


def _days(text: str) -> set[int]:
    found: set[int] = set()
    for part in re.sub(r"\s", "", text).split(","):
        first, _, last = part.partition("-")
        start, end = DAYS.index(first), DAYS.index(last or first)
        found.update((start + n) % 7 for n in range((end - start) % 7 + 1))
    return found


def _spans(text: str) -> list[tuple[str, str]]:
    """Spans as HH:MM; one that ends after midnight ends at 24:00."""
    times = [f"{time:0>5}" for time in re.findall(_TIME, text)]
    pairs = zip(times[::2], times[1::2], strict=True)
    return [(start, end if end > start else "24:00") for start, end in pairs]


def _covers(spans: list[tuple[str, str]], wanted: tuple[str, str]) -> bool:
    return any(start <= wanted[0] and wanted[1] <= end for start, end in spans)
