"""Wishes about one day as a whole, the report's rules for its second day, and about money."""

from typing import NamedTuple

from envs.general.trip.tables import open_field
from synth.general.trip.frame import SPENT, both, compare, total
from synth.general.trip.offer import DAY, MONEY, SIGHT, Bounded, Draft, Maker, Wish
from verifiers.general.constraints import (
    And,
    Formula,
    Greatest,
    Implies,
    Operator,
    Or,
    Rule,
    Same,
    Sum,
    Term,
)


class Bands(NamedTuple):
    """Prices that part hotels into bands, and what each band asks of the rest of its day."""

    day: int
    low: int
    middle: int
    high: int
    """A hotel below `low` is no choice; from `high` on it is a luxury."""
    meals: int
    """Both meals cost less than this with a luxury hotel."""
    ticket: int
    """The ticket costs less than this with a luxury hotel."""
    second: int
    """The same in the middle band."""
    good: float
    fair: float


REPORT_BANDS = Bands(2, 200, 500, 800, 350, 120, 180, 4.0, 3.2)
"""C3 to C5 of arXiv:2512.02556, section 3.2."""

BAND_CHOICES = ((200, 500, 800), (250, 500, 900), (200, 450, 750), (300, 600, 1000))
EURO_CHOICES = ((90, 140, 190), (100, 150, 200), (80, 130, 180))


def day_bands(draft: Draft) -> Wish:
    """The report's rules with limits of their own."""
    frame, rng = draft.frame, draft.rng
    low, middle, high = rng.choice(EURO_CHOICES if frame.abroad else BAND_CHOICES)
    meals = rng.choice((60, 70, 80) if frame.abroad else (250, 300, 350, 400))
    ticket = rng.choice((10, 15) if frame.abroad else (60, 80, 100, 120))
    second = ticket + rng.choice((10, 15) if frame.abroad else (40, 60, 80))
    good, fair = rng.choice((3.9, 4.0, 4.1)), rng.choice((3.4, 3.6, 3.7))
    day = rng.choice(frame.days)
    return bands_wish(draft, Bands(day, low, middle, high, meals, ticket, second, good, fair))


def bands_wish(draft: Draft, bands: Bands) -> Wish:
    """Half-open bands: a price on a border belongs to the band above it."""
    frame, day = draft.frame, bands.day
    price = frame.field(day, "hotel", "price")
    ticket = frame.field(day, "sight", "ticket_price")
    meals = Sum(terms=(frame.field(day, "lunch", "price"), frame.field(day, "dinner", "price")))

    def band(low: int, high: int) -> Formula:
        above = compare(price, Operator.GE, low)
        return And(of=(above, compare(price, Operator.LT, high)))

    def rated(value: float) -> tuple[Formula, Formula]:
        lunch = compare(frame.field(day, "lunch", "rating"), Operator.GE, value)
        return lunch, compare(frame.field(day, "dinner", "rating"), Operator.GE, value)

    dear: tuple[Formula, ...] = (
        compare(meals, Operator.LT, bands.meals),
        *rated(bands.good),
        compare(ticket, Operator.LT, bands.ticket),
    )
    fair: tuple[Formula, ...] = (
        Or(of=rated(bands.good)),
        compare(ticket, Operator.LT, bands.second),
    )
    formulas: dict[str, Formula] = {
        "not_below": compare(price, Operator.GE, bands.low),
        "luxury": Implies(given=compare(price, Operator.GE, bands.high), then=And(of=dear)),
        "middle": Implies(given=band(bands.middle, bands.high), then=And(of=fair)),
        "modest": Implies(given=band(bands.low, bands.middle), then=Or(of=rated(bands.fair))),
    }
    texts = _band_texts(draft, bands)
    rules = tuple(
        Rule(id=f"{name}_day{day}", formula=formula, text=texts[name])
        for name, formula in formulas.items()
    )
    return Wish(DAY, rules, " ".join(texts.values()) if not frame.zh else "".join(texts.values()))


