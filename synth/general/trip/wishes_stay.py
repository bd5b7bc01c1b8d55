"""Wishes about hotels."""

from envs.general.trip.names import Name
from synth.general.trip.frame import compare, total
from synth.general.trip.offer import BED, Bounded, Draft, Maker, Wish
from verifiers.general.constraints import (
    AtLeast,
    Compare,
    Formula,
    Greatest,
    Least,
    Operator,
)

WANTED = {
    "breakfast": (
        Name("每家酒店都要含早餐。", "Breakfast has to be included at every hotel."),
        Name(
            "酒店都要含早餐，我早上懒得出去找吃的。",
            "I want breakfast included everywhere I sleep.",
        ),
    ),
    "pool": (
        Name(
            "每家酒店都要有泳池，我每天要游泳。",
            "I swim every day, so each hotel needs a swimming pool.",
        ),
    ),
    "gym": (
        Name("每家酒店都要有健身房。", "Every hotel should have a gym; I train in the mornings."),
    ),
    "parking": (Name("每家酒店都要有停车场。", "There must be parking at every hotel."),),
    "laundry": (
        Name(
            "我只带一个小包，所以酒店都要能自助洗衣。",
            "I travel with one small bag, so each hotel needs laundry.",
        ),
    ),
    "pets": (
        Name(
            "我带着狗，所以每家酒店都要可以带宠物。",
            "My dog comes along, so every hotel must welcome pets.",
        ),
    ),
}
ONCE = {
    "breakfast": Name("含早餐", "with breakfast included"),
    "pool": Name("有泳池", "with a swimming pool"),
    "gym": Name("有健身房", "with a gym"),
    "parking": Name("有停车场", "with parking"),
    "laundry": Name("有自助洗衣", "with laundry"),
    "pets": Name("可带宠物", "that welcomes pets"),
}
"""Facilities as they follow or precede the word for hotel."""


def facility_always(draft: Draft) -> Wish:
    key = draft.rng.choice(list(WANTED))
    ways = WANTED[key]
    text = draft.pick([way.en for way in ways], [way.zh for way in ways])
    formula = draft.frame.every("hotel", key, Operator.EQ, True)
    return draft.wish(BED, f"hotel_{key}", formula, text)


def facility_once(draft: Draft) -> Wish:
    frame = draft.frame
    key, day = draft.rng.choice(list(ONCE)), draft.rng.choice(frame.days)
    formula = compare(frame.field(day, "hotel", key), Operator.EQ, True)
    what, when = ONCE[key].of(frame.language), draft.day_name(day)
    text = draft.pick(
        (f"On {when} I want a hotel {what}.", f"The hotel of {when} should be one {what}."),
        (f"{when}的酒店要{what}。", f"{when}请安排{what}的酒店。"),
    )
    return draft.wish(BED, f"hotel_{key}_day{day}", formula, text)


def rating_always(draft: Draft) -> Bounded:
    frame = draft.frame
    ratings = Least(terms=tuple(frame.field(day, "hotel", "rating") for day in frame.days))
    return Bounded(
        BED,
        "hotel_rating",
        ratings,
        Operator.GE,
        0.1,
        lambda bound: draft.pick(
            (
                f"All hotels should be rated {bound} or better.",
                f"I do not stay in hotels rated below {bound}.",
            ),
            (f"所有酒店的评分都要在{bound}以上（含）。", f"评分低于{bound}的酒店我不住。"),
        ),
        lambda value: f"{value:.1f}",
    )


def price_each(draft: Draft) -> Bounded:
    frame = draft.frame
    prices = Greatest(terms=tuple(frame.field(day, "hotel", "price") for day in frame.days))
    return Bounded(
        BED,
        "hotel_price",
        prices,
        Operator.LE,
        20 if not frame.abroad else 5,
        lambda bound: draft.pick(
            (
                f"No night may cost more than {bound}.",
                f"A room should cost {bound} a night at most.",
            ),
            (f"每晚房价不超过{bound}。", f"住宿每晚最多{bound}。"),
        ),
        draft.money,
    )


def beds_total(draft: Draft) -> Bounded:
    frame = draft.frame
    prices = total(tuple(frame.field(day, "hotel", "price") for day in frame.days))
    return Bounded(
        BED,
        "beds_total",
        prices,
        Operator.LE,
        50 if not frame.abroad else 10,
        lambda bound: draft.pick(
            (
                f"All nights together should cost no more than {bound}.",
                f"My company pays {bound} for accommodation in total, so the rooms have to fit in.",
            ),
            (f"住宿总共不超过{bound}。", f"公司一共报销{bound}的住宿费，房费合计不能超出。"),
        ),
        draft.money,
    )


def stars(draft: Draft) -> Wish:
    """Some nights in good hotels."""
    frame = draft.frame
    least, number = draft.rng.choice((4, 4, 5)), draft.rng.randint(1, max(1, frame.num_days - 1))
    good: tuple[Formula, ...] = tuple(
        compare(frame.field(day, "hotel", "stars"), Operator.GE, least) for day in frame.days
    )
    nights = draft.pick(
        (("one night", "two nights", "three nights", "four nights")[number - 1],),
        (("一晚", "两晚", "三晚", "四晚")[number - 1],),
    )
    if least == 5:
        text = draft.pick(
            (f"I want to treat myself: at least {nights} in a five-star hotel.",),
            (f"我想犒劳一下自己，至少{nights}住五星级酒店。",),
        )
    else:
        text = draft.pick(
            (f"At least {nights} should be in a hotel of four or five stars.",),
            (f"至少{nights}住四星级或五星级酒店。",),
        )
    return draft.wish(BED, "stars", AtLeast(n=number, of=good), text)


def cheaper_than(draft: Draft) -> Wish:
    frame = draft.frame
    cheap, dear = sorted(draft.rng.sample(frame.days, 2))
    if draft.rng.random() < 0.5:
        cheap, dear = dear, cheap
    formula = Compare(
        left=frame.field(cheap, "hotel", "price"),
        by=Operator.LT,
        right=frame.field(dear, "hotel", "price"),
    )
    one, other = draft.day_name(cheap), draft.day_name(dear)
    text = draft.pick(
        (f"The hotel of {one} should be cheaper than that of {other}.",),
        (f"{one}的酒店要比{other}的便宜。",),
    )
    return draft.wish(BED, "cheaper_than", formula, text)


MAKERS: tuple[Maker, ...] = (
    facility_always,
    facility_once,
    rating_always,
    price_each,
    beds_total,
    stars,
    cheaper_than,
)
