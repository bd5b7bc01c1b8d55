"""A report as one picture: who passes which level, where draws are lost, how the tasks measure.

Colours are those of Okabe and Ito, which colour-blind readers tell apart; every policy has a marker
of its own as well.
"""

from collections import Counter
from collections.abc import Sequence
from math import ceil, floor, log10
from pathlib import Path
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from data.errors import UserError
from synth.report import Measure, Rate, Report, hardest_domains

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vP*"
INK, FAINT, LOST, KEPT = "#333333", "#D9D9D9", "#B8BFC6", "#009E73"
SMALL = "#5B8DB8"
WIDTH_INCHES, TOP_INCHES, ROW_INCHES = 12.5, 6.0, 2.1
LEVELS = (1, 2, 3, 4, 5)
MAX_REASONS = 10
MEASURES_PER_ROW = 4
MAX_BINS = 24
BAR_INCHES = 0.28
LOG_FROM = 20.0
"""A measure whose largest value is so many times its median is drawn on a logarithmic axis."""


def draw(report: Report, path: Path) -> None:
    """Writes the picture of `report` in the format that the end of `path` names.

    Raises `UserError` if there is nothing to draw, or no such format, or no place to write.
    """
    if not report.num_tasks:
        raise UserError("nothing to plot: the store holds no tasks; make some with synth")
    num_rows = ceil(len(report.measures) / MEASURES_PER_ROW)
    worst = hardest_domains(report.domain_rates)[::-1]
    domains_inches = 1.6 + BAR_INCHES * len(worst)
    heights = [
        TOP_INCHES,
        *([domains_inches] if worst else []),
        *([ROW_INCHES * num_rows] if num_rows else []),
    ]
    size = (WIDTH_INCHES, sum(heights))
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    # Two parts, so that the small charts below do not line up with the large ones above.
    top, *rest = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _title(figure, report)
    left, right = top.subplots(1, 2)
    _rates(left, report.pass_rates)
    _funnel(right, report)
    if worst:
        _domains(rest.pop(0).subplots(1, 1), report.domain_rates, worst)
    for part in rest:
        _measures(part, report.measures, num_rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)
    except ValueError as error:
        raise UserError(f"cannot plot to {path}: {str(error).splitlines()[0]}") from error
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error


def _title(figure: Figure, report: Report) -> None:
    each = [f"{number:,} {name}" for name, number in report.languages.items()]
    languages = ", ".join(each if len(each) > 1 else report.languages)
    kinds = ", ".join(sorted({funnel.kind for funnel in report.funnels}))
    title = f"{report.num_tasks:,} certified {kinds} tasks ({languages})"
    figure.suptitle(title, fontsize=15, fontweight="bold", color=INK, x=0.01, ha="left")


def _plain(axes: Axes, title: str, grid: Literal["x", "y"]) -> None:
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9, length=0)
    axes.grid(axis=grid, color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)


def _domains(axes: Axes, rates: Sequence[Rate], names: Sequence[str]) -> None:
    num_domains = len({rate.domain for rate in rates})
    which = f" ({len(names)} hardest of {num_domains:,})" if num_domains > len(names) else ""
    _plain(axes, f"Pass rate by domain{which}, with 95 % intervals", "x")
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_yticks(range(len(names)), names)
    policies = sorted({rate.policy for rate in rates})
    for number, policy in enumerate(policies):
        shift = 0.16 * (number - (len(policies) - 1) / 2)
        mine = {rate.domain: rate for rate in rates if rate.policy == policy}
        shown = [(place, mine[name]) for place, name in enumerate(names) if name in mine]
        axes.errorbar(
            [rate.rate for _, rate in shown],
            [place + shift for place, _ in shown],
            xerr=[
                [max(0.0, rate.rate - rate.interval.low) for _, rate in shown],
                [max(0.0, rate.interval.high - rate.rate) for _, rate in shown],
            ],
            color=COLOURS[number % len(COLOURS)],
            marker=MARKERS[number % len(MARKERS)],
            linestyle="none",
            markersize=6,
            elinewidth=1.2,
            capsize=3,
            label=policy,
        )
    axes.legend(
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        ncols=3,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.09),
    )


