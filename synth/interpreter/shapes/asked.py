"""What a shape of question gives: the steps after its conditions, what is read off, and the words."""

from dataclasses import dataclass
from enum import StrEnum

from synth.interpreter.algebra import Final, Step
from verifiers.figures import FigureForm


class Form(StrEnum):
    """What the answer is; the prompt says how to write it."""

    NUMBER = "number"
    INTEGER = "integer"
    TEXT = "text"
    DATE = "date"
    PAIR = "pair"
    """A list of a few different things in the order in which the question names them."""
    SET = "set"
    LIST = "list"
    TABLE = "table"
    FIGURE = "figure"
    """A chart; its rows are the answer."""


@dataclass(frozen=True)
class ExtraFile:
    """A small file that belongs to the question: invented weights, limits, rates."""

    name: str
    text: str
    about: str
    """What it holds, in the language of the task."""
    columns: tuple[tuple[str, str], ...]
    """Name and meaning of its columns."""


@dataclass(frozen=True)
class Asked:
    text: str
    """The question, with `phrases.ROWS` for its rows."""
    steps: tuple[Step, ...]
    final: Final
    form: Form
    unit: str = ""
    parts: tuple[str, ...] = ()
    """Names of the columns of a table, or of the members of a pair."""
    extra: tuple[ExtraFile, ...] = ()
    keeps_missing: tuple[str, ...] = ()
    """Columns whose missing cells the question itself deals with."""
    figure: FigureForm | None = None
    bin_width: int | float = 1
    """Of a histogram."""
    conditions: int = 2
    """Most conditions on the rows that still read well."""
