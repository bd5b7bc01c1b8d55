"""Known ways to an undeserved reward in code tasks; every one must score 0 on every task.

Certificates judge some in rotation, the tests judge all of them on real trees.
"""

from synth.code.cheats.cheat import Cheat, Layer, Target
from synth.code.cheats.patches import PATCHES
from synth.code.cheats.shell import SHELL

__all__ = ["CHEATS", "Cheat", "Layer", "Target"]

CHEATS: tuple[Cheat, ...] = (*PATCHES, *SHELL)
