"""Which rows a clue points at, found twice: in Python by the words, in SQL by the values behind them."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator

from envs.general import phrases
from envs.general.compiler import Compiled
from envs.general.domain import Domain, Table
from envs.general.expr import Row, Store, Value
from envs.general.kinds import Kind
from envs.general.texts import PLACEHOLDER
from synth.general.transact.model import Clue

MAX_DEPTH = 4
MAX_VIEWS = 32


class View:
    """A world's rows at one moment, with what each row is called; for one language."""

    def __init__(self, world: Compiled, rows: Store | None = None) -> None:
        self.domain = world.domain
        self.language = world.variant.language
        self.rows: Store = rows or world.rows
        self._tables: dict[str, list[Row]] = {}
        self._called: dict[str, dict[str, str]] = {}

    def table(self, name: str) -> list[Row]:
        if name not in self._tables:
            self._tables[name] = list(self.rows.select(name, {}))
        return self._tables[name]

    def called(self, table: str) -> dict[str, str]:
        """What every row of a table is called."""
        if table not in self._called:
            self._called[table] = {
                str(row["id"]): phrases.called(self, table, str(row["id"]), self.language)
                for row in self.table(table)
            }
        return self._called[table]

    def matches(self, clue: Clue, text: str) -> list[str]:
        """Ids of the rows that fit the clue; `text` is what the row that is meant is called."""
        called = self.called(clue.table)
        fits = [
            row
            for row in self.table(clue.table)
            if (not clue.called or called[str(row["id"])] == text)
            and all(row[column] == value for column, value in clue.equals.items())
        ]
        if clue.extreme:
            known = [row for row in fits if row[clue.extreme] is not None]
            fits = _ends(known, clue.extreme, clue.largest)
        return [str(row["id"]) for row in fits]


def _ends(rows: list[Row], column: str, largest: bool) -> list[Row]:
    values = [row[column] for row in rows]
    if not values:
        return []
    end = max(values, key=_key) if largest else min(values, key=_key)
    return [row for row in rows if row[column] == end]


def _key(value: Value) -> str | float:
    assert isinstance(value, str | int | float)
    return value


class Sql:
    """The same rows in a database of their own, with computed columns as plain ones."""

    def __init__(self, world: Compiled) -> None:
        self.domain = world.domain
        self.rows = world.rows
        self.db = sqlite3.connect(":memory:")
        for table in world.domain.tables.values():
            columns = ["id", *table.columns]
            names = ", ".join(f'"{name}"' for name in columns)
            self.db.execute(f'CREATE TABLE "{table.name}" ({names})')
            marks = ", ".join("?" * len(columns))
            self.db.executemany(
                f'INSERT INTO "{table.name}" VALUES ({marks})',
                [[row[c] for c in columns] for row in world.rows.tables[table.name].values()],
            )

    def matches(self, clue: Clue) -> list[str]:
        """Ids of the rows that fit the clue."""
        joins, tests, values = [], [], []
        if clue.called:
            row = self.rows.row(clue.table, clue.row_id)
            for number, (path, value) in enumerate(self._leaves(clue.table, row)):
                alias = "t"
                table = clue.table
                for depth, step in enumerate(path[:-1]):
                    target = self.domain.tables[table].columns[step].type.table
                    joined = f"j{number}_{depth}"
                    joins.append(
                        f'LEFT JOIN "{target}" {joined} ON {joined}."id" = {alias}."{step}"'
                    )
                    alias, table = joined, target
                tests.append(f'{alias}."{path[-1]}" IS ?')
                values.append(value)
        for column, value in clue.equals.items():
            tests.append(f't."{column}" IS ?')
            values.append(value)
        body = f'FROM "{clue.table}" t {" ".join(joins)} WHERE {" AND ".join(tests) or "1"}'
        sql = f't."id" {body}'
        if clue.extreme:
            end = "MAX" if clue.largest else "MIN"
            inner = f'(SELECT {end}(t."{clue.extreme}") {body})'
            sql += f' AND t."{clue.extreme}" = {inner}'
            values += values
        return [found[0] for found in self.db.execute(f"SELECT {sql}", values)]

    def _leaves(
        self, table: str, row: Row, depth: int = 0
    ) -> Iterator[tuple[tuple[str, ...], Value]]:
        """Paths and values of all that a row's name is made of."""
        for slot in dict.fromkeys(PLACEHOLDER.findall(self.domain.tables[table].called.en)):
            yield from self._leaf(table, row, tuple(slot.split(".")), depth)

    def _leaf(
        self, table: str, row: Row, path: tuple[str, ...], depth: int
    ) -> Iterator[tuple[tuple[str, ...], Value]]:
        head, rest = path[0], path[1:]
        value = row[head]
        column = self.domain.tables[table].columns.get(head)
        if column is None or column.kind is not Kind.REF or value is None or depth >= MAX_DEPTH:
            yield (head,), value
            return
        target = column.type.table
        found = self.rows.row(target, str(value))
        inner = (
            self._leaf(target, found, rest, depth)
            if rest
            else self._leaves(target, found, depth + 1)
        )
        for tail, leaf in inner:
            yield (head, *tail), leaf


_KEPT: OrderedDict[tuple[str, str, int], tuple[View, Sql]] = OrderedDict()


def evaluators(world: Compiled) -> tuple[View, Sql]:
    """Both evaluators over the first state of a compiled world; the last few are kept."""
    key = (world.domain.sha256, world.variant.model_dump_json(), world.seed)
    if key not in _KEPT:
        _KEPT[key] = View(world), Sql(world)
        while len(_KEPT) > MAX_VIEWS:
            _KEPT.popitem(last=False)
    return _KEPT[key]


def referable(table: Table, domain: Domain) -> list[str]:
    """Columns by which a person may tell rows of a table apart."""
    named = called_columns(table)
    return [
        column.name
        for column in table.columns.values()
        if column.spec.clue
        and column.name not in named
        and not (column.kind is Kind.BOOL and not column.spec.values)
        and column.kind not in (Kind.CODE, Kind.NUMBER, Kind.MONEY)
        and not (column.kind is Kind.TEXT and column.spec.column.value == "exempt")
        and not (column.kind is Kind.INT and not column.spec.say)
        and not (
            column.kind is Kind.REF
            and not column.spec.say
            and not domain.tables[column.type.table].name_column
        )
    ]


def called_columns(table: Table) -> set[str]:
    """Columns that are in what people call a row."""
    return {slot.split(".")[0] for slot in PLACEHOLDER.findall(table.called.en)}
