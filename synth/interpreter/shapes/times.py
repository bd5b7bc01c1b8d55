"""Questions about time: changes from one record to the next, runs, sums up to a day, calendars."""

from synth.interpreter.algebra import (
    Add,
    Agg,
    Bin,
    Cells,
    Cmp,
    Col,
    Fn,
    Group,
    Keep,
    Known,
    Lit,
    Over,
    Stat,
    Top,
)
from synth.interpreter.catalogue import MEASURES, ColumnInfo, Role
from synth.interpreter.phrases import ROWS, condition, in_unit, quantity, statistic, threshold
from synth.interpreter.shapes.asked import Asked, Form
from synth.interpreter.view import Unsuited, View


def _ordered(view: View) -> tuple[tuple[str, ...], ColumnInfo, str]:
    """Columns that a sequence runs within, its time, and the entity's label (or nothing)."""
    if view.info.panel:
        entity, time = view.panel()
        return (entity.name,), time, view.label(entity)
    return (), view.series(), ""


def biggest_change(view: View) -> Asked:
    within, time, entity = _ordered(view)
    measure = view.measure(convert=0.2)
    up = view.rng.random() < 0.6
    relative = view.rng.random() < 0.4 and min(view.numbers(measure.raw)) > 0
    name, unit = quantity(measure, view.language), in_unit(measure, view.language)
    when = view.label(time)
    word = (
        ("rise" if up else "fall")
        if not relative
        else ("percentage rise" if up else "percentage fall")
    )
    zh_word = ("升幅" if up else "降幅") if not relative else ("百分比升幅" if up else "百分比降幅")
    of_en = f" of the same {entity}" if entity else ""
    of_zh = f"同一{entity}的" if entity else ""
    given_en = f"{entity}, {when} of the later record" if entity else f"{when} of the later record"
    given_zh = f"{entity}、后一条记录的{when}" if entity else f"后一条记录的{when}"
    text = view.say(
        (
            f"Put the {ROWS} in order of {when} and compare each with the one before it{of_en} in "
            f"the file. Where is the largest {word} in {name}{unit if not relative else ''}? Give "
            f"the {given_en} and the size of the {word}, as a positive number.",
            f"将{ROWS}按{when}排序，把每一条与文件中{of_zh}前一条相比。{name}{unit if not relative else ''}"
            f"的最大{zh_word}出现在哪里？请给出{given_zh}以及{zh_word}（正数）。",
        ),
    )
    new, old = Col(measure.name), Col("before")
    change = Bin("-", new, old) if up else Bin("-", old, new)
    if relative:
        change = Bin("*", Bin("/", change, old), Lit(100))
    steps = (
        Over("before", "previous", measure.name, within, (time.name,)),
        Keep(Known(("before",))),
        Add("change", change),
        Top(1, "change"),
    )
    final = Cells((*within, time.name, "change"))
    parts = (*((entity,) if entity else ()), when, word if view.en() else zh_word)
    return Asked(text, steps, final, Form.PAIR, parts=parts, conditions=0)


def typical_change(view: View) -> Asked:
    within, time, entity = _ordered(view)
    measure = view.measure(convert=0.2)
    fn = view.rng.choice(("mean", "median"))
    name, unit = quantity(measure, view.language), in_unit(measure, view.language)
    when = view.label(time)
    of_en = f" of the same {entity}" if entity else ""
    of_zh = f"同一{entity}的" if entity else ""
    text = view.say(
        (
            f"By how much does the {name}{unit} typically change from one record to the next? Put "
            f"the {ROWS} in order of {when}, take the absolute difference between each and the "
            f"previous one{of_en}, and give the {fn} of these differences.",
            f"{name}{unit}从一条记录到下一条通常变化多少？将{ROWS}按{when}排序，求每条与{of_zh}前一条的"
            f"差的绝对值，给出这些差的{'平均值' if fn == 'mean' else '中位数'}。",
        ),
    )
    steps = (
        Over("before", "previous", measure.name, within, (time.name,)),
        Keep(Known(("before",))),
        Add("change", Fn("abs", (Bin("-", Col(measure.name), Col("before")),))),
    )
    return Asked(text, steps, Stat(fn, "change"), Form.NUMBER, measure.unit, conditions=0)


