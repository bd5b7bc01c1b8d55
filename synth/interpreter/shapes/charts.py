"""Figures to draw: each shape gives the rows that the figure has to show, and what it looks like."""

from synth.interpreter.algebra import (
    Add,
    Agg,
    Bin,
    Cmp,
    Col,
    Expr,
    Fn,
    Group,
    Keep,
    Lit,
    Over,
    Rows,
    Sort,
    Step,
    Top,
)
from synth.interpreter.catalogue import Role
from synth.interpreter.phrases import ROWS, in_unit, quantity, statistic
from synth.interpreter.shapes.asked import Asked, Form
from synth.interpreter.view import Measure, Unsuited, View
from verifiers.figures import Chart, FigureForm

MAX_BARS = 12
STEPS = (1, 2, 5)
"""Widths of bins, times a power of ten."""


def _fn(view: View, measure: Measure) -> str:
    fns = ["mean", "median", "median", "max"]
    if measure.role in (Role.AMT, Role.CNT):
        fns.append("sum")
    return view.rng.choice(fns)


def _asked(
    view: View,
    text: str,
    steps: tuple[Step, ...],
    final: Rows,
    chart: Chart,
    labels: tuple[str, str],
    width: int | float = 1,
) -> Asked:
    form = FigureForm(chart=chart, x_label=labels[0], y_label=labels[1])
    quoted = [view.say((f'"{label}"', f"“{label}”")) for label in labels]
    text += view.say(
        (
            f" Label the x axis {quoted[0]} and the y axis {quoted[1]}.",
            f"x轴标签写{quoted[0]}，y轴标签写{quoted[1]}。",
        )
    )
    return Asked(
        text,
        steps,
        final,
        Form.FIGURE,
        parts=labels,
        conditions=1,
        figure=form,
        bin_width=width,
    )


def bars_by_value(view: View) -> Asked:
    group, measure = view.group(3, MAX_BARS), view.measure(convert=0.3)
    fn, most = _fn(view, measure), view.rng.random() < 0.6
    label, said = view.label(group), statistic(fn, measure, view.language)
    unit = in_unit(measure, view.language)
    text = view.say(
        (
            f"Draw a vertical bar chart of the {ROWS}: one bar for each {label}, with its name on "
            f"the x axis, as high as its {said}{unit}; the {'highest' if most else 'lowest'} bar "
            "on the left, then in order.",
            f"根据{ROWS}画一张竖直条形图：每个{label}一根条形，名称标在x轴上，高度为其{said}{unit}，"
            f"从左到右{'由高到低' if most else '由低到高'}排列。",
        ),
    )
    steps = (Group((group.name,), (Agg("value", fn, measure.name),)), Sort("value", most))
    return _asked(view, text, steps, Rows((group.name, "value")), Chart.BARS, (label, said))


