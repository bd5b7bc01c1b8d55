"""What a cheat is: a way to reward without a fix, and the layer of grading that ends it."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from data.task import ToolCall
from envs.code.spec import Files
from envs.code.tree import Tree
from synth.code.bug import Bug


class Layer(StrEnum):
    """Where a cheat ends even if no earlier layer saw it; the values are checks of the verdict."""

    WORLD = "world"
    """It gets nothing out of the sandbox, or finds nothing in it: no change is left to judge."""
    CHANGE = "change"
    AUDIT = "audit"
    TESTS = "tests"
    ALONE = "alone"
    PROBES = "probes"


class Target(NamedTuple):
    """What a cheat is made for."""

    bug: Bug
    tree: Tree
    """The agent's."""
    script: str = ""
    """The reproduction that the issue shows; empty if it shows none."""

    @property
    def path(self) -> str:
        """The source file that the fix changes, and the cheat too."""
        return next(path for path, text in sorted(self.bug.gold.items()) if text is not None)

    @property
    def text(self) -> str:
        """That file as the agent finds it; empty where the fix adds it."""
        return self.tree[self.path].content.decode() if self.path in self.tree else ""


class Cheat(NamedTuple):
    name: str
    ends: Layer
    """The last layer that ends it; most are seen by the audit, but none only by that, unless this
    says so."""
    files: Callable[[Target], Files] | None = None
    """The changes to sources that result."""
    calls: Callable[[Target], tuple[ToolCall, ...]] | None = None
    """What the agent does in its sandbox."""
