"""Wish by wish from a plain trip to one that is as hard as its level asks.

As in the report's workflow a task starts simple. Each step adds one wish that leaves a part of the
plans so far; bounds are set at quantiles of the values that trips really have.
"""

from random import Random
from typing import NamedTuple

import numpy as np

from synth.general.trip import wishes_day, wishes_food, wishes_route, wishes_sight, wishes_stay
from synth.general.trip.crowd import SIZE, Crowd
from synth.general.trip.frame import Frame, both
from synth.general.trip.offer import Bounded, Draft, Maker, Wish
from verifiers.general.constraints import Formula, Operator

GROUPS: tuple[tuple[tuple[Maker, ...], int], ...] = (
    (wishes_route.MAKERS, 5),
    (wishes_stay.MAKERS, 4),
    (wishes_food.MAKERS, 4),
    (wishes_sight.MAKERS, 4),
    (wishes_day.MAKERS, 5),
)
"""Makers with how often their group is drawn from."""

HEAVY = frozenset(
    {
        "beds_total",
        "meals_total",
        "tickets_total",
        "visit_hours",
        "budget",
        "best_at_end",
        "better_each_day",
        "dinners_differ",
        "types_differ",
    }
)
"""Wishes that tie the places of all days together: one a trip, or its plans could not be counted."""

SHORT = frozenset({"best_at_end", "dinners_differ", "types_differ"})
"""Those of them that only trips of up to `SHORT_DAYS` days can be counted with."""

SHORT_DAYS = 4

RIVALS = (
    frozenset({"travel_time", "rail_time", "longest_journey"}),
    frozenset({"rail_time", "fares"}),
    frozenset({"rain_indoors", "dry_days"}),
    frozenset({"not_too_hot", "not_too_cold"}),
    frozenset({"indoors", "outdoors", "rain_indoors"}),
    frozenset({"must_see", "not_there"}),
    frozenset({"hotel_price", "day_cost", "beds_total", "budget"}),
    frozenset({"meal_price", "day_meals", "meals_total"}),
    frozenset({"tickets_total", "ticket_price", "free"}),
    frozenset({"cuisine_once", "cuisine_never", "dinner_day"}),
)
"""Wishes that say nearly the same, or sit badly side by side: one of each set."""

LEAST, MOST = 0.04, 0.9
"""Shares of the trips so far that a wish may leave."""

MAX_DRAWS = 80


class Step(NamedTuple):
    wish: Wish
    share: float
    """Of the plain trips that are left, by the crowd."""


class Composed(NamedTuple):
    wishes: tuple[Wish, ...]
    steps: tuple[Step, ...]
    crowd: Crowd


def compose(
    frame: Frame, num_wishes: int, density: float, rng: Random, given: tuple[Wish, ...] = ()
) -> Composed | str:
    """The given wishes and more that leave about `density` of the plain trips, or why there are
    none."""
    work = _Composer(frame, num_wishes, density, rng)
    for wish in given:
        if not work.leaves(wish):
            return "impossible"
        work.take(wish)
    for _ in range(MAX_DRAWS):
        if len(work.steps) >= num_wishes and work.share <= density * 3:
            return Composed(tuple(step.wish for step in work.steps), tuple(work.steps), work.crowd)
        if len(work.steps) >= num_wishes + 2:
            return "too_loose"
        work.draw()
    return "no_more_wishes"


class _Composer:
    def __init__(self, frame: Frame, num_wishes: int, density: float, rng: Random) -> None:
        self.crowd = Crowd(frame, rng)
        self.draft = Draft(frame, rng)
        self.rng = rng
        self.num_wishes = num_wishes
        self.density = density
        self.share = 1.0
        self.steps: list[Step] = []
        self._tried: set[Maker] = set()
        self._said: set[str] = set()

    def draw(self) -> None:
        makers, _ = self.rng.choices(GROUPS, weights=[weight for _, weight in GROUPS])[0]
        left = [maker for maker in makers if maker not in self._tried]
        if not left:
            return
        maker = self.rng.choice(left)
        self._tried.add(maker)
        made = maker(self.draft)
        if isinstance(made, Bounded):
            made = self._bounded(made)
        if made is not None and self._fits(made):
            self.add(made)

    def leaves(self, wish: Wish) -> float:
        """The share of the crowd that keeps the wish."""
        return float(self.crowd.holding(_formula(wish)).mean())

    def add(self, wish: Wish) -> None:
        """Takes the wish if it leaves a fair part of the trips."""
        # The last wishes may cut deeper, the first ones less, on the way to the density.
        needed = self._needed()
        if max(LEAST, needed**2.5) <= self.leaves(wish) <= min(MOST, max(needed**0.3, 0.35)):
            self.take(wish)

    def take(self, wish: Wish) -> None:
        self.share *= self.leaves(wish)
        self.crowd.keep(_formula(wish))
        self.steps.append(Step(wish, self.share))
        self._said.update(_family(rule.id) for rule in wish.rules)

    def _needed(self) -> float:
        """The share that each wish still to come should leave."""
        steps = max(1, self.num_wishes - len(self.steps))
        return float(min(0.8, (self.density / self.share) ** (1 / steps)))

    def _fits(self, wish: Wish) -> bool:
        said = self._said | {_family(rule.id) for rule in wish.rules}
        new = said - self._said
        if not new:
            return False
        if len(HEAVY & said) > 1:
            return False
        if new & SHORT and self.draft.frame.num_days > SHORT_DAYS:
            return False
        return all(len(rivals & said) <= 1 or not rivals & new for rivals in RIVALS)

    def _bounded(self, made: Bounded) -> Wish | None:
        """The wish with a round bound that leaves about as much as is wanted now."""
        values = np.sort(self.crowd.values(made.term))
        if len(values) < SIZE / 2:
            return None
        wanted = min(0.75, max(0.08, self._needed() * self.rng.uniform(0.8, 1.25)))
        at = wanted if made.by is Operator.LE else 1 - wanted
        value = float(values[min(len(values) - 1, int(at * len(values)))])
        rounded = round(value / made.step) * made.step
        if not rounded:
            return None
        return made.at(rounded)


def _formula(wish: Wish) -> Formula:
    return both(tuple(rule.formula for rule in wish.rules))


def _family(rule_id: str) -> str:
    """The id without its day."""
    name, _, day = rule_id.rpartition("_")
    return name if day.isdecimal() else rule_id.rstrip("0123456789")
