"""Shapes of questions: each chooses columns of a view and gives steps, a final and the words."""

from collections.abc import Callable

from synth.interpreter.shapes import charts, groups, joined, rows, times
from synth.interpreter.shapes.asked import Asked, ExtraFile, Form
from synth.interpreter.view import View

Shape = Callable[[View], Asked]

SHAPES: tuple[Shape, ...] = (
    *rows.SHAPES,
    *groups.SHAPES,
    *groups.SHAPES,
    *joined.SHAPES,
    *times.SHAPES,
    *times.SHAPES,
    *times.SHAPES,
)
"""Shapes that fewer tables suit stand here more often."""

FIGURES: tuple[Shape, ...] = charts.FIGURES

__all__ = ["FIGURES", "SHAPES", "Asked", "ExtraFile", "Form", "Shape"]