def longest_run(view: View) -> Asked:
    within, time, entity = _ordered(view)
    measure = view.measure()
    up = view.rng.random() < 0.5
    name, when = quantity(measure, view.language), view.label(time)
    of_en = f" for any single {entity}" if entity else ""
    of_zh = f"（同一{entity}内）" if entity else ""
    text = view.say(
        (
            f"Follow the {name} of the {ROWS} in order of {when}. What is the largest number of "
            f"{'rises' if up else 'falls'} in a row{of_en}? A record counts as a "
            f"{'rise' if up else 'fall'} if its value is strictly {'above' if up else 'below'} "
            "that of the record before it.",
            f"按{when}顺序观察{ROWS}的{name}{of_zh}。最多连续{'上升' if up else '下降'}多少次？"
            f"一条记录的数值严格{'高于' if up else '低于'}前一条记录，就算一次{'上升' if up else '下降'}。",
        ),
    )
    better = Cmp(">" if up else "<", Col(measure.name), Col("before"))
    steps = (
        Over("before", "previous", measure.name, within, (time.name,)),
        Keep(Known(("before",))),
        Add("good", Fn("flag", (better,))),
        Add("bad", Bin("-", Lit(1), Col("good"))),
        Over("block", "running", "bad", within, (time.name,)),
        Keep(Cmp("=", Col("good"), Lit(1))),
        Group((*within, "block"), (Agg("length", "count", "good"),)),
    )
    return Asked(text, steps, Stat("max", "length"), Form.INTEGER, conditions=0)


def best_window(view: View) -> Asked:
    time = view.series()
    measure = view.measure(convert=0.2)
    n = view.rng.choice((3, 5, 7, 10))
    most = view.rng.random() < 0.5
    name, unit, when = (
        quantity(measure, view.language),
        in_unit(measure, view.language),
        view.label(time),
    )
    text = view.say(
        (
            f"Smooth the {name}{unit} of the {ROWS}: in order of {when}, take the mean of every "
            f"{n} consecutive records. Which window has the {'highest' if most else 'lowest'} "
            f"mean? Give the {when} of its last record and that mean.",
            f"对{ROWS}的{name}{unit}做平滑：按{when}顺序，取每{n}条连续记录的平均值。"
            f"哪个窗口的平均值最{'高' if most else '低'}？请给出其最后一条记录的{when}和该平均值。",
        ),
    )
    steps = (
        Over("smooth", "rolling", measure.name, (), (time.name,), n=n),
        Keep(Known(("smooth",))),
        Top(1, "smooth", most),
    )
    final = Cells((time.name, "smooth"))
    parts = (view.label(time), "mean" if view.en() else "平均值")
    return Asked(text, steps, final, Form.PAIR, parts=parts, conditions=0)


def part_of_total(view: View) -> Asked:
    """When a running sum passes a share of the total."""
    if view.info.panel or not view.info.series:
        raise Unsuited("series")
    time = view.series()
    measure = view.measure(Role.AMT, Role.CNT)
    if min(view.numbers(measure.raw)) < 0:
        raise Unsuited("negative")
    percent = view.rng.choice((25, 50, 75, 90))
    name, when = quantity(measure, view.language), view.label(time)
    text = view.say(
        (
            f"Add up the {name} of the {ROWS} in order of {when}. What is the {when} of the first "
            f"record at which the running total reaches {percent}% of the grand total?",
            f"按{when}顺序累加{ROWS}的{name}。累计值首次达到总和的{percent}%的那条记录，其{when}是什么？",
        ),
    )
    share = Bin("*", Col("total"), Lit(percent / 100))
    steps = (
        Over("so_far", "running", measure.name, (), (time.name,)),
        Over("total", "sum", measure.name),
        Keep(Cmp(">=", Col("so_far"), share)),
        Top(1, time.name, desc=False),
    )
    form = Form.DATE if time.role is Role.DATE else Form.INTEGER
    return Asked(text, steps, Cells((time.name,)), form, conditions=1)


