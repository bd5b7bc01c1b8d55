"""Real data for tables: installed packages, read where they lie and never copied.

A source gives rows with named columns; text that exists in both languages is a `Text`. Sources are
read on first use and kept, each a few thousand rows at most.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from data.errors import SourceError
from data.task import Source
from envs.general.expr import Value
from envs.general.kinds import NUMERIC, TEXTUAL, Kind
from envs.general.texts import Text

RealRow = Mapping[str, Value | Text]


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

    rows = [{key: list(v) if isinstance(v, Text) else v for key, v in row.items()}
            for row in real_rows(source)]
    version = distribution(wanted.package).version
    return Source(
        name=source, version=version, licence=wanted.licence, sha256=content_hash(rows)
    )


def _airports() -> tuple[RealRow, ...]:
    """Airports that are called international and have an IATA code."""
    import airportsdata

    rows: list[RealRow] = []
    for code, entry in sorted(airportsdata.load("IATA").items()):
        name = str(entry["name"])
        if "International Airport" not in name or not entry["city"]:
            continue
        rows.append(
            {
                "iata": code,
                "name": name,
                "city": str(entry["city"]),
                "country": str(entry["country"]),
                "elevation": int(entry["elevation"]),
                "latitude": round(float(entry["lat"]), 2),
                "longitude": round(float(entry["lon"]), 2),
            }
        )
    return tuple(rows)


def _stations() -> tuple[RealRow, ...]:
    """Chinese railway stations: name, pinyin, city."""
    files = distribution("mcp-server-12306").files or []
    path = next(file for file in files if file.name == "station_name.js")
    text = Path(str(path.locate())).read_text(encoding="utf-8")
    rows: list[RealRow] = []
    for entry in re.findall(r"@([^@']+)", text):
        parts = entry.split("|")
        if len(parts) < 8 or not parts[7]:
            continue
        rows.append(
            {
                "code": parts[2],
                "name": Text(parts[3].capitalize(), parts[1]),
                "city": parts[7],
            }
        )
    return tuple(rows)


def _foods() -> tuple[RealRow, ...]:
    """Foods with what 100 g of them hold; energy by 4, 4 and 9 kcal a gram."""
    from usda_mcp.food_database import FOOD_DATABASE

    rows: list[RealRow] = []
    for group, foods in sorted(FOOD_DATABASE.items()):
        for food in foods:
            if food["unit"] != "g":
                continue
            protein, carbs, fat = (round(100 * food[key], 1) for key in ("pro", "carb", "fat"))
            rows.append(
                {
                    "name": food["name"],
                    "group": group.replace("_", " "),
                    "protein": protein,
                    "carbs": carbs,
                    "fat": fat,
                    "calories": round(4 * protein + 4 * carbs + 9 * fat),
                    "vegetarian": "vegetarian" not in food["exclude_for"],
                    "vegan": "vegan" not in food["exclude_for"],
                }
            )
    return tuple(rows)


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
        _airports,
    ),
    "stations": RealSource(
        "mcp-server-12306",
        "MIT",
        {"code": Kind.CODE, "name": Kind.NAME, "city": Kind.TEXT},
        _stations,
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
        _foods,
    ),
}
