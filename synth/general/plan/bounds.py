"""Numbers that a person would write: bounds near a wanted value, rounded as far as sense allows."""

from envs.general.kinds import Kind
from synth.general.plan.shape import Attribute

STEPS = (1, 2, 5)
FINENESS = 8
"""A bound is rounded to the largest step that still cuts the spread into this many parts."""


def resolution(attribute: Attribute) -> float:
    """The smallest difference that the attribute's values can have."""
    type_ = attribute.column.type
    if type_.bounded and attribute.kind in (Kind.INT, Kind.NUMBER, Kind.MONEY):
        return float(type_.step)
    decimals = max((len(_fraction(value)) for value in attribute.values), default=0)
    return float(10.0**-decimals)


def _fraction(value: object) -> str:
    return repr(value).partition(".")[2] if isinstance(value, float) else ""


def rounded(value: float, spread: float, finest: float) -> int | float:
    """`value` on the grid of the largest step of 1, 2, 5, 10, ... that suits the spread."""
    step = _nice(finest, up=True)
    while (larger := _next(step)) <= spread / FINENESS:
        step = larger
    bound = round(round(value / step) * step, 6)
    return int(bound) if bound == int(bound) else bound


def _nice(finest: float, *, up: bool) -> float:
    """The first of 1, 2, 5, 10, ... that is not below `finest`."""
    step = 1e-4
    while step < finest * (1 - 1e-9):
        step = _next(step)
    return step


def _next(step: float) -> float:
    """5 after 2 after 1, whatever the power of ten."""
    power = 1e-4
    while power * 10 <= step * (1 + 1e-9):
        power *= 10
    lead = round(step / power)
    return round(power * {1: 2, 2: 5, 5: 10}[lead], 10)
