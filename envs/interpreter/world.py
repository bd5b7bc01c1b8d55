"""What a task of the interpreter says about its world, and what its world says about an episode.

`EnvSpec.parameters` is a `Parameters`: the data files, each with the recipe that makes its bytes
again, and the limits. `Environment.state()` is a `Transcript`: enough to run the cells once more,
on the same files or on others.
"""

from enum import StrEnum

from pydantic import Field

from data.record import Record
from data.task import JsonObject

VERSION = "1"
"""Raised when the same cells may give other observations."""
MAX_FILES = 16
MAX_CODE_CHARS = 50_000


class DataFile(Record):
    """One file in the kernel's working folder when the episode starts."""

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")
    recipe: JsonObject
    """How `files.build_files` makes its bytes, on any machine."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Of the bytes that the recipe gives."""


class CellLimits(Record):
    """What one episode may use."""

    cell_timeout_s: float = Field(default=30.0, gt=0, le=600)
    """After this a cell is interrupted and, if it goes on, its kernel is killed."""
    memory_mib: int = Field(default=1024, ge=256, le=65536)
    max_output_chars: int = Field(default=10_000, ge=200, le=200_000)
    """Of one observation; longer outputs keep their beginning and their end."""


class Parameters(Record):
    """`EnvSpec.parameters` of an interpreter task."""

    files: tuple[DataFile, ...] = Field(default=(), max_length=MAX_FILES)
    limits: CellLimits = CellLimits()


class Ended(StrEnum):
    """How a cell ended."""

    OK = "ok"
    ERROR = "error"
    """An exception, a syntax error, or `input()`, which is refused."""
    INTERRUPTED = "interrupted"
    """It ran into the time limit; the kernel and its variables live on."""
    DIED = "died"
    """Its kernel ended by the cell's doing; the next cell meets a new one, without variables."""


class Cell(Record):
    """One executed cell."""

    code: str
    ended: Ended
    error: str = ""
    """Name of the exception, e.g. `KeyError`; empty where there was none."""
    kernel: int = Field(default=1, ge=1)
    """Number of the kernel that ran it; the first of an episode is 1."""


class Transcript(Record):
    """Every executed cell of an episode in order; calls that were refused are not in it."""

    cells: tuple[Cell, ...] = ()
