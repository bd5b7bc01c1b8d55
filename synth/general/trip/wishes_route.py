"""Wishes about where the trip goes, how one gets there, and the weather on the way."""

from synth.general.trip.frame import both, compare, total
from synth.general.trip.offer import ROUTE, SKY, Bounded, Draft, Maker, Wish
from verifiers.general.constraints import (
    And,
    AtLeast,
    Distinct,
    Formula,
    Greatest,
    Implies,
    Least,
    Not,
    Operator,
    Or,
)


def total_time(draft: Draft) -> Bounded:
    """All journeys by the fastest connections."""
    if draft.frame.abroad:
        return _walks(draft)
    return Bounded(
        ROUTE,
        "travel_time",
        total(draft.frame.legs("fastest_minutes")),
        Operator.LE,
        30,
        lambda bound: draft.pick(
            (
                f"If I take the fastest connection each time, all journeys between cities, "
                f"including the one home, must not add up to more than {bound}.",
                f"I do not want to spend more than {bound} in trains and planes altogether, counting "
                f"the fastest connection for each journey and the journey home.",
            ),
            (
                f"每段路都坐最快的班次，包括返程在内，路上总时间不超过{bound}。",
                f"我不想把时间都花在路上：每段都选最快的班次，连同回程一起算，合计最多{bound}。",
            ),
        ),
        draft.time,
    )


def _walks(draft: Draft) -> Bounded:
    return Bounded(
        ROUTE,
        "travel_time",
        total(draft.frame.legs("fastest_minutes")),
        Operator.LE,
        2,
        lambda bound: draft.pick(
            (
                f"Going from one quarter to the next by whatever is fastest, and back to "
                f"{draft.frame.home} at the end, should take at most {bound} in total.",
            ),
            (
                f"从一个城区到下一个城区都用最快的方式，最后再回到{draft.frame.home}，路上总共不超过{bound}。",
            ),
        ),
        draft.time,
    )


def longest_leg(draft: Draft) -> Bounded | None:
    if draft.frame.abroad:
        return None
    return Bounded(
        ROUTE,
        "longest_journey",
        Greatest(terms=tuple(draft.frame.legs("fastest_minutes"))),
        Operator.LE,
        10,
        lambda bound: draft.pick(
            (
                f"No single journey, the one home included, may take longer than {bound} by the "
                f"fastest connection.",
                f"I get restless on long rides: with the fastest connection every journey, also the "
                f"one home, has to be {bound} or shorter.",
            ),
            (
                f"任何一段路程（包括返程）坐最快的班次都不能超过{bound}。",
                f"我坐不了太久的车：每一段路，包括回家那段，最快的班次都要在{bound}以内。",
            ),
        ),
        draft.time,
    )


def by_rail(draft: Draft) -> Bounded | None:
    if draft.frame.abroad:
        return None
    return Bounded(
        ROUTE,
        "rail_time",
        total(draft.frame.legs("fastest_ground_minutes")),
        Operator.LE,
        30,
        lambda bound: draft.pick(
            (
                f"I do not fly. Taking the fastest train for every journey, the way home included, I "
                f"can accept {bound} on trains in total.",
                f"I am afraid of flying, so trains only; with the fastest ones the whole trip, "
                f"including the return, should need no more than {bound} of travel.",
            ),
            (
                f"我不坐飞机。每段都坐最快的火车，包括返程在内，坐车总时间不超过{bound}。",
                f"我害怕坐飞机，只坐火车；全程都选最快的车次，算上回程，合计不超过{bound}。",
            ),
        ),
        draft.time,
    )


def fares(draft: Draft) -> Bounded | None:
    if draft.frame.abroad:
        return None
    return Bounded(
        ROUTE,
        "fares",
        total(draft.frame.legs("cheapest_price")),
        Operator.LE,
        10,
        lambda bound: draft.pick(
            (
                f"For tickets between cities, home again included, I will spend {bound} at most; I "
                f"always buy the cheapest one on offer.",
                f"I always book the cheapest connection, and the fares including the way home should "
                f"stay within {bound}.",
            ),
            (
                f"城市之间的车票（含返程）我都买最便宜的，总共不超过{bound}。",
                f"交通我总是选最便宜的班次，算上回程，票钱控制在{bound}以内。",
            ),
        ),
        draft.money,
    )


