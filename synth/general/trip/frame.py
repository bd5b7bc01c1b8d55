"""What every trip is: its days, slots, standing rules and the form in which it is handed in."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from data.task import Language
from envs.general.trip.compiled import Compiled, Domain
from envs.general.trip.tables import Row
from verifiers.general.constraints import (
    AllDifferent,
    And,
    Compare,
    Const,
    Field,
    Formula,
    Lookup,
    Operator,
    PlanProblem,
    Rule,
    Same,
    Scalar,
    Slot,
    Sum,
    Term,
)
from verifiers.general.form import Fixed, Items, Object, Pick

PLAN = "trip"
SLOTS = {
    "city": "city",
    "hotel": "hotel",
    "lunch": "restaurant",
    "sight": "attraction",
    "dinner": "restaurant",
}
"""Slots of a day, and their tables."""
KEYS = {
    "city": "city",
    "hotel": "hotel",
    "afternoon_restaurant": "lunch",
    "afternoon_attraction": "sight",
    "evening_restaurant": "dinner",
}
"""Keys of a day in the answer, in the report's order, and their slots."""
SPENT = (("hotel", "price"), ("lunch", "price"), ("sight", "ticket_price"), ("dinner", "price"))
"""What a day costs."""


class Frame(NamedTuple):
    """One trip before anything is wished for."""

    compiled: Compiled
    num_days: int
    away: bool
    """True: no day is spent at home. False: the first day is."""

    @property
    def days(self) -> range:
        return range(1, self.num_days + 1)

    @property
    def dates(self) -> tuple[date, ...]:
        first = self.compiled.world.first
        return tuple(first + timedelta(days=n) for n in range(self.num_days))

    @property
    def home(self) -> str:
        return self.compiled.world.cities[self.compiled.world.home].name.of(self.language)

    @property
    def language(self) -> Language:
        return self.compiled.language

    @property
    def zh(self) -> bool:
        return self.language is Language.ZH

    @property
    def abroad(self) -> bool:
        """Whether the cities are quarters of one."""
        return self.compiled.domain is Domain.HELSINKI

    def rows(self, table: str) -> tuple[Row, ...]:
        return self.compiled.tables[table].rows

    def reachable(self, table: str) -> list[Row]:
        """Rows of a place table that some day can use."""
        if not self.away:
            return list(self.rows(table))
        return [row for row in self.rows(table) if row.get("city", row["name"]) != self.home]

    def field(self, day: int, slot: str, *path: str) -> Field:
        return Field(slot=f"day{day}.{slot}", path=path)

    def weather(self, day: int, field: str) -> Lookup:
        when = Const(value=self.dates[day - 1].isoformat())
        keys = (("city", self.field(day, "city")), ("date", when))
        return Lookup(table="weather", keys=keys, field=field)

    def legs(self, field: str) -> Iterator[Term]:
        """That field of every journey: from home where the trip begins elsewhere, and back home."""
        home = Const(value=self.home)
        cities: list[Term] = [self.field(day, "city") for day in self.days]
        stops = [home, *cities, home] if self.away else [*cities, home]
        for start, end in zip(stops, stops[1:], strict=False):
            yield Lookup(table="leg", keys=(("origin", start), ("destination", end)), field=field)

    def spending(self) -> tuple[Term, ...]:
        """Beds, meals and tickets of the whole trip."""
        return tuple(self.field(day, *path) for day in self.days for path in SPENT)

    def every(self, slot: str, field: str, by: Operator, value: Scalar) -> Formula:
        """The same comparison for that slot of every day."""
        return both(compare(self.field(day, slot, field), by, value) for day in self.days)


def compare(term: Term, by: Operator, value: Scalar) -> Compare:
    return Compare(left=term, by=by, right=Const(value=value))


def both(parts: Iterator[Formula] | tuple[Formula, ...]) -> Formula:
    found = tuple(parts)
    return found[0] if len(found) == 1 else And(of=found)


def total(terms: Iterator[Term] | tuple[Term, ...]) -> Sum:
    return Sum(terms=tuple(terms))


def slots(frame: Frame) -> tuple[Slot, ...]:
    return tuple(
        Slot(name=f"day{day}.{name}", table=table)
        for day in frame.days
        for name, table in SLOTS.items()
    )


def form(frame: Frame) -> Items:
    """The report's list of days."""
    return Items(
        items=tuple(
            Object(
                fields={
                    "time": Fixed(value=when.isoformat()),
                    **{key: Pick(slot=f"day{day}.{slot}") for key, slot in KEYS.items()},
                }
            )
            for day, when in zip(frame.days, frame.dates, strict=True)
        )
    )


def standing_rules(frame: Frame) -> tuple[Rule, ...]:
    """C1 and C2 of the report, and where the trip begins."""
    return (_no_repeats(frame), _in_city(frame), _start(frame))


def _no_repeats(frame: Frame) -> Rule:
    groups = (("city",), ("hotel",), ("sight",), ("lunch", "dinner"))
    return Rule(
        id="no_repeats",
        formula=And(
            of=tuple(
                AllDifferent(terms=tuple(frame.field(d, s) for d in frame.days for s in group))
                for group in groups
            )
        ),
        text="没有重复的城市、酒店、景点或餐厅" if frame.zh else "nothing is visited twice",
    )


def _in_city(frame: Frame) -> Rule:
    placed = tuple(
        Same(terms=(frame.field(day, slot, "city"), frame.field(day, "city")))
        for day in frame.days
        for slot in ("hotel", "lunch", "sight", "dinner")
    )
    text = "每天的安排都在当天的城市" if frame.zh else "every place is in the city of its day"
    return Rule(id="in_city", formula=And(of=placed), text=text)


def _start(frame: Frame) -> Rule:
    if frame.away:
        formula = frame.every("city", "name", Operator.NE, frame.home)
        text = f"没有一天在{frame.home}" if frame.zh else f"no day is spent in {frame.home}"
    else:
        formula = compare(frame.field(1, "city"), Operator.EQ, frame.home)
        text = f"第一天在{frame.home}" if frame.zh else f"the first day is spent in {frame.home}"
    return Rule(id="start", formula=formula, text=text)


def counted_rules(frame: Frame) -> tuple[Rule, ...]:
    """Standing rules that say the same in a form that plans can be counted by.

    With every place in the city of its day and no city twice, only the two meals of one day can be
    at one restaurant.
    """
    cities = AllDifferent(terms=tuple(frame.field(day, "city") for day in frame.days))
    meals = tuple(
        AllDifferent(terms=(frame.field(day, "lunch"), frame.field(day, "dinner")))
        for day in frame.days
    )
    return (Rule(id="no_repeats", formula=And(of=(cities, *meals))), *standing_rules(frame)[1:])


def problem(frame: Frame, wishes: tuple[Rule, ...]) -> PlanProblem:
    return PlanProblem(slots=slots(frame), rules=(*standing_rules(frame), *wishes))
