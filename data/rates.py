"""Pass rates: intervals of a share, pass@k, and the band that a task's rate must lie in."""

from math import comb, sqrt
from typing import NamedTuple, Self

from data.errors import UserError

Z = 1.959963984540054
"""Normal quantile of a two-sided 95 % interval."""


class Interval(NamedTuple):
    low: float
    high: float


def wilson(num_passed: int, num_scored: int) -> Interval:
    """The 95 % score interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    assert 0 <= num_passed <= num_scored > 0, (num_passed, num_scored)
    share, weight = num_passed / num_scored, Z * Z / num_scored
    centre = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * sqrt(share * (1 - share) / num_scored + weight / (4 * num_scored))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def pass_at(k: int, num_passed: int, num_scored: int) -> float:
    """Chance that one of `k` attempts passes, without bias (arXiv:2107.03374 eq. 1)."""
    assert 1 <= k <= num_scored, (k, num_scored)
    return 1.0 - comb(num_scored - num_passed, k) / comb(num_scored, k)


class Band(NamedTuple):
    """The pass rates of tasks worth training on, both ends included."""

    low: float
    high: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """`LOW:HIGH`; raises `UserError` if it is no part of 0 to 1."""
        low, colon, high = text.partition(":")
        try:
            band = cls(float(low), float(high))
        except ValueError:
            band = cls(1.0, 0.0)
        if not colon or not 0 <= band.low <= band.high <= 1:
            raise UserError(f"no band {text!r}; it is LOW:HIGH within 0 and 1, e.g. 0.1:0.9")
        return band

    def decided(self, num_passed: int, num_scored: int, wanted: int) -> bool:
        """Whether the attempts still missing of `wanted` cannot change if the rate is in the band.

        Either for certain, whatever they score, or because the 95 % interval of those at hand lies
        on one side of each end. The interval is looked at after every attempt, so that a rate near
        an end is misjudged more often than one time in twenty.
        """
        missing = wanted - num_scored
        if missing <= 0:
            return True
        least, most = num_passed / wanted, (num_passed + missing) / wanted
        interval = wilson(num_passed, num_scored) if num_scored else Interval(0.0, 1.0)
        return self._one_side(least, most) or self._one_side(*interval)

    def _one_side(self, least: float, most: float) -> bool:
        inside = self.low <= least and most <= self.high
        return inside or most < self.low or least > self.high
