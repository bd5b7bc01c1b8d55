"""Interpreter tasks: questions that code answers, proved by two engines or methods."""

from synth.interpreter.author import AUTHORS, VERSION, catalogue, generate, prepare, warm
from synth.interpreter.proof import parts
from synth.interpreter.telling import work

__all__ = [
    "AUTHORS",
    "VERSION",
    "catalogue",
    "generate",
    "parts",
    "prepare",
    "warm",
    "work",
]
