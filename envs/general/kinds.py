"""Types of columns and arguments, written in a few words: "int 80..900 step 10", "ref book?".

    name [person|company|street|city|email|phone]   what people call the row
    code PATTERN          letters and digits: # is a digit, @ a letter, the rest stands
    text [person|...]     free text
    enum                  one of the field's `values`
    int | number | money  LOW..HIGH [step S]
    bool [P%]             true with this probability, 50% unless told
    date LOW..HIGH        days from today, e.g. -30..60
    time HH:MM..HH:MM [step MINUTES]
    datetime LOW..HIGH [HH:MM..HH:MM] [step MINUTES]
    ref TABLE             a row of another table

A question mark after the type says that the value may be missing; "?60%" says how often.
"""

import re
from enum import StrEnum

from data.record import Record


class Kind(StrEnum):
    NAME = "name"
    CODE = "code"
    TEXT = "text"
    ENUM = "enum"
    INT = "int"
    NUMBER = "number"
    MONEY = "money"
    BOOL = "bool"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    REF = "ref"


NUMERIC = frozenset({Kind.INT, Kind.NUMBER, Kind.MONEY})
TEMPORAL = frozenset({Kind.DATE, Kind.TIME, Kind.DATETIME})
TEXTUAL = frozenset({Kind.NAME, Kind.CODE, Kind.TEXT})
MAKERS = ("person", "company", "street", "city", "email", "phone")
"""Names that need no list in the domain file."""

RANGED = {
    Kind.INT: "int 1..10",
    Kind.NUMBER: "number 0.5..4.5 step 0.5",
    Kind.MONEY: "money 5..40",
    Kind.DATE: "date -30..60",
    Kind.TIME: "time 08:00..20:00",
    Kind.DATETIME: "datetime -3..14 08:00..20:00",
}
"""How the types that need a range are written."""

DEFAULT_STEPS = {Kind.INT: 1.0, Kind.NUMBER: 0.1, Kind.MONEY: 1.0, Kind.TIME: 30, Kind.DATETIME: 30}
MAX_CODE = 24
MAX_CHOICES = 1_000_000

_MISSING = re.compile(r" ?\?(?:(\d{1,2})%)?$")
_NUMBER = r"-?\d+(?:\.\d+)?"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?: step ({_NUMBER}))?")
_DAYS = re.compile(r"(-?\d+)\.\.(-?\d+)")
_CLOCKS = re.compile(rf"({_CLOCK})\.\.({_CLOCK})(?: step (\d+))?")
_MOMENTS = re.compile(rf"(-?\d+)\.\.(-?\d+)(?: ({_CLOCK})\.\.({_CLOCK}))?(?: step (\d+))?")


class Type(Record):
    """A parsed type. Numbers: `low`, `high`, `step` in the field's unit; dates: days from today;
    times: minutes of the day; moments: days in `low`, `high`, minutes in `opens`, `closes`."""

    kind: Kind
    low: float = 0
    high: float = 0
    step: float = 1
    opens: int = 8 * 60
    closes: int = 20 * 60
    table: str = ""
    maker: str = ""
    pattern: str = ""
    share: float = 0.5
    nullable: bool = False
    missing: float = 0.25
    """How often a value that may be missing is."""

    @property
    def bounded(self) -> bool:
        """True if the type names a range to draw from."""
        return self.high > self.low or self.low != 0


def parse_type(given: object) -> Type:
    """Reads a type. Raises `ValueError` that shows how it is written."""
    if not isinstance(given, str) or not given.strip():
        raise ValueError(f'wants a type such as "int 1..10", got {given!r}')
    text = " ".join(given.split())
    end = _MISSING.search(text)
    nullable = {}
    if end:
        text = text[: end.start()].strip()
        nullable = {"nullable": True, **({"missing": int(end[1]) / 100} if end[1] else {})}
    word, _, rest = text.partition(" ")
    if word.endswith("?"):
        word, nullable = word[:-1], {"nullable": True, **nullable}
    try:
        kind = Kind(word)
    except ValueError as error:
        known = ", ".join(Kind)
        raise ValueError(f"unknown type {word!r}; types are {known}") from error
    return _READERS[kind](kind, rest).model_copy(update=nullable)


def minutes(clock: str) -> int:
    """Minutes of the day of "HH:MM"."""
    hours, _, rest = clock.partition(":")
    return 60 * int(hours) + int(rest)


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _wrong(kind: Kind, rest: str, wanted: str) -> ValueError:
    return ValueError(f"{kind} is written '{wanted}', got '{kind} {rest}'")


