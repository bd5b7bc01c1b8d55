"""A domain file as it is written: tables, actions, policies and plans, in two languages.

Here is the form of every entry; `envs.general.reading` loads files, `envs.general.resolve` checks what
entries mean to each other.
"""

import datetime as dt
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator

from data.errors import UserError
from data.record import Record
from envs.general.kinds import Kind, Type, parse_type
from envs.general.syntax import is_reserved
from envs.general.texts import Noun, Text, Unit, parse_noun, parse_text, parse_unit

MAX_ROWS = 600
MAX_TABLES, MAX_FIELDS, MAX_ACTIONS, MAX_POLICIES = 12, 20, 24, 16


class SpecError(UserError):
    """A domain file that cannot be used; the message has one line an error, with its path."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__("\n".join(f"{source}: {problem}" for problem in problems))
        self.problems = tuple(problems)


def _name(given: object) -> object:
    if not isinstance(given, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", given):
        raise ValueError(f"{given!r} is no name; names are lower case letters, digits and _")
    if is_reserved(given):
        raise ValueError(f"{given!r} has a meaning in expressions; choose another name")
    return given


def _listed(given: object) -> object:
    return given if isinstance(given, list | tuple) else [given]


def _values(given: object) -> object:
    """{code: "English | 中文"} or {code: 中文}; English then is the code in words."""
    if not isinstance(given, dict) or not given:
        raise ValueError("wants the values, as in {hardback: 精装, e_book: e-book | 电子书}")
    return {
        _name(code): text
        if isinstance(text, Text)
        else parse_text(
            text
            if isinstance(text, str) and "|" in text
            else f"{str(code).replace('_', ' ')}|{text}"
        )
        for code, text in given.items()
    }


def _typed(given: object) -> object:
    return {"type": given} if isinstance(given, str) else given


def _unless(made: type, parse: Callable[[object], object]) -> Callable[[object], object]:
    """`parse`, but for what is parsed already."""
    return lambda given: given if isinstance(given, made) else parse(given)


Name = Annotated[str, BeforeValidator(_name)]
Said = Annotated[Text, BeforeValidator(_unless(Text, parse_text))]
Units = Annotated[Unit, BeforeValidator(_unless(Unit, parse_unit))]
Called = Annotated[Noun, BeforeValidator(_unless(Noun, parse_noun))]
Typed = Annotated[Type, BeforeValidator(_unless(Type, parse_type))]
Several = BeforeValidator(_listed)
Values = Annotated[dict[str, Text], BeforeValidator(_values)]
Texts = Annotated[tuple[Said, ...], Several]
Strings = Annotated[tuple[str, ...], Several]


class ColumnClass(StrEnum):
    """How a goal compares a column: not at all, exactly, or without case, width and spaces."""

    EXEMPT = "exempt"
    HARD = "hard"
    SEMANTIC = "semantic"


class FieldSpec(Record):
    """One column. Wording left out is made from `label`, `unit` and the type."""

    type: Typed
    label: Called | None = None
    unit: Units | None = None
    values: Values | None = None
    weights: tuple[int, ...] = ()
    """How often each of `values` occurs, in their order."""
    of: tuple[Said, ...] = ()
    """The texts or names to choose from."""
    mix: tuple[Annotated[tuple[Said, ...], Several], ...] = ()
    """Lists of words; a text joins one of each."""
    real: str = ""
    """Column of the table's real data."""
    live: str = Field(default="", alias="is")
    """Expression over the row that the column always equals."""
    init: str = ""
    """Expression over the row for its value in a new world."""
    unique: bool = False
    clue: bool = True
    """May people refer to a row by this column?"""
    column: ColumnClass = Field(default=ColumnClass.HARD, alias="class")
    say: Said | None = None
    most: Said | None = None
    least: Said | None = None
    atmost: Said | None = None
    atleast: Said | None = None

    @model_validator(mode="after")
    def _fits_type(self) -> "FieldSpec":
        kind = self.type.kind
        if kind is Kind.ENUM and self.values is None:
            raise ValueError("enum wants `values`, as in {hardback: 精装, e_book: e-book | 电子书}")
        if kind is Kind.BOOL and self.values is not None and set(self.values) != {"yes", "no"}:
            raise ValueError("`values` of a bool are yes and no")
        if kind not in (Kind.ENUM, Kind.BOOL) and self.values is not None:
            raise ValueError(f"{kind} takes no `values`")
        if self.weights and len(self.weights) != len(self.values or ()):
            raise ValueError(f"{len(self.weights)} weights for {len(self.values or ())} values")
        if (self.of or self.mix) and kind not in (Kind.NAME, Kind.TEXT):
            raise ValueError(f"`of` and `mix` are for name and text, not {kind}")
        given = [n for n in ("of", "mix", "real", "live", "init") if getattr(self, n)]
        if len(given) > 1:
            raise ValueError(
                f"has {' and '.join(given)}; a column has one origin".replace("live", "is")
            )
        for name in ("say", "atmost", "atleast"):
            text: Text | None = getattr(self, name)
            if text and not all("v" in slots for slots in text.slots()):
                raise ValueError(
                    f"`{name}` needs {{v}} in both languages, got {' | '.join(text)!r}"
                )
        return self


