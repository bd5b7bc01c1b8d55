"""Families of computed problems: mathematics, logic, science, and state that builds up.

A family is one module of this package with a `PUZZLE`.
"""

from random import Random

from data.task import Language
from synth.interpreter.draft import Draft
from synth.interpreter.puzzles import (
    bag,
    beacons,
    board,
    buoy,
    cables,
    chess,
    circle,
    code,
    colony,
    courier,
    field,
    flasks,
    heaps,
    island,
    isotopes,
    lamps,
    ledger,
    museum,
    posters,
    press,
    reads,
    roads,
    shelf,
    sledge,
    stamps,
    stock,
    trail,
)
from synth.interpreter.puzzles.puzzle import Puzzle, draft_of

FAMILIES: dict[str, Puzzle] = {
    module.PUZZLE.name: module.PUZZLE
    for module in (
        beacons,
        stamps,
        colony,
        circle,
        roads,
        press,
        sledge,
        cables,
        board,
        bag,
        heaps,
        field,
        posters,
        lamps,
        courier,
        code,
        reads,
        island,
        flasks,
        isotopes,
        museum,
        ledger,
        shelf,
        stock,
        trail,
        buoy,
        chess,
    )
}


def draft(sort: str, rng: Random, language: Language, level: int) -> Draft:
    """A draft of some family of the sort, `puzzles` or `stateful`; raises `Rejected`."""
    able = [puzzle for puzzle in FAMILIES.values() if puzzle.stateful == (sort == "stateful")]
    return draft_of(rng.choice(able), rng, language, level)
