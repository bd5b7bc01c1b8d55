"""What a solver finds; apart from the solver, which is slow to load."""

from typing import NamedTuple

from verifiers.general.constraints import Scalar

Plan = dict[str, Scalar]
"""The key of the row in each slot."""


class Unsolved(Exception):
    """The solver hit its limit: nothing is known of the problem."""


class Enumerated(NamedTuple):
    plans: list[Plan]
    complete: bool
    """True if these are all."""