class RowsSpec(Record):
    """How many rows: a range, a range for each row of a table, or one for each combination."""

    low: int = 0
    high: int = 0
    per: str = ""
    """Table of which every row gets `low` to `high` rows."""
    every: tuple[str, ...] = ()
    """Columns of which every combination gets one row."""


def _rows(given: object) -> object:
    wanted = '"20..30", "1..4 per order" or "one per origin, target"'
    text = " ".join(str(given).split())
    if match := re.fullmatch(r"(\d+)(?:\.\.(\d+))?(?: per ([a-z][a-z0-9_]*))?", text):
        low, high = int(match[1]), int(match[2] or match[1])
        if not low <= high <= MAX_ROWS or high == 0:
            raise ValueError(f"rows {text!r}: wants 1 to {MAX_ROWS} rows, the low end first")
        return {"low": low, "high": high, "per": match[3] or ""}
    if match := re.fullmatch(r"one per ([a-z0-9_]+(?:, ?[a-z0-9_]+)*)", text):
        return {"every": [name.strip() for name in match[1].split(",")]}
    raise ValueError(f"rows is written {wanted}, got {text!r}")


class TableSpec(Record):
    """One kind of thing. `called` is how a person refers to a row that has no name."""

    label: Called
    rows: Annotated[RowsSpec, BeforeValidator(_rows)]
    fields: dict[Name, Annotated[FieldSpec, BeforeValidator(_typed)]] = Field(
        min_length=1, max_length=MAX_FIELDS
    )
    called: Said | None = None
    id: str = ""
    """Pattern of ids, e.g. LN-####; made from the table's name if left out."""
    key: str = ""
    """Column that is the id, e.g. an airport's code."""
    real: str = ""
    """Real data that the rows are drawn from; see docs/adding-a-domain.md."""
    valid: Strings = ()
    """What holds for every row of a new world."""
    optional: bool = False
    """May be left out of some worlds, with everything that mentions it."""

    @field_validator("id")
    @classmethod
    def _pattern(cls, given: str) -> str:
        if given and (not re.fullmatch(r"[A-Za-z0-9#_-]{3,16}", given) or given.count("#") < 3):
            raise ValueError(
                f"{given!r} is no id pattern; write letters and ### or more, as LN-####"
            )
        return given


class ArgSpec(Record):
    """One argument: a table (a row of it), table.column (its type), or a type."""

    type: str
    label: Called | None = None
    unit: Units | None = None
    values: Values | None = None
    of: tuple[Said, ...] = ()
    """Texts that people may ask to have stored."""


