"""Typed answers and what counts as one of them. Independent of any kind of task.

Forgiving about writing (accents, case, width, articles, order of names, units), strict about
content: no subset of words, no list of guesses, nothing beside the answer.
"""

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, JsonValue

from data.record import Record
from verifiers.quantities import converted, read_date, read_moment, read_quantity, read_year

MAX_NAME_CHARS = 400
"""A longer text names nothing."""
MAX_LIST_ITEMS = 500
CACHED_KEYS = 1024
"""Names whose keys are remembered: one answer is compared with many."""
EXACT = 1e-9
"""Relative difference that floating point may leave in an exact number."""


class EntityAnswer(Record):
    """One thing, by any of its names; write it with `normal_key` in mind."""

    type: Literal["entity"] = "entity"
    names: tuple[str, ...] = Field(min_length=1)


class YearAnswer(Record):
    type: Literal["year"] = "year"
    value: int


class DateAnswer(Record):
    """One day; a year alone does not match."""

    type: Literal["date"] = "date"
    value: date


class NumberAnswer(Record):
    type: Literal["number"] = "number"
    value: float
    tolerance: float = Field(default=0.0, ge=0, lt=1)
    """Relative to `value`; 0 asks for the exact number."""
    unit: str = ""
    """Unit of `value`, e.g. `sq km`; an answer may leave it out or use another of its kind."""


class TextAnswer(Record):
    """A text as it stands in the data; only case, width and spaces may differ."""

    type: Literal["text"] = "text"
    value: str = Field(min_length=1)


class MomentAnswer(Record):
    """A day and time, to the second; without a time zone."""

    type: Literal["moment"] = "moment"
    value: datetime


class ListAnswer(Record):
    """Exactly these items: each once, none missing, none beside them."""

    type: Literal["list"] = "list"
    items: tuple["AnswerSpec", ...] = Field(min_length=1)
    ordered: bool = False


class TableAnswer(Record):
    """Rows of cells: as lists, as objects by column, or as `{"columns": ..., "rows": ...}`.

    Names of columns are not judged where rows are lists; objects must have these names.
    """

    type: Literal["table"] = "table"
    columns: tuple[str, ...] = Field(min_length=1)
    rows: tuple[tuple["AnswerSpec", ...], ...] = Field(min_length=1)
    ordered: bool = True


AnswerSpec = Annotated[
    EntityAnswer
    | YearAnswer
    | DateAnswer
    | MomentAnswer
    | NumberAnswer
    | TextAnswer
    | ListAnswer
    | TableAnswer,
    Field(discriminator="type"),
]


class Match(NamedTuple):
    """Truth value of a comparison and its reason, which never repeats the right answer."""

    matched: bool
    reason: str

    def __bool__(self) -> bool:
        return self.matched


def matches(spec: AnswerSpec, given: JsonValue) -> Match:
    """Whether `given`, any JSON value whatever, is the answer `spec` describes."""
    match spec:
        case EntityAnswer():
            return _entity(spec, given)
        case TextAnswer():
            return _text(spec, given)
        case NumberAnswer():
            return _number(spec, given)
        case ListAnswer():
            return _list(spec, given)
        case TableAnswer():
            return _table(spec, given)
        case _:
            return _time(spec, given)


def _time(spec: YearAnswer | DateAnswer | MomentAnswer, given: JsonValue) -> Match:
    match spec:
        case YearAnswer():
            year = read_year(given)
            if year is None:
                return Match(False, "the answer must be one year, in four digits")
            return _compared(year == spec.value, "year")
        case DateAnswer():
            day = read_date(given)
            if day is None:
                return Match(False, "the answer must be one date, as YYYY-MM-DD")
            return _compared(day == spec.value, "date")
        case MomentAnswer():
            moment = read_moment(given)
            if moment is None:
                return Match(False, "the answer must be a date and time, as YYYY-MM-DD HH:MM:SS")
            return _compared(moment == spec.value, "date and time")


def _compared(same: bool, what: str) -> Match:
    return Match(same, f"the {what} is right" if same else f"the {what} is wrong")


def _entity(spec: EntityAnswer, given: JsonValue) -> Match:
    if not isinstance(given, str):
        return Match(False, "the answer must be one name, as text")
    if len(given) > MAX_NAME_CHARS:
        return Match(False, "the answer must be one name and nothing else")
    keys = {normal_key(name) for name in spec.names}
    readings = {normal_key(given), normal_key(_YEAR_AFTER.sub("", given))} - {""}
    return _compared(not keys.isdisjoint(readings), "name")


