"""A world's first state as the bytes of an SQLite database, and how values go in and out."""

import sqlite3

from envs.general.domain import Column, Domain, Table
from envs.general.expr import Value
from envs.general.kinds import Kind
from envs.general.rows import Rows

_AFFINITY = {
    Kind.INT: "INTEGER",
    Kind.BOOL: "INTEGER",
    Kind.NUMBER: "REAL",
    Kind.MONEY: "REAL",
}


def build_image(domain: Domain, rows: Rows) -> bytes:
    """The database with all stored columns; computed ones are not in it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for table in domain.tables.values():
            connection.execute(_create(table))
            columns = ("id", *(column.name for column in table.stored))
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f'INSERT INTO "{table.name}" VALUES ({marks})',
                [[row[name] for name in columns] for row in rows.tables[table.name].values()],
            )
            for column in table.refs:
                if not column.live:
                    name = f"{table.name}_{column.name}"
                    connection.execute(f'CREATE INDEX "{name}" ON "{table.name}" ("{column.name}")')
        return connection.serialize()
    finally:
        connection.close()


def _create(table: Table) -> str:
    columns = ", ".join(f'"{c.name}" {_AFFINITY.get(c.kind, "TEXT")}' for c in table.stored)
    return f'CREATE TABLE "{table.name}" ("id" TEXT PRIMARY KEY, {columns}) WITHOUT ROWID'


def from_sql(table: Table, values: tuple[Value, ...]) -> dict[str, Value]:
    """A row as expressions see it, without its computed columns."""
    row: dict[str, Value] = {"id": values[0]}
    for column, value in zip(table.stored, values[1:], strict=True):
        row[column.name] = _value(column, value)
    return row


def _value(column: Column, value: Value) -> Value:
    if value is None:
        return None
    if column.kind is Kind.BOOL:
        return bool(value)
    if isinstance(value, float) and value == int(value):
        return int(value)
    return value
