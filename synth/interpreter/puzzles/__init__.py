"""Families of computed problems: mathematics, logic, science, and state that builds up."""

from random import Random

from data.task import Language
from synth.interpreter.draft import Draft
from synth.interpreter.puzzles import chance, numbers, planning, science, space, stateful, words
from synth.interpreter.puzzles.puzzle import Puzzle, draft_of

FAMILIES: dict[str, Puzzle] = {
    puzzle.name: puzzle
    for module in (numbers, planning, chance, space, words, science, stateful)
    for puzzle in module.PUZZLES
}


def draft(sort: str, rng: Random, language: Language, level: int) -> Draft:
    """A draft of some family of the sort, `puzzles` or `stateful`; raises `Rejected`."""
    able = [puzzle for puzzle in FAMILIES.values() if puzzle.stateful == (sort == "stateful")]
    return draft_of(rng.choice(able), rng, language, level)
