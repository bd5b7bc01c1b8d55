"""Code tasks: repositories with one bug, an issue that tells of it, and tests that stay hidden."""

from synth.code.author import AUTHORS, VERSION, catalogue, generate, prepare, warm
from synth.code.proof import parts
from synth.code.worked import work

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
