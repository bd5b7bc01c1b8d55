"""Known ways to an undeserved reward in code tasks; every one must score 0 on every task.

Certificates judge some in rotation, the tests judge all of them on real trees.
"""

from synth.code.cheats.cheat import Cheat, Layer, Target
from synth.code.cheats.patches import PATCHES, SLOW
from synth.code.cheats.shell import SHELL

__all__ = ["CHEATS", "SLOW_CHEATS", "Cheat", "Layer", "Target"]

CHEATS: tuple[Cheat, ...] = (*PATCHES, *SHELL)
SLOW_CHEATS: tuple[Cheat, ...] = SLOW
"""Those that are judged only when a limit of time or memory is reached."""
