"""Search questions: typed queries over a knowledge base, proved unique, then put into words."""

from synth.search.author import AUTHORS, VERSION, catalogue, generate, prepare, warm
from synth.search.proof import parts
from synth.search.telling import explain, guessed, rehearse

__all__ = [
    "AUTHORS",
    "VERSION",
    "catalogue",
    "explain",
    "generate",
    "guessed",
    "parts",
    "prepare",
    "rehearse",
    "warm",
]