def _rates(axes: Axes, rates: Sequence[Rate]) -> None:
    _plain(axes, "Pass rate by difficulty level, with 95 % intervals", "y")
    axes.set_xlim(0.6, 5.4)
    axes.set_ylim(-0.03, 1.05)
    axes.set_xticks(LEVELS)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("level", color=INK)
    if not rates:
        axes.text(3, 0.5, "no scored attempts yet", ha="center", color=INK)
        return
    several = len({rate.kind for rate in rates}) > 1
    lines = sorted({(rate.policy, rate.kind) for rate in rates})
    for number, (policy, kind) in enumerate(lines):
        # Side by side, so that intervals of equal rates can be told apart.
        shift = 0.06 * (number - (len(lines) - 1) / 2)
        mine = [rate for rate in rates if (rate.policy, rate.kind) == (policy, kind)]
        name = f"{policy}, {kind}" if several else policy
        shares = [rate.rate for rate in mine]
        below = [rate.rate - rate.interval.low for rate in mine]
        above = [rate.interval.high - rate.rate for rate in mine]
        axes.errorbar(
            [(rate.level or 0) + shift for rate in mine],
            shares,
            yerr=[[max(0.0, b) for b in below], [max(0.0, a) for a in above]],
            color=COLOURS[number % len(COLOURS)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=6,
            linewidth=1.8,
            elinewidth=1.2,
            capsize=3,
            label=f"{name} ({sum(rate.num_scored for rate in mine):,} attempts)",
        )
    axes.legend(
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        ncols=3,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.09),
    )


def _funnel(axes: Axes, report: Report) -> None:
    rejected, attempted, accepted = Counter[str](), 0, 0
    for funnel in report.funnels:
        rejected.update(funnel.rejected)
        attempted += funnel.attempted
        accepted += funnel.accepted
    _plain(axes, f"What became of {attempted:,} drawn tasks", "x")
    shown = rejected.most_common(MAX_REASONS)
    if rest := rejected.total() - sum(number for _, number in shown):
        shown.append(("other reasons", rest))
    bars = [("accepted", accepted), *shown][::-1]
    colours = [LOST] * len(shown) + [KEPT]
    names = [name.replace("_", " ") for name, _ in bars]
    drawn = axes.barh(names, [number for _, number in bars], color=colours, height=0.72)
    labels = [f"{number:,}  ({number / max(1, attempted):.1%})" for _, number in bars]
    axes.bar_label(drawn, labels, padding=4, fontsize=9, color=INK)
    axes.margins(x=0.22)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.spines["left"].set_visible(False)


def _measures(part: SubFigure, measures: Sequence[Measure], num_rows: int) -> None:
    places = list(part.subplots(num_rows, MEASURES_PER_ROW, squeeze=False).flat)
    part.supylabel("tasks", color=INK, fontsize=10)
    for axes, measure in zip(places, measures, strict=False):
        _measure(axes, measure)
    for axes in places[len(measures) :]:
        axes.set_visible(False)


def _measure(axes: Axes, measure: Measure) -> None:
    _plain(axes, measure.name.replace("_", " "), "y")
    values = measure.values
    low, high = min(values), max(values)
    whole = all(value == int(value) for value in values)
    middle = sorted(values)[len(values) // 2]
    if whole and high - low < MAX_BINS:
        counts = Counter(values)
        axes.bar(list(counts), list(counts.values()), color=SMALL, width=0.8)
        axes.set_xlim(low - 0.9, max(high + 0.9, low + 2.9))
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    elif low > 0 and high / middle >= LOG_FROM:
        axes.hist(values, bins=_log_edges(low, high), color=SMALL, rwidth=0.9)
        axes.set_xscale("log")
        axes.minorticks_off()
    else:
        axes.hist(values, bins=MAX_BINS, color=SMALL, rwidth=0.9)
        axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))


def _log_edges(low: float, high: float) -> list[float]:
    """Edges of bins that are equally wide on a logarithmic axis."""
    first, last = floor(log10(low)), ceil(log10(high))
    steps = MAX_BINS
    return [10 ** (first + (last - first) * step / steps) for step in range(steps + 1)]
