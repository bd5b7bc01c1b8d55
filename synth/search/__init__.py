"""Search questions: typed queries over a knowledge base, proved unique, then put into words."""

from synth.search.author import VERSION, generate, prepare, warm
from synth.search.proof import parts

__all__ = ["VERSION", "generate", "parts", "prepare", "warm"]
