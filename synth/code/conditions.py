"""The circumstances under which tests are run before anything is believed of them."""

from typing import NamedTuple

from envs.code.runs import RunRequest


class Condition(NamedTuple):
    order: int
    """Seed of the order of tests; 0 is that of the files."""
    hashes: int
    """Seed of the hashes of strings."""
    days: int
    """The clock stands still, so many days from now; 0 is the true clock."""

    def of(self, request: RunRequest) -> RunRequest:
        return request._replace(order=self.order, seed=self.hashes, days=self.days)


CONDITIONS = (Condition(0, 0, 0), Condition(7, 0, 401), Condition(23, 5, 0))
"""As written; shuffled at another time; shuffled otherwise with other hashes."""
