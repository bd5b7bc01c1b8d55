"""Runs a transcript once more in fresh sandboxes, on its own or other data: for verifiers.

Synchronous and safe to call from any thread. Nothing of the episode is reused. A rerun has the
same shell, packages and limits as a kernel, but no messages in between, so it costs a fork instead
of a kernel; `rerun_many` keeps all cores busy and is the way to run thousands.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import JsonValue

from envs.interpreter.world import Cell, CellLimits, Parameters

TIMEOUT_S = 60.0


class Job(NamedTuple):
    """Cells to run in order, in a working folder that holds `files`."""

    files: tuple[tuple[str, bytes], ...]
    cells: tuple[str, ...]
    variable: str = ""
    """Name of the variable to bring back when the last cell has ended; none if empty."""
    limits: CellLimits = CellLimits()
    timeout_s: float = TIMEOUT_S
    """For all cells together; cells that there is no time left for are not run."""


class Rerun(NamedTuple):
    """What a job gave."""

    cells: tuple[Cell, ...]
    """How each cell ended; shorter than the job's if time ran out or a limit was met."""
    texts: tuple[str, ...]
    """What the agent would have been shown of each cell in `cells`."""
    value: JsonValue
    """The variable as JSON: numbers, text, booleans, dates (ISO 8601), lists, sets (as sorted
    lists), dicts, numpy and pandas values; a Series is {"index": [...], "values": [...]}, a table
    is {"columns": [...], "index": [...], "rows": [[...]]}; NaN, NaT and None are null."""
    problem: str
    """Why there is no value, in one line for a person; empty if there is one."""


def rerun(
    parameters: Parameters,
    cells: Sequence[str],
    *,
    variable: str = "",
    timeout_s: float = TIMEOUT_S,
) -> Rerun:
    """One rerun on the files of `parameters`; raises `EnvironmentFault` if none can be made."""
    raise NotImplementedError


def rerun_many(jobs: Sequence[Job]) -> list[Rerun]:
    """All of `jobs`, several at a time, results in their order; raises as `rerun` does."""
    raise NotImplementedError
