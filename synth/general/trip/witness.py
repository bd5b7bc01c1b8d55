"""The way to a plan through the tools: what has to be looked up for each rule, then the submission."""

import json
from collections.abc import Iterator

from data.task import Script, ToolCall
from data.trajectory import Trajectory
from envs.general.trip.compiled import Listing
from envs.general.trip.surface import HEADLINES, KEYWORDS, PLURALS
from envs.general.trip.tables import DAY_FIELDS
from envs.general.trip.world import FACILITIES
from synth.general.trip.frame import KEYS, SLOTS, Frame
from verifiers.general.constraints import Field, Lookup, Rule, Scalar, walk

KEYWORD_OF = {
    **dict.fromkeys(FACILITIES, "facilities"),
    **dict.fromkeys(DAY_FIELDS, "closed_on"),
    "lunch": "serves",
    "dinner": "serves",
    "outdoor": "setting",
}
"""Keywords under which fields are shown, where they are not called alike."""

LEGS = "leg"
WEATHER = "weather"


def itinerary(frame: Frame, plan: dict[str, Scalar]) -> list[dict[str, Scalar]]:
    """The plan in the form of the answer."""
    return [
        {
            "time": when.isoformat(),
            **{key: plan[f"day{day}.{slot}"] for key, slot in KEYS.items()},
        }
        for day, when in zip(frame.days, frame.dates, strict=True)
    ]


def said(frame: Frame, plan: dict[str, Scalar]) -> str:
    """The plan as text, for the submission and the final message."""
    return json.dumps(itinerary(frame, plan), ensure_ascii=False)


def submission(frame: Frame, plan: dict[str, Scalar]) -> ToolCall:
    return submitted(said(frame, plan))


def submitted(text: str) -> ToolCall:
    return ToolCall(name="submit_result", arguments={"answer_text": text})


def witness(frame: Frame, plan: dict[str, Scalar], rules: tuple[Rule, ...]) -> Script:
    """Looks up what the plan names and what the rules ask of it, and submits it."""
    calls = (*_lookups(frame, plan, rules), submission(frame, plan))
    numbered = tuple(call.model_copy(update={"id": f"c{n}"}) for n, call in enumerate(calls))
    return Script(calls=numbered, answer=said(frame, plan))


def _lookups(frame: Frame, plan: dict[str, Scalar], rules: tuple[Rule, ...]) -> Iterator[ToolCall]:
    yield ToolCall(name="get_all_cities", arguments={})
    nodes = [node for rule in rules for node in walk(rule.formula)]
    asked = _fields(node for node in nodes if isinstance(node, Field))
    tables = {node.table for node in nodes if isinstance(node, Lookup)}
    for day, when in zip(frame.days, frame.dates, strict=True):
        city = plan[f"day{day}.city"]
        if WEATHER in tables:
            arguments = {"city": city, "date": when.isoformat()}
            yield ToolCall(name="get_weather_by_city_date", arguments=dict(arguments))
        yield from _about_city(str(city), asked.get(f"day{day}.city", set()))
        for thing in ("hotel", "restaurant", "attraction"):
            yield ToolCall(name=f"get_all_{PLURALS[thing]}_by_city", arguments={"city": city})
        for slot, thing in SLOTS.items():
            wanted = asked.get(f"day{day}.{slot}", set())
            keywords = [k for k in KEYWORDS[thing] if k in wanted and not _listed(frame, thing, k)]
            if slot != "city" and keywords:
                yield ToolCall(
                    name=f"get_infos_by_{thing}",
                    arguments={"info_keywords": list(keywords), thing: plan[f"day{day}.{slot}"]},
                )
    if LEGS in tables:
        yield from _journeys(frame, plan)


def _about_city(city: str, asked: set[str]) -> Iterator[ToolCall]:
    if "metro" in asked:
        yield ToolCall(name="get_city_transport", arguments={"city": city})
    if "region" in asked:
        yield ToolCall(
            name="get_infos_by_city", arguments={"info_keywords": ["region"], "city": city}
        )


def _journeys(frame: Frame, plan: dict[str, Scalar]) -> Iterator[ToolCall]:
    cities = [str(plan[f"day{day}.city"]) for day in frame.days]
    stops = [frame.home, *cities, frame.home] if frame.away else [*cities, frame.home]
    for start, end in zip(stops, stops[1:], strict=False):
        yield ToolCall(
            name="get_inter_city_transport", arguments={"from_city": start, "to_city": end}
        )


def _fields(fields: Iterator[Field]) -> dict[str, set[str]]:
    """Keywords that are asked of each slot."""
    asked: dict[str, set[str]] = {}
    for field in fields:
        if field.path:
            name = KEYWORD_OF.get(field.path[-1], field.path[-1])
            asked.setdefault(field.slot, set()).add(name)
    return asked


def _listed(frame: Frame, thing: str, keyword: str) -> bool:
    """Whether the listing of a city already tells it."""
    match frame.compiled.variant.listing:
        case Listing.NAMES:
            return False
        case Listing.BRIEF:
            return keyword in HEADLINES[thing]
        case Listing.FULL:
            return True


def least_calls(frame: Frame) -> int:
    """A lower bound on the calls of any attempt that knows what it submits.

    Names of places come from the listings of their city alone, and a plan holds a hotel, a
    restaurant and an attraction of as many cities as days; then it is submitted.
    """
    return 3 * frame.num_days + 1


def unfounded(trajectory: Trajectory, frame: Frame, plan: dict[str, Scalar]) -> str:
    """A name that is submitted before any observation or request shows it; empty if there is none."""
    shown = "\n".join(o.text for turn in trajectory.turns for o in turn.observations if not o.error)
    for name in plan.values():
        if f'"{name}"' not in shown:
            return f"{name} was never shown"
    return ""
