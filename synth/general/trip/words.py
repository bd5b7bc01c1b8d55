"""The request as a traveller writes it: who, when and where from, the wishes, and how to hand in."""

import json
from datetime import date
from itertools import groupby
from random import Random

from data.task import Message, Role
from synth.general.trip.frame import KEYS, Frame
from synth.general.trip.offer import BED, DAY, FOOD, MONEY, ROUTE, SIGHT, SKY, Draft, Wish

PARAGRAPHS = ((ROUTE, SKY), (DAY,), (BED, FOOD, SIGHT), (MONEY,))
"""Topics that are said in one breath."""

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
NUMBERS = {"en": ("two", "three", "four", "five"), "zh": ("两", "三", "四", "五")}


def messages(frame: Frame, wishes: tuple[Wish, ...], rng: Random) -> tuple[Message, ...]:
    """The whole prompt: one message of the user's."""
    draft = Draft(frame, rng)
    paragraphs = [f"{_opening(draft)}{_gap(frame)}{_standing(draft)}"]
    first, *rest = _wishes(frame, wishes)
    paragraphs += [f"{_leading(draft)}{_gap(frame)}{first}".strip(), *rest]
    paragraphs += [_asking(draft), _shape(frame), _closing(draft)]
    return (Message(role=Role.USER, content="\n\n".join(paragraphs)),)


def _gap(frame: Frame) -> str:
    return "" if frame.zh else " "


def _opening(draft: Draft) -> str:
    """Who travels, when, and where from."""
    frame = draft.frame
    number = NUMBERS["zh" if frame.zh else "en"][frame.num_days - 2]
    when, home = _span(frame), frame.home
    if frame.abroad:
        return draft.pick(
            (
                f"I will be in Helsinki for {number} days, {when}, and want to get to know the "
                f"centre quarter by quarter: every day, with its night, in another one. The first "
                f"day is in {home}.",
                f"Please plan {number} days in central Helsinki for me, {when}. I move to another "
                f"quarter each day and stay there for the night; I begin in {home}.",
            ),
            (
                f"我{when}要去赫尔辛基玩{number}天，想一个城区一个城区地逛市中心：每天换一个城区，当晚就住在那里。"
                f"第一天在{home}。",
                f"请帮我安排赫尔辛基市中心的{number}天行程，时间是{when}。每天去一个不同的城区，晚上也住那里，"
                f"第一天从{home}开始。",
            ),
        )
    if frame.away:
        return draft.pick(
            (
                f"I am planning a {number}-day trip from {home}, {when}. I leave {home} on the first "
                f"morning, spend each day and the night after it in a city, move on the next "
                f"morning, and travel home from the last city.",
                f"Please help me with a trip of {number} days, {when}. I live in {home} and want to "
                f"get out: each day in another city, where I also stay the night, and from the last "
                f"one I go home again. No day is to be spent in {home} itself.",
                f"I have {number} days off, {when}, and would like to travel on my own from {home}: "
                f"one city a day, sleeping where I am, and back home from the last city. {home} "
                f"itself I know well enough, so it is not part of the plan.",
            ),
            (
                f"我打算{when}从{home}出发，一个人玩{number}天。第一天早上离开{home}，每天在一个城市游玩并住一晚，"
                f"第二天早上再去下一个城市，最后从最后一个城市回家。行程里不安排{home}。",
                f"请帮我规划一次{number}天的旅行，时间是{when}。我住在{home}，想出去走走：每天去一个城市，晚上住在当地，"
                f"最后一站玩完回{home}。{home}本地就不用安排了。",
                f"我{when}有{number}天假，想从{home}出发独自旅行，一天一个城市，住在当地，最后从最后一个城市返回{home}；"
                f"{home}我很熟，不要排进行程。",
            ),
        )
    return draft.pick(
        (
            f"I would like a {number}-day itinerary starting in {home}, {when}. The first day is in "
            f"{home} itself; after each night I move on to another city, and from the last one I "
            f"travel back to {home}.",
            f"Can you put together a trip of {number} days for me, {when}? It begins with a day in "
            f"{home}, where I also stay the first night; then one city a day, and from the last city "
            f"I return to {home}.",
        ),
        (
            f"我想要一份从{home}开始的{number}天行程，时间是{when}。第一天就在{home}玩，住一晚；之后每天早上换一个城市，"
            f"最后从最后一个城市回到{home}。",
            f"请帮我安排{when}的{number}天旅行：第一天在{home}游玩并住下，之后一天一个城市，最后从最后一站返回{home}。",
        ),
    )


