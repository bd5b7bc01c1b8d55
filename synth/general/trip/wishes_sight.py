"""Wishes about what is visited in the afternoons."""

from synth.general.trip.frame import both, compare, total
from synth.general.trip.offer import SIGHT, Bounded, Draft, Maker, Wish
from verifiers.general.constraints import (
    AllDifferent,
    AtLeast,
    Compare,
    Formula,
    Greatest,
    Least,
    Operator,
    Or,
)


def types_differ(draft: Draft) -> Wish:
    frame = draft.frame
    terms = tuple(frame.field(day, "sight", "type") for day in frame.days)
    text = draft.pick(
        (
            "Every attraction should be of another type.",
            "For variety, no two attractions of the same type.",
        ),
        ("每个景点的类型都要不同。", "景点要丰富一些，类型不要重复。"),
    )
    return draft.wish(SIGHT, "types_differ", AllDifferent(terms=terms), text)


def type_once(draft: Draft) -> Wish:
    frame = draft.frame
    names = [str(row["type"]) for row in frame.reachable("attraction")]
    kind = draft.rng.choice(list(dict.fromkeys(names)))
    visits: tuple[Formula, ...] = tuple(
        compare(frame.field(day, "sight", "type"), Operator.EQ, kind) for day in frame.days
    )
    text = draft.pick(
        (
            f'At least one attraction should be of the type "{kind}".',
            f'I would love to see something of the type "{kind}" on one of the days.',
        ),
        (f"至少有一个景点的类型是“{kind}”。", f"其中一天我想去一处“{kind}”类的景点。"),
    )
    return draft.wish(SIGHT, "type_once", Or(of=visits), text)


def outdoors(draft: Draft) -> Wish:
    frame = draft.frame
    number = draft.rng.randint(1, max(1, frame.num_days - 1))
    outside = draft.rng.random() < 0.6
    found: tuple[Formula, ...] = tuple(
        compare(frame.field(day, "sight", "outdoor"), Operator.EQ, outside) for day in frame.days
    )
    count = draft.pick(
        (
            ("one attraction", "two of the attractions", "three of the attractions", "four")[
                number - 1
            ],
        ),
        (("一个", "两个", "三个", "四个")[number - 1],),
    )
    if outside:
        text = draft.pick(
            (f"At least {count} should be outdoors; I want some fresh air.",),
            (f"至少{count}景点要在室外，我想透透气。",),
        )
    else:
        text = draft.pick(
            (f"At least {count} should be indoors.",), (f"至少{count}景点要在室内。",)
        )
    return draft.wish(
        SIGHT, "outdoors" if outside else "indoors", AtLeast(n=number, of=found), text
    )


def free_once(draft: Draft) -> Wish:
    """Something without a ticket."""
    frame = draft.frame
    number = draft.rng.randint(1, max(1, frame.num_days - 1))
    free: tuple[Formula, ...] = tuple(
        compare(frame.field(day, "sight", "ticket_price"), Operator.EQ, 0) for day in frame.days
    )
    count = draft.pick(
        (
            ("one attraction", "two attractions", "three attractions", "four attractions")[
                number - 1
            ],
        ),
        (("一个", "两个", "三个", "四个")[number - 1],),
    )
    text = draft.pick(
        (f"At least {count} should be free of charge.",), (f"至少{count}景点要免门票。",)
    )
    return draft.wish(SIGHT, "free", AtLeast(n=number, of=free), text)


def tickets_total(draft: Draft) -> Bounded:
    frame = draft.frame
    prices = tuple(frame.field(day, "sight", "ticket_price") for day in frame.days)
    return Bounded(
        SIGHT,
        "tickets_total",
        total(prices),
        Operator.LE,
        10 if not frame.abroad else 2,
        lambda bound: draft.pick(
            (f"Tickets for attractions should cost {bound} at most in total.",),
            (f"所有景点的门票合计不超过{bound}。",),
        ),
        draft.money,
    )


def ticket_each(draft: Draft) -> Bounded:
    frame = draft.frame
    prices = tuple(frame.field(day, "sight", "ticket_price") for day in frame.days)
    return Bounded(
        SIGHT,
        "ticket_price",
        Greatest(terms=prices),
        Operator.LE,
        10 if not frame.abroad else 2,
        lambda bound: draft.pick(
            (f"I do not pay more than {bound} for any single ticket.",),
            (f"单张门票不超过{bound}。",),
        ),
        draft.money,
    )


def rating_always(draft: Draft) -> Bounded:
    frame = draft.frame
    ratings = Least(terms=tuple(frame.field(day, "sight", "rating") for day in frame.days))
    return Bounded(
        SIGHT,
        "sight_rating",
        ratings,
        Operator.GE,
        0.1,
        lambda bound: draft.pick(
            (
                f"Only attractions rated {bound} or higher, please.",
                f"Each attraction should have a rating of at least {bound}.",
            ),
            (f"只去评分{bound}及以上的景点。", f"每个景点的评分都不低于{bound}。"),
        ),
        lambda value: f"{value:.1f}",
    )


def hours_total(draft: Draft) -> Bounded | None:
    frame = draft.frame
    if frame.abroad:
        return None
    hours = tuple(frame.field(day, "sight", "visit_hours") for day in frame.days)
    return Bounded(
        SIGHT,
        "visit_hours",
        total(hours),
        Operator.LE,
        0.5,
        lambda bound: draft.pick(
            (f"My feet are bad: the visits should take no more than {bound} hours in total.",),
            (f"我腿脚不便，所有景点的游览时长合计不超过{bound}小时。",),
        ),
        lambda value: f"{value:g}",
    )


def better_each_day(draft: Draft) -> Wish | None:
    frame = draft.frame
    if frame.num_days > 3:
        return None
    parts = tuple(
        Compare(
            left=frame.field(day, "sight", "rating"),
            by=Operator.LT,
            right=frame.field(day + 1, "sight", "rating"),
        )
        for day in frame.days
        if day < frame.num_days
    )
    text = draft.pick(
        (
            "Let it get better and better: each attraction should be rated higher than the day before.",
        ),
        ("渐入佳境：每天景点的评分都要比前一天的高。",),
    )
    return draft.wish(SIGHT, "better_each_day", both(parts), text)


MAKERS: tuple[Maker, ...] = (
    types_differ,
    type_once,
    outdoors,
    free_once,
    tickets_total,
    ticket_each,
    rating_always,
    hours_total,
    better_each_day,
)
