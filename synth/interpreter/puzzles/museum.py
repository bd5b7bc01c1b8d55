"""Opening days of a museum: day by day against arrays of days."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


ZH_DAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")


ORDINALS = ("first", "second", "third", "fourth")


def _museum_rules(rng: Random, level: int) -> Rules:
    return {
        "shut": rng.randrange(5),
        "nth": rng.randint(1, 4),
        "day": rng.randrange(7),
        "ask": rng.choice(("open", "visit", "days")),
        "count": rng.choice((5, 6)),
        "place": rng.choice((50, 100, 150, 200)),
        "years": 1 + level,
    }


def _museum(rng: Random, rules: Rules) -> Data:
    from datetime import date, timedelta

    start = date(rng.randint(1996, 2028), rng.randint(1, 12), rng.randint(1, 28))
    end = start + timedelta(days=365 * rules["years"] + rng.randint(0, 200))
    closed = sorted({start + timedelta(days=rng.randrange((end - start).days)) for _ in range(8)})
    return {
        "from": start.isoformat(),
        "to": end.isoformat(),
        "repairs": [day.isoformat() for day in closed],
    }


def museum_day_by_day(data, rules):
    from datetime import date, timedelta

    day, end = date.fromisoformat(data["from"]), date.fromisoformat(data["to"])
    opened = []
    while day <= end:
        nth = (day.day - 1) // 7 + 1
        shut = day.weekday() == rules["shut"] or (
            day.weekday() == rules["day"] and nth == rules["nth"]
        )
        if not shut and day.isoformat() not in data["repairs"]:
            opened.append(day)
        day += timedelta(days=1)
    if rules["ask"] == "open":
        return len(opened)
    if rules["ask"] == "visit":
        return opened[rules["place"] - 1].isoformat()
    return sum(day.weekday() == rules["count"] for day in opened)


def museum_by_sets(data, rules):
    """All days as numpy dates; closed days are taken away."""
    import numpy as np

    days = np.arange(data["from"], np.datetime64(data["to"]) + 1, dtype="datetime64[D]")
    # 1970-01-01 was a Thursday.
    weekday = (days.astype(int) + 3) % 7
    in_month = (days - days.astype("datetime64[M]")).astype(int)
    shut = weekday == rules["shut"]
    shut |= (weekday == rules["day"]) & (in_month // 7 + 1 == rules["nth"])
    shut |= np.isin(days, np.array(data["repairs"], dtype="datetime64[D]"))
    opened = days[~shut]
    if rules["ask"] == "open":
        return len(opened)
    if rules["ask"] == "visit":
        return str(opened[rules["place"] - 1])
    return int((~shut & (weekday == rules["count"])).sum())


def _tell_museum(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        f"A museum is closed every {DAYS[rules['shut']]}, on the {ORDINALS[rules['nth'] - 1]} "
        f"{DAYS[rules['day']]} of every month, and on the days of `repairs`. `problem.json` has these "
        "and the period in question, `from` and `to`, both included.",
        f"一座博物馆每逢{ZH_DAYS[rules['shut']]}闭馆，每月第{rules['nth']}个{ZH_DAYS[rules['day']]}闭馆，"
        "`repairs` 所列日期也闭馆。`problem.json` 给出这些日期以及所问时段 `from` 至 `to`（首尾均计）。",
    )
    place = rules["place"]
    question = {
        "open": say(
            language,
            "On how many days of the period is it open?",
            "这段时间内它开放多少天？",
        ),
        "visit": say(
            language,
            f"A pensioner visits on every day it is open, from the start of the period. What is the "
            f"date of visit number {place}?",
            f"一位退休老人从时段开始起，每个开放日都来参观。他第{place}次参观是哪一天？",
        ),
        "days": say(
            language,
            f"On how many {DAYS[rules['count']]}s of the period is it open?",
            f"这段时间内有多少个{ZH_DAYS[rules['count']]}开放？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_museum(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("other closing day", rules | {"shut": (rules["shut"] + 1) % 7}),
        ("other week", rules | {"nth": rules["nth"] % 4 + 1}),
        ("no monthly day", rules | {"nth": 9}),
        ("one visit more", rules | {"place": rules["place"] + 1}),
    ]


def _museum_form(rules: Rules) -> Form:
    return Form.DATE if rules["ask"] == "visit" else Form.INTEGER


PUZZLE = Puzzle(
    "museum",
    _museum_rules,
    _museum,
    _tell_museum,
    museum_day_by_day,
    museum_by_sets,
    _near_museum,
    form=_museum_form,
)