def _standing(draft: Draft) -> str:
    """C1 and C2 of the report."""
    where = ("quarter", "城区") if draft.frame.abroad else ("city", "城市")
    plural = "quarters" if draft.frame.abroad else "cities"
    return draft.pick(
        (
            f"Nothing should repeat during the trip, neither {plural} nor hotels, attractions or "
            f"restaurants, and the hotel, the attraction and both restaurants of a day have to be in "
            f"the {where[0]} of that day.",
            f"Please do not use any {where[0]}, hotel, attraction or restaurant twice, and keep "
            f"everything you choose for a day in the {where[0]} where I am on that day.",
        ),
        (
            f"整个行程中，{where[1]}、酒店、景点和餐厅都不要重复；每天的酒店、景点和两家餐厅都必须在当天所在的{where[1]}。",
            f"{where[1]}、酒店、景点、餐厅都只去一次，而且每天安排的酒店、景点和餐厅都要在当天的{where[1]}里。",
        ),
    )


def _wishes(frame: Frame, wishes: tuple[Wish, ...]) -> list[str]:
    """The wishes, a paragraph for each group of topics that has any."""
    place = {topic: at for at, topics in enumerate(PARAGRAPHS) for topic in topics}
    ordered = sorted(wishes, key=lambda wish: (place[wish.topic], wish.topic.order))
    return [
        _gap(frame).join(wish.text for wish in group)
        for _, group in groupby(ordered, key=lambda wish: place[wish.topic])
    ]


def _leading(draft: Draft) -> str:
    return draft.pick(
        (
            "",
            "A few things matter to me.",
            "Here is what I care about.",
            "Let me say what I would like.",
        ),
        ("", "我有几点要求。", "另外有几点请注意。", "下面说说我的想法。"),
    )


def _asking(draft: Draft) -> str:
    days = ", ".join(day.isoformat() for day in draft.frame.dates)
    return draft.pick(
        (
            "Find out with the tools what there is, and submit the finished itinerary with "
            f"submit_result: a JSON list with one object for each day ({days}), in this form:",
            "Look everything up with the tools. Then hand the itinerary in with submit_result, as a "
            f"JSON list with one object per day ({days}):",
        ),
        (
            f"请用工具查询各地的情况，然后用 submit_result 提交完整行程：一个 JSON 列表，每天一个对象"
            f"（{days.replace(', ', '、')}），格式如下：",
            f"所有信息都请用工具查。安排好以后用 submit_result 提交，内容是 JSON 列表，每天一个对象"
            f"（{days.replace(', ', '、')}）：",
        ),
    )


def _shape(frame: Frame) -> str:
    """The form of the answer, with the first day's date."""
    filled = {"time": frame.dates[0].isoformat()}
    names = {
        "city": ("city name", "城市名"),
        "hotel": ("hotel name", "酒店名"),
        "afternoon_restaurant": ("restaurant name", "餐厅名"),
        "afternoon_attraction": ("attraction name", "景点名"),
        "evening_restaurant": ("restaurant name", "餐厅名"),
    }
    filled |= {key: names[key][frame.zh] for key in KEYS}
    return f"[{json.dumps(filled, ensure_ascii=False)}, ...]"


def _closing(draft: Draft) -> str:
    return draft.pick(
        (
            "afternoon_restaurant is lunch, evening_restaurant is dinner. Write all names exactly as "
            "the tools give them. I travel alone: one room, one meal and one ticket each time. What "
            "you submit last counts; when you are done, repeat the submitted list as your final "
            "message.",
        ),
        (
            "afternoon_restaurant 是午餐，evening_restaurant 是晚餐。名称请与工具返回的完全一致。我一个人出行，"
            "房间、餐费和门票都按一人计算。以最后一次提交为准；完成后，请在最后一条消息里原样重复提交的列表。",
        ),
    )


def _span(frame: Frame) -> str:
    """From the first day to the last."""
    first, last = frame.dates[0], frame.dates[-1]
    if frame.zh:
        return f"{_chinese(first)}至{_until(first, last)}"
    if first.month == last.month:
        return f"from {first.day} to {last.day} {MONTHS[last.month - 1]} {last.year}"
    start = f"{first.day} {MONTHS[first.month - 1]}"
    if first.year != last.year:
        start += f" {first.year}"
    return f"from {start} to {last.day} {MONTHS[last.month - 1]} {last.year}"


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _until(first: date, last: date) -> str:
    if first.year != last.year:
        return _chinese(last)
    return f"{last.day}日" if first.month == last.month else f"{last.month}月{last.day}日"
