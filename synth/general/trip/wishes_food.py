"""Wishes about lunch and dinner."""

from synth.general.trip.frame import both, compare, total
from synth.general.trip.offer import FOOD, Bounded, Draft, Maker, Wish
from verifiers.general.constraints import (
    AllDifferent,
    And,
    Compare,
    Formula,
    Greatest,
    Least,
    Operator,
    Or,
    Term,
)

MEALS = ("lunch", "dinner")


def served(draft: Draft) -> Wish:
    """Lunch where lunch is served, dinner where dinner is."""
    frame = draft.frame
    parts = tuple(
        compare(frame.field(day, meal, meal), Operator.EQ, True)
        for day in frame.days
        for meal in MEALS
    )
    text = draft.pick(
        (
            "Choose restaurants that serve lunch for the afternoon and ones that serve dinner for "
            "the evening.",
            "Not every restaurant is open all day: for the afternoon it must serve lunch, for the "
            "evening dinner.",
        ),
        (
            "午餐要选供应午餐的餐厅，晚餐要选供应晚餐的餐厅。",
            "不是每家餐厅全天都开：中午去的要供应午餐，晚上去的要供应晚餐。",
        ),
    )
    return draft.wish(FOOD, "served", And(of=parts), text)


def rating_always(draft: Draft) -> Bounded:
    frame = draft.frame
    ratings = tuple(frame.field(d, meal, "rating") for d in frame.days for meal in MEALS)
    return Bounded(
        FOOD,
        "food_rating",
        Least(terms=ratings),
        Operator.GE,
        0.1,
        lambda bound: draft.pick(
            (f"Every restaurant should be rated at least {bound}.",),
            (f"所有餐厅的评分都不低于{bound}。",),
        ),
        lambda value: f"{value:.1f}",
    )


def price_each(draft: Draft) -> Bounded:
    frame = draft.frame
    prices = tuple(frame.field(d, meal, "price") for d in frame.days for meal in MEALS)
    return Bounded(
        FOOD,
        "meal_price",
        Greatest(terms=prices),
        Operator.LE,
        10 if not frame.abroad else 2,
        lambda bound: draft.pick(
            (f"No meal should cost more than {bound}.", f"I pay {bound} for a meal at most."),
            (f"每餐人均不超过{bound}。", f"一顿饭最多{bound}。"),
        ),
        draft.money,
    )


def day_meals(draft: Draft) -> Bounded:
    frame = draft.frame
    sums: tuple[Term, ...] = tuple(
        total(tuple(frame.field(day, meal, "price") for meal in MEALS)) for day in frame.days
    )
    return Bounded(
        FOOD,
        "day_meals",
        Greatest(terms=sums),
        Operator.LE,
        10 if not frame.abroad else 5,
        lambda bound: draft.pick(
            (
                f"Lunch and dinner of a day together should cost {bound} at most.",
                f"On food I spend no more than {bound} a day.",
            ),
            (f"每天午餐和晚餐加起来不超过{bound}。", f"每天吃饭的花费不超过{bound}。"),
        ),
        draft.money,
    )


def meals_total(draft: Draft) -> Bounded:
    frame = draft.frame
    prices = tuple(frame.field(d, meal, "price") for d in frame.days for meal in MEALS)
    return Bounded(
        FOOD,
        "meals_total",
        total(prices),
        Operator.LE,
        20 if not frame.abroad else 5,
        lambda bound: draft.pick(
            (f"All meals of the trip together should stay within {bound}.",),
            (f"整个行程的餐费合计不超过{bound}。",),
        ),
        draft.money,
    )


def dinners_differ(draft: Draft) -> Wish:
    frame = draft.frame
    terms = tuple(frame.field(day, "dinner", "cuisine") for day in frame.days)
    text = draft.pick(
        (
            "Each dinner should be of another cuisine.",
            "I want to try something new every evening: no cuisine twice for dinner.",
        ),
        ("每天晚餐的菜系都不能相同。", "我想每晚换个口味，晚餐的菜系不要重复。"),
    )
    return draft.wish(FOOD, "dinners_differ", AllDifferent(terms=terms), text)


