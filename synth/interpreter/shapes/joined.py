"""Questions that need a second, small file made up for them: weights, limits, prices."""

import csv
import io

from envs.interpreter.files.tables import Cell
from synth.interpreter.algebra import Add, Agg, Bin, Cells, Cmp, Col, Group, Join, Keep, Stat, Top
from synth.interpreter.catalogue import ColumnInfo
from synth.interpreter.phrases import ROWS, in_unit, quantity
from synth.interpreter.shapes.asked import Asked, ExtraFile, Form
from synth.interpreter.view import View


def _file(view: View, group: ColumnInfo, name: str, column: str, values: dict[Cell, float]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((group.name, column))
    cells = list(values.items())
    view.rng.shuffle(cells)
    writer.writerows(cells)
    return out.getvalue()


def weighted_mean(view: View) -> Asked:
    group, measure = view.group(3, 60), view.measure(convert=0.2)
    values = {cell: round(view.rng.uniform(0.4, 2.5), 2) for cell in view.distinct(group.name)}
    label, name = view.label(group), quantity(measure, view.language)
    unit = in_unit(measure, view.language)
    about = view.say(
        (
            f"invented survey weights, one for each {label}",
            f"为本题虚构的调查权重，每个{label}一个",
        ),
    )
    extra = ExtraFile(
        "weights.csv",
        _file(view, group, "weights.csv", "weight", values),
        about,
        ((group.name, label), ("weight", "weight" if view.en() else "权重")),
    )
    text = view.say(
        (
            f"The sample is not balanced, so `weights.csv` gives every {label} a weight. Each of "
            f"the {ROWS} counts with the weight of its {label}. What is their weighted mean "
            f"{name}{unit}?",
            f"样本并不均衡，`weights.csv` 为每个{label}给出权重，每{view.info.classifier}"
            f"{ROWS}按其{label}的权重计算。加权平均{name}{unit}是多少？",
        ),
    )
    steps = (
        Join("weights.csv", group.name),
        Add("weighted", Bin("*", Col(measure.name), Col("weight"))),
    )
    final = Stat("ratio", "weighted", "weight")
    return Asked(text, steps, final, Form.NUMBER, measure.unit, extra=(extra,), conditions=1)


def over_the_limit(view: View) -> Asked:
    group, measure = view.group(3, 60), view.measure()
    numbers = sorted(view.numbers(measure.raw))
    low, high = numbers[len(numbers) // 3], numbers[-1 - len(numbers) // 8]
    values: dict[Cell, float] = {
        cell: float(f"{view.rng.uniform(low, high):.3g}") for cell in view.distinct(group.name)
    }
    label, name = view.label(group), quantity(measure, view.language)
    about = view.say(
        (f"invented alert levels, one for each {label}", f"为本题虚构的警戒值，每个{label}一个"),
    )
    unit = f", in {measure.unit}" if view.en() and measure.unit else ""
    extra = ExtraFile(
        "limits.csv",
        _file(view, group, "limits.csv", "limit", values),
        about,
        (
            (group.name, label),
            ("limit", f"alert level of {name}{unit}" if view.en() else f"{name}警戒值"),
        ),
    )
    ask_where = view.rng.random() < 0.5
    if not ask_where:
        text = view.say(
            (
                f"`limits.csv` sets an alert level of {name} for each {label}. How many of the "
                f"{ROWS} lie above the alert level of their {label}?",
                f"`limits.csv` 为每个{label}设定了{name}警戒值。{ROWS}中有多少{view.info.classifier}"
                f"高于其{label}的警戒值？",
            ),
        )
        steps = (Join("limits.csv", group.name), Keep(Cmp(">", Col(measure.name), Col("limit"))))
        final = Stat("count", measure.name)
        return Asked(text, steps, final, Form.INTEGER, extra=(extra,), conditions=2)
    text = view.say(
        (
            f"`limits.csv` sets an alert level of {name} for each {label}. For every {label}, add up "
            f"by how much its {ROWS} lie above that level; those at or below it count nothing. "
            f"Which {label} has the largest sum, and how large is it"
            f"{in_unit(measure, view.language)}?",
            f"`limits.csv` 为每个{label}设定了{name}警戒值。对每个{label}，累加其{ROWS}高出警戒值的部分，"
            f"未高出者不计。哪个{label}的总和最大，是多少{in_unit(measure, view.language)}？",
        ),
    )
    summed = (
        Join("limits.csv", group.name),
        Keep(Cmp(">", Col(measure.name), Col("limit"))),
        Add("excess", Bin("-", Col(measure.name), Col("limit"))),
        Group((group.name,), (Agg("total", "sum", "excess"),)),
        Top(1, "total"),
    )
    parts = (label, "sum" if view.en() else "总和")
    return Asked(
        text,
        summed,
        Cells((group.name, "total")),
        Form.PAIR,
        parts=parts,
        extra=(extra,),
        conditions=1,
    )


SHAPES = (weighted_mean, weighted_mean, over_the_limit, over_the_limit)
