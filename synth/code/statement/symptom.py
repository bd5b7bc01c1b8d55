"""What is wrong, told from what a script printed on both trees: the facts that words are put to."""

import re
from enum import StrEnum
from os.path import commonprefix
from typing import Any, NamedTuple

from synth.code.statement.evidence import Outcome, Reproduction
from synth.code.statement.reading import Reading, reading

MAX_ITEM_CHARS = 40


class Sort(StrEnum):
    CRASH = "crash"
    NO_ERROR = "no_error"
    HANG = "hang"
    OTHER_ERROR = "other_error"
    OTHER_MESSAGE = "other_message"
    NOTHING = "nothing"
    """None where something is expected."""
    TRUTH = "truth"
    TYPE = "type"
    MISSING = "missing"
    EXTRA = "extra"
    ORDER = "order"
    ENTRY = "entry"
    """Another value for a key or at a position."""
    NUMBER = "number"
    SPACE = "space"
    CASE = "case"
    TEXT = "text"
    VALUE = "value"


class Symptom(NamedTuple):
    """Facts about one reproduction."""

    sort: Sort
    call: str
    """What was called, as the script writes it, e.g. `xmltodict.parse`; may be empty."""
    options: tuple[str, ...]
    """Keyword arguments of the call, as written."""
    expression: str
    """What is printed, if it is short and stands on its own."""
    expected: str
    actual: str
    """What was printed, on one line if it is one."""
    item: str = ""
    """What is missing, too much, or the key of the entry; the text that is missing."""
    other: str = ""
    """The text that is there instead."""
    number: int = 0
    """How many items are missing or too many."""
    verb: str = "raise"
    """What the language says of errors: they are raised, or thrown."""


def symptom(found: Reproduction) -> Symptom:
    read = reading(found.language)
    call, options = read.call(found.script)
    good, bad = found.fixed, found.buggy
    base = Symptom(
        Sort.VALUE,
        call,
        options,
        read.expression(found.script),
        good.out.rstrip("\n"),
        bad.out.rstrip("\n"),
        verb=read.RAISE,
    )
    return _of_errors(base, good, bad) or _of_values(base, good.out, bad.out, read)


def _of_errors(base: Symptom, good: Outcome, bad: Outcome) -> Symptom | None:
    if bad.error == "hang":
        return base._replace(sort=Sort.HANG)
    if bad.error and not good.error:
        return base._replace(sort=Sort.CRASH, actual=bad.last_line, other=bare(bad.error))
    if good.error and not bad.error:
        return base._replace(sort=Sort.NO_ERROR, expected=good.last_line, item=bare(good.error))
    if not good.error:
        return None
    sort = Sort.OTHER_MESSAGE if good.error == bad.error else Sort.OTHER_ERROR
    return base._replace(
        sort=sort,
        expected=good.last_line,
        actual=bad.last_line,
        item=bare(good.error),
        other=bare(bad.error),
    )


def bare(error: str) -> str:
    """`TOMLKitError` of `tomlkit.exceptions.TOMLKitError`."""
    return error.rpartition(".")[2]


def _of_values(base: Symptom, good: str, bad: str, read: Reading) -> Symptom:
    if bad.strip() == read.NOTHING:
        return base._replace(sort=Sort.NOTHING)
    try:
        right, wrong = read.value(good.strip()), read.value(bad.strip())
    except ValueError:
        return _of_texts(base, good, bad)
    if read.shown(right) == read.shown(wrong):
        return _of_texts(base, good, bad)
    if isinstance(right, bool) and isinstance(wrong, bool):
        return base._replace(sort=Sort.TRUTH)
    if isinstance(right, int | float) and isinstance(wrong, int | float):
        off = int(abs(right - wrong) == 1 and isinstance(right, int))
        return base._replace(sort=Sort.NUMBER, number=off)
    if type(right) is not type(wrong):
        item, other = read.type_name(right), read.type_name(wrong)
        return base._replace(sort=Sort.TYPE, item=item, other=other)
    if isinstance(right, str):
        return _of_texts(base, right, wrong)
    if isinstance(right, dict):
        return _of_dicts(base, right, wrong, read)
    if isinstance(right, list | tuple | set):
        return _of_items(base, list(right), list(wrong), not isinstance(right, set), read)
    return base


