"""Reads a whole trip world through its tools, so that solvers know no more than an agent can.

`solve_by_tools` is the exact policy: it surveys, is told the rules as the request states them, and
solves. Weaker solvers take its place to measure how hard a task is.
"""

import json
from collections.abc import Generator
from random import Random
from typing import Any

from data.task import ToolCall
from data.trajectory import Observation
from envs.general.trip.surface import KEYWORDS, PLURALS
from envs.general.trip.tables import DAY_FIELDS, INDOOR, STAYING, WEEKDAYS
from envs.general.trip.world import FACILITIES, MODES
from synth.general.plan.solvers import Solver
from synth.general.trip.frame import Frame
from synth.general.trip.witness import said, submission
from verifiers.general.constraints import PlanProblem
from verifiers.general.tables import Table, Tables

Reading = Generator[ToolCall, Observation, Any]
Row = dict[str, Any]
MEALS = {"lunch": "午餐", "dinner": "晚餐"}


def solve_by_tools(
    frame: Frame, problem: PlanProblem, solver: Solver, rng: Random
) -> Generator[ToolCall, Observation, str]:
    """Surveys, solves, submits, and gives the final message."""
    tables = yield from survey(frame)
    plan = solver(problem, tables, rng)
    yield submission(frame, plan)
    return said(frame, plan)


def survey(frame: Frame) -> Generator[ToolCall, Observation, Tables]:
    """Every city, place, journey, and the weather of the days of the trip."""
    names = yield from _asked("get_all_cities")
    rows: dict[str, list[Row]] = {t: [] for t in ("city", *PLURALS, "leg", "weather")}
    for city in names:
        about = yield from _asked("get_infos_by_city", info_keywords=["region"], city=city)
        around = yield from _asked("get_city_transport", city=city)
        rows["city"].append({**about, "metro": around["metro"], "day_pass": around["day_pass"]})
        for thing in PLURALS:
            rows[thing] += yield from _places(frame, thing, city)
        for when in frame.dates:
            day = when.isoformat()
            told = yield from _asked("get_weather_by_city_date", city=city, date=day)
            weather = {"wet": told["rain_or_snow"], "high": told["high_c"], "low": told["low_c"]}
            rows["weather"].append({"id": f"{city} {day}", "city": city, "date": day, **weather})
        for other in names:
            rows["leg"].append((yield from _leg(frame, city, other)))
    refs = {"city": "city"}
    return Tables(
        {
            table: Table("id" if table in ("leg", "weather") else "name", found, refs)
            for table, found in rows.items()
        }
    )


def _places(frame: Frame, thing: str, city: str) -> Reading:
    """Everything about each place of a kind in a city, under the names that rules use."""
    listed = yield from _asked(f"get_all_{PLURALS[thing]}_by_city", city=city)
    rows = []
    for entry in listed:
        name = entry if isinstance(entry, str) else entry["name"]
        keywords = {"info_keywords": list(KEYWORDS[thing]), thing: name}
        told = yield from _asked(f"get_infos_by_{thing}", **keywords)
        rows.append({**_plain(frame, told), "city": city})
    return rows


def _plain(frame: Frame, told: Row) -> Row:
    """What is told as lists, one truth for each."""
    row = dict(told)
    facilities, serves = row.pop("facilities", None), row.pop("serves", None)
    closed = row.pop("closed_on", None)
    if facilities is not None:
        row |= {k: name.of(frame.language) in facilities for k, name in FACILITIES.items()}
    if serves is not None:
        row |= {meal: (zh if frame.zh else meal) in serves for meal, zh in MEALS.items()}
    if closed is not None:
        days = zip(DAY_FIELDS, WEEKDAYS, strict=True)
        row |= {field: name.of(frame.language) not in closed for field, name in days}
    if "setting" in row:
        row["outdoor"] = row["setting"] != INDOOR.of(frame.language)
    return row


def _leg(frame: Frame, start: str, end: str) -> Reading:
    key = {"id": f"{start} > {end}", "origin": start, "destination": end}
    if start == end:
        return {**key, **STAYING}
    found = yield from _asked("get_inter_city_transport", from_city=start, to_city=end)
    flight = MODES["flight"].of(frame.language)
    ground = [service for service in found if service["mode"] != flight]
    return {
        **key,
        "fastest_minutes": min(service["minutes"] for service in found),
        "cheapest_price": min(service["price"] for service in found),
        "fastest_ground_minutes": min((s["minutes"] for s in ground), default=None),
        "cheapest_ground_price": min((s["price"] for s in ground), default=None),
    }


def _asked(tool: str, **arguments: Any) -> Reading:
    observation = yield ToolCall(name=tool, arguments=arguments)
    return json.loads(observation.text)
