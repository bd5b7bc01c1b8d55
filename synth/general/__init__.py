"""General tasks: errands and plans in compiled worlds, each proved."""

from synth.general.author import AUTHORS, VERSION, generate, prepare, warm
from synth.general.catalogue import catalogue
from synth.general.proof import parts
from synth.general.worked import work

__all__ = ["AUTHORS", "VERSION", "catalogue", "generate", "parts", "prepare", "warm", "work"]
