"""What every family of tasks gives: the question, its files in two editions, answers, programs."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pydantic import JsonValue

from data.task import Source
from envs.interpreter.world import DataFile
from synth.parts import Finding
from verifiers.answers import (
    AnswerSpec,
    DateAnswer,
    ListAnswer,
    NumberAnswer,
    TableAnswer,
    TextAnswer,
)
from verifiers.figures import FigureForm

TOLERANCE = 1e-4
"""Relative, for measured numbers: the prompt asks for five significant digits."""
MIN_NAME = 4
"""Characters of a text answer from which it must not stand in the task."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Rejected(Exception):
    """Why a draft is no task: one short machine word."""


@dataclass(frozen=True)
class Edition:
    """The files of a world and the right answer on them."""

    files: tuple[DataFile, ...]
    value: JsonValue


@dataclass(frozen=True)
class Draft:
    family: str
    text: str
    """The user's message but for the form of the answer."""
    form: str
    """How to write the answer, as the end of a sentence that starts "The answer is"."""
    shown: Edition
    hidden: tuple[Edition, ...]
    """Other data of the same shape; the agent never sees them."""
    spec: Callable[[JsonValue], AnswerSpec]
    witness: tuple[str, ...]
    """Cells that leave the answer in `answer`, on every edition."""
    others: tuple[tuple[str, tuple[str, ...]], ...]
    """The same by another method or engine, with a label."""
    near: Callable[[], list[tuple[str, JsonValue]]]
    """Answers of near misses on the shown data."""
    shortcut: Callable[[], Finding]
    evidence: dict[str, JsonValue]
    """What agreed, for the certificate."""
    level: int
    measures: dict[str, float]
    fingerprint: str
    sources: tuple[Source, ...] = ()
    figure: FigureForm | None = None
    """Where a figure is asked for, left in `figure`; the answers are its rows."""
    near_cells: Callable[[], Iterator[tuple[str, tuple[str, ...]]]] = lambda: iter(())
    """Programs that are nearly right, where a final message cannot show it."""
    notes: dict[str, JsonValue] = field(default_factory=dict)
    """What the proof keeps: the typed question."""


def answer_spec(
    value: JsonValue, *, unit: str = "", table: tuple[str, ...] = (), ordered: bool = True
) -> AnswerSpec:
    """The typed answer of a value; raises `Rejected` for one that cannot be judged fairly."""
    match value:
        case bool():
            return TextAnswer(value="true" if value else "false")
        case int():
            return NumberAnswer(value=value, unit=unit)
        case float():
            if abs(value) < 1e-7 or abs(value) > 1e15:
                raise Rejected("degenerate")
            return NumberAnswer(value=value, tolerance=TOLERANCE, unit=unit)
        case str() if _DAY.fullmatch(value):
            return DateAnswer.model_validate({"value": value})
        case str():
            return TextAnswer(value=value)
        case list() if table:
            rows = [[answer_spec(cell) for cell in row] for row in value if isinstance(row, list)]
            return TableAnswer(columns=table, rows=tuple(map(tuple, rows)), ordered=ordered)
        case list() if value:
            items = tuple(answer_spec(one) for one in value)
            return ListAnswer(items=items, ordered=ordered)
    raise Rejected("degenerate")


def secrets(value: JsonValue) -> list[str]:
    """Ways to write the numbers of an answer that say enough to give it away."""
    match value:
        case bool():
            return []
        case int() if abs(value) >= 1000:
            return [str(value), f"{value:,}"]
        case float():
            return [text for text in (f"{value:.6g}", f"{value:.5g}", repr(value)) if len(text) > 4]
        case list():
            return [text for one in value for text in secrets(one)]
    return []


def named(value: JsonValue, text: str) -> bool:
    """Whether a text of the answer, too long to be there by chance, stands in the task's words."""
    if isinstance(value, list):
        return any(named(one, text) for one in value)
    return isinstance(value, str) and len(value) >= MIN_NAME and value.casefold() in text.casefold()
