"""Figure tasks: what a figure shows is read from its artists, whatever calls have drawn it."""

from collections.abc import Iterator

import pytest
from pydantic import JsonValue

from data.hashing import derive_rng
from data.task import Language, Task, TaskBody, TaskKind
from envs.interpreter.rerun import Job, rerun_many
from synth.certify import Certifier
from synth.interpreter import author, prepare
from synth.interpreter.catalogue import described
from synth.interpreter.draft import Rejected
from synth.interpreter.plan import Plan, planned, question
from synth.interpreter.shapes import FIGURES
from synth.replay import Replayer
from synth.request import Request
from verifiers.figures import Chart, FigureForm, drawn

START = """
import numpy as np, pandas as pd, matplotlib.pyplot as plt
names, ys = ["b", "a", "c"], [3.0, 2.5, -1.0]
figure, ax = plt.subplots()
"""
END = "\nfigure.axes[0].set(xlabel='u', ylabel='v')"
BARS: JsonValue = [["b", 3.0], ["a", 2.5], ["c", -1.0]]
BINS: JsonValue = [[0.0, 3.0], [2.0, 2.5], [4.0, 1.0]]
POINTS: JsonValue = [[1.0, 3.0], [2.0, 4.0]]
LINE: JsonValue = [[1990.0, 3.0], [1991.0, 2.5], [1993.0, -1.0]]

RIGHT: dict[str, tuple[Chart, str, JsonValue]] = {
    "bars of texts": (Chart.BARS, "ax.bar(names, ys)", BARS),
    "bars with ticks": (
        Chart.BARS,
        "plt.bar([1, 2, 3], ys, 0.3); plt.xticks([1, 2, 3], names)",
        BARS,
    ),
    "bars of pandas": (Chart.BARS, "pd.Series(ys, names).plot.bar(ax=ax)", BARS),
    "bars and a grid": (Chart.BARS, "ax.bar(names, ys); ax.axhline(0); ax.grid()", BARS),
    "bars backwards on an inverted axis": (
        Chart.BARS,
        "ax.bar(names[::-1], ys[::-1]); ax.invert_xaxis()",
        BARS,
    ),
    "bars at their left edge": (
        Chart.BARS,
        "ax.bar([0, 1, 2], ys, align='edge'); ax.set_xticks([0, 1, 2], names)",
        BARS,
    ),
    "a line": (Chart.LINE, "ax.plot([1990, 1991, 1993], ys)", LINE),
    "a line of pandas": (Chart.LINE, "pd.Series(ys, [1990, 1991, 1993]).plot(ax=ax)", LINE),
    "a histogram": (
        Chart.BINS,
        "ax.hist([0.1] * 3 + [2] + [4], bins=[0, 2, 4, 6], weights=[1, 1, 1, 2.5, 1])",
        BINS,
    ),
    "stairs": (Chart.BINS, "ax.stairs([3, 2.5, 1], [0, 2, 4, 6])", BINS),
    "a step": (Chart.BINS, "ax.bar([0, 2, 4], [3, 2.5, 1], 2, align='edge')", BINS),
    "a scatter": (Chart.POINTS, "ax.scatter([1, 2], [3, 4])", POINTS),
    "a scatter of pandas": (
        Chart.POINTS,
        "pd.DataFrame({'a': [1, 2], 'b': [3, 4]}).plot.scatter('a', 'b', ax=ax)",
        POINTS,
    ),
    "the axes in place of the figure": (Chart.BARS, "ax.bar(names, ys); figure = ax.figure", BARS),
}
WRONG = {
    "another chart": ("ax.plot([1, 2, 3], ys)", "bars alone were asked for"),
    "a line on the bars": ("ax.bar(names, ys); ax.plot(names, ys)", "bars alone were asked for"),
    "two charts": (
        "figure, (ax, b) = plt.subplots(1, 2); ax.bar(names, ys); b.bar(names, ys)",
        "2",
    ),
    "an image": ("ax.imshow(np.eye(3))", "the figure has 0"),
    "no figure": ("figure = {'axes': 3}", "it is no matplotlib figure"),
    "too many marks": ("ax.plot(range(20_000), range(20_000))", "too many"),
    "axes that fail": ("ax.get_xlabel = lambda: 1 / 0", "ZeroDivisionError"),
}


def form(chart: Chart = Chart.BARS, x_label: str = " U ") -> FigureForm:
    return FigureForm(chart=chart, x_label=x_label, y_label="V")


def test_the_same_data_reads_the_same_by_any_call() -> None:
    jobs = [Job((), (START + code, END), variable="figure") for _, code, _ in RIGHT.values()]
    for label, found in zip(RIGHT, rerun_many(jobs), strict=True):
        chart, _, rows = RIGHT[label]
        assert not found.problem, label
        assert drawn(form(chart), found.value) == (rows, ""), label


def test_other_figures_are_refused_with_the_reason() -> None:
    jobs = [Job((), (START + code, END), variable="figure") for code, _ in WRONG.values()]
    for label, found in zip(WRONG, rerun_many(jobs), strict=True):
        problem = found.problem or drawn(form(), found.value).problem
        assert WRONG[label][1] in problem, label


@pytest.mark.parametrize(
    "value",
    [None, 3, {"axes": None}, {"axes": [{}]}, {"axes": [[]] * 9}, {"x": {"axes": []}}, [[1, 2]]],
)
def test_whatever_strangers_send_is_no_figure_or_an_empty_one(value: JsonValue) -> None:
    assert drawn(form(), value).problem


def test_axes_labelled_otherwise_are_wrong() -> None:
    axes: JsonValue = {
        "axes": [
            {"x_label": "u", "y_label": "v", "bars": [["b", 0, 1, 2]], "lines": [], "points": []}
        ]
    }
    assert drawn(form(), axes).rows == [["b", 2.0]]
    assert drawn(form(x_label="w"), axes).problem == "the x axis is not labelled as asked"


def plans(language: Language) -> Iterator[Plan]:
    for number in range(90):
        rng = derive_rng("figures", language, number)
        try:
            yield planned(rng.choice(described()), rng, language, 1 + number % 4, FIGURES)
        except Rejected:
            continue


@pytest.mark.parametrize("language", list(Language))
def test_every_chart_is_asked_for_with_both_labels(language: Language) -> None:
    charts = set()
    for plan in plans(language):
        text, figure = question(plan), plan.asked.figure
        assert figure is not None
        assert figure.x_label in text
        assert figure.y_label in text
        assert "{" not in text
        charts.add(figure.chart)
        if charts == set(Chart):
            return
    pytest.fail(f"only {charts} in 90 tries")


def test_a_figure_task_is_certified_and_answers_with_its_largest_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(author, "WEIGHTS", dict.fromkeys(author.WEIGHTS, 0.0) | {"figures": 1})
    options = prepare({"sources": ["bokeh"]})
    request = Request(kind=TaskKind.INTERPRETER, seed=2, options=options)
    bodies = (author.generate(request, index) for index in range(60))
    task = Task.of(next(body for body in bodies if isinstance(body, TaskBody)))
    with Replayer() as replayer:
        certificate = Certifier(replayer).certify(task, every_check=True)
    assert not certificate.failures
    assert task.hidden.verifier["figure"]
    assert isinstance(task.hidden.reference, int | float)
