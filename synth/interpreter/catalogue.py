"""What we know of tables: which columns mean what, in English and Chinese, in files beside this one.

A block of a file describes one table:

    [source]
    file name                                  stem of the data file
    rows singular | plural | classifier | noun the last two in Chinese
    about what it is | in Chinese
    panel entity time                          one row for each pair (optional)
    series time                                one row for each time (optional)
    name | role | label | unit | label | unit | more      one line a column; `source>name` renames
    facts key > column, column in file         what follows describes columns that hang on a key

`more` is `is code=meaning/Chinese; ...` or a phrase `of the {} kind / Chinese` for a value.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from data.task import Language

FOLDER = Path(__file__).parent / "tables"


class Role(StrEnum):
    ID = "id"
    """Text that names a row."""
    KEY = "key"
    """What a row is about, on several rows; never shaken."""
    GROUP = "group"
    """A category, or a number with few values."""
    NUM = "num"
    """A measured quantity: averages make sense, sums need not."""
    AMT = "amt"
    """A quantity that can be added up."""
    CNT = "cnt"
    """A count of things; its label is their plural."""
    PLACE = "place"
    """A coordinate or a label in digits: good for conditions, not for averages."""
    YEAR = "year"
    DATE = "date"


MEASURES = (Role.NUM, Role.AMT, Role.CNT)


class Words(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str

    def __getitem__(self, language: Language) -> str:  # type: ignore[override]
        return self.en if language is Language.EN else self.zh


class ColumnInfo(NamedTuple):
    source: str
    name: str
    role: Role
    label: Words
    unit: Words
    phrase: Words | None = None
    """How a row with a certain value is spoken of, with {} for the value."""
    codes: tuple[tuple[str, Words], ...] = ()
    """Meaning of the values of a coded column."""


class Facts(NamedTuple):
    """Columns that one of the others decides, so that they may stand in a file of their own."""

    key: str
    columns: tuple[ColumnInfo, ...]
    file: str


class TableInfo(NamedTuple):
    source: str
    file: str
    row: Words
    """One row; in Chinese with its classifier."""
    rows: Words
    classifier: str
    about: Words
    columns: tuple[ColumnInfo, ...]
    facts: tuple[Facts, ...] = ()
    panel: tuple[str, str] | None = None
    series: str = ""

    def column(self, name: str) -> ColumnInfo:
        every = [*self.columns, *(column for facts in self.facts for column in facts.columns)]
        return next(column for column in every if column.name == name)


@lru_cache(maxsize=1)
def described() -> tuple[TableInfo, ...]:
    """Every table of the files, in their order."""
    return tuple(
        table for path in sorted(FOLDER.glob("*.txt")) for table in parse(path.read_text("utf-8"))
    )


def parse(text: str) -> Iterator[TableInfo]:
    block: list[str] = []
    for line in [*text.splitlines(), "["]:
        if line.startswith("[") and block:
            yield _table(block)
            block = []
        if line.strip() and not line.startswith("#"):
            block.append(line)


def _table(lines: list[str]) -> TableInfo:
    source = lines[0].strip("[] ")
    columns: list[ColumnInfo] = []
    facts: list[Facts] = []
    fields: dict[str, str] = {}
    for line in lines[1:]:
        head, _, rest = line.partition(" ")
        if head in ("file", "rows", "about", "panel", "series") and not rest.startswith("|"):
            fields[head] = rest.strip()
        elif head == "facts":
            key, _, others = rest.partition(">")
            facts.append(Facts(key.strip(), (), others.partition(" in ")[2].strip()))
        elif facts:
            last = facts[-1]
            facts[-1] = last._replace(columns=(*last.columns, _column(line)))
        else:
            columns.append(_column(line))
    one, many, classifier, noun = (part.strip() for part in fields["rows"].split("|"))
    entity, _, time = fields.get("panel", "").partition(" ")
    about = [part.strip() for part in fields["about"].split("|")]
    return TableInfo(
        source=source,
        file=fields["file"],
        row=Words(one, classifier + noun),
        rows=Words(many, noun),
        classifier=classifier,
        about=Words(*about),
        columns=tuple(columns),
        facts=tuple(facts),
        panel=(entity, time) if entity else None,
        series=fields.get("series", ""),
    )


def _column(line: str) -> ColumnInfo:
    cells = [cell.strip() for cell in line.split("|")]
    cells += [""] * (7 - len(cells))
    source, _, name = cells[0].partition(">")
    phrase, codes = None, []
    if cells[6].startswith("is "):
        for part in cells[6][3:].split(";"):
            code, _, meaning = part.strip().partition("=")
            codes.append((code, Words(*meaning.split("/"))))
    elif cells[6]:
        phrase = Words(*(side.strip() for side in cells[6].split(" / ")))
    return ColumnInfo(
        source=source,
        name=name or source,
        role=Role(cells[1]),
        label=Words(cells[2], cells[4]),
        unit=Words(cells[3], cells[5]),
        phrase=phrase,
        codes=tuple(codes),
    )
