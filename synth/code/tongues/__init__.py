"""What code tasks do differently for the languages of their trees; one module a toolchain."""

from collections.abc import Sequence
from importlib import import_module
from random import Random
from typing import Protocol, cast

from data.errors import SourceError
from envs.code.spec import Toolchain
from envs.code.tree import Tree
from synth.code.bug import Bug, Labels, Place
from synth.code.cheats.cheat import Cheat
from synth.code.hiding import Hidden
from synth.code.probes import Variation
from synth.code.statement.evidence import Evidence

NAMES = ("python", "node")
"""Toolchains whose trees become tasks; of the others only bugs are made."""


class Tongue(Protocol):
    CHEATS: tuple[Cheat, ...]

    def hide(self, tree: Tree, modules: Sequence[str], tests: Sequence[str]) -> Hidden:
        """See `synth.code.hiding`."""

    def gather(
        self,
        bug: Bug,
        tests: Sequence[str],
        fixed: Tree,
        buggy: Tree,
        places: Sequence[Sequence[str]] = (),
    ) -> Evidence | str:
        """See `synth.code.statement.evidence`."""

    def variations(self, script: str, rng: Random, most: int) -> list[Variation]:
        """See `synth.code.probes`."""

    def distances(self, bug: Bug, labels: Labels, places: Sequence[Place]) -> list[int]:
        """For each place, the calls between the nearest failing test and it; 0 where none enters."""


def told(toolchain: Toolchain) -> None:
    """Raises `SourceError` for a language whose tests we cannot hide and whose bugs we cannot tell."""
    if toolchain.name not in NAMES:
        known = ", ".join(NAMES)
        raise SourceError(f"language: tasks are made of trees for {known}, not {toolchain.name}")


def tongue(toolchain: Toolchain) -> Tongue:
    """As `told`."""
    told(toolchain)
    return cast(Tongue, import_module(f"{__name__}.{toolchain.name}"))
