"""JavaScript and TypeScript, see `synth.code.ecmascript`."""

from synth.code.cheats.node import CHEATS
from synth.code.ecmascript.distance import distances
from synth.code.ecmascript.hiding import hide
from synth.code.ecmascript.search import gather
from synth.code.ecmascript.variations import variations

__all__ = ["CHEATS", "distances", "gather", "hide", "variations"]
