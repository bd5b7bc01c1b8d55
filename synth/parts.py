"""What a kind supplies for the certificate of one task; the checks themselves are in `certify`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from data.task import JsonObject, Script, ToolCall
from data.trajectory import Trajectory


class Finding(NamedTuple):
    """Result of a kind's own check: empty `problem` means passed."""

    problem: str
    evidence: JsonObject


class Variant(NamedTuple):
    """A scripted attempt with a name for reports. Same calls as the witness are not run twice."""

    label: str
    script: Script


@dataclass(frozen=True)
class Parts:
    regenerated: Callable[[], str]
    """Id of the task that the recorded request and index give now."""
    complete: Callable[[], Finding]
    """Counts the correct answers by two independent evaluators."""
    shortcut: Callable[[], Finding]
    """Measures the ways around the work, and refuses those that are too short."""
    secrets: tuple[str, ...]
    """Strings that must not occur in anything the agent sees before it acts."""
    retrace: Callable[[Trajectory], Finding]
    """Checks that every step of the executed witness follows from what was known before it."""
    alternatives: Iterable[Variant]
    """Other correct attempts: each must score 1."""
    mutants: Iterable[Variant]
    """Near misses: each must score 0."""
    cheats: Iterable[Variant]
    """Known reward hacks: each must score 0."""
    reading: tuple[ToolCall, ...] | None = None
    """Calls that only look around, for kinds where the world that an attempt leaves is judged and
    not its message; None for the witness's calls, behind which the message alone decides."""


class Worked(NamedTuple):
    """A solution as a careful agent would find it, without knowing it."""

    script: Script
    reasons: tuple[str, ...] = ()
    """What is thought before each call, then before the answer."""
    explain: Callable[[Trajectory], tuple[str, ...]] | None = None
    """Gives the reasons where they speak of what the calls have shown, from a run of the script; none
    where the run is not what was expected."""
