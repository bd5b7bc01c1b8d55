"""Questions about rows: one statistic, shares, ratios, relations between two quantities."""

from synth.interpreter.algebra import (
    Add,
    Agg,
    Bin,
    Cells,
    Cmp,
    Col,
    Column,
    Fill,
    Fit,
    Fn,
    Group,
    Keep,
    Known,
    Lit,
    Over,
    Spread,
    Stat,
    Top,
)
from synth.interpreter.catalogue import Role
from synth.interpreter.phrases import (
    QUANTILES,
    ROWS,
    condition,
    in_unit,
    quantity,
    statistic,
)
from synth.interpreter.shapes.asked import Asked, Form
from synth.interpreter.view import Measure, Unsuited, View


def single_statistic(view: View) -> Asked:
    measure = view.measure(convert=0.5)
    fns = ["mean", "median", "median", "std", "quantile"]
    if measure.role in (Role.AMT, Role.CNT):
        fns.append("sum")
    fn, q = view.rng.choice(fns), view.rng.choice(QUANTILES)
    said = statistic(fn, measure, view.language, q) + in_unit(measure, view.language)
    text = view.say(
        (f"What is the {said} of the {ROWS}?", f"{ROWS}的{said}是多少？"),
        (f"Look only at the {ROWS}. What is the {said}?", f"只看{ROWS}：{said}是多少？"),
    )
    final = Stat(fn, measure.name, q=q)
    return Asked(text, (), final, Form.NUMBER, measure.unit, conditions=3)


def share(view: View) -> Asked:
    hit = condition(view, 0.15, 0.7)
    text = view.say(
        (
            f"Of all {ROWS}, what percentage are {view.info.rows.en} {hit.words}?",
            f"在{ROWS}中，{hit.words}的占百分之几？",
        ),
        (
            f"Take the {ROWS}. What percentage of them are {view.info.rows.en} {hit.words}?",
            f"考虑{ROWS}：其中{hit.words}的所占百分比是多少？",
        ),
    )
    unit = view.say(("percent", "%"))
    steps = (Add("hit", Bin("*", Fn("flag", (hit.test,)), Lit(100))),)
    return Asked(text, steps, Stat("mean", "hit"), Form.NUMBER, unit, conditions=2)


def ratio_of_totals(view: View) -> Asked:
    top, bottom = view.ratio()
    if Role.NUM in (top.role, bottom.role):
        raise Unsuited("totals")
    a, b = quantity(top, view.language), quantity(bottom, view.language)
    text = view.say(
        (
            f"For the {ROWS} taken together, divide the total {a}{in_unit(top, view.language)} by "
            f"the total {b}{in_unit(bottom, view.language)}. What is the quotient?",
            f"把{ROWS}合在一起，用{a}总和{in_unit(top, view.language)}除以{b}总和"
            f"{in_unit(bottom, view.language)}，商是多少？",
        ),
    )
    return Asked(text, (), Stat("ratio", top.name, bottom.name), Form.NUMBER)


def mean_of_ratios(view: View) -> Asked:
    top, bottom = view.ratio()
    a, b = quantity(top, view.language), quantity(bottom, view.language)
    fn = view.rng.choice(("median", "mean"))
    text = view.say(
        (
            f"For each of the {ROWS}, compute the ratio of {a}{in_unit(top, view.language)} to "
            f"{b}{in_unit(bottom, view.language)}. What is the {fn} of these ratios?",
            f"对每一{view.info.classifier}{ROWS}，计算{a}{in_unit(top, view.language)}与"
            f"{b}{in_unit(bottom, view.language)}之比。这些比值的"
            f"{'中位数' if fn == 'median' else '平均值'}是多少？",
        ),
    )
    steps = (Add("ratio", Bin("/", Col(top.name), Col(bottom.name))),)
    return Asked(text, steps, Stat(fn, "ratio"), Form.NUMBER)


def correlation(view: View) -> Asked:
    x, y = view.measure(), view.measure()
    a, b = quantity(x, view.language), quantity(y, view.language)
    text = view.say(
        (
            f"How strongly are {a} and {b} related among the {ROWS}? Give Pearson's correlation "
            "coefficient.",
            f"在{ROWS}中，{a}与{b}的相关程度如何？请给出皮尔逊相关系数。",
        ),
        (
            f"What is Pearson's correlation between {a} and {b} for the {ROWS}?",
            f"{ROWS}的{a}与{b}之间的皮尔逊相关系数是多少？",
        ),
    )
    return Asked(text, (), Stat("corr", x.name, y.name), Form.NUMBER)