def _band_texts(draft: Draft, bands: Bands) -> dict[str, str]:
    when, money = draft.day_name(bands.day), draft.money
    low, middle, high = money(bands.low), money(bands.middle), money(bands.high)
    if draft.frame.zh:
        return {
            "not_below": f"{when}的酒店每晚不低于{low}，其余花费要看酒店的价位：",
            "luxury": f"如果房价达到{high}或更高，午餐和晚餐合计要少于{money(bands.meals)}，两家餐厅评分都不低于"
            f"{bands.good:.1f}，下午景点的门票要低于{money(bands.ticket)}；",
            "middle": f"如果房价在{middle}（含）到{high}（不含）之间，至少一家餐厅评分不低于{bands.good:.1f}，"
            f"门票要低于{money(bands.second)}；",
            "modest": f"如果房价在{low}（含）到{middle}（不含）之间，只要至少一家餐厅评分不低于"
            f"{bands.fair:.1f}就行。",
        }
    return {
        "not_below": f"On {when} the hotel should cost at least {low}, and the rest of that day "
        "depends on it.",
        "luxury": f"If it costs {high} or more, lunch and dinner together must stay below "
        f"{money(bands.meals)}, both restaurants must be rated {bands.good:.1f} or higher, and the "
        f"attraction's ticket must cost less than {money(bands.ticket)}.",
        "middle": f"If it costs from {middle} up to, but not including, {high}, at least one of the "
        f"two restaurants must be rated {bands.good:.1f} or higher and the ticket must cost less "
        f"than {money(bands.second)}.",
        "modest": f"If it costs from {low} up to, but not including, {middle}, one restaurant rated "
        f"{bands.fair:.1f} or higher is enough.",
    }


def near_dinner(draft: Draft) -> Wish | None:
    """Bed and dinner in one district."""
    frame = draft.frame
    if frame.abroad:
        return None
    day = draft.rng.choice(frame.days)
    formula = Same(
        terms=(frame.field(day, "hotel", "district"), frame.field(day, "dinner", "district"))
    )
    when = draft.day_name(day)
    text = draft.pick(
        (
            f"On {when} I want to walk home from dinner, so hotel and evening restaurant should be "
            f"in the same district.",
            f"Choose the evening restaurant of {when} in the same district as the hotel.",
        ),
        (
            f"{when}我想吃完晚饭走回去，所以酒店和晚餐餐厅要在同一个区县。",
            f"{when}的晚餐餐厅要和酒店在同一个区县。",
        ),
    )
    return draft.wish(DAY, f"near_dinner_day{day}", formula, text)


def treat(draft: Draft) -> Wish | None:
    """One day with a dear hotel has a modest dinner, or the other way round."""
    frame = draft.frame
    day = draft.rng.choice(frame.days)
    hotel = draft.rng.choice((120, 150, 180) if frame.abroad else (400, 500, 600))
    dinner = draft.rng.choice((25, 30, 35) if frame.abroad else (80, 100, 120))
    dear = compare(frame.field(day, "hotel", "price"), Operator.GT, hotel)
    modest = compare(frame.field(day, "dinner", "price"), Operator.LE, dinner)
    when, price, meal = draft.day_name(day), draft.money(hotel), draft.money(dinner)
    text = draft.pick(
        (
            f"If the hotel of {when} costs more than {price}, I will make up for it with a dinner of "
            f"{meal} at most that evening.",
        ),
        (f"如果{when}的酒店超过{price}，当天的晚餐就省一点，不超过{meal}。",),
    )
    return draft.wish(DAY, f"treat_day{day}", Implies(given=dear, then=modest), text)


