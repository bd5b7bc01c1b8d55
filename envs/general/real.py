"""Real data for tables: installed packages, read where they lie and never copied.

A source gives rows with named columns; text that exists in both languages is a `Text`. Sources are
read on first use and kept, each a few thousand rows at most.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import NamedTuple

from data.errors import SourceError
from data.task import Source
from envs.general import real_readers as readers
from envs.general.kinds import NUMERIC, TEXTUAL, Kind
from envs.general.real_readers import RealRow
from envs.general.texts import Text


class RealSource(NamedTuple):
    """Where rows come from; `columns` says what kind of column each may fill."""

    package: str
    licence: str
    columns: Mapping[str, Kind]
    read: Callable[[], tuple[RealRow, ...]]


def real_problem(source: str, column: str, kind: Kind | None) -> str:
    """What is wrong with a column of `kind` that takes `column` of `source`; '' if nothing."""
    if not source:
        return "`real` on a column wants `real` on its table, which names the data"
    if source not in SOURCES:
        return f"no real data {source!r}; known are {', '.join(SOURCES)}"
    if not column:
        return ""
    columns = SOURCES[source].columns
    if column not in columns:
        return f"{source} has no {column!r}; it has {', '.join(columns)}"
    offered = columns[column]
    fits = kind is offered or (kind in TEXTUAL and offered in TEXTUAL)
    if not (fits or (kind in NUMERIC and offered in NUMERIC)):
        return f"{source}.{column} is {offered}, not {kind}"
    return ""


@cache
def real_rows(source: str) -> tuple[RealRow, ...]:
    """All rows of a source. Raises `SourceError` if its package is not installed."""
    wanted = SOURCES[source]
    try:
        return wanted.read()
    except (ImportError, PackageNotFoundError, OSError) as error:
        raise SourceError(
            f"the {source} data needs the package {wanted.package}: {error}; install it"
        ) from error


@cache
def real_source(source: str) -> Source:
    """The provenance of a source."""
    wanted = SOURCES[source]
    from data.hashing import content_hash

    rows = [
        {key: list(v) if isinstance(v, Text) else v for key, v in row.items()}
        for row in real_rows(source)
    ]
    version = distribution(wanted.package).version
    return Source(name=source, version=version, licence=wanted.licence, sha256=content_hash(rows))


SOURCES: Mapping[str, RealSource] = {
    "airports": RealSource(
        "airportsdata",
        "MIT",
        {
            "iata": Kind.CODE,
            "name": Kind.NAME,
            "city": Kind.TEXT,
            "country": Kind.TEXT,
            "elevation": Kind.INT,
            "latitude": Kind.NUMBER,
            "longitude": Kind.NUMBER,
        },
        readers.airports,
    ),
    "stations": RealSource(
        "mcp-server-12306",
        "MIT",
        {"code": Kind.CODE, "name": Kind.NAME},
        readers.stations,
    ),
    "foods": RealSource(
        "usda-mcp",
        "MIT",
        {
            "name": Kind.NAME,
            "group": Kind.TEXT,
            "protein": Kind.NUMBER,
            "carbs": Kind.NUMBER,
            "fat": Kind.NUMBER,
            "calories": Kind.INT,
            "vegetarian": Kind.BOOL,
            "vegan": Kind.BOOL,
        },
        readers.foods,
    ),
    "films": RealSource(
        "bokeh-sampledata",
        "CC0-1.0",
        {
            "title": Kind.NAME,
            "year": Kind.INT,
            "runtime": Kind.INT,
            "genre": Kind.TEXT,
            "director": Kind.TEXT,
            "score": Kind.INT,
            "country": Kind.TEXT,
        },
        readers.films,
    ),
    "elements": RealSource(
        "mendeleev",
        "MIT",
        {
            "name": Kind.NAME,
            "symbol": Kind.CODE,
            "number": Kind.INT,
            "weight": Kind.NUMBER,
            "period": Kind.INT,
            "density": Kind.NUMBER,
        },
        readers.elements,
    ),
}
