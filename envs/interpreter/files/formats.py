"""A table as bytes: the same bytes on every machine for text; for binary formats the same version."""

import csv
import io
import json
import sqlite3
from datetime import date

from envs.interpreter.files.recipe import Format
from envs.interpreter.files.tables import Cell, Table

SQLITE_TABLE = "records"
"""Name of the one table of an SQLite file."""


def written(table: Table, form: Format) -> bytes:
    match form:
        case Format.JSONL:
            return _jsonl(table)
        case Format.PARQUET:
            return _parquet(table)
        case Format.SQLITE:
            return _sqlite(table)
        case _:
            return _separated(table, form)


def _separated(table: Table, form: Format) -> bytes:
    out = io.StringIO()
    delimiter = {Format.CSV: ",", Format.SEMICOLON: ";", Format.TSV: "\t"}[form]
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table.names)
    comma = form is Format.SEMICOLON
    writer.writerows([_text(cell, comma) for cell in row] for row in table.rows())
    return out.getvalue().encode()


def _text(cell: Cell, comma: bool) -> str:
    match cell:
        case None:
            return ""
        case date():
            return cell.isoformat()
        case float() if comma:
            return repr(cell).replace(".", ",")
        case float():
            return repr(cell)
        case _:
            return str(cell)


def _jsonl(table: Table) -> bytes:
    lines = (
        json.dumps(dict(zip(table.names, map(_json, row), strict=True)), ensure_ascii=False)
        for row in table.rows()
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _json(cell: Cell) -> int | float | str | None:
    return cell.isoformat() if isinstance(cell, date) else cell


def _parquet(table: Table) -> bytes:
    import pyarrow
    from pyarrow import parquet

    out = io.BytesIO()
    columns = dict(zip(table.names, table.columns, strict=True))
    parquet.write_table(pyarrow.table(columns), out, compression="none")
    return out.getvalue()


def _sqlite(table: Table) -> bytes:
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in table.names)
    marks = ", ".join("?" * len(table.names))
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"create table {SQLITE_TABLE} ({names})")
        rows = [[_json(cell) for cell in row] for row in table.rows()]
        database.executemany(f"insert into {SQLITE_TABLE} values ({marks})", rows)
        database.commit()
        return database.serialize()
    finally:
        database.close()
