"""Questions about groups: their statistics, leaders, gaps, concentration, comparisons within them."""

from synth.interpreter.algebra import (
    Add,
    Agg,
    Bin,
    Cells,
    Cmp,
    Col,
    Column,
    Fn,
    Group,
    Keep,
    Lit,
    Over,
    Rows,
    Spread,
    Stat,
    Step,
    Top,
)
from synth.interpreter.catalogue import ColumnInfo, Role
from synth.interpreter.phrases import (
    ROWS,
    group_words,
    in_unit,
    quantity,
    statistic,
)
from synth.interpreter.shapes.asked import Asked, Form
from synth.interpreter.view import Measure, Unsuited, View


def _pick_statistic(view: View, measure: Measure) -> str:
    fns = ["mean", "median", "median", "max", "std"]
    if measure.role in (Role.AMT, Role.CNT):
        fns.append("sum")
    return view.rng.choice(fns)


def _large(view: View, group: ColumnInfo) -> tuple[int, tuple[Step, ...], str]:
    """A least size of groups that leaves some out, the steps for it, and the words."""
    cells = view.table.column(group.name)
    sizes = sorted(cells.count(cell) for cell in view.distinct(group.name))
    least = max(3, sizes[len(sizes) // 3])
    steps = (Over("size_of_group", "count", group.name, (group.name,)),)
    keep = Keep(Cmp(">=", Col("size_of_group"), Lit(least)))
    rows = view.info.rows[view.language]
    words = view.say(
        (
            f"Count only those with at least {least} such {rows}.",
            f"只计至少有{least}{view.info.classifier}的。",
        ),
    )
    return least, (*steps, keep), words


def gap_between_groups(view: View) -> Asked:
    group, measure = view.group(3), view.measure(convert=0.3)
    fn = _pick_statistic(view, measure)
    _, steps, least = _large(view, group)
    label, said = view.label(group), statistic(fn, measure, view.language)
    unit = in_unit(measure, view.language)
    text = view.say(
        (
            f"Work out the {said}{unit} of the {ROWS} for each {label}. {least} How far apart are "
            "the highest and the lowest of these values?",
            f"按{label}分别计算{ROWS}的{said}{unit}。{least}最大值与最小值相差多少？",
        ),
        (
            f"How far does the {said}{unit} of the {ROWS} vary with {label}? Give the "
            f"difference between the {label} where it is highest and the one where it is lowest. "
            f"{least}",
            f"{ROWS}的{said}{unit}随{label}相差多大？请给出各{label}中最大值与最小值之差。{least}",
        ),
    )
    steps = (*steps, Group((group.name,), (Agg("value", fn, measure.name),)))
    return Asked(text, steps, Stat("range", "value"), Form.NUMBER, measure.unit, conditions=1)


def leading_group(view: View) -> Asked:
    group, measure = view.group(5, entity=True), view.measure(convert=0.3)
    fn = _pick_statistic(view, measure)
    _, steps, least = _large(view, group)
    most = view.rng.random() < 0.6
    label, said = view.label(group), statistic(fn, measure, view.language)
    unit = in_unit(measure, view.language)
    text = view.say(
        (
            f"Which {label} has the {'highest' if most else 'lowest'} {said}{unit} among the "
            f"{ROWS}, and what is it? {least} Give the {label} and the value.",
            f"在{ROWS}中，哪个{label}的{said}{unit}{'最高' if most else '最低'}，是多少？{least}"
            f"请给出{label}和数值。",
        ),
    )
    value = Group((group.name,), (Agg("value", fn, measure.name),))
    steps = (*steps, value, Top(1, "value", most))
    final = Cells((group.name, "value"))
    return Asked(text, steps, final, Form.PAIR, parts=(label, _value(view)), conditions=1)


def _value(view: View) -> str:
    return "value" if view.en() else "数值"


def runner_up(view: View) -> Asked:
    """How far the first is ahead of the second."""
    group, measure = view.group(4, entity=True), view.measure()
    fn = view.rng.choice(("mean", "median"))
    _, steps, least = _large(view, group)
    label, said = view.label(group), statistic(fn, measure, view.language)
    unit = in_unit(measure, view.language)
    text = view.say(
        (
            f"Rank every {label} by the {said}{unit} of its {ROWS}, highest first. {least} By how "
            "much does the first exceed the second?",
            f"按{ROWS}的{said}{unit}从高到低给各{label}排名。{least}第一名比第二名高多少？",
        ),
    )
    value = Group((group.name,), (Agg("value", fn, measure.name),))
    steps = (*steps, value, Top(2, "value"))
    return Asked(text, steps, Stat("range", "value"), Form.NUMBER, measure.unit, conditions=1)


def above_own_group(view: View) -> Asked:
    group, measure = view.group(2, entity=True), view.measure()
    fn = view.rng.choice(("mean", "median"))
    factor = view.rng.choice((1.1, 1.2, 1.25, 1.5))
    lowest = min(view.numbers(measure.raw))
    if lowest < 0:
        raise Unsuited("negative")
    label, said = view.label(group), statistic(fn, measure, view.language)
    percent = round((factor - 1) * 100)
    text = view.say(
        (
            f"How many of the {ROWS} have {_a(quantity(measure, view.language))} that is more than "
            f"{percent}% above the {said} of those with the same {label}?",
            f"{ROWS}中，有多少{view.info.classifier}的{quantity(measure, view.language)}"
            f"比同一{label}的{said}高出{percent}%以上（不含恰好{percent}%）？",
        ),
    )
    steps = (
        Over("typical", fn, measure.name, (group.name,)),
        Keep(Cmp(">", Col(measure.name), Bin("*", Col("typical"), Lit(factor)))),
    )
    return Asked(text, steps, Stat("count", measure.name), Form.INTEGER, conditions=1)


def _a(words: str) -> str:
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def outliers(view: View) -> Asked:
    group, measure = view.group(2, 30, entity=True), view.measure()
    times = view.rng.choice((1.5, 2))
    label, name = view.label(group), quantity(measure, view.language)
    text = view.say(
        (
            f"Call one of the {ROWS} unusual if its {name} differs from the mean of its own "
            f"{label} by more than {times:g} sample standard deviations (n - 1) of that {label}. "
            "How many are unusual?",
            f"如果某{view.info.classifier}{ROWS}的{name}与同一{label}的平均值相差超过该{label}"
            f"样本标准差（除以 n−1）的{times:g}倍，就称为异常。异常的有多少？",
        ),
    )
    steps = (
        Over("centre", "mean", measure.name, (group.name,)),
        Over("spread", "std", measure.name, (group.name,)),
        Add("distance", Fn("abs", (Bin("-", Col(measure.name), Col("centre")),))),
        Keep(Cmp(">", Col("distance"), Bin("*", Col("spread"), Lit(times)))),
    )
    return Asked(text, steps, Stat("count", measure.name), Form.INTEGER, conditions=1)


def best_of_each(view: View) -> Asked:
    group = view.group(3, 40, entity=True)
    by, measure = view.measure(), view.measure(convert=0.3)
    k = view.rng.choice((1, 2, 3))
    fn = view.rng.choice(("mean", "median"))
    label, name = view.label(group), quantity(by, view.language)
    said = statistic(fn, measure, view.language) + in_unit(measure, view.language)
    ties = "ties for the last place all count" if k > 1 else "ties all count"
    zh_ties = "并列者全部计入"
    text = view.say(
        (
            f"From the {ROWS}, pick for each {label} the {_first(k)} with the highest {name} "
            f"({ties}). What is the {said} of all that were picked?",
            f"在{ROWS}中，为每个{label}选出{name}最高的{k}{view.info.classifier}（{zh_ties}）。"
            f"所有选出者的{said}是多少？",
        ),
    )
    steps = (
        Over("place", "rank", by.name, (group.name,), desc=True),
        Keep(Cmp("<=", Col("place"), Lit(k))),
    )
    return Asked(text, steps, Stat(fn, measure.name), Form.NUMBER, measure.unit, conditions=1)


def _first(k: int) -> str:
    return {1: "one", 2: "two", 3: "three"}[k]


def groups_above_all(view: View) -> Asked:
    group, measure = view.group(5, 40, entity=True), view.measure()
    fn = view.rng.choice(("mean", "median"))
    _, large, least = _large(view, group)
    label, said = view.label(group), statistic(fn, measure, view.language)
    text = view.say(
        (
            f"Group the {ROWS} by {label}. For which {label} is the {said} above the {said} of all "
            f"of them taken together? {least} List every {label} that qualifies.",
            f"将{ROWS}按{label}分组。哪些{label}的{said}高于全体的{said}？{least}请列出所有符合的{label}。",
        ),
    )
    steps = (
        Over("overall", fn, measure.name),
        *large,
        Group((group.name,), (Agg("value", fn, measure.name), Agg("all", "max", "overall"))),
        Keep(Cmp(">", Col("value"), Col("all"))),
    )
    return Asked(text, steps, Column(group.name, ordered=False), Form.SET, conditions=1)


def league_table(view: View) -> Asked:
    group = view.group(4, 60, entity=True)
    first, second = view.measure(), view.measure(convert=0.3)
    fn, other = _pick_statistic(view, first), view.rng.choice(("mean", "median"))
    k = view.rng.choice((3, 3, 4, 5))
    label = view.label(group)
    a = statistic(fn, first, view.language) + in_unit(first, view.language)
    b = statistic(other, second, view.language) + in_unit(second, view.language)
    text = view.say(
        (
            f"Draw up a table of the {k} leading entries: group the {ROWS} by {label}, order by "
            f"the {a}, highest first, and give for each its {label}, that value, and the {b}.",
            f"制作一张前{k}名的表：将{ROWS}按{label}分组，以{a}从高到低排列，依次给出{label}、该数值以及{b}。",
        ),
    )
    steps = (
        Group(
            (group.name,),
            (Agg("leading", fn, first.name), Agg("beside", other, second.name)),
        ),
        Top(k, "leading"),
    )
    final = Rows((group.name, "leading", "beside"))
    parts = (label, a, b)
    return Asked(text, steps, final, Form.TABLE, parts=parts, conditions=1)


def strongest_link(view: View) -> Asked:
    group = view.group(4, 30, entity=True)
    x, y = view.measure(), view.measure()
    _, large, least = _large(view, group)
    a, b = quantity(x, view.language), quantity(y, view.language)
    label = view.label(group)
    most = view.rng.random() < 0.5
    text = view.say(
        (
            f"Compute Pearson's correlation between {a} and {b} for each {label}, among the "
            f"{ROWS}. {least} Where is it {'highest' if most else 'lowest'}, and what is it "
            f"there? Give the {label} and the coefficient.",
            f"在{ROWS}中，按{label}分别计算{a}与{b}的皮尔逊相关系数。{least}"
            f"哪个{label}的系数{'最高' if most else '最低'}，是多少？请给出{label}和系数。",
        ),
    )
    steps = (
        *large,
        Group((group.name,), (Agg("value", "corr", x.name, y.name),)),
        Top(1, "value", most),
    )
    final = Cells((group.name, "value"))
    parts = (label, "coefficient" if view.en() else "系数")
    return Asked(text, steps, final, Form.PAIR, parts=parts, conditions=1)


def two_way(view: View) -> Asked:
    group, sides, measure = view.group(4, 40, entity=True), view.group(2, 8), view.measure()
    cells = view.table.column(sides.name)
    common = sorted(view.distinct(sides.name), key=lambda c: (-cells.count(c), str(c)))[:3]
    if len(common) < 2:
        raise Unsuited("sides")
    first, second = view.rng.sample(common, 2)
    assert isinstance(first, str | int)
    assert isinstance(second, str | int)
    fn = view.rng.choice(("mean", "median"))
    label, said = view.label(group), statistic(fn, measure, view.language)
    unit = in_unit(measure, view.language)
    one, two = group_words(view, sides, [first]), group_words(view, sides, [second])
    rows = view.info.rows[view.language]
    text = view.say(
        (
            f"Take the {ROWS}. For each {label}, subtract the {said}{unit} of the {rows} {two} "
            f"from that of the {rows} {one}. Which {label} has the largest difference, and how "
            f"large is it? Leave out every {label} that lacks one of the two.",
            f"考虑{ROWS}。对每个{label}，用{one}的{rows}的{said}{unit}减去{two}的{rows}的同一数值。"
            f"哪个{label}的差最大，是多少？缺少其中一方的{label}不计。",
        ),
    )
    steps = (
        Group((group.name, sides.name), (Agg("value", fn, measure.name),)),
        Spread(group.name, sides.name, "value", first, second),
        Add("difference", Bin("-", Col("first"), Col("second"))),
        Top(1, "difference"),
    )
    final = Cells((group.name, "difference"))
    parts = (label, "difference" if view.en() else "差")
    return Asked(text, steps, final, Form.PAIR, parts=parts, conditions=1)


def concentration(view: View) -> Asked:
    group, measure = view.group(4, 60, entity=True), view.measure(Role.AMT, Role.CNT)
    if min(view.numbers(measure.raw)) < 0:
        raise Unsuited("negative")
    label, name = view.label(group), quantity(measure, view.language)
    text = view.say(
        (
            f"How concentrated is the {name} of the {ROWS}? Take the share of each {label} in the "
            "total, as a fraction, and give the sum of the squared shares.",
            f"{ROWS}的{name}有多集中？求每个{label}在总和中所占的份额（小数），并给出份额平方之和。",
        ),
    )
    steps = (
        Group((group.name,), (Agg("amount", "sum", measure.name),)),
        Over("total", "sum", "amount"),
        Add("share", Bin("/", Col("amount"), Col("total"))),
        Add("squared", Bin("*", Col("share"), Col("share"))),
    )
    return Asked(text, steps, Stat("sum", "squared"), Form.NUMBER, conditions=1)


def entropy(view: View) -> Asked:
    group = view.group(4, 60)
    label = view.label(group)
    text = view.say(
        (
            f"How evenly are the {ROWS} spread over the values of {label}? Give the Shannon "
            "entropy of its distribution, in bits.",
            f"{ROWS}在各{label}上的分布有多均匀？请给出该分布的香农熵（以比特为单位）。",
        ),
    )
    steps = (
        Group((group.name,), (Agg("rows", "count", group.name),)),
        Over("total", "sum", "rows"),
        Add("p", Bin("/", Col("rows"), Col("total"))),
        Add("bits", Bin("/", Bin("*", Col("p"), Fn("ln", (Col("p"),))), Fn("ln", (Lit(0.5),)))),
    )
    return Asked(text, steps, Stat("sum", "bits"), Form.NUMBER, conditions=2)


def typical_of_large(view: View) -> Asked:
    """Rows above the median of their group, among groups that are large enough."""
    group, by = view.group(4, 60, entity=True), view.measure()
    measure = view.measure(convert=0.3)
    _, large, least = _large(view, group)
    fn = view.rng.choice(("mean", "median"))
    label, name = view.label(group), quantity(by, view.language)
    said = statistic(fn, measure, view.language) + in_unit(measure, view.language)
    text = view.say(
        (
            f"Take the {ROWS} and look at each {label} on its own. {least} Keep those whose {name} "
            f"is strictly above the median of their {label}. What is the {said} of what is left?",
            f"考虑{ROWS}，逐个查看每个{label}。{least}保留{name}严格高于本{label}中位数者。"
            f"剩下的{said}是多少？",
        ),
    )
    steps = (
        *large,
        Over("middle", "median", by.name, (group.name,)),
        Keep(Cmp(">", Col(by.name), Col("middle"))),
    )
    return Asked(text, steps, Stat(fn, measure.name), Form.NUMBER, measure.unit, conditions=1)


SHAPES = (
    gap_between_groups,
    leading_group,
    runner_up,
    above_own_group,
    outliers,
    best_of_each,
    groups_above_all,
    league_table,
    strongest_link,
    two_way,
    concentration,
    entropy,
    typical_of_large,
)