class EffectSpec(Record):
    """One change: exactly one of insert, update, delete."""

    insert: str = ""
    update: str = ""
    """A path to one row (`loan`, `loan.copy`), or with `where` a table and a name for its rows."""
    delete: str = ""
    where: str = ""
    when: str = ""
    """The change happens only if this holds."""
    set: dict[str, str | int | float | bool | None] = {}

    @model_validator(mode="after")
    def _one_change(self) -> "EffectSpec":
        given = [name for name in ("insert", "update", "delete") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"wants exactly one of insert, update, delete, got {given or 'none'}")
        if bool(self.set) == bool(self.delete):
            raise ValueError("insert and update want `set`, delete takes none")
        if self.insert and self.where:
            raise ValueError("insert takes no `where`; use `when`")
        return self


class ActionSpec(Record):
    """Something the agent can do that changes the world."""

    does: Said
    """What the tool does: "Lends a copy to a member. | 把一册书借给读者。" """
    args: dict[Name, Annotated[ArgSpec, BeforeValidator(_typed)]] = Field(min_length=1)
    require: dict[str, Said] = {}
    """Expression that must hold, and what the tool answers if it does not."""
    do: Annotated[tuple[EffectSpec, ...], Several] = Field(min_length=1)
    ask: Texts = Field(min_length=1)
    """How a person asks for it, after "Please": "lend {copy} to {member} | 把{copy}借给{member}"."""


class PolicySpec(Record):
    """A rule for some actions. `rule` holds in every call that is allowed."""

    text: Said
    on: Strings
    rule: str
    enforced: bool | None = None
    """True: the tool refuses. False: the agent must know better. Left out: worlds differ."""


class SlotSpec(Record):
    """One choice in a plan: a row of the table `pick` for which `where` holds."""

    pick: str
    label: Called | None = None
    where: str = ""
    that: Said | None = None
    """A sentence that says what `where` says; tasks are made only if it is there."""


def _slot(given: object) -> object:
    return {"pick": given} if isinstance(given, str) else given


class PlanSpec(Record):
    """A plan fills `once` slots once and `each` slot in every one of `count` groups."""

    title: Said
    """What the plan is, as a noun: "a week's menu | 一周菜单"."""
    ask: Texts = Field(min_length=1)
    """The request, after "Please"; {count} is the number of groups."""
    group: Called | None = None
    """What a group is: "day | 天"."""
    count: tuple[int, int] = (1, 1)
    each: dict[Name, Annotated[SlotSpec, BeforeValidator(_slot)]] = {}
    once: dict[Name, Annotated[SlotSpec, BeforeValidator(_slot)]] = {}
    why: Texts = ()
    """Sentences that may follow the request: "It is for the evening club. | 这是给晚间读书会的。" """
    about: Strings = ()
    """What limits may speak of, as table.column or table.ref.column; left out: whatever can be."""
    sums: Strings = ()
    """Which of them add up over rows; left out: guessed from labels and units."""

    @field_validator("count", mode="before")
    @classmethod
    def _counted(cls, given: object) -> object:
        match = re.fullmatch(r"(\d+)(?:\.\.(\d+))?", str(given))
        if not match or not 1 <= int(match[1]) <= int(match[2] or match[1]) <= 14:
            raise ValueError(f'count is written "3..5", 14 at most, got {given!r}')
        return int(match[1]), int(match[2] or match[1])

    @model_validator(mode="after")
    def _has_slots(self) -> "PlanSpec":
        if not self.each and not self.once:
            raise ValueError("a plan needs slots, in `each` or `once`")
        if self.each and self.group is None:
            raise ValueError('`each` needs `group`, as in group: "day | 天"')
        if set(self.each) & set(self.once):
            raise ValueError("a slot stands in `each` and in `once`")
        return self


class DomainSpec(Record):
    """A whole file."""

    name: Name
    category: Name
    title: Said
    story: Said
    """Who the agent is: "You are the desk assistant of a city library. | 你是市图书馆的服务助手。" """
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    today: dt.date = dt.date(2026, 3, 16)
    tables: dict[Name, TableSpec] = Field(min_length=4, max_length=MAX_TABLES)
    actions: dict[Name, ActionSpec] = Field(min_length=1, max_length=MAX_ACTIONS)
    policies: dict[Name, PolicySpec] = Field(default={}, max_length=MAX_POLICIES)
    plans: dict[Name, PlanSpec] = {}
