"""Rows of a new world, drawn from a seed: each table after those it points at.

A row that breaks a `valid` rule of its table is drawn again, from other real data where there is any,
up to a limit; what is still wrong then is an error of the domain file (`Unfillable`), not of luck.
"""

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from itertools import product
from random import Random

from data.errors import UserError
from data.hashing import derive_rng
from data.task import Language
from envs.general.domain import Column, Domain, Table
from envs.general.draws import draw_value
from envs.general.expr import Row, Value
from envs.general.kinds import Kind
from envs.general.real import real_rows
from envs.general.real_readers import RealRow
from envs.general.texts import Text

MAX_TRIES = 200
"""Draws of one row before its table counts as unfillable."""
MAX_ROWS = 2_000
"""Rows of one table, whatever the file asks for."""

MutableRow = dict[str, Value]


class Unfillable(UserError):
    """A table's rules leave no room for its rows."""


class Rows:
    """Tables of rows by id, with an index on every column that is asked for."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.tables: dict[str, dict[str, MutableRow]] = {name: {} for name in domain.tables}
        self._indexes: dict[tuple[str, str], dict[Value, list[MutableRow]]] = {}

    def row(self, table: str, row_id: str) -> Row:
        return self.tables[table][row_id]

    def select(self, table: str, equal: Mapping[str, Value]) -> Iterable[Row]:
        for column, value in equal.items():
            if column != "id" and self.domain.tables[table].columns[column].live is None:
                found: Iterable[Row] = self._index(table, column).get(value, ())
                break
        else:
            found = self.tables[table].values()
        return [row for row in found if all(row[c] == v for c, v in equal.items())]

    def add(self, table: str, row: MutableRow) -> None:
        self.tables[table][str(row["id"])] = row
        for (name, column), index in self._indexes.items():
            if name == table:
                index[row[column]].append(row)

    def forget_indexes(self) -> None:
        self._indexes.clear()

    def _index(self, table: str, column: str) -> dict[Value, list[MutableRow]]:
        index = self._indexes.get((table, column))
        if index is None:
            index = self._indexes[table, column] = defaultdict(list)
            for row in self.tables[table].values():
                index[row[column]].append(row)
        return index


def moments(today: dt.date) -> dict[str, Value]:
    """The variables that every expression has."""
    return {"today": today.isoformat(), "now": f"{today.isoformat()} 09:00"}


def fill(domain: Domain, ids: Mapping[str, str], language: Language, seed: int) -> Rows:
    """Rows for every table; `ids` gives the pattern of each table's ids.

    Raises `Unfillable` with the path of what cannot be filled.
    """
    rows = Rows(domain)
    for table in domain.tables.values():
        rng = derive_rng(seed, "rows", domain.name, table.name)
        _Filler(domain, rows, table, ids[table.name], language, rng).fill()
    _finish(domain, rows)
    return rows


def _finish(domain: Domain, rows: Rows) -> None:
    """First values that depend on tables filled later, then every live column."""
    fixed = moments(domain.spec.today)
    for table in domain.tables.values():
        for column in table.columns.values():
            if column.late and column.init:
                for row in rows.tables[table.name].values():
                    row[column.name] = column.init.run({**row, **fixed, "this": row["id"]}, rows)
    rows.forget_indexes()
    for _ in range(2):
        for table in domain.tables.values():
            for column in table.columns.values():
                if column.live:
                    for row in rows.tables[table.name].values():
                        row[column.name] = column.live.run(
                            {**row, **fixed, "this": row["id"]}, rows
                        )
    rows.forget_indexes()


class _Filler:
    def __init__(
        self,
        domain: Domain,
        rows: Rows,
        table: Table,
        pattern: str,
        language: Language,
        rng: Random,
    ) -> None:
        self.domain = domain
        self.rows = rows
        self.table = table
        self.pattern = pattern
        self.language = language
        self.rng = rng
        self.fixed = moments(domain.spec.today)
        self.used: dict[str, set[Value]] = defaultdict(set)
        self.serials: set[str] = set()
        self.real = deque(self._real())

    def fill(self) -> None:
        given = list(self._given())[:MAX_ROWS]
        if self.real and len(given) > len(self.real):
            given = given[: len(self.real)]
        for number, start in enumerate(given):
            row = self._row(number, start)
            if row is not None:
                self.rows.add(self.table.name, row)
        if not self.rows.tables[self.table.name]:
            raise Unfillable(f"tables.{self.table.name}: no row can be made; loosen its rules")

    def _real(self) -> list[RealRow]:
        if not self.table.real:
            return []
        rows = list(real_rows(self.table.real))
        self.rng.shuffle(rows)
        return rows

    def _given(self) -> Iterable[MutableRow]:
        """What is fixed of each row before it is drawn."""
        spec = self.table.rows
        if spec.every:
            domains = [self._all(self.table.columns[name]) for name in spec.every]
            for values in product(*domains):
                refs = [self.table.columns[name].type.table for name in spec.every]
                pairs = list(zip(refs, values, strict=True))
                if len(set(pairs)) == len(pairs) or not all(refs):
                    yield dict(zip(spec.every, values, strict=True))
        elif spec.per:
            column = next(c.name for c in self.table.refs if c.type.table == spec.per)
            for parent in list(self.rows.tables[spec.per]):
                for _ in range(self.rng.randint(spec.low, spec.high)):
                    yield {column: parent}
        else:
            for _ in range(self.rng.randint(spec.low, spec.high)):
                yield {}

    def _all(self, column: Column) -> list[Value]:
        if column.kind is Kind.REF:
            return list(self.rows.tables[column.type.table])
        if column.kind is Kind.ENUM:
            return list(column.spec.values or ())
        if column.kind is Kind.BOOL:
            return [False, True]
        days = range(int(column.type.low), int(column.type.high) + 1)
        return [(self.domain.spec.today + dt.timedelta(days=day)).isoformat() for day in days]

    def _row(self, number: int, start: MutableRow) -> MutableRow | None:
        """One row; None if a table with a row for each combination has none for this one."""
        failing = ""
        for _ in range(MAX_TRIES):
            row = self._draw(start)
            scope = {**self.fixed, **row, "this": row["id"]}
            broken = next(
                (rule for rule in self.table.valid if not rule.run(scope, self.rows)), None
            )
            if broken is None:
                self._note(row)
                if self.real:
                    self.real.popleft()
                return row
            failing = broken.text
            self.real.rotate(-1)
        if self.table.rows.every or self.table.rows.per:
            return None
        if number >= max(1, self.table.rows.low // 2):
            return None
        raise Unfillable(
            f"tables.{self.table.name}.valid: {failing!r} fails in {MAX_TRIES} draws of row "
            f"{number + 1}; loosen it, or draw the columns so that it can hold"
        )

    def _draw(self, start: MutableRow) -> MutableRow:
        real = self.real[0] if self.real else {}
        row: MutableRow = {"id": ""}
        row["id"] = self._id()
        for column in self.table.columns.values():
            if column.live or column.late:
                row[column.name] = None
            elif column.name in start:
                row[column.name] = start[column.name]
            elif column.init:
                scope = {**self.fixed, **row, "this": row["id"]}
                row[column.name] = column.init.run(scope, self.rows)
            elif column.spec.real:
                value = real[column.spec.real]
                row[column.name] = value.of(self.language) if isinstance(value, Text) else value
            else:
                row[column.name] = self._value(column)
        for column in self.table.columns.values():
            if column.live and not column.late:
                scope = {**self.fixed, **row, "this": row["id"]}
                row[column.name] = column.live.run(scope, self.rows)
        if self.table.key:
            row["id"] = row[self.table.key]
        return row

    def _note(self, row: MutableRow) -> None:
        self.serials.add(str(row["id"]))
        for name in self.used:
            self.used[name].add(row[name])

    def _id(self) -> str:
        digits = self.pattern.count("#")
        for _ in range(MAX_TRIES):
            serial = f"{self.rng.randrange(10 ** (digits - 1), 10**digits)}"
            made = "".join(
                serial[self.pattern[:at].count("#")] if c == "#" else c
                for at, c in enumerate(self.pattern)
            )
            if made not in self.serials:
                return made
        raise Unfillable(f"tables.{self.table.name}.id: {self.pattern!r} has too few digits")

    def _value(self, column: Column) -> Value:
        type_ = column.type
        if type_.nullable and self.rng.random() < type_.missing:
            return None
        unique = column.spec.unique or column.kind in (Kind.NAME, Kind.CODE)
        if column.kind is Kind.REF:
            ids = list(self.rows.tables[type_.table])
            return self.rng.choice(ids) if ids else None
        today = self.domain.spec.today
        if not unique:
            return draw_value(column.spec, today, self.language, self.rng)
        used = self.used[column.name]
        for _ in range(MAX_TRIES):
            value = draw_value(column.spec, today, self.language, self.rng)
            if value not in used:
                return value
        raise Unfillable(
            f"tables.{self.table.name}.fields.{column.name}: has too few different values for the "
            f"table's rows ({len(used)} so far); give more, or fewer rows"
        )
