"""What a matplotlib figure shows, as plain values: its marks, read from its artists, not its pixels.

Each axes becomes {"x_label", "y_label", "bars", "lines", "points"}. A bar is [label, left, right,
height], in order from left to right; the label is the text of the tick at the bar, or its place
where ticks are mere numbers. A line is [name, [[x, y], ...]] in the order in which it is drawn. A
point of a scatter is [x, y]. What follows no data, such as a line across the whole axes, is left out.
"""

# matplotlib has no types for its artists, and is loaded only after the shell.
# mypy: disable-error-code="import-untyped"

import datetime
from typing import Any

import numpy
import pandas

MAX_MARKS = 10_000
"""Of one figure."""
NEAR = 1e-6
"""Distance from a bar to its tick, as a share of the bar's width."""


def is_figure(value: Any) -> bool:
    """Whether `value` is a figure or some axes of one."""
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    return isinstance(value, FigureBase | Axes)


def shown(value: Any) -> dict[str, Any]:
    """The marks of a figure or of the figure that axes are in; raises `ValueError` for too many."""
    from matplotlib.axes import Axes

    figure = value.figure if isinstance(value, Axes) else value
    found = {"axes": [_axes(axes) for axes in figure.axes]}
    marks = sum(
        len(axes["bars"]) + len(axes["points"]) + sum(len(line) for _, line in axes["lines"])
        for axes in found["axes"]
    )
    if marks > MAX_MARKS:
        raise ValueError(f"{marks} marks are too many, at most {MAX_MARKS} are read")
    return found


def _axes(axes: Any) -> dict[str, Any]:
    from matplotlib.collections import PathCollection

    scatters = [one for one in axes.collections if isinstance(one, PathCollection)]
    return {
        "x_label": str(axes.get_xlabel()),
        "y_label": str(axes.get_ylabel()),
        "bars": _bars(axes),
        "lines": [_line(line) for line in axes.lines if _follows_data(axes, line)],
        "points": [
            [float(x), float(y)]
            for one in scatters
            if one.get_visible()
            for x, y in numpy.asarray(one.get_offsets()).tolist()
        ],
    }


def _follows_data(axes: Any, line: Any) -> bool:
    both = line.get_transform().contains_branch_seperately(axes.transData)
    return bool(all(both) and line.get_visible())


def _line(line: Any) -> list[Any]:
    xs, ys = line.get_xdata(orig=True), line.get_ydata(orig=True)
    return [str(line.get_label()), [[_cell(x), _cell(y)] for x, y in zip(xs, ys, strict=True)]]


def _cell(value: Any) -> Any:
    """A coordinate as JSON: a number, a text, or a day."""
    if isinstance(value, pandas.Period):
        value = value.to_timestamp()
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime.date | numpy.datetime64):
        return pandas.Timestamp(value).isoformat()
    return float(value)


def _bars(axes: Any) -> list[list[Any]]:
    """Rectangles that stand on the horizontal axis, from left to right as they are seen."""
    from matplotlib.patches import Rectangle, StepPatch

    boxes: list[tuple[float, float, float]] = []
    for patch in axes.patches:
        if isinstance(patch, StepPatch):
            values, edges, _ = patch.get_data()
            ends = edges.tolist()
            boxes += zip(ends, ends[1:], values.tolist(), strict=False)
        elif isinstance(patch, Rectangle) and patch.get_visible():
            left, width = float(patch.get_x()), float(patch.get_width())
            top = float(patch.get_y()) + float(patch.get_height())
            boxes.append((left, left + width, top))
    texts = _tick_texts(axes)
    boxes.sort(reverse=bool(axes.xaxis_inverted()))
    return [[_label(texts, left, right), left, right, top] for left, right, top in boxes]


def _label(texts: dict[float, str], left: float, right: float) -> str | float:
    """Of the tick under the middle of a bar, or at its left edge."""
    middle, reach = (left + right) / 2, NEAR * abs(right - left)
    for place in (middle, left):
        for at, text in texts.items():
            if abs(at - place) <= reach:
                return text
    return middle


def _tick_texts(axes: Any) -> dict[float, str]:
    """Ticks of the horizontal axis that somebody has given a text."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import FixedFormatter, FuncFormatter

    axis = axes.xaxis
    if not isinstance(
        axis.get_major_formatter(), StrCategoryFormatter | FixedFormatter | FuncFormatter
    ):
        return {}
    places = [float(place) for place in axis.get_majorticklocs()]
    texts = axis.get_major_formatter().format_ticks(places)
    return {place: str(text) for place, text in zip(places, texts, strict=True)}
