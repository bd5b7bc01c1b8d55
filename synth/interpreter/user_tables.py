"""Tables of the user: their columns are told from their values, and poor tables are refused."""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from data.errors import SourceError
from envs.interpreter.files.tables import Cell, source_table
from synth.interpreter.catalogue import ColumnInfo, Role, TableInfo, Words

MIN_ROWS = 40
MIN_MEASURES = 2
MAX_COLUMNS = 12
MAX_GROUPS = 60
MIN_NUMBERS = 12
"""Different values from which a numeric column is a measure."""


@lru_cache(maxsize=16)
def table_info(source: str) -> TableInfo:
    """What can be asked of the table; raises `SourceError` with the reason if nothing can."""
    table = source_table(source)
    if table.num_rows < MIN_ROWS:
        raise SourceError(f"{source}: {table.num_rows} rows; at least {MIN_ROWS} are needed")
    columns = [
        info
        for name in table.names
        if (info := _column(name, table.column(name), table.num_rows)) is not None
    ][:MAX_COLUMNS]
    measures = [info.name for info in columns if info.role in (Role.NUM, Role.YEAR)]
    if len(measures) < MIN_MEASURES:
        found = ", ".join(measures) or "none"
        raise SourceError(
            f"{source}: {MIN_MEASURES} numeric columns with at least {MIN_NUMBERS} different values "
            f"are needed, found {found}; columns of one value and free text are not used"
        )
    return TableInfo(
        source=source,
        file=_stem(source),
        row=Words("record", "条记录"),
        rows=Words("records", "记录"),
        classifier="条",
        about=Words("records supplied by the user", "用户提供的记录"),
        columns=tuple(columns),
    )


def _stem(source: str) -> str:
    name = re.split(r"[/\\#]", source)[-1].rpartition(".")[0] or re.split(r"[/\\#:]", source)[-1]
    return re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[:40] or "table"


def _column(name: str, cells: list[Cell], num_rows: int) -> ColumnInfo | None:
    """None for a column that says nothing: one value, mostly missing, or free text."""
    known = [cell for cell in cells if cell is not None]
    distinct = set(known)
    if len(distinct) < 2 or len(known) < num_rows / 2:
        return None
    role = _role(known, len(distinct), num_rows)
    if role is None:
        return None
    label = " ".join(re.sub(r"[_.]+", " ", name).split()) or name
    return ColumnInfo(name, name, role, Words(label, label), Words("", ""))


def _role(known: Sequence[Cell], distinct: int, num_rows: int) -> Role | None:
    first = known[0]
    if isinstance(first, date):
        return Role.DATE
    if isinstance(first, str):
        if distinct == num_rows:
            return Role.ID
        return Role.GROUP if distinct <= MAX_GROUPS else Role.KEY
    numbers = [float(cell) for cell in known if isinstance(cell, int | float)]
    whole = all(number == int(number) for number in numbers)
    if whole and distinct >= MIN_NUMBERS and min(numbers) >= 1000 and max(numbers) <= 2100:
        return Role.YEAR
    if distinct >= MIN_NUMBERS:
        return Role.KEY if whole and distinct == num_rows and _counts(numbers) else Role.NUM
    return Role.GROUP if whole else None


def _counts(numbers: list[float]) -> bool:
    """Whether the column only numbers the rows."""
    return max(numbers) - min(numbers) == len(numbers) - 1