def day_differs(draft: Draft) -> Wish:
    frame = draft.frame
    parts = tuple(
        Compare(
            left=frame.field(day, "lunch", "cuisine"),
            by=Operator.NE,
            right=frame.field(day, "dinner", "cuisine"),
        )
        for day in frame.days
    )
    text = draft.pick(
        (
            "Lunch and dinner of the same day should be of different cuisines.",
            "I do not want the same kind of food twice on one day.",
        ),
        ("同一天的午餐和晚餐要是不同的菜系。", "一天两顿不要吃同一种菜系。"),
    )
    return draft.wish(FOOD, "day_differs", both(parts), text)


def cuisine_once(draft: Draft) -> Wish:
    frame = draft.frame
    cuisine = _cuisine(draft)
    meals: tuple[Formula, ...] = tuple(
        compare(frame.field(day, meal, "cuisine"), Operator.EQ, cuisine)
        for day in frame.days
        for meal in MEALS
    )
    text = draft.pick(
        (
            f'At least one meal should be at a restaurant with "{cuisine}" cuisine.',
            f'Somewhere on the way I would like to try "{cuisine}" cuisine, on whichever day.',
        ),
        (f"至少有一顿要吃“{cuisine}”。", f"路上我想吃一次“{cuisine}”，哪天都行。"),
    )
    return draft.wish(FOOD, "cuisine_once", Or(of=meals), text)


def cuisine_never(draft: Draft) -> Wish:
    frame = draft.frame
    cuisine = _cuisine(draft)
    parts = tuple(
        compare(frame.field(day, meal, "cuisine"), Operator.NE, cuisine)
        for day in frame.days
        for meal in MEALS
    )
    text = draft.pick(
        (
            f'No "{cuisine}" cuisine, please; it does not agree with me.',
            f'I have had too much "{cuisine}" cuisine lately, so none of it this time.',
        ),
        (f"不要安排“{cuisine}”，我吃不惯。", f"最近“{cuisine}”吃腻了，这次就不要了。"),
    )
    return draft.wish(FOOD, "cuisine_never", both(parts), text)


def dinner_on(draft: Draft) -> Wish:
    frame = draft.frame
    day = draft.rng.choice(frame.days)
    known = [str(row["cuisine"]) for row in frame.reachable("restaurant") if row["dinner"]]
    cuisine, when = draft.rng.choice(list(dict.fromkeys(known))), draft.day_name(day)
    formula = compare(frame.field(day, "dinner", "cuisine"), Operator.EQ, cuisine)
    text = draft.pick(
        (
            f'For dinner on {when} I want "{cuisine}" cuisine.',
            f'The evening restaurant of {when} should offer "{cuisine}" cuisine.',
        ),
        (f"{when}的晚餐要吃“{cuisine}”。", f"{when}晚上安排一家“{cuisine}”餐厅。"),
    )
    return draft.wish(FOOD, f"dinner_day{day}", formula, text)


def best_at_end(draft: Draft) -> Wish:
    """The last dinner is the dearest."""
    frame = draft.frame
    last = frame.field(frame.num_days, "dinner", "price")
    others = tuple(
        frame.field(day, "dinner", "price") for day in frame.days if day < frame.num_days
    )
    formula = Compare(left=last, by=Operator.GT, right=Greatest(terms=others))
    text = draft.pick(
        ("The last dinner should be the finale: dearer than any other dinner of the trip.",),
        ("最后一晚要吃顿好的，比前面任何一顿晚餐都贵。",),
    )
    return draft.wish(FOOD, "best_at_end", formula, text)


def _cuisine(draft: Draft) -> str:
    names = [str(row["cuisine"]) for row in draft.frame.reachable("restaurant")]
    return draft.rng.choice(list(dict.fromkeys(names)))


MAKERS: tuple[Maker, ...] = (
    served,
    rating_always,
    price_each,
    day_meals,
    meals_total,
    dinners_differ,
    day_differs,
    cuisine_once,
    cuisine_never,
    dinner_on,
    best_at_end,
)
