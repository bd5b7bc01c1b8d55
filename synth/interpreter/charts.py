"""Programs that draw: the figure asked for, the same by other calls, near misses, and fakes."""

from collections.abc import Iterator

from pydantic import JsonValue

from synth.interpreter import mutate
from synth.interpreter.compute import Computed, spec_of
from synth.interpreter.engines import Sql, Undefined, cells, sql_cells
from synth.interpreter.plan import Plan
from verifiers.answers import matches
from verifiers.figures import Chart, FigureForm

Cells = tuple[str, ...]
MAX_NEAR = 6
"""Near misses of the pipeline that are drawn for each task; each takes a kernel of its own."""
_IMPORT = "import matplotlib.pyplot as plt"
_ORDER = "rows = [(x, y) for x, y in answer]"

_BY_AXES = {
    Chart.BARS: "ax.bar([str(x) for x, _ in rows], [y for _, y in rows])",
    Chart.LINE: "ax.plot([x for x, _ in rows], [y for _, y in rows])",
    Chart.POINTS: "ax.scatter([x for x, _ in rows], [y for _, y in rows])",
    Chart.BINS: "ax.bar([x for x, _ in rows], [y for _, y in rows], width={width}, align='edge')",
}
_BY_PYPLOT = {
    Chart.BARS: (
        "plt.bar(range(len(rows)), [y for _, y in rows])\n"
        "plt.xticks(range(len(rows)), [x for x, _ in rows], rotation=45)"
    ),
    Chart.LINE: "plt.plot(np.array(rows)[:, 0], np.array(rows)[:, 1], 'o-')",
    Chart.POINTS: "plt.scatter(*zip(*rows), s=9, c='k')",
    Chart.BINS: (
        "plt.hist([x + {width} / 2 for x, _ in rows], bins=[*(x for x, _ in rows), rows[-1][0] "
        "+ {width}], weights=[y for _, y in rows], edgecolor='w')"
    ),
}
_BY_PANDAS = {
    Chart.BARS: "ax = pd.DataFrame(rows).set_index(0)[1].plot.bar()",
    Chart.LINE: "ax = pd.DataFrame(rows).set_index(0)[1].plot()",
    Chart.POINTS: "ax = pd.DataFrame(rows, columns=['a', 'b']).plot.scatter('a', 'b')",
    Chart.BINS: (
        "_, ax = plt.subplots()\n"
        "ax.stairs([y for _, y in rows], [*(x for x, _ in rows), rows[-1][0] + {width}])"
    ),
}


def drawn(plan: Plan) -> Cells:
    """The witness."""
    return _axes(plan, cells(plan.readings, plan.pipeline))


def others(plan: Plan) -> tuple[tuple[str, Cells], ...]:
    first, second = cells(plan.readings, plan.pipeline)
    form = _form(plan)
    pyplot = [_IMPORT, _ORDER, "plt.figure()", _BY_PYPLOT[form.chart].format(width=_width(plan))]
    pyplot += [f"plt.xlabel({form.x_label!r})", f"plt.ylabel({form.y_label!r})"]
    pyplot += ["plt.title('A title')", "figure = plt.gcf()"]
    frame = [_IMPORT, _ORDER, _BY_PANDAS[form.chart].format(width=_width(plan))]
    frame += [f"ax.set(xlabel={form.x_label!r}, ylabel={form.y_label!r})", "figure = ax"]
    by_sql = sql_cells(plan.readings, plan.pipeline)
    return (
        ("DuckDB", _axes(plan, by_sql)),
        ("pyplot", (first, second, "\n".join(pyplot))),
        ("axes of pandas", (first, second, "\n".join(frame))),
        (
            "another grid",
            (*drawn(plan), "ax.axhline(0, lw=0.5)\nax.grid()\nfigure.savefig('a.png')"),
        ),
    )


def near(plan: Plan, shown: Computed) -> Iterator[tuple[str, Cells]]:
    """Figures that look nearly right: of a careless pipeline, or drawn carelessly."""
    read, compute = cells(plan.readings, plan.pipeline)
    form = _form(plan)
    for label, change in (
        ("axes exchanged", "rows = [(y, x) for x, y in answer]"),
        ("one left out", "rows = answer[:-1]"),
        ("drawn twice", "rows = [*answer, *answer]"),
        ("the other order", "rows = answer[::-1]"),
    ):
        if label != "the other order" or form.chart in (Chart.BARS, Chart.LINE):
            yield label, (read, compute, *_code(form, change, _width(plan)))
    named = form.model_copy(update={"x_label": form.y_label, "y_label": form.x_label})
    yield "labels exchanged", (read, compute, *_code(named, _ORDER, _width(plan)))
    wrong = Chart.POINTS if form.chart is not Chart.POINTS else Chart.LINE
    other = form.model_copy(update={"chart": wrong})
    if form.chart is not Chart.BARS:
        yield "another chart", (read, compute, *_code(other, _ORDER, _width(plan)))
    spec, count = spec_of(plan, shown.value), 0
    with Sql(shown.tables) as base:
        for mutant in [*mutate.dropped(plan.pipeline), *mutate.mutants(plan.pipeline, (), ())]:
            try:
                value = base.answer(mutant.pipeline)
            except Undefined:
                continue
            if value == [] or matches(spec, value):
                continue
            yield mutant.label, _axes(plan, cells(plan.readings, mutant.pipeline))
            count += 1
            if count == MAX_NEAR:
                return


def fakes(right: JsonValue, form: FigureForm) -> Iterator[tuple[str, Cells]]:
    """Figures that show the right numbers of the data shown, or only seem to."""
    assert isinstance(right, list)
    start = f"{_IMPORT}\nanswer = {right!r}"
    width = right[1][0] - right[0][0] if form.chart is Chart.BINS else 1  # type: ignore[index,operator]
    hard = (start, *_code(form, _ORDER, width))
    labels = f"ax.set(xlabel={form.x_label!r}, ylabel={form.y_label!r})"
    yield "hard-coded figure", hard
    picture = [*hard, "figure.savefig('a.png')", "figure, ax = plt.subplots()"]
    yield "an image of a chart", (*picture, f"ax.imshow(plt.imread('a.png'))\n{labels}")
    text = f"figure, ax = plt.subplots()\n{labels}\n"
    yield "numbers in the title", (start, f"{text}ax.set_title(str(answer))")
    yield "numbers as text", (start, f"{text}ax.table([[str(c) for c in row] for row in answer])")
    yield "its rows as a dict", (start, "figure = {'axes': answer}")


def _axes(plan: Plan, computed: Cells) -> Cells:
    return (*computed, *_code(_form(plan), _ORDER, _width(plan)))


def _code(form: FigureForm, order: str, width: int | float) -> Cells:
    lines = [_IMPORT, "", order, "figure, ax = plt.subplots()"]
    lines += [_BY_AXES[form.chart].format(width=width)]
    lines += [f"ax.set_xlabel({form.x_label!r})", f"ax.set_ylabel({form.y_label!r})"]
    return ("\n".join(lines),)


def _form(plan: Plan) -> FigureForm:
    assert plan.asked.figure is not None
    return plan.asked.figure


def _width(plan: Plan) -> int | float:
    """Of the bins of a histogram."""
    return plan.asked.bin_width
