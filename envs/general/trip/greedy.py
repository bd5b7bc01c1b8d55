"""The scripted baseline of trips: cheap places in the first cities, whatever else was wished.

It knows the prompt, from which it takes the days and the city it starts in, and the tools.
"""

import json
import re
from collections.abc import Generator

from data.task import PublicTask, Role, ToolCall
from data.trajectory import Observation
from envs.base import Baseline

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
HOME_FIRST = re.compile(
    r"[Tt]he first day is|begins with a day in|begin in|第一天(?:就|从)?在|第一天从"
)


def greedy(task: PublicTask) -> Baseline:
    """A well-formed itinerary without repeats, at the lowest prices that the listings show."""
    text = next(m.content for m in reversed(task.prompt) if m.role is Role.USER)
    days = list(dict.fromkeys(_DAY.findall(text)))
    cities = json.loads((yield ToolCall(name="get_all_cities", arguments={})).text)
    home = next((city for city in cities if city in text), cities[0])
    others = [city for city in cities if city != home]
    route = [home, *others] if HOME_FIRST.search(text) else others
    plan = []
    for day, city in zip(days, route, strict=False):
        hotels = yield from _listed("hotels", city)
        meals = yield from _listed("restaurants", city)
        sights = yield from _listed("attractions", city)
        lunch, dinner = meals[:2]
        plan.append(
            {
                "time": day,
                "city": city,
                "hotel": hotels[0],
                "afternoon_restaurant": lunch,
                "afternoon_attraction": sights[0],
                "evening_restaurant": dinner,
            }
        )
    answer = json.dumps(plan, ensure_ascii=False)
    yield ToolCall(name="submit_result", arguments={"answer_text": answer})
    return answer


def _listed(things: str, city: str) -> Generator[ToolCall, Observation, list[str]]:
    """Names of what a city has, cheapest first where the listing tells prices."""
    call = ToolCall(name=f"get_all_{things}_by_city", arguments={"city": city})
    rows = json.loads((yield call).text)
    if all(isinstance(row, dict) for row in rows):
        price = "ticket_price" if things == "attractions" else "price"
        return [row["name"] for row in sorted(rows, key=lambda row: row.get(price, 0))]
    return [str(row) for row in rows]
