"""Literals of a script in JavaScript that may be exchanged; see `synth.code.probes`."""

from collections.abc import Iterator
from random import Random

from synth.code.ecmascript.text import Program, walk
from synth.code.probes import Literal, Variation, varied


def variations(script: str, rng: Random, most: int) -> list[Variation]:
    """See `synth.code.probes.variations`."""
    return varied(script, list(_literals(script)), rng, most, str)


def _literals(script: str) -> Iterator[Literal]:
    """Texts and numbers, but for names of modules."""
    program = Program(script)
    for statement in program.statements:
        text = program.source(statement)
        if statement.type == "import_statement" or "require(" in text:
            continue
        for node in walk(statement):
            if node.type == "string_fragment":
                yield Literal(*node.byte_range, program.source(node))
            elif node.type == "number" and program.source(node).isdecimal():
                yield Literal(*node.byte_range, int(program.source(node)))