def last_leg(draft: Draft) -> Bounded | None:
    if draft.frame.abroad:
        return None
    *_, home = draft.frame.legs("fastest_minutes")
    return Bounded(
        ROUTE,
        "journey_home",
        home,
        Operator.LE,
        10,
        lambda bound: draft.pick(
            (
                f"The journey home from the last city should take no more than {bound} with the "
                f"fastest connection, as I have to work that afternoon.",
                f"I want to be home quickly: {bound} at most from the last city, by the fastest "
                f"connection.",
            ),
            (
                f"最后一站回{draft.frame.home}，坐最快的班次不超过{bound}，当天下午我还要上班。",
                f"回程要快一点：从最后一个城市坐最快的班次回家，不超过{bound}。",
            ),
        ),
        draft.time,
    )


def must_see(draft: Draft) -> Wish:
    """A city that has to be on the route."""
    frame = draft.frame
    names = [str(row["name"]) for row in frame.rows("city") if row["name"] != frame.home]
    city = draft.rng.choice(names)
    visits: tuple[Formula, ...] = tuple(
        compare(frame.field(day, "city"), Operator.EQ, city) for day in frame.days
    )
    text = draft.pick(
        (
            f"{city} has to be part of the trip.",
            f"I have a friend in {city}, so one of the days must be there.",
            f"Do not leave out {city}; I have wanted to see it for years.",
        ),
        (
            f"行程里一定要有{city}。",
            f"我有个朋友在{city}，所以其中一天必须在那里。",
            f"不要漏掉{city}，我想去那里很多年了。",
        ),
    )
    return draft.wish(ROUTE, "must_see", Or(of=visits), text)


def not_there(draft: Draft) -> Wish:
    frame = draft.frame
    names = [str(row["name"]) for row in frame.rows("city") if row["name"] != frame.home]
    city = draft.rng.choice(names)
    formula = frame.every("city", "name", Operator.NE, city)
    text = draft.pick(
        (f"I was in {city} only last month, so leave it out.", f"Anywhere but {city}, please."),
        (f"{city}我上个月刚去过，这次就不去了。", f"{city}就不用安排了。"),
    )
    return draft.wish(ROUTE, "not_there", formula, text)


def metro(draft: Draft) -> Wish | None:
    """Cities with a metro on some days."""
    frame = draft.frame
    if frame.num_days < 2:
        return None
    number = draft.rng.randint(1, frame.num_days)
    having: tuple[Formula, ...] = tuple(
        compare(frame.field(day, "city", "metro"), Operator.EQ, True) for day in frame.days
    )
    if number == frame.num_days:
        where = ("quarter", "城区") if frame.abroad else ("city", "城市")
        text = draft.pick(
            (f"Every {where[0]} I stay in should have a metro, as I do not drive.",),
            (f"我不开车，所以每天所在的{where[1]}都要有地铁。",),
        )
        return draft.wish(ROUTE, "metro", both(having), text)
    count = draft.pick(
        (("one", "two", "three", "four")[number - 1],), (("一", "两", "三", "四")[number - 1],)
    )
    where = ("quarters", "城区") if frame.abroad else ("cities", "城市")
    text = draft.pick(
        (f"At least {count} of the {where[0]} should have a metro.",),
        (f"至少要有{count}个{where[1]}有地铁。",),
    )
    return draft.wish(ROUTE, "metro", AtLeast(n=number, of=having), text)


def provinces(draft: Draft) -> Wish | None:
    """Not all in one province, or all in different ones."""
    frame = draft.frame
    if frame.abroad or frame.num_days < 3:
        return None
    number = draft.rng.randint(2, frame.num_days)
    regions = Distinct(terms=tuple(frame.field(day, "city", "region") for day in frame.days))
    formula = compare(regions, Operator.GE, number)
    if number == frame.num_days:
        text = draft.pick(
            ("No two of the cities should be in the same province.",),
            ("每个城市都要在不同的省份。",),
        )
    else:
        count = draft.pick(
            (("two", "three", "four")[number - 2],), (("两", "三", "四")[number - 2],)
        )
        text = draft.pick(
            (f"The trip should touch at least {count} different provinces.",),
            (f"行程至少要经过{count}个不同的省份。",),
        )
    return draft.wish(ROUTE, "provinces", formula, text)


