"""How values and rows are put into words, in English and Chinese.

A row is referred to as its table's `called` says; a column adds "published in 1987" before the noun
in Chinese and after it in English.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Protocol

from data.task import Language
from envs.general.domain import Column, Domain
from envs.general.expr import Row, Store, Value
from envs.general.kinds import Kind
from envs.general.spec import FieldSpec
from envs.general.superlative import superlative
from envs.general.texts import PLACEHOLDER, Noun, Unit

MAX_DEPTH = 4

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_CURRENCIES = {
    "USD": "美元",
    "EUR": "欧元",
    "GBP": "英镑",
    "JPY": "日元",
    "CNY": "元",
    "CHF": "瑞士法郎",
}
_EN_CURRENCIES = {"CNY": "yuan", "CHF": "francs"}
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


class World(Protocol):
    """What wording needs of a compiled world."""

    @property
    def domain(self) -> Domain: ...

    @property
    def rows(self) -> Store: ...


def number_words(value: float, language: Language) -> str:
    """A number with digit groups from 10,000 up: 12,500; 1250; 3.5."""
    if value == int(value):
        whole = int(value)
        return f"{whole:,}" if abs(whole) >= 10_000 else str(whole)
    return f"{value:,.2f}".rstrip("0") if abs(value) >= 10_000 else f"{value:g}"


def money_words(value: float, currency: str, language: Language) -> str:
    """€12.50; 12.5欧元."""
    if language is Language.ZH:
        return f"{number_words(value, language)}{_CURRENCIES.get(currency, currency)}"
    digits = number_words(value, language) if value == int(value) else f"{value:,.2f}"
    if currency in _SIGNS:
        return f"{_SIGNS[currency]}{digits}"
    return f"{digits} {_EN_CURRENCIES.get(currency, currency)}"


def date_words(text: str, today: dt.date, language: Language) -> str:
    """3 March, or 3 March 2024 in another year than today's; 3月3日."""
    day = dt.date.fromisoformat(text)
    same = day.year == today.year
    if language is Language.ZH:
        return f"{day.month}月{day.day}日" if same else f"{day.year}年{day.month}月{day.day}日"
    said = f"{day.day} {_MONTHS[day.month - 1]}"
    return said if same else f"{said} {day.year}"


def value_words(
    spec: FieldSpec, value: Value, language: Language, today: dt.date, currency: str
) -> str:
    """A value that is no ref, as a person writes it, with its unit."""
    if value is None:
        return "无" if language is Language.ZH else "none"
    kind = spec.type.kind
    match kind:
        case Kind.ENUM:
            return (spec.values or {})[str(value)].of(language)
        case Kind.BOOL:
            if spec.values:
                return spec.values["yes" if value else "no"].of(language)
            return (
                ("是" if value else "否") if language is Language.ZH else "yes" if value else "no"
            )
        case Kind.MONEY:
            assert isinstance(value, int | float)
            return money_words(value, currency, language)
        case Kind.INT | Kind.NUMBER:
            assert isinstance(value, int | float)
            return _with_unit(value, spec.unit, language)
        case Kind.DATE:
            return date_words(str(value), today, language)
        case Kind.DATETIME:
            day = date_words(str(value)[:10], today, language)
            time = str(value)[11:]
            return f"{day}{time}" if language is Language.ZH else f"{day} at {time}"
        case _:
            return str(value)


def _with_unit(value: float, unit: Unit | None, language: Language) -> str:
    digits = number_words(value, language)
    if unit is None:
        return digits
    word = unit.of(language)
    if language is Language.ZH or word in ("%", "°C", "°F"):
        return digits + word
    return f"{digits} {unit.one if value == 1 else word}"


def column_words(world: World, column: Column, value: Value, language: Language) -> str:
    """A value of a column in words; a ref as the row it points at is called."""
    if column.kind is Kind.REF and value is not None:
        return called(world, column.type.table, str(value), language)
    spec = world.domain.spec
    return value_words(column.spec, value, language, spec.today, spec.currency)


def called(world: World, table: str, row_id: str, language: Language, depth: int = 0) -> str:
    """A row as people refer to it; without a qualification, so perhaps not the only one."""
    made = world.domain.tables[table]
    row = world.rows.row(table, row_id)
    slots: dict[str, str] = {}
    template = made.called.of(language)
    for path in PLACEHOLDER.findall(template):
        slots[path] = _path_words(world, table, row, path, language, depth)
    return filled(template, slots, language)


def _path_words(
    world: World, table: str, row: Row, path: str, language: Language, depth: int
) -> str:
    head, _, rest = path.partition(".")
    if head == "id":
        return str(row["id"])
    column = world.domain.tables[table].columns[head]
    value = row[head]
    if column.kind is Kind.REF and value is not None:
        target = column.type.table
        if rest:
            return _path_words(
                world, target, world.rows.row(target, str(value)), rest, language, depth
            )
        if depth >= MAX_DEPTH:
            return str(value)
        return called(world, target, str(value), language, depth + 1)
    return column_words(world, column, value, language)


_TWO_ARTICLES = re.compile(r"\b(?:the|a) the ")


def filled(template: str, slots: Mapping[str, str], language: Language) -> str:
    """`template` with its placeholders filled; "the the" and 《《 are avoided."""
    text = PLACEHOLDER.sub(lambda match: slots[match[1]], template)
    if language is Language.EN:
        text = _TWO_ARTICLES.sub("the ", text).replace("s's ", "s' ")
    return text


def own_label(column: Column, noun: Noun) -> str:
    """The English label without the noun that it belongs to: "length of the trip" of a trip."""
    label, found, owner = column.label.en.rpartition(" of the ")
    return label if found and owner in (noun.en, noun.en.rpartition(" ")[2]) else column.label.en


def qualifier(column: Column, said: str, noun: Noun, language: Language) -> str:
    """Says that a row's column is `said`: "published in 1987"; "1987年出版的"."""
    if column.spec.say:
        return column.spec.say.of(language).replace("{v}", said)
    if column.kind is Kind.BOOL and column.spec.values:
        return f"{said}的" if language is Language.ZH else said
    if language is Language.ZH:
        return f"{column.label.zh}为{said}的"
    return f"whose {own_label(column, noun)} is {said}"


def extreme(column: Column, largest: bool, noun: Noun, language: Language) -> str:
    """The row of all with the most or least: "the longest book"; "最长的书"."""
    given = column.spec.most if largest else column.spec.least
    if given:
        text = given.of(language)
        return f"{text}{noun.zh}" if language is Language.ZH else f"{text} {noun.en}"
    en, zh = superlative(column, largest)
    if language is Language.ZH:
        return f"{column.label.zh.removesuffix('数量') or column.label.zh}{zh}的{noun.zh}"
    return f"the {noun.en} with the {en} {own_label(column, noun).removeprefix('number of ')}"


def asked(text: str, slots: Mapping[str, str], language: Language) -> str:
    """An action's `ask` with its arguments in words; a part in [brackets] goes if a slot lacks."""
    kept = ""
    for part in _parts(text):
        optional = part.startswith("[")
        inner = part[1:-1] if optional else part
        if optional and not set(PLACEHOLDER.findall(inner)) <= set(slots):
            continue
        kept += inner
    return filled(kept, slots, language)


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    at = 0
    while at < len(text):
        start = text.find("[", at)
        end = text.find("]", start)
        if start < 0 or end < 0:
            parts.append(text[at:])
            break
        parts += [text[at:start], text[start : end + 1]]
        at = end + 1
    return [part for part in parts if part]
