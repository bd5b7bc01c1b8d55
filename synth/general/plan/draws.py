"""Drawn properties and bounds: what about the wanted share of the plans so far would satisfy."""

from random import Random

import numpy as np
import numpy.typing as npt

from envs.general.kinds import Kind
from synth.general.plan.bounds import resolution, rounded
from synth.general.plan.clauses import By, Check, Mean
from synth.general.plan.population import Population
from synth.general.plan.shape import GROUPING, Attribute, Place
from synth.general.plan.vocabulary import MEASURED
from verifiers.general.constraints import Sum, Term
from verifiers.general.evaluate import exact

LOOSE, TIGHT = 0.75, 0.05
"""Most and least of the plans so far that a drawn bound leaves."""


class Draws:
    def __init__(self, population: Population, rng: Random) -> None:
        self.population = population
        self.rng = rng
        self.wanted = 0.5
        """About what share of the plans so far a rule should leave."""

    def check(self, place: Place, attribute: Attribute) -> Check | None:
        term = place.field(attribute.path)
        if attribute.kind is Kind.BOOL:
            return Check(By.IS, (self.rng.random() < 0.7,))
        if attribute.kind in GROUPING:
            return self._named(term, attribute)
        if attribute.kind in MEASURED:
            return self.bound(
                term, attribute, self.rng.choice((By.MOST, By.UNDER, By.LEAST, By.BAND))
            )
        return self._moment(attribute)

    def _named(self, term: Term, attribute: Attribute) -> Check | None:
        """Is, is not, is one of two: values that the place can still have."""
        left = {self.population.lowering.code(exact(v)): v for v in attribute.values}
        present = self.population.values(term)
        values = [left[code] for code in sorted(set(present.tolist()))]
        if len(values) < 2:
            return None
        chosen = left[int(self.rng.choice(present.tolist()))]
        roll = self.rng.random()
        if len(values) > 3 and roll < 0.4:
            others = [value for value in values if value != chosen]
            return Check(By.AMONG, (chosen, self.rng.choice(others)))
        return Check(By.NOT if roll < 0.6 and len(values) > 2 else By.IS, (chosen,))

    def _moment(self, attribute: Attribute) -> Check | None:
        values = sorted(map(str, attribute.values))
        at = values[round(self._left() * (len(values) - 1))]
        by = self.rng.choice((By.MOST, By.LEAST))
        ends = (values[0], values[-1])
        return None if at in ends else Check(by, (at,))

    def bound(self, term: Term, attribute: Attribute, by: By) -> Check | None:
        """A bound that leaves a drawn share of the plans so far; None if it cuts nothing off."""
        values = self._numbers(term)
        if len(values) == 0:
            return None
        left = self._left()
        share = 1 - left if by in (By.LEAST, By.OVER) else left
        low, at, high = np.quantile(values, (0.05, share, 0.95))
        finest = resolution(attribute)
        bound = rounded(float(at), float(high - low), finest)
        least, greatest = float(values.min()), float(values.max())
        if not least < bound < greatest:
            return None
        if by is By.BAND:
            width = rounded(float(high - low) / 3, float(high - low), finest)
            end = plain(bound + width)
            return Check(by, (bound, end)) if width and end <= greatest else None
        return Check(by, (bound,))

    def _left(self) -> float:
        share = self.rng.uniform(0.6, 1.5) * self.wanted
        return min(LOOSE, max(TIGHT, share))

    def _numbers(self, term: Term) -> npt.NDArray[np.float64]:
        return self.population.values(term) / self.population.lowering.scale

    def mean(self, places: tuple[Place, ...], attribute: Attribute) -> Mean | None:
        """A bound on the average; None if it cuts nothing off."""
        by = self.rng.choice((By.MOST, By.LEAST))
        totals = self._numbers(Sum(terms=tuple(p.field(attribute.path) for p in places)))
        means = totals / len(places)
        left = self._left()
        low, at, high = np.quantile(means, (0.05, left if by is By.MOST else 1 - left, 0.95))
        value = rounded(float(at), float(high - low), resolution(attribute))
        if not float(means.min()) < value < float(means.max()):
            return None
        return Mean(places, attribute, by, value, plain(value * len(places)))


def plain(value: float) -> int | float:
    """`value` as a person writes it: without a decimal that says nothing."""
    value = round(value, 6)
    return int(value) if value == int(value) else value
