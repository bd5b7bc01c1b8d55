"""A table as a question writer sees it: its described columns, their values, and fair choices.

All choices come from one random stream, structure and words alike, so a task is a function of it.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from random import Random

from data.task import Language
from envs.interpreter.files.tables import Cell, Table
from synth.interpreter.algebra import Add, Step
from synth.interpreter.catalogue import MEASURES, ColumnInfo, Role, TableInfo
from synth.interpreter.units import CONVERSIONS

MIN_VALUES = 8
"""Different values that a measure must have."""
MIN_KNOWN = 0.5
"""Share of known cells below which a column is left alone."""
MAX_GROUPS = 60


class Unsuited(Exception):
    """The table has no columns for a shape; the next shape is tried."""


@dataclass(frozen=True)
class Measure:
    """A numeric column as the question speaks of it; perhaps converted to another unit."""

    name: str
    role: Role
    label: str
    unit: str
    raw: str
    """The column of the file."""


@dataclass(frozen=True)
class View:
    info: TableInfo
    table: Table
    language: Language
    rng: Random
    used: set[str] = field(default_factory=set)
    """Columns that the question speaks of, in the order of the file when listed."""
    adds: list[Step] = field(default_factory=list)
    """Conversions that come before the shape's own steps."""
    notes: list[str] = field(default_factory=list)
    """Rules of conversions, to be stated."""

    def say(self, *pairs: tuple[str, str]) -> str:
        """One of some wordings, each in English and Chinese."""
        en, zh = self.rng.choice(pairs)
        return en if self.language is Language.EN else zh

    def en(self) -> bool:
        return self.language is Language.EN

    def column(self, name: str) -> ColumnInfo:
        return self.info.column(name)

    def known(self, name: str) -> list[Cell]:
        return [cell for cell in self.table.column(name) if cell is not None]

    def distinct(self, name: str) -> list[Cell]:
        return _distinct(tuple(self.table.column(name)))

    def _free(self, roles: tuple[Role, ...]) -> list[ColumnInfo]:
        return [
            info
            for info in self.info.columns
            if info.role in roles
            and info.name not in self.used
            and info.name in self.table.names
            and len(self.known(info.name)) >= MIN_KNOWN * self.table.num_rows
        ]

    def measure(self, *roles: Role, convert: float = 0.0, positive: bool = False) -> Measure:
        """A free measure; raises `Unsuited` if none is left."""
        wanted = roles or MEASURES
        able = [info for info in self._free(wanted) if len(self.distinct(info.name)) >= MIN_VALUES]
        if positive:
            able = [info for info in able if min(self.numbers(info.name)) > 0]
        if not able:
            raise Unsuited("measure")
        info = self.rng.choice(able)
        self.used.add(info.name)
        rule = CONVERSIONS.get(info.unit.en)
        if rule is None or self.rng.random() >= convert:
            return self._measure(info)
        if rule.inverse and min(self.numbers(info.name)) <= 0:
            return self._measure(info)
        name = f"{info.name}_converted"
        self.adds.append(Add(name, rule.of(info.name)))
        self.notes.append(rule.note[self.language])
        plain = self._measure(info)
        return replace(plain, name=name, unit=rule.unit[self.language])

    def ratio(self) -> tuple[Measure, Measure]:
        """Two free measures whose quotient means something: of one unit, or both countable."""
        free = [
            info for info in self._free(MEASURES) if len(self.distinct(info.name)) >= MIN_VALUES
        ]
        countable = (Role.AMT, Role.CNT)
        pairs = [
            (top, bottom)
            for top in free
            for bottom in free
            if top is not bottom
            and min(self.numbers(bottom.name)) > 0
            and (
                (top.unit.en and top.unit == bottom.unit)
                or (top.role in countable and bottom.role in countable)
            )
        ]
        if not pairs:
            raise Unsuited("ratio")
        top, bottom = (self._taken(info) for info in self.rng.choice(pairs))
        return self._measure(top), self._measure(bottom)

    def _measure(self, info: ColumnInfo) -> Measure:
        label, unit = info.label[self.language], info.unit[self.language]
        return Measure(info.name, info.role, label, unit, info.name)

    def numbers(self, name: str) -> list[float]:
        return [float(cell) for cell in self.known(name) if isinstance(cell, int | float)]

    def group(
        self, low: int = 2, high: int = MAX_GROUPS, *, entity: bool = False, flags: bool = False
    ) -> ColumnInfo:
        """A free category with `low` to `high` values.

        With `entity` keys count too; with `flags` also columns of yes and no, which are fine as
        conditions but read badly as groups.
        """
        roles = (Role.GROUP, Role.KEY) if entity else (Role.GROUP,)
        able = [
            info
            for info in self._free(roles)
            if low <= len(self.distinct(info.name)) <= high and (flags or not self._is_flag(info))
        ]
        if not able:
            raise Unsuited("group")
        return self._taken(self.rng.choice(able))

    def _is_flag(self, info: ColumnInfo) -> bool:
        return {str(cell).casefold() for cell in self.distinct(info.name)} <= {"yes", "no"}

    def id(self) -> ColumnInfo:
        """A column that names every row."""
        able = [
            info
            for info in self._free((Role.ID,))
            if len(self.distinct(info.name)) == self.table.num_rows
        ]
        if not able:
            raise Unsuited("id")
        return self._taken(self.rng.choice(able))

    def of_role(self, role: Role) -> ColumnInfo:
        able = self._free((role,))
        if not able:
            raise Unsuited(role)
        return self._taken(self.rng.choice(able))

    def panel(self) -> tuple[ColumnInfo, ColumnInfo]:
        """Entity and time of a table with one row for each pair."""
        if self.info.panel is None:
            raise Unsuited("panel")
        entity, time = map(self.column, self.info.panel)
        return self._taken(entity), self._taken(time)

    def series(self) -> ColumnInfo:
        if not self.info.series:
            raise Unsuited("series")
        return self._taken(self.column(self.info.series))

    def _taken(self, info: ColumnInfo) -> ColumnInfo:
        self.used.add(info.name)
        return info

    def label(self, info: ColumnInfo) -> str:
        return info.label[self.language]


@lru_cache(maxsize=512)
def _distinct(cells: tuple[Cell, ...]) -> list[Cell]:
    return sorted(
        {cell for cell in cells if cell is not None}, key=lambda cell: (str(type(cell)), cell)
    )