def slope(view: View) -> Asked:
    x, y = view.measure(convert=0.3), view.measure(convert=0.3)
    a, b = quantity(x, view.language), quantity(y, view.language)
    ax, by = in_unit(x, view.language), in_unit(y, view.language)
    text = view.say(
        (
            f"Fit a straight line by least squares that predicts {b}{by} from {a}{ax} for the "
            f"{ROWS}. By how much does the prediction change for one more unit of {a}?",
            f"对{ROWS}用最小二乘法拟合一条由{a}{ax}预测{b}{by}的直线。{a}每增加一个单位，预测值改变多少？",
        ),
    )
    return Asked(text, (), Stat("slope", x.name, y.name), Form.NUMBER)


def two_factor_slope(view: View) -> Asked:
    x, z, y = view.measure(), view.measure(), view.measure()
    a, c, b = (quantity(m, view.language) for m in (x, z, y))
    units = [in_unit(m, view.language) for m in (x, z, y)]
    text = view.say(
        (
            f"Regress {b}{units[2]} on {a}{units[0]} and {c}{units[1]} together (ordinary least "
            f"squares with an intercept), using the {ROWS}. What is the coefficient of {a}?",
            f"用{ROWS}做带截距的普通最小二乘回归，以{a}{units[0]}和{c}{units[1]}共同解释{b}{units[2]}。"
            f"{a}的系数是多少？",
        ),
    )
    final = Stat("coef", x.name, z.name, y.name)
    return Asked(text, (), final, Form.NUMBER)


def biggest_surprise(view: View) -> Asked:
    ident = view.id()
    x, y = view.measure(), view.measure()
    a, b = quantity(x, view.language), quantity(y, view.language)
    label = view.label(ident)
    above = view.rng.random() < 0.6
    way, zh_way = ("above", "高于") if above else ("below", "低于")
    text = view.say(
        (
            f"Fit {b}{in_unit(y, view.language)} as a straight-line function of {a} by least "
            f"squares over the {ROWS}. Which one lies farthest {way} the line (largest vertical "
            f"distance), and by how much? Give its {label} and that distance.",
            f"在{ROWS}上用最小二乘法把{b}{in_unit(y, view.language)}拟合为{a}的直线函数。"
            f"哪一{view.info.classifier}{zh_way}直线最多（竖直距离最大），相差多少？请给出{label}和该距离。",
        ),
    )
    order = (Col(y.name), Col("line")) if above else (Col("line"), Col(y.name))
    steps = (Fit("line", y.name, x.name), Add("distance", Bin("-", *order)), Top(1, "distance"))
    final = Cells((ident.name, "distance"))
    return Asked(text, steps, final, Form.PAIR, parts=(label, _distance(view)), conditions=1)


def _distance(view: View) -> str:
    return "distance" if view.en() else "距离"


def ratio_leader(view: View) -> Asked:
    ident = view.id()
    top, bottom = view.ratio()
    a, b = quantity(top, view.language), quantity(bottom, view.language)
    label = view.label(ident)
    most = view.rng.random() < 0.6
    k = view.rng.choice((2, 3, 3, 4, 5))
    text = view.say(
        (
            f"Rank the {ROWS} by {a} divided by {b}, {'highest' if most else 'lowest'} first. "
            f"Give the {label} of the first {k}, in order.",
            f"将{ROWS}按{a}除以{b}{'从高到低' if most else '从低到高'}排序，依次给出前{k}"
            f"{view.info.classifier}的{label}。",
        ),
    )
    ratio = Bin("/", Col(top.name), Col(bottom.name))
    steps = (Add("ratio", ratio), Top(k, "ratio", most))
    return Asked(text, steps, Column(ident.name, ordered=True), Form.LIST, conditions=1)