def calendar_pattern(view: View) -> Asked:
    day = view.of_role(Role.DATE)
    measure = view.measure(convert=0.2)
    part = view.rng.choice(("weekday", "month"))
    fn = view.rng.choice(("mean", "median"))
    most = view.rng.random() < 0.5
    label, said = view.label(day), statistic(fn, measure, view.language)
    unit = in_unit(measure, view.language)
    named = (
        "day of the week (1 for Monday to 7 for Sunday)" if part == "weekday" else "month (1 to 12)"
    )
    zh_named = "星期几（1为星期一，7为星期日）" if part == "weekday" else "月份（1至12）"
    text = view.say(
        (
            f"Group the {ROWS} by the {named} of their {label}. On which is the {said}{unit} "
            f"{'highest' if most else 'lowest'}, and how far is it from the one at the other "
            "extreme? Give the number of the "
            f"{'day' if part == 'weekday' else 'month'} and the difference as a positive number.",
            f"按{label}的{zh_named}对{ROWS}分组。哪一组的{said}{unit}最{'高' if most else '低'}，"
            "与另一端相差多少？请给出该组的编号和差值（正数）。",
        ),
    )
    steps = (
        Add("part", Fn(part, (Col(day.name),))),
        Group(("part",), (Agg("value", fn, measure.name),)),
        Over("top", "max", "value"),
        Over("bottom", "min", "value"),
        Add("difference", Bin("-", Col("top"), Col("bottom"))),
        Top(1, "value", most),
    )
    final = Cells(("part", "difference"))
    parts = ("number", "difference") if view.en() else ("编号", "差值")
    return Asked(text, steps, final, Form.PAIR, parts=parts, conditions=1)


def waiting_time(view: View) -> Asked:
    """Days between consecutive records in which something happens."""
    day = view.of_role(Role.DATE)
    if view.info.panel:
        raise Unsuited("panel")
    hit = condition(view, 0.1, 0.6)
    fn = view.rng.choice(("mean", "max"))
    label = view.label(day)
    rows = view.info.rows[view.language]
    text = view.say(
        (
            f"Keep the {rows} {hit.words} and put them in order of {label}. What is the "
            f"{'mean' if fn == 'mean' else 'longest'} number of days between one and the next?",
            f"保留{hit.words}的{rows}并按{label}排序。相邻两{view.info.classifier}之间"
            f"{'平均' if fn == 'mean' else '最长'}相隔多少天？",
        ),
    )
    steps = (
        Keep(hit.test),
        Over("before", "previous", day.name, (), (day.name,)),
        Keep(Known(("before",))),
        Add("wait", Fn("days", (Col(day.name), Col("before")))),
    )
    form = Form.NUMBER if fn == "mean" else Form.INTEGER
    return Asked(text, steps, Stat(fn, "wait"), form, conditions=0)


def days_between(view: View) -> Asked:
    dates = [info for info in view.info.columns if info.role is Role.DATE]
    if len(dates) != 2:
        raise Unsuited("dates")
    start, end = dates
    view.used.update((start.name, end.name))
    group = view.group(3, 40)
    label = view.label(group)
    text = view.say(
        (
            f"For each of the {ROWS}, count the days from {view.label(start)} to "
            f"{view.label(end)}. Average these by {label}. What is the highest of the averages?",
            f"对每一{view.info.classifier}{ROWS}，计算从{view.label(start)}到{view.label(end)}的天数，"
            f"再按{label}求平均。这些平均值中最大的是多少？",
        ),
    )
    steps = (
        Add("days", Fn("days", (Col(end.name), Col(start.name)))),
        Group((group.name,), (Agg("value", "mean", "days"),)),
    )
    return Asked(text, steps, Stat("max", "value"), Form.NUMBER, conditions=1)


def first_time(view: View) -> Asked:
    """When each entity first meets a threshold."""
    entity, time = view.panel()
    if time.role is not Role.YEAR:
        raise Unsuited("year")
    measure = view.measure(*MEASURES)
    reach = threshold(view, measure, 0.4, 0.7)
    fn = view.rng.choice(("mean", "median", "max"))
    label, when = view.label(entity), view.label(time)
    said = {
        "mean": ("mean", "平均值"),
        "median": ("median", "中位数"),
        "max": ("latest", "最大值"),
    }[fn]
    text = view.say(
        (
            f"For each {label}, find the earliest {when} among the {ROWS} that is a record "
            f"{reach.words}. Ignore every {label} that never has one. What is the {said[0]} of these "
            "years?",
            f"在{ROWS}中，为每个{label}找出{reach.words}的最早{when}；从未出现者不计。"
            f"这些年份的{said[1]}是多少？",
        ),
    )
    steps = (
        Keep(reach.test),
        Group((entity.name,), (Agg("first_year", "min", time.name),)),
    )
    return Asked(text, steps, Stat(fn, "first_year"), Form.NUMBER, conditions=1)


SHAPES = (
    biggest_change,
    typical_change,
    longest_run,
    best_window,
    part_of_total,
    calendar_pattern,
    waiting_time,
    days_between,
    first_time,
)
