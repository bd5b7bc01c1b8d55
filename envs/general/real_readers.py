"""Readers of the packages that hold real data; each is called once a process."""

import re
import sqlite3
from collections.abc import Mapping
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

from envs.general.expr import Value
from envs.general.texts import Text

RealRow = Mapping[str, Value | Text]
MIN_REVIEWS = 150
"""Films that fewer critics reviewed are not well known."""


def airports() -> tuple[RealRow, ...]:
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


def stations() -> tuple[RealRow, ...]:
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
            }
        )
    return tuple(rows)


def foods() -> tuple[RealRow, ...]:
    """Foods with what 100 g of them hold; energy by 4, 4 and 9 kcal a gram."""
    from usda_mcp.food_database import FOOD_DATABASE  # type: ignore[import-untyped]

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


def films() -> tuple[RealRow, ...]:
    """Well-known films."""
    rows: list[RealRow] = []
    connection = sqlite3.connect(
        f"file:{_package('bokeh_sampledata')}/_data/movies.db?mode=ro", uri=True
    )
    try:
        found = connection.execute(
            "SELECT o.Title, o.Year, o.Runtime, o.Genre, o.Director, t.Meter, o.Country "
            "FROM omdb o JOIN tomatoes t ON t.ID = o.ID WHERE t.Reviews >= ? "
            "AND o.Runtime IS NOT NULL AND t.Meter IS NOT NULL ORDER BY o.ID",
            (MIN_REVIEWS,),
        ).fetchall()
    finally:
        connection.close()
    seen: set[str] = set()
    for title, year, runtime, genre, director, rating, country in found:
        if title in seen or not (runtime and genre and director and country):
            continue
        seen.add(title)
        rows.append(
            {
                "title": title,
                "year": int(year),
                "runtime": int(runtime),
                "genre": genre.split(",")[0].strip(),
                "director": director.split(",")[0].strip(),
                "score": int(rating),
                "country": country.split(",")[0].strip(),
            }
        )
    return tuple(rows)


def elements() -> tuple[RealRow, ...]:
    """Chemical elements that occur in nature."""
    connection = sqlite3.connect(f"file:{_package('mendeleev')}/elements.db?mode=ro", uri=True)
    try:
        found = connection.execute(
            "SELECT name, symbol, atomic_number, atomic_weight, period, density "
            "FROM elements WHERE atomic_number <= 92 ORDER BY atomic_number"
        ).fetchall()
    finally:
        connection.close()
    return tuple(
        {
            "name": name,
            "symbol": symbol,
            "number": number,
            "weight": round(weight, 2),
            "period": period,
            "density": None if density is None else round(density, 3),
        }
        for name, symbol, number, weight, period, density in found
        if weight is not None and density is not None
    )


def _package(name: str) -> Path:
    """Folder of an installed package. Raises `ImportError` if it is not there."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ImportError(f"no package {name}")
    return Path(found.origin).parent