def trimmed_mean(view: View) -> Asked:
    measure = view.measure(convert=0.3)
    part = view.rng.choice((5, 10, 20))
    label = quantity(measure, view.language)
    unit = in_unit(measure, view.language)
    text = view.say(
        (
            f"Among the {ROWS}, find the {part}th and the {100 - part}th percentile of {label} "
            f"(linear interpolation). What is the mean {label}{unit} of those that lie between the "
            "two, ends included?",
            f"在{ROWS}中，求{label}的第{part}和第{100 - part}百分位数（线性插值）。"
            f"介于两者之间（含端点）者的平均{label}{unit}是多少？",
        ),
    )
    steps = (
        Over("low", "quantile", measure.name, q=part / 100),
        Over("high", "quantile", measure.name, q=1 - part / 100),
        Keep(Cmp(">=", Col(measure.name), Col("low"))),
        Keep(Cmp("<=", Col(measure.name), Col("high"))),
    )
    return Asked(text, steps, Stat("mean", measure.name), Form.NUMBER, measure.unit)


def quarter_gap(view: View) -> Asked:
    by, measure = view.measure(), view.measure(convert=0.3)
    a, b = quantity(by, view.language), quantity(measure, view.language)
    fn = view.rng.choice(("mean", "median"))
    text = view.say(
        (
            f"Compare the top and the bottom quarter of the {ROWS} by {a}: those at or above its "
            f"75th percentile against those at or below its 25th (linear interpolation). How much "
            f"higher is the {fn} {b}{in_unit(measure, view.language)} of the top quarter? A "
            "negative number means lower.",
            f"按{a}比较{ROWS}中的最高四分之一（不低于第75百分位数）与最低四分之一（不高于第25百分位数，线性插值）。"
            f"前者{b}{in_unit(measure, view.language)}的{'平均值' if fn == 'mean' else '中位数'}"
            "比后者高多少？若更低则为负数。",
        ),
    )
    high, low = Cmp(">=", Col(by.name), Col("q75")), Cmp("<=", Col(by.name), Col("q25"))
    steps = (
        Over("q75", "quantile", by.name, q=0.75),
        Over("q25", "quantile", by.name, q=0.25),
        Add("side", Bin("-", Fn("flag", (high,)), Fn("flag", (low,)))),
        Keep(Cmp("!=", Col("side"), Lit(0))),
        Group(("side",), (Agg("value", fn, measure.name),)),
        Add("all", Lit(1)),
        Spread("all", "side", "value", 1, -1),
        Add("gap", Bin("-", Col("first"), Col("second"))),
    )
    return Asked(text, steps, Cells(("gap",)), Form.NUMBER, measure.unit, conditions=1)


def filled_in(view: View) -> Asked:
    """Missing cells take the median of their group."""
    able = [
        info.name
        for info in view.info.columns
        if info.role in (Role.NUM, Role.AMT)
        and info.name in view.table.names
        and 0.02 <= 1 - len(view.known(info.name)) / view.table.num_rows <= 0.4
    ]
    if not able:
        raise Unsuited("missing")
    name = view.rng.choice(able)
    info = view.column(name)
    view.used.add(name)
    group = view.group(2, 12)
    label, by = info.label[view.language], view.label(group)
    unit = info.unit[view.language]
    fn = view.rng.choice(("mean", "std"))
    measure = Measure(name, info.role, label, unit, name)
    said = statistic(fn, measure, view.language)
    text = view.say(
        (
            f"Some {label} entries are missing. Among the {ROWS}, replace each of them by the "
            f"median {label} of the known entries with the same {by}, then compute the {said} over "
            f"all {ROWS}. What do you get?",
            f"有些{label}缺失。在{ROWS}中，用同一{by}内已知{label}的中位数填补缺失值，"
            f"再计算全部{ROWS}的{said}。结果是多少？",
        ),
    )
    steps = (Fill(name, (group.name,)), Keep(Known((name,))))
    final = Stat(fn, name)
    return Asked(text, steps, final, Form.NUMBER, unit, keeps_missing=(name,), conditions=1)


SHAPES = (
    single_statistic,
    single_statistic,
    share,
    ratio_of_totals,
    mean_of_ratios,
    correlation,
    slope,
    two_factor_slope,
    biggest_surprise,
    ratio_leader,
    trimmed_mean,
    quarter_gap,
    filled_in,
)