def _plain(kind: Kind, rest: str) -> Type:
    if rest:
        raise ValueError(f"{kind} takes nothing after it, got {rest!r}")
    return Type(kind=kind)


def _name(kind: Kind, rest: str) -> Type:
    if rest and rest not in MAKERS:
        raise ValueError(f"no name maker {rest!r}; makers are {', '.join(MAKERS)}")
    return Type(kind=kind, maker=rest)


def _code(kind: Kind, rest: str) -> Type:
    pattern = rest.strip("\"'")
    if not re.fullmatch(rf"[A-Za-z0-9#@ ./+-]{{1,{MAX_CODE}}}", pattern) or not set("#@") & set(
        pattern
    ):
        raise _wrong(kind, rest, "code AB-####")
    return Type(kind=kind, pattern=pattern)


def _numeric(kind: Kind, rest: str) -> Type:
    match = _RANGE.fullmatch(rest)
    if not match:
        if rest:
            raise _wrong(kind, rest, f"{kind} 1..10 step 1")
        return Type(kind=kind)
    low, high = float(match[1]), float(match[2])
    step = float(match[3] or DEFAULT_STEPS[kind])
    if kind is Kind.INT and not all(value == int(value) for value in (low, high, step)):
        raise ValueError(f"int has only whole numbers, got {rest!r}")
    if low > high or step <= 0:
        raise ValueError(
            f"range {rest!r} is empty; the low end comes first and the step is above 0"
        )
    if (high - low) / step > MAX_CHOICES:
        raise ValueError(f"range {rest!r} has over {MAX_CHOICES} values; use a larger step")
    return Type(kind=kind, low=low, high=high, step=step)


def _bool(kind: Kind, rest: str) -> Type:
    if not rest:
        return Type(kind=kind)
    match = re.fullmatch(r"(\d{1,2})%", rest)
    if not match:
        raise _wrong(kind, rest, "bool 30%")
    return Type(kind=kind, share=int(match[1]) / 100)


def _date(kind: Kind, rest: str) -> Type:
    match = _DAYS.fullmatch(rest)
    if not match:
        if rest:
            raise _wrong(kind, rest, "date -30..60")
        return Type(kind=kind)
    return _span(Type(kind=kind, low=int(match[1]), high=int(match[2])), rest)


def _time(kind: Kind, rest: str) -> Type:
    match = _CLOCKS.fullmatch(rest)
    if not match:
        if rest:
            raise _wrong(kind, rest, "time 08:00..20:00 step 30")
        return Type(kind=kind)
    low, high = minutes(match[1]), minutes(match[2])
    step = int(match[3] or DEFAULT_STEPS[kind])
    return _span(Type(kind=kind, low=low, high=high, step=step), rest)


def _datetime(kind: Kind, rest: str) -> Type:
    match = _MOMENTS.fullmatch(rest)
    if not match:
        if rest:
            raise _wrong(kind, rest, "datetime -3..14 08:00..20:00 step 30")
        return Type(kind=kind)
    opens, closes = (minutes(match[3]), minutes(match[4])) if match[3] else (8 * 60, 20 * 60)
    step = int(match[5] or DEFAULT_STEPS[kind])
    made = Type(
        kind=kind, low=int(match[1]), high=int(match[2]), step=step, opens=opens, closes=closes
    )
    if opens > closes:
        raise ValueError(f"range {rest!r} is empty; the earlier time comes first")
    return _span(made, rest)


def _span(made: Type, rest: str) -> Type:
    if made.low > made.high or made.step < 1:
        raise ValueError(f"range {rest!r} is empty; the low end comes first")
    if abs(made.low) > 40_000 or abs(made.high) > 40_000:
        raise ValueError(f"range {rest!r} is out of the calendar")
    return made


def _ref(kind: Kind, rest: str) -> Type:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", rest):
        raise _wrong(kind, rest, "ref book")
    return Type(kind=kind, table=rest)


_READERS = {
    Kind.NAME: _name,
    Kind.CODE: _code,
    Kind.TEXT: _name,
    Kind.ENUM: _plain,
    Kind.INT: _numeric,
    Kind.NUMBER: _numeric,
    Kind.MONEY: _numeric,
    Kind.BOOL: _bool,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.DATETIME: _datetime,
    Kind.REF: _ref,
}
