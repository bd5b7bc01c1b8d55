"""What a figure shows, as rows to compare: for verdicts on charts.

A rerun gives the marks of a figure as the code of strangers says they are; they are read here with
limits and may be anything.
"""

from enum import StrEnum
from typing import NamedTuple

from pydantic import Field, JsonValue, ValidationError

from data.record import Record

MAX_AXES = 50


class Chart(StrEnum):
    BARS = "bars"
    """Rows are [label, height], from left to right."""
    BINS = "bins"
    """Bars of a histogram: rows are [left edge, height], from left to right, without gaps."""
    LINE = "line"
    """Rows are [x, y] in the order in which the line is drawn."""
    POINTS = "points"
    """Rows are [x, y], in any order."""


class FigureForm(Record):
    """What a figure has to be, besides its numbers."""

    chart: Chart
    x_label: str = Field(min_length=1)
    y_label: str = Field(min_length=1)


class Drawn(NamedTuple):
    """The rows of a figure, or why there are none."""

    rows: JsonValue
    problem: str = ""


class _Axes(Record):
    x_label: str = Field(max_length=2000)
    y_label: str = Field(max_length=2000)
    bars: list[tuple[str | float | None, float, float, float | None]]
    lines: list[tuple[str, list[tuple[JsonValue, JsonValue]]]]
    points: list[tuple[float | None, float | None]]


class _Figure(Record):
    axes: list[_Axes] = Field(max_length=MAX_AXES)


def drawn(form: FigureForm, value: JsonValue) -> Drawn:
    """The rows of the one chart in a figure; `value` may be any JSON whatever."""
    try:
        figure = _Figure.model_validate(value)
    except ValidationError:
        return Drawn(None, "it is no matplotlib figure")
    full = [axes for axes in figure.axes if axes.bars or axes.lines or axes.points]
    if len(full) != 1:
        return Drawn(None, f"one chart was asked for, the figure has {len(full)}")
    (axes,) = full
    wrong = [
        f"the {name} axis is not labelled as asked"
        for name, wanted, found in (
            ("x", form.x_label, axes.x_label),
            ("y", form.y_label, axes.y_label),
        )
        if _folded(wanted) != _folded(found)
    ]
    return Drawn(None, wrong[0]) if wrong else _rows(form.chart, axes)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _rows(chart: Chart, axes: _Axes) -> Drawn:
    wanted = {Chart.LINE: "one line", Chart.POINTS: "points"}.get(chart, "bars")
    lines = "one line" if len(axes.lines) == 1 else f"{len(axes.lines)} lines"
    there = {"bars": bool(axes.bars), lines: bool(axes.lines), "points": bool(axes.points)}
    found = [name for name, is_there in there.items() if is_there]
    if found != [wanted]:
        return Drawn(None, f"{wanted} alone were asked for, the axes have {' and '.join(found)}")
    match chart:
        case Chart.BARS:
            return Drawn([[label, top] for label, _, _, top in axes.bars])
        case Chart.BINS:
            gaps = [
                abs(one[2] - two[1]) > 1e-6 * abs(one[2] - one[1])
                for one, two in zip(axes.bars, axes.bars[1:], strict=False)
            ]
            if any(gaps):
                return Drawn(None, "the bars of a histogram leave no gaps")
            return Drawn([[left, top] for _, left, _, top in axes.bars])
        case Chart.LINE:
            ((_, line),) = axes.lines
            return Drawn([list(point) for point in line])
        case Chart.POINTS:
            return Drawn([list(point) for point in axes.points])
