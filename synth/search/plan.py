"""What a question should look like before it is written: one row of numbers a difficulty level.

Depth is the number of descriptions nested below the subject, breadth the number of structural clues
on the subject itself. Higher levels start vaguer and are weakened further.
"""

from enum import StrEnum
from random import Random
from typing import NamedTuple


class AskFor(StrEnum):
    ENTITY = "entity"
    LIST = "list"
    VALUE = "value"
    COUNT = "count"
    DIFFERENCE = "difference"


class Plan(NamedTuple):
    level: int
    depth: int
    breadth: int
    ask: AskFor
    start_rung: int
    """Rung at which a plain clue is first tried; a ladder that ends earlier gives its last."""
    num_weakenings: int
    """Most steps down the ladders after the answer is unique."""
    max_lights: int
    loop: bool
    """Tie one pair of entities by two walks instead of one edge."""
    double: bool
    """Tie one pair by two relations at once."""
    extreme: bool
    """May end in a superlative."""


class Level(NamedTuple):
    depths: tuple[int, ...]
    breadths: tuple[int, ...]
    start_rungs: tuple[int, ...]
    num_weakenings: int
    max_lights: int
    special: float
    """Chance of a loop or a double tie."""
    extreme: float


LEVELS = {
    1: Level((1,), (1, 1, 2), (0, 1), 1, 3, 0.0, 0.0),
    2: Level((2,), (1, 1, 2), (1, 1, 2), 2, 5, 0.1, 0.0),
    3: Level((2, 3, 3), (1, 2), (1, 2), 4, 6, 0.25, 0.15),
    4: Level((3, 4, 4), (1, 2), (2, 2, 3), 6, 7, 0.4, 0.2),
    5: Level((4, 5, 5, 6), (1, 2), (2, 3), 12, 9, 0.6, 0.25),
}

ASKS = {
    AskFor.ENTITY: 74,
    AskFor.LIST: 5,
    AskFor.VALUE: 9,
    AskFor.COUNT: 6,
    AskFor.DIFFERENCE: 6,
}


def plan(level: int, depth: int | None, breadth: int | None, rng: Random) -> Plan:
    """A plan for `level`; `depth` and `breadth`, where given, replace the level's own."""
    row = LEVELS[level]
    special = rng.random() < row.special
    return Plan(
        level=level,
        depth=depth or rng.choice(row.depths),
        breadth=breadth or rng.choice(row.breadths),
        ask=rng.choices(list(ASKS), weights=list(ASKS.values()))[0],
        start_rung=rng.choice(row.start_rungs),
        num_weakenings=row.num_weakenings,
        max_lights=row.max_lights,
        loop=special and rng.random() < 0.5,
        double=special and rng.random() < 0.5,
        extreme=rng.random() < row.extreme,
    )