def _of_dicts(
    base: Symptom, right: dict[Any, Any], wrong: dict[Any, Any], read: Reading
) -> Symptom:
    missing = [key for key in right if key not in wrong]
    extra = [key for key in wrong if key not in right]
    if missing and not extra:
        return base._replace(
            sort=Sort.MISSING, item=_short(read.key(missing[0])), number=len(missing)
        )
    if extra and not missing:
        return base._replace(sort=Sort.EXTRA, item=_short(read.key(extra[0])), number=len(extra))
    changed = [key for key in right if key in wrong and right[key] != wrong[key]]
    if not missing and not extra and len(changed) == 1:
        [key] = changed
        inner = right[key], wrong[key]
        if all(isinstance(value, dict) for value in inner):
            deeper = _of_dicts(base, *inner, read)
            if deeper.sort is not Sort.VALUE:
                return deeper
        return base._replace(sort=Sort.ENTRY, item=_short(read.key(key)))
    if not missing and not changed:
        return base._replace(sort=Sort.ORDER)
    return base


def _of_items(
    base: Symptom, right: list[Any], wrong: list[Any], ordered: bool, read: Reading
) -> Symptom:
    missing, extra = _left(right, wrong), _left(wrong, right)
    if missing and not extra and wrong:
        return base._replace(
            sort=Sort.MISSING, item=_short(read.shown(missing[0])), number=len(missing)
        )
    if extra and not missing:
        return base._replace(sort=Sort.EXTRA, item=_short(read.shown(extra[0])), number=len(extra))
    if not missing and not extra and ordered:
        return base._replace(sort=Sort.ORDER)
    return base


def _left(items: list[Any], others: list[Any]) -> list[Any]:
    rest = list(others)
    found = []
    for item in items:
        if item in rest:
            rest.remove(item)
        else:
            found.append(item)
    return found


def _short(text: str) -> str:
    return text if len(text) <= MAX_ITEM_CHARS and "`" not in text else ""


def _of_texts(base: Symptom, good: str, bad: str) -> Symptom:
    if "".join(good.split()) == "".join(bad.split()):
        return base._replace(sort=Sort.SPACE)
    if good.casefold() == bad.casefold():
        return base._replace(sort=Sort.CASE)
    if re.sub(r"\W+", "", good) and sorted(good.splitlines()) == sorted(bad.splitlines()):
        return base._replace(sort=Sort.ORDER)
    start = len(commonprefix([good, bad]))
    end = len(commonprefix([good[start:][::-1], bad[start:][::-1]]))
    while start and (good[start - 1].isalnum() or good[start - 1] == "_"):
        start -= 1
    while end and (good[len(good) - end].isalnum() or good[len(good) - end] == "_"):
        end -= 1
    gone, came = good[start : len(good) - end], bad[start : len(bad) - end]
    short = max(len(gone), len(came)) <= MAX_ITEM_CHARS and (gone + came).isprintable()
    short = short and not _cuts_literal(good[:start], gone + came)
    if short and "`" not in gone + came and (gone + came).strip():
        return base._replace(sort=Sort.TEXT, item=gone.strip(), other=came.strip())
    return base._replace(sort=Sort.TEXT)


def _cuts_literal(before: str, piece: str) -> bool:
    """Whether `piece`, behind `before`, ends a quotation or bracket that was opened before it."""
    quotes = any(before.count(quote) % 2 and quote in piece for quote in "\"'")
    return quotes or any(
        piece.count(right) > piece.count(left) for left, right in ("()", "[]", "{}")
    )