def leading_bars(view: View) -> Asked:
    group, measure = view.group(6, 60, entity=True), view.measure(convert=0.3)
    fn, k = _fn(view, measure), view.rng.choice((3, 4, 5))
    label, said = view.label(group), statistic(fn, measure, view.language)
    unit = in_unit(measure, view.language)
    cells = view.table.column(group.name)
    sizes = sorted(cells.count(cell) for cell in view.distinct(group.name))
    least = max(2, sizes[len(sizes) // 3])
    text = view.say(
        (
            f"Among the {ROWS}, take every {label} with at least {least} of them and keep the {k} "
            f"with the highest {said}{unit}. Draw a vertical bar chart of these: one bar for each, "
            "with its name on the x axis and that value as its height, the highest on the left.",
            f"在{ROWS}中，只考虑至少有{least}{view.info.row.zh}的{label}，取{said}{unit}最高的{k}个，"
            "画一张竖直条形图：每个一根条形，名称标在x轴上，高度为该数值，从左到右由高到低排列。",
        ),
    )
    steps = (
        Over("size_of_group", "count", group.name, (group.name,)),
        Keep(Cmp(">=", Col("size_of_group"), Lit(least))),
        Group((group.name,), (Agg("value", fn, measure.name),)),
        Top(k, "value"),
    )
    return _asked(view, text, steps, Rows((group.name, "value")), Chart.BARS, (label, said))


def line_over_years(view: View) -> Asked:
    time, measure = view.of_role(Role.YEAR), view.measure(convert=0.3)
    if not 5 <= len(view.distinct(time.name)) <= 40:
        raise Unsuited("years")
    fn = _fn(view, measure)
    label, said = view.label(time), statistic(fn, measure, view.language)
    unit = in_unit(measure, view.language)
    text = view.say(
        (
            f"Draw one line that shows how the {said}{unit} of the {ROWS} changes with the "
            f"{label}: one point for each {label} that occurs, from the earliest to the latest, "
            f"the {label} (as a number) on the x axis.",
            f"画一条折线，显示{ROWS}的{said}{unit}随{label}的变化：出现过的每个{label}一个点，"
            f"由早到晚连接，x轴为{label}（数字）。",
        ),
    )
    steps = (
        Group((time.name,), (Agg("value", fn, measure.name),)),
        Sort(time.name, desc=False),
    )
    return _asked(view, text, steps, Rows((time.name, "value")), Chart.LINE, (label, said))


def points_of_groups(view: View) -> Asked:
    group = view.group(4, 40, entity=True)
    x, y = view.measure(convert=0.2), view.measure()
    fn, other = view.rng.choice(("mean", "median")), _fn(view, y)
    label = view.label(group)
    a, b = statistic(fn, x, view.language), statistic(other, y, view.language)
    ax, by = in_unit(x, view.language), in_unit(y, view.language)
    text = view.say(
        (
            f"Draw a scatter plot with one point for each {label} of the {ROWS}: on the x axis its "
            f"{a}{ax}, on the y axis its {b}{by}.",
            f"根据{ROWS}画一张散点图，每个{label}一个点：x轴为其{a}{ax}，y轴为其{b}{by}。",
        ),
    )
    steps = (Group((group.name,), (Agg("across", fn, x.name), Agg("up", other, y.name))),)
    return _asked(view, text, steps, Rows(("across", "up")), Chart.POINTS, (a, b))


def histogram(view: View) -> Asked:
    measure = view.measure(convert=0.3)
    numbers = sorted(view.numbers(measure.raw))
    if measure.name != measure.raw:
        raise Unsuited("converted")
    low, high = (numbers[int(share * (len(numbers) - 1))] for share in (0.05, 0.95))
    width = _width((high - low) / view.rng.choice((5, 6, 8)))
    first = round(low // width) * width
    num = max(4, min(10, round((high - first) / width)))
    edges = [_round(first + k * width) for k in range(num + 1)]
    label, unit = quantity(measure, view.language), in_unit(measure, view.language)
    rows = view.info.rows[view.language]
    text = view.say(
        (
            f"Draw a histogram of the {label}{unit} of the {ROWS} in {num} bins, each {_round(width)} "
            f"wide, from {edges[0]} to {edges[-1]}. A bin holds its left edge; the last one holds "
            f"its right edge too. The height is the number of {rows}; those outside are left out.",
            f"画出{ROWS}的{label}{unit}的直方图：从{edges[0]}到{edges[-1]}共{num}个区间，每个宽"
            f"{_round(width)}。区间包含左端点，最后一个区间也包含右端点。高度为个数，范围之外的不计。",
        ),
    )
    place: Expr = Fn("flag", (Cmp(">=", Col(measure.name), Lit(edges[1])),))
    for edge in edges[2:-1]:
        place = Bin("+", place, Fn("flag", (Cmp(">=", Col(measure.name), Lit(edge)),)))
    steps = (
        Keep(Cmp(">=", Col(measure.name), Lit(edges[0]))),
        Keep(Cmp("<=", Col(measure.name), Lit(edges[-1]))),
        Add("bin", place),
        Group(("bin",), (Agg("num", "count", measure.name),)),
        Add("left", Bin("+", Bin("*", Col("bin"), Lit(_round(width))), Lit(edges[0]))),
        Sort("bin", desc=False),
    )
    counted = view.say((f"number of {rows}", f"{rows}的数量"))
    final = Rows(("left", "num"))
    return _asked(view, text, steps, final, Chart.BINS, (label, counted), _round(width))


def _width(rough: float) -> float:
    """The nearest width that people would choose."""
    if rough <= 0:
        raise Unsuited("constant")
    able = (step * 10.0**power for power in range(-6, 10) for step in STEPS)
    return min(able, key=lambda width: abs(width - rough) / width)


def _round(value: float) -> int | float:
    near = float(f"{value:.6g}")
    return int(near) if near == int(near) else near


FIGURES = (
    bars_by_value,
    bars_by_value,
    leading_bars,
    line_over_years,
    line_over_years,
    points_of_groups,
    histogram,
    histogram,
)