def easy_day(draft: Draft) -> Wish | None:
    """A short visit on one day."""
    frame = draft.frame
    day, hours = draft.rng.choice(frame.days), draft.rng.choice((1.0, 1.5, 2.0))
    if frame.abroad:
        hours = 1.0
    formula = compare(frame.field(day, "sight", "visit_hours"), Operator.LE, hours)
    when, length = draft.day_name(day), f"{hours:g}"
    unit = "hour" if hours == 1 else "hours"
    text = draft.pick(
        (
            f"Keep the afternoon of {when} easy: a visit of {length} {unit} or less.",
            f"On {when} I have a call in the evening, so the visit should take {length} {unit} at most.",
        ),
        (
            f"{when}下午轻松一点，景点的游览时长不超过{length}小时。",
            f"{when}晚上我有个电话会议，下午的景点游览时长最多{length}小时。",
        ),
    )
    return draft.wish(DAY, f"easy_day{day}", formula, text)


def all_open(draft: Draft) -> Wish:
    """Everything visited is open on its weekday."""
    frame = draft.frame
    slots = ("sight", "lunch", "dinner") if frame.abroad else ("sight",)
    parts = tuple(
        compare(frame.field(day, slot, open_field(when)), Operator.EQ, True)
        for day, when in zip(frame.days, frame.dates, strict=True)
        for slot in slots
    )
    if frame.abroad:
        text = draft.pick(
            ("Mind the weekdays: no restaurant or attraction on a day on which it is closed.",),
            ("注意星期几：餐厅和景点都不能安排在休息的那天。",),
        )
    else:
        text = draft.pick(
            (
                "Mind the weekdays: some attractions are closed on one of them, and I do not want to "
                "stand before a locked door.",
                "Make sure that each attraction is open on the weekday I am there.",
            ),
            (
                "注意星期几：有的景点每周休息一天，别让我吃闭门羹。",
                "请确认每个景点在我去的那天不是休息日。",
            ),
        )
    return draft.wish(SIGHT, "all_open", both(parts), text)


def day_cost(draft: Draft) -> Bounded:
    """Every day stays within a limit."""
    frame = draft.frame
    costs = tuple(total(tuple(frame.field(d, *path) for path in SPENT)) for d in frame.days)
    return Bounded(
        MONEY,
        "day_cost",
        Greatest(terms=costs),
        Operator.LE,
        20 if not frame.abroad else 5,
        lambda bound: draft.pick(
            (
                f"Hotel, both meals and the ticket of a day should never come to more than {bound}.",
                f"I plan with {bound} a day at most for hotel, lunch, dinner and ticket together.",
            ),
            (
                f"每天的酒店、两餐和门票加起来不超过{bound}。",
                f"我每天的预算是{bound}，包括酒店、午餐、晚餐和门票。",
            ),
        ),
        draft.money,
    )


def budget(draft: Draft) -> Bounded:
    """The whole trip, with or without fares."""
    frame = draft.frame
    fares = not frame.abroad and draft.rng.random() < 0.5
    terms: tuple[Term, ...] = frame.spending()
    if fares:
        terms = (*terms, *frame.legs("cheapest_price"))

    def say(bound: str) -> str:
        if fares:
            return draft.pick(
                (
                    f"In total I can spend {bound} on hotels, meals, tickets and the cheapest fares "
                    f"between cities, including the one home.",
                    f"All in all the trip may cost {bound}: hotels, meals, attraction tickets, and the "
                    f"cheapest fare for every journey, the way home too.",
                ),
                (
                    f"总预算{bound}，包括酒店、餐饮、门票，以及每段路最便宜的车票（含返程）。",
                    f"全程花费不超过{bound}：酒店、餐费、景点门票，再加上每段最便宜的交通费，返程也算。",
                ),
            )
        return draft.pick(
            (
                f"Hotels, meals and attraction tickets together must not cost more than {bound}.",
                f"My budget for hotels, restaurants and tickets is {bound} for the whole trip.",
            ),
            (
                f"酒店、餐饮和门票的总花费不超过{bound}。",
                f"整个行程的住宿、吃饭和门票预算一共{bound}，不要超支。",
            ),
        )

    return Bounded(
        MONEY, "budget", total(terms), Operator.LE, 50 if not frame.abroad else 10, say, draft.money
    )


MAKERS: tuple[Maker, ...] = (day_bands, near_dinner, treat, easy_day, all_open, day_cost, budget)
