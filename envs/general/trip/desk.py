"""What the trip tools answer. Every answer is JSON; lists have one entry a line.

The desk only reads: a submission is kept by the episode that it is made in.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cached_property

from pydantic import JsonValue

from data.task import JsonObject, Language
from data.trajectory import Observation
from envs.general.trip.compiled import Compiled, Listing
from envs.general.trip.names import fold
from envs.general.trip.surface import HEADLINES, KEYWORDS, PLURALS
from envs.general.trip.tables import DAY_FIELDS, WEEKDAYS, Row
from envs.general.trip.world import FACILITIES, MODES, Service

THINGS = ("hotel", "restaurant", "attraction")


class Refused(Exception):
    """What the agent asked for and cannot have, worded for it."""


class Desk:
    """Answers the reading tools of one compiled world."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.language = compiled.language
        self.zh = compiled.language is Language.ZH

    def answer(self, tool: str, given: JsonObject) -> Observation:
        """The observation of one call whose arguments fit the tool's schema."""
        try:
            return Observation(text=self._handlers[tool](given))
        except Refused as refused:
            return Observation(text=f"Error: {refused}", error=True)

    @cached_property
    def _handlers(self) -> Mapping[str, Callable[[JsonObject], str]]:
        made: dict[str, Callable[[JsonObject], str]] = {
            "get_all_cities": lambda given: _lines(self._cities()),
            "get_city_transport": self._city_transport,
            "get_inter_city_transport": self._connections,
            "get_weather_by_city_date": self._weather,
            "get_infos_by_city": self._city_infos,
        }
        for thing in THINGS:
            made[f"get_all_{PLURALS[thing]}_by_city"] = self._lister(thing)
            made[f"get_city_by_{thing}"] = self._city_finder(thing)
            made[f"get_infos_by_{thing}"] = self._informer(thing)
        return made

    def _cities(self) -> list[str]:
        return [city.name.of(self.language) for city in self.compiled.world.cities]

    def _lister(self, thing: str) -> Callable[[JsonObject], str]:
        told = {
            Listing.NAMES: (),
            Listing.BRIEF: HEADLINES[thing],
            Listing.FULL: KEYWORDS[thing],
        }[self.compiled.variant.listing]

        def answer(given: JsonObject) -> str:
            city = self._find("city", str(given["city"]))["name"]
            rows = [r for r in self.compiled.tables[thing].rows if r["city"] == city]
            if not told:
                return _lines([str(row["name"]) for row in rows])
            return _lines([self._shown(row, told) for row in rows])

        return answer

    def _city_finder(self, thing: str) -> Callable[[JsonObject], str]:
        def answer(given: JsonObject) -> str:
            row = self._find(thing, str(given[thing]))
            return _line({thing: row["name"], "city": row["city"]})

        return answer

    def _informer(self, thing: str) -> Callable[[JsonObject], str]:
        def answer(given: JsonObject) -> str:
            return _line(self._shown(self._find(thing, str(given[thing])), _words(given)))

        return answer

    def _shown(self, row: Row, keywords: Iterable[str]) -> JsonObject:
        """A row's name and the facts that keywords name."""
        made: JsonObject = {"name": row["name"]}
        for keyword in keywords:
            match keyword:
                case "facilities":
                    made[keyword] = [n.of(self.language) for k, n in FACILITIES.items() if row[k]]
                case "serves":
                    meals = {"lunch": "午餐", "dinner": "晚餐"}
                    made[keyword] = [zh if self.zh else en for en, zh in meals.items() if row[en]]
                case "closed_on":
                    made[keyword] = [
                        day.of(self.language)
                        for day, field in zip(WEEKDAYS, DAY_FIELDS, strict=True)
                        if not row[field]
                    ]
                case _:
                    made[keyword] = row[keyword]
        return made

    def _city_infos(self, given: JsonObject) -> str:
        name = self._find("city", str(given["city"]))["name"]
        city = self.compiled.world.cities[self._cities().index(str(name))]
        names = {
            "known_for": city.known_for,
            "districts": city.districts,
            "stations": city.stations,
            "airports": city.airports,
        }
        made: JsonObject = {"name": name}
        for keyword in _words(given):
            if keyword in names:
                made[keyword] = [known.of(self.language) for known in names[keyword]]
            else:
                known = city.region if keyword == "region" else city.cuisine
                made[keyword] = known.of(self.language)
        return _line(made)

    def _city_transport(self, given: JsonObject) -> str:
        row = self._find("city", str(given["city"]))
        city = self.compiled.world.cities[self._cities().index(str(row["name"]))]
        return _line(
            {
                "city": row["name"],
                "metro": row["metro"],
                "day_pass": row["day_pass"],
                "getting_around": [means.of(self.language) for means in city.local],
            }
        )

    def _connections(self, given: JsonObject) -> str:
        start = str(self._find("city", str(given["from_city"]))["name"])
        end = str(self._find("city", str(given["to_city"]))["name"])
        if start == end:
            raise Refused(
                f"出发地和目的地都是{start}。"
                if self.zh
                else f"from_city and to_city are both {start}."
            )
        pair = self._cities().index(start), self._cities().index(end)
        found = [s for s in self.compiled.world.services if (s.origin, s.destination) == pair]
        return _lines([self._connection(service) for service in found])

    def _connection(self, service: Service) -> JsonObject:
        made: JsonObject = {"mode": MODES[service.mode].of(self.language)}
        if service.number:
            made["number"] = service.number
        if service.from_stop and service.to_stop:
            made["from"] = service.from_stop.of(self.language)
            made["to"] = service.to_stop.of(self.language)
        if service.departs:
            made["departs"] = service.departs
        return {**made, "minutes": service.minutes, "price": service.price}

    def _weather(self, given: JsonObject) -> str:
        city = self._find("city", str(given["city"]))["name"]
        first, last = self.compiled.world.first, self.compiled.world.last
        try:
            day = date.fromisoformat(str(given["date"]))
        except ValueError:
            day = date.min
        if not first <= day <= last:
            raise Refused(
                f"只有{first}至{last}的天气预报，没有{given['date']}的。"
                if self.zh
                else f"there are forecasts from {first} to {last}, none for {given['date']}."
            )
        rows = self.compiled.tables["weather"].rows
        row = next(r for r in rows if r["city"] == city and r["date"] == day.isoformat())
        told: JsonObject = {"city": city, "date": row["date"], "weather": row["weather"]}
        return _line(
            {**told, "rain_or_snow": row["wet"], "high_c": row["high"], "low_c": row["low"]}
        )

    @cached_property
    def _rows(self) -> dict[str, dict[str, Row]]:
        return {
            thing: {fold(str(row["name"])): row for row in self.compiled.tables[thing].rows}
            for thing in ("city", *THINGS)
        }

    def _find(self, thing: str, name: str) -> Row:
        row = self._rows[thing].get(fold(name))
        if row is None:
            where = "get_all_cities" if thing == "city" else f"get_all_{PLURALS[thing]}_by_city"
            shown = name if len(name) <= 60 else name[:60] + "..."
            raise Refused(
                f"没有名为{shown!r}的记录；{where} 列出了所有名称。"
                if self.zh
                else f"no {thing} named {shown!r}; {where} lists them."
            )
        return row


def _words(given: JsonObject) -> list[str]:
    words = given["info_keywords"]
    assert isinstance(words, list)
    return list(dict.fromkeys(map(str, words)))


def _line(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def _lines(entries: Iterable[JsonValue]) -> str:
    return "[\n" + ",\n".join(_line(entry) for entry in entries) + "\n]"