def rain_indoors(draft: Draft) -> Wish:
    """Where it rains or snows, the sight is indoors; sometimes also the other way round."""
    frame = draft.frame
    rules: list[Formula] = []
    strict = draft.rng.random() < 0.35
    for day in frame.days:
        wet = compare(frame.weather(day, "wet"), Operator.EQ, True)
        inside = compare(frame.field(day, "sight", "outdoor"), Operator.EQ, False)
        rules.append(Implies(given=wet, then=inside))
        if strict:
            rules.append(Implies(given=Not(of=wet), then=Not(of=inside)))
    if strict:
        text = draft.pick(
            (
                "On days with rain or snow the attraction should be indoors; on dry days I want to "
                "be outdoors.",
                "Check the forecast: an indoor attraction wherever rain or snow is expected that "
                "day, an outdoor one wherever it stays dry.",
            ),
            (
                "当天有雨雪就安排室内景点，没有雨雪就安排室外景点。",
                "请先看天气预报：预报有雨雪的那天去室内景点，不下的那天去室外景点。",
            ),
        )
    else:
        text = draft.pick(
            (
                "If rain or snow is forecast for the day, the attraction must be an indoor one.",
                "Please look at the forecast, and no outdoor attraction on a day with rain or snow.",
                "I hate getting wet: when it rains or snows, the attraction should be indoors.",
            ),
            (
                "如果当天预报有雨雪，景点必须是室内的。",
                "请查一下天气预报，有雨雪的日子不要安排室外景点。",
                "我不想淋雨，下雨或下雪的那天请安排室内景点。",
            ),
        )
    return draft.wish(SKY, "rain_indoors", And(of=tuple(rules)), text)


def dry_days(draft: Draft) -> Wish | None:
    frame = draft.frame
    number = draft.rng.randint(1, frame.num_days)
    if frame.abroad:
        return None
    dry: tuple[Formula, ...] = tuple(
        compare(frame.weather(day, "wet"), Operator.EQ, False) for day in frame.days
    )
    if number == frame.num_days:
        text = draft.pick(
            (
                "It must be dry where I am on every single day: choose the cities by the forecast.",
                "I want no rain or snow at all, so pick for each day a city where none is forecast.",
            ),
            (
                "每一天所在的城市当天都不能有雨雪，请按天气预报来选城市。",
                "我不想遇到雨雪，请为每一天选一个当天没有雨雪的城市。",
            ),
        )
        return draft.wish(SKY, "dry_days", And(of=dry), text)
    days = draft.pick(
        (("one day", "two days", "three days", "four days")[number - 1],),
        (("一天", "两天", "三天", "四天")[number - 1],),
    )
    text = draft.pick(
        (f"At least {days} of the trip should be without rain or snow.",),
        (f"行程中至少{days}没有雨雪。",),
    )
    return draft.wish(SKY, "dry_days", AtLeast(n=number, of=dry), text)


def not_too_hot(draft: Draft) -> Bounded | None:
    if draft.frame.abroad:
        return None
    highs = Greatest(terms=tuple(draft.frame.weather(d, "high") for d in draft.frame.days))
    return Bounded(
        SKY,
        "not_too_hot",
        highs,
        Operator.LE,
        1,
        lambda bound: draft.pick(
            (f"I do not stand heat well: the forecast high must not go above {bound} on any day.",),
            (f"我怕热，每天所在城市的最高气温都不要超过{bound}。",),
        ),
        lambda value: f"{value:g}°C",
    )


def not_too_cold(draft: Draft) -> Bounded | None:
    if draft.frame.abroad:
        return None
    lows = Least(terms=tuple(draft.frame.weather(d, "low") for d in draft.frame.days))
    return Bounded(
        SKY,
        "not_too_cold",
        lows,
        Operator.GE,
        1,
        lambda bound: draft.pick(
            (f"I am packing light: the forecast low should be at least {bound} on every day.",),
            (f"我带的衣服不多，每天所在城市的最低气温都要在{bound}以上（含{bound}）。",),
        ),
        lambda value: f"{value:g}°C",
    )


MAKERS: tuple[Maker, ...] = (
    total_time,
    longest_leg,
    by_rail,
    fares,
    last_leg,
    must_see,
    not_there,
    metro,
    provinces,
    rain_indoors,
    dry_days,
    not_too_hot,
    not_too_cold,
)