def _number(spec: NumberAnswer, given: JsonValue) -> Match:
    quantity = read_quantity(given)
    if quantity is None:
        return Match(False, "the answer must be one number, with its unit if it has one")
    found = converted(quantity, spec.unit)
    if found is None:
        return Match(False, "the number's unit does not fit the question")
    value, slack = found
    allowed = max(spec.tolerance, slack, EXACT) * abs(spec.value)
    return _compared(abs(value - spec.value) <= allowed, "number")


def _list(spec: ListAnswer, given: JsonValue) -> Match:
    if not isinstance(given, list):
        return Match(False, "the answer must be a JSON list")
    if len(given) != len(spec.items):
        return Match(False, "the list has missing or extra items")
    if len(given) > MAX_LIST_ITEMS:
        return Match(False, f"the list is longer than {MAX_LIST_ITEMS} items")
    if spec.ordered:
        same = all(matches(item, value) for item, value in zip(spec.items, given, strict=True))
        return Match(same, "the list is right" if same else "an item is wrong or out of order")
    same = _paired(spec.items, given)
    return Match(same, "the list is right" if same else "the list has a wrong or repeated item")


def _text(spec: TextAnswer, given: JsonValue) -> Match:
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str) or len(given) > MAX_NAME_CHARS:
        return Match(False, "the answer must be one text and nothing else")
    return _compared(_folded(given) == _folded(spec.value), "text")


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _table(spec: TableAnswer, given: JsonValue) -> Match:
    rows = _rows(spec, given)
    if rows is None:
        return Match(False, f"the answer must be rows of {len(spec.columns)} cells")
    if len(rows) != len(spec.rows):
        return Match(False, "the table has missing or extra rows")
    items = tuple(ListAnswer(items=row, ordered=True) for row in spec.rows)
    same = bool(_list(ListAnswer(items=items, ordered=spec.ordered), list(rows)))
    return Match(same, "the table is right" if same else "a cell is wrong or a row out of order")


def _rows(spec: TableAnswer, given: JsonValue) -> list[JsonValue] | None:
    """The rows as lists; None for what is no table of this width."""
    if isinstance(given, dict):
        if set(given) >= {"columns", "rows"}:
            given = given["rows"]
        elif len(spec.columns) == 2:
            given = [[key, value] for key, value in given.items()]
    if not isinstance(given, list):
        return None
    rows: list[JsonValue] = []
    for row in given:
        if isinstance(row, dict) and set(row) == set(spec.columns):
            row = [row[name] for name in spec.columns]
        if not isinstance(row, list) or len(row) != len(spec.columns):
            return None
        rows.append(row)
    return rows


def _paired(items: tuple[AnswerSpec, ...], given: list[JsonValue]) -> bool:
    """Whether items and values pair off one to one (augmenting paths)."""
    fits = [[n for n, item in enumerate(items) if matches(item, value)] for value in given]
    owner: dict[int, int] = {}

    def place(value: int, tried: set[int]) -> bool:
        for item in fits[value]:
            if item not in tried:
                tried.add(item)
                if item not in owner or place(owner[item], tried):
                    owner[item] = value
                    return True
        return False

    return all(place(value, set()) for value in range(len(given)))


_YEAR_AFTER = re.compile(r"(?<=\S)\s*[(\uff08]\s*(?:18\d\d|19\d\d|20[0-3]\d)\s*年?\s*[)\uff09]\s*$")
_ARTICLE_BEFORE = re.compile(r"^\W*(?:the|an|a(?!\s+\w\b))\s+(?=.*\w)")
_FRACTION = re.compile("(?=[\u00bc-\u00be\u2150-\u215e])")
_ARTICLE_AFTER = re.compile(r",\s*(?:the|an|a)\W*$")
_INITIALS = re.compile(r"\b[^\W\d_](?: [^\W\d_])+\b")
_MARKS = re.compile("[\u0300-\u036f]")
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc`\u00b4]")
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)


@lru_cache(maxsize=CACHED_KEYS)
def normal_key(text: str) -> str:
    """What two ways to write one name have in common; different things must differ in it.

    Case, accents, width, punctuation, a leading or trailing English article, dots of initials and
    the order of words are dropped; every word and every digit stays. Text without any letter or
    digit keeps its signs.
    """
    # Else "8½" would read 81/2.
    spaced = _FRACTION.sub(" ", text)
    marked = unicodedata.normalize("NFKD", spaced).casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFC", _MARKS.sub("", marked))
    bare = _ARTICLE_BEFORE.sub("", _ARTICLE_AFTER.sub("", plain), count=1)
    # A title may be nothing but an article.
    words = _words(bare) or _words(plain)
    return " ".join(sorted(words)) if words else "".join(plain.split())


def _words(text: str) -> list[str]:
    spaced = re.sub(r"[\W_]+", " ", _APOSTROPHES.sub("", text).replace("&", " and ")).strip()
    return _INITIALS.sub(lambda initials: initials[0].replace(" ", ""), spaced).split()
