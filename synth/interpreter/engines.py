"""Both engines at work: pandas programs on the bytes of files, SQL on the clean tables."""

import io
import json
import math
import sqlite3
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import JsonValue

from envs.interpreter.files.formats import SQLITE_TABLE
from envs.interpreter.files.recipe import DirtStep, Format
from envs.interpreter.files.tables import Table
from synth.interpreter import cleaning, pandas_code, sql_code
from synth.interpreter.algebra import Cells, Column, Pipeline, Rows, Stat

AGREE = 1e-8
"""Relative difference that the engines' order of summation may leave."""


class Undefined(Exception):
    """A pipeline has no answer on a table, e.g. the mean of no rows; names why in one word."""


class Reading(NamedTuple):
    """How a program reads a file."""

    file: str
    form: Format
    dates: tuple[str, ...] = ()
    """Columns that hold dates and are not dirty."""
    dirt: tuple[DirtStep, ...] = ()


def reading_code(readings: tuple[Reading, ...], embedded: bool = False) -> str:
    """Statements that read the first file into `t`, the others into `files`.

    `embedded` reads from the mapping `DATA` instead of the working folder.
    """
    first, *others = readings
    lines = [f"t = {_load(first, embedded)}"]
    for step in sorted(first.dirt, key=lambda step: bool(step.column)):
        lines += cleaning.code(step)
    soiled = {step.column for step in first.dirt}
    lines += [
        f"t[{name!r}] = pd.to_datetime(t[{name!r}])" for name in first.dates if name not in soiled
    ]
    if others:
        loads = ", ".join(f"{other.file!r}: {_load(other, embedded)}" for other in others)
        lines.append(f"files = {{{loads}}}")
    return "\n".join(lines)


def _load(reading: Reading, embedded: bool) -> str:
    where = f"io.BytesIO(DATA[{reading.file!r}])" if embedded else repr(reading.file)
    match reading.form:
        case Format.CSV:
            return f"pd.read_csv({where})"
        case Format.SEMICOLON:
            return f"pd.read_csv({where}, sep=';', decimal=',')"
        case Format.TSV:
            return f"pd.read_csv({where}, sep='\\t')"
        case Format.JSONL:
            lines = f"DATA[{reading.file!r}].splitlines()" if embedded else f"open({where})"
            return f"pd.DataFrame([json.loads(line) for line in {lines}])"
        case Format.PARQUET:
            return f"pd.read_parquet({where})"
        case Format.SQLITE:
            base = f"opened(DATA[{reading.file!r}])" if embedded else f"sqlite3.connect({where})"
            return f"pd.read_sql('select * from {SQLITE_TABLE}', {base})"


IMPORTS = "import numpy as np\nimport pandas as pd\n"
NEEDED = {Format.SQLITE: "import sqlite3\n\n", Format.JSONL: "import json\n\n"}


def cells(readings: tuple[Reading, ...], pipeline: Pipeline) -> tuple[str, str]:
    """A witness: one cell that reads and cleans, one that computes."""
    needed = NEEDED.get(readings[0].form, "") + IMPORTS
    return f"{needed}\n{reading_code(readings)}", f"{_program(readings, pipeline)}\nanswer"


def _program(readings: tuple[Reading, ...], pipeline: Pipeline) -> str:
    folded = tuple(s.column for s in readings[0].dirt if s.dirt == "spaces")
    return pandas_code.program(pandas_code.lowered(pipeline, folded))


def by_pandas(
    readings: tuple[Reading, ...], pipeline: Pipeline, data: Mapping[str, bytes]
) -> JsonValue:
    """The answer that the witness computes from the bytes; raises `Undefined`."""
    import numpy
    import pandas

    source = f"{reading_code(readings, embedded=True)}\n{_program(readings, pipeline)}"
    names: dict[str, Any] = {
        "np": numpy,
        "pd": pandas,
        "io": io,
        "json": json,
        "opened": _opened,
        "DATA": dict(data),
    }
    with numpy.errstate(all="ignore"):
        try:
            exec(compile(source, "<witness>", "exec"), names)
        except (IndexError, KeyError, numpy.linalg.LinAlgError) as error:
            raise Undefined("empty") from error
    return plain(names["answer"])


def _opened(data: bytes) -> sqlite3.Connection:
    base = sqlite3.connect(":memory:")
    base.deserialize(data)
    return base


class Sql:
    """Clean tables in DuckDB; many pipelines are run on them."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = dict(tables)
        self._base = _duckdb()

    def __enter__(self) -> "Sql":
        for name, table in self._tables.items():
            self._base.register(name, _arrow(table))
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._tables:
            self._base.unregister(name)

    def answer(self, pipeline: Pipeline) -> JsonValue:
        """Raises `Undefined` where the pipeline gives no rows, or no number."""
        import duckdb

        try:
            rows = self._base.execute(sql_code.query(pipeline)).fetchall()
        except (duckdb.DataError, duckdb.BinderException) as error:
            # A number out of range, or a near miss with a column of another type.
            raise Undefined("range") from error
        if not rows:
            raise Undefined("empty")
        match pipeline.final:
            case Stat():
                return plain(rows[0][0])
            case Cells(names):
                return plain(rows[0][0] if len(names) == 1 else list(rows[0]))
            case Column():
                return plain([row[0] for row in rows])
            case Rows():
                return plain([list(row) for row in rows])


@lru_cache(maxsize=1)
def _duckdb() -> Any:
    import duckdb

    base = duckdb.connect(":memory:")
    base.execute("set threads = 1")
    return base


def _arrow(table: Table) -> Any:
    import pyarrow

    columns = dict(zip(table.names, table.columns, strict=True))
    return pyarrow.table({**columns, sql_code.ROW: list(range(table.num_rows))})


def plain(value: Any) -> JsonValue:
    """`value` as JSON; raises `Undefined` for what is missing."""
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value != value or value in (math.inf, -math.inf):
        raise Undefined("missing")
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    assert isinstance(value, bool | int | float | str), type(value)
    return value


def same(one: JsonValue, other: JsonValue, tolerance: float = AGREE) -> bool:
    """Whether two answers are the same but for `tolerance` in their numbers; texts fold case."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            same(a, b, tolerance) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-12)
    return one == other


def sql_cells(readings: tuple[Reading, ...], pipeline: Pipeline) -> tuple[str, str]:
    """Another witness: pandas only reads and cleans, DuckDB computes."""
    folded = tuple(s.column for s in readings[0].dirt if s.dirt == "spaces")
    text = sql_code.query(pandas_code.lowered(pipeline, folded))
    lines = ["import duckdb", "", "base = duckdb.connect()", "base.execute('set threads = 1')"]
    lines += [f"t[{sql_code.ROW!r}] = range(len(t))", f"base.register({readings[0].file!r}, t)"]
    for other in readings[1:]:
        frame = f"files[{other.file!r}]"
        lines += [
            f"{frame}[{sql_code.ROW!r}] = range(len({frame}))",
            f"base.register({other.file!r}, {frame})",
        ]
    lines.append(f'rows = base.execute("""\n{text}\n""").fetchall()')
    match pipeline.final:
        case Stat():
            lines.append("answer = rows[0][0]")
        case Cells(names):
            lines.append("answer = rows[0][0]" if len(names) == 1 else "answer = list(rows[0])")
        case Column():
            lines.append("answer = [row[0] for row in rows]")
        case Rows():
            lines.append("answer = [list(row) for row in rows]")
    return cells(readings, pipeline)[0], "\n".join([*lines, "answer"])
