"""Number theory and counting: beacons, stamps, recurrences, circles."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say

PRIMES = (7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61)


def _beacon_rules(rng: Random, level: int) -> Rules:
    ask = rng.choice(("first", "count", "gap"))
    return {
        "ask": ask,
        "together": rng.choice((2, 3)) if ask != "first" else 0,
        "hours": rng.choice((2, 3, 5, 8, 12)),
        "num": level + 2 if ask != "first" else 3 + (level > 3),
    }


def _beacons(rng: Random, rules: Rules) -> Data:
    periods = rng.sample(PRIMES, rules["num"])
    at = rng.randint(1000, 50_000)
    names = rng.sample(("Skerry", "Holm", "Point", "Bar", "Cape", "Reef", "Mole", "Isle"), rules["num"])
    return [
        {"name": n, "period": p, "first": at % p if rules["ask"] == "first" else rng.randrange(p)}
        for n, p in zip(names, periods, strict=True)
    ]


def beacons_by_congruence(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    from collections import Counter
    from math import gcd

    if rules["ask"] == "first":
        time, step = 0, 1
        for one in data:
            while time % one["period"] != one["first"] % one["period"]:
                time += step
            step = step * one["period"] // gcd(step, one["period"])
        return time
    end = rules["hours"] * 3600
    seen = Counter(t for one in data for t in range(one["first"], end, one["period"]))
    times = sorted(t for t, n in seen.items() if n >= rules["together"])
    if rules["ask"] == "count":
        return len(times)
    return max((b - a for a, b in zip(times, times[1:])), default=None)


def beacons_by_sieve(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    import numpy as np

    def flashes(start, end):
        times = np.arange(start, end)
        return sum((times % one["period"] == one["first"] % one["period"]) for one in data)

    if rules["ask"] == "first":
        start, block = 0, 1 << 20
        while start < 1 << 27:
            hits = np.flatnonzero(flashes(start, start + block) == len(data))
            if len(hits):
                return int(start + hits[0])
            start += block
        return None
    hits = np.flatnonzero(flashes(0, rules["hours"] * 3600) >= rules["together"])
    if rules["ask"] == "count":
        return len(hits)
    return int(np.diff(hits).max()) if len(hits) > 1 else None


def _tell_beacons(rules: Rules, language: Language) -> str:
    n, hours = rules["together"], rules["hours"]
    setting = say(
        language,
        "`problem.json` lists the light beacons of a harbour. A beacon flashes for an instant at "
        "second `first` after midnight and then every `period` seconds, all night long.",
        "`problem.json` 列出了一座港口的灯标。每座灯标在零点后第 `first` 秒闪一下，"
        "此后每隔 `period` 秒闪一次，整夜不停。",
    )
    question = {
        "first": say(
            language,
            "At which second after midnight do all of them flash at the same instant for the first "
            "time?",
            "零点之后第几秒，所有灯标第一次同时闪光？",
        ),
        "count": say(
            language,
            f"During the first {hours} hours (seconds 0 to {hours * 3600 - 1}), at how many "
            f"instants do at least {n} of them flash together?",
            f"在最初{hours}小时内（第0秒至第{hours * 3600 - 1}秒），有多少个瞬间至少有{n}座灯标同时闪光？",
        ),
        "gap": say(
            language,
            f"A keeper notes every instant at which at least {n} of them flash together, during "
            f"the first {hours} hours (seconds 0 to {hours * 3600 - 1}). What is the longest wait, "
            "in seconds, between one note and the next?",
            f"守灯人记下最初{hours}小时内（第0秒至第{hours * 3600 - 1}秒）至少有{n}座灯标同时闪光的每个瞬间。"
            "相邻两次记录之间最长相隔多少秒？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_beacons(rules: Rules) -> list[tuple[str, Rules]]:
    if rules["ask"] == "first":
        return []
    return [
        ("one more together", rules | {"together": rules["together"] + 1}),
        ("an hour more", rules | {"hours": rules["hours"] + 1}),
    ]


def _stamp_rules(rng: Random, level: int) -> Rules:
    return {
        "ask": rng.choice(("largest", "how_many", "fewest", "ways")),
        "num": 2 + (level + 1) // 2,
        "high": 12 + 9 * level,
        "most": rng.choice((4, 5, 6, 8)),
    }


def _stamps(rng: Random, rules: Rules) -> Data:
    values = sorted(rng.sample(range(6, rules["high"] + 8), rules["num"] - 1))
    # Two neighbours have no common factor, so large amounts can all be paid.
    values = sorted({*values, values[-1] + 1})
    return {"values": values, "amount": rng.randint(5 * values[-1], 15 * values[-1])}


def stamps_by_tables(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    values, amount = data["values"], data["amount"]
    end = max(values) ** 2 + max(values) + 1
    if rules["ask"] in ("largest", "how_many"):
        able = [True] + [False] * end
        for n in range(1, end + 1):
            able[n] = any(n >= v and able[n - v] for v in values)
        gaps = [n for n in range(end + 1) if not able[n]]
        return gaps[-1] if rules["ask"] == "largest" else len(gaps)
    if rules["ask"] == "fewest":
        best = [0] + [10**9] * amount
        for n in range(1, amount + 1):
            best[n] = min((best[n - v] + 1 for v in values if n >= v), default=10**9)
        return best[amount] if best[amount] < 10**9 else None
    ways = {(0, 0): 1}
    for v in values:
        more = dict(ways)
        for count in range(1, rules["most"] + 1):
            for (total, _), number in ways.items():
                if total + count * v <= amount:
                    key = (total + count * v, 0)
                    more[key] = more.get(key, 0) + number
        ways = more
    return sum(ways.values())


def stamps_by_residues(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    import heapq
    from itertools import product

    values, amount = data["values"], data["amount"]
    if rules["ask"] in ("largest", "how_many"):
        base = values[0]
        least = {0: 0}
        queue = [(0, 0)]
        while queue:
            cost, residue = heapq.heappop(queue)
            if cost > least[residue]:
                continue
            for v in values[1:]:
                then = (cost + v) % base
                if cost + v < least.get(then, 10**12):
                    least[then] = cost + v
                    heapq.heappush(queue, (cost + v, then))
        if rules["ask"] == "largest":
            return max(least.values()) - base
        return sum(cost // base for cost in least.values())
    if rules["ask"] == "fewest":
        reach, count = {0}, 0
        while amount not in reach:
            reach = {n + v for n in reach for v in values if n + v <= amount}
            count += 1
            if not reach:
                return None
        return count
    counts = product(range(rules["most"] + 1), repeat=len(values))
    return sum(sum(c * v for c, v in zip(some, values)) <= amount for some in counts)


def _tell_stamps(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "A post office sells stamps of the values in `problem.json` (`values`, in cents), as many "
        "of each as anybody wants.",
        "一家邮局出售 `problem.json` 中 `values` 所列面值（单位：分）的邮票，每种数量不限。",
    )
    most = rules["most"]
    question = {
        "largest": say(
            language,
            "What is the largest postage that cannot be made up exactly with these stamps?",
            "用这些邮票无法恰好凑出的最大邮资是多少分？",
        ),
        "how_many": say(
            language,
            "How many positive whole amounts of postage cannot be made up exactly?",
            "有多少个正整数邮资无法恰好凑出？",
        ),
        "fewest": say(
            language,
            "What is the smallest number of stamps that make up exactly the postage `amount`?",
            "恰好凑出 `amount` 的邮资，最少需要几枚邮票？",
        ),
        "ways": say(
            language,
            f"A letter has room for at most {most} stamps of each value. In how many ways can "
            "stamps be chosen (order does not matter, choosing none counts) so that their total "
            "does not exceed `amount`?",
            f"信封上每种面值最多贴{most}枚。有多少种选法（不计顺序，一枚不选也算一种）使总额不超过 `amount`？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_stamps(rules: Rules) -> list[tuple[str, Rules]]:
    if rules["ask"] == "ways":
        return [("one stamp fewer", rules | {"most": rules["most"] - 1})]
    other = {"largest": "how_many", "how_many": "largest"}.get(rules["ask"])
    return [("the other question", rules | {"ask": other})] if other else []


def _colony_rules(rng: Random, level: int) -> Rules:
    return {
        "modulus": rng.choice((997, 1009, 9973, 10_007, 99_991)),
        "delay": rng.randint(2, 2 + level),
        "births": rng.randint(1, 3),
        "life": rng.choice((0, 0, 5, 6, 8)) if level > 2 else 0,
        "ask": rng.choice(("after", "first")),
    }


def _colony(rng: Random, rules: Rules) -> Data:
    return {"pairs": rng.randint(1, 9), "months": rng.randint(400, 3000), "target": rng.randint(10**6, 10**12)}


def colony_by_months(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Ages are kept as a list: how many pairs are so many months old."""
    oldest = rules["life"] or rules["delay"] + 1
    ages = [data["pairs"]] + [0] * oldest
    for month in range(1, data["months"] + 1):
        grown = [0] + ages[:-1] if rules["life"] else [0] + ages[:-2] + [ages[-2] + ages[-1]]
        if rules["life"]:
            grown[rules["life"]] = 0
        grown[0] = sum(grown[rules["delay"] :]) * rules["births"]
        ages = grown if rules["ask"] == "first" else [n % rules["modulus"] for n in grown]
        if rules["ask"] == "first" and sum(ages) > data["target"]:
            return month
        if sum(ages) == 0:
            return None
    return sum(ages) % rules["modulus"] if rules["ask"] == "after" else None


def colony_by_recurrence(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Only newborns are followed: everybody is the newborn of some month."""
    exact = rules["ask"] == "first"
    born = [data["pairs"]]
    for month in range(1, data["months"] + 1):
        from_month = max(0, month - rules["life"] + 1) if rules["life"] else 0
        adults = sum(born[from_month : month - rules["delay"] + 1]) if month >= rules["delay"] else 0
        alive_from = max(0, month - rules["life"] + 1) if rules["life"] else 0
        # A pair that is too old this month has no young any more.
        born.append(adults * rules["births"] if exact else adults * rules["births"] % rules["modulus"])
        total = sum(born[alive_from : month + 1])
        if exact and total > data["target"]:
            return month
        if total == 0:
            return None
    total = sum(born[alive_from : data["months"] + 1])
    return total % rules["modulus"] if not exact else None


def _tell_colony(rules: Rules, language: Language) -> str:
    delay, births, life, modulus = (rules[k] for k in ("delay", "births", "life", "modulus"))
    die_en = f" A pair leaves the colony for good when it reaches the age of {life} months, before it could have young that month." if life else " No pair ever dies."
    die_zh = f"一对兔子满{life}个月大时即永远离开，当月不再生育。" if life else "没有兔子会死。"
    setting = say(
        language,
        f"A colony starts, in month 0, with `pairs` newborn pairs of rabbits (`problem.json`). From "
        f"the age of {delay} months on, every pair has {births} new "
        f"{'pair' if births == 1 else 'pairs'} each month.{die_en}",
        f"第0个月，一群兔子由 `pairs` 对新生兔组成（见 `problem.json`）。每对兔子从满{delay}个月大起，"
        f"每月生下{births}对新兔。{die_zh}",
    )
    if rules["ask"] == "after":
        question = say(
            language,
            f"How many pairs are there in month `months`, after that month's births? The number is "
            f"huge: give its remainder on division by {modulus}.",
            f"到第 `months` 个月（当月生育之后）共有多少对？这个数极大，请给出它除以{modulus}的余数。",
        )
    else:
        question = say(
            language,
            "In which month is the number of pairs, after that month's births, above `target` for "
            "the first time?",
            "第几个月（当月生育之后）的总对数首次超过 `target`？",
        )
    return f"{setting}\n\n{question}"


def _near_colony(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("young a month later", rules | {"delay": rules["delay"] + 1}),
        ("one more young", rules | {"births": rules["births"] + 1}),
    ]


def _circle_rules(rng: Random, level: int) -> Rules:
    return {
        "step": rng.randint(3, 9),
        "grow": rng.choice((0, 1, 2)) if level > 1 else 0,
        "ask": rng.choice(("last", "order", "neighbours")),
    }


def _circle(rng: Random, rules: Rules) -> Data:
    players = rng.randint(90, 900)
    return {"players": players, "place": rng.randint(players // 2, players - 5)}


def circle_by_list(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    ring = list(range(1, data["players"] + 1))
    at, step, out = 0, rules["step"], []
    while len(ring) > 1:
        at = (at + step - 1) % len(ring)
        out.append(ring.pop(at))
        step += rules["grow"]
    if rules["ask"] == "last":
        return ring[0]
    if rules["ask"] == "order":
        return out[data["place"] - 1]
    return abs(out[-1] - ring[0])


def circle_by_queue(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    from collections import deque

    ring, gone = deque(range(1, data["players"] + 1)), []
    step = rules["step"]
    while len(ring) > 1:
        ring.rotate(-(step - 1))
        gone.append(ring.popleft())
        step += rules["grow"]
    (last,) = ring
    return {"last": last, "order": gone[data["place"] - 1], "neighbours": abs(gone[-1] - last)}[
        rules["ask"]
    ]


def _tell_circle(rules: Rules, language: Language) -> str:
    step, grow = rules["step"], rules["grow"]
    more_en = f" After every exit the count grows by {grow}: next {step + grow}, then {step + 2 * grow}, and so on." if grow else ""
    more_zh = f"每有一人出局，报数就增加{grow}：接着数到{step + grow}，再数到{step + 2 * grow}，依此类推。" if grow else ""
    setting = say(
        language,
        f"`players` people (`problem.json`) stand in a circle, numbered from 1 clockwise. Counting "
        f"clockwise from person 1, who is counted as one, the person on whom the count reaches "
        f"{step} steps out; counting goes on from the next person.{more_en}",
        f"`players` 个人（见 `problem.json`）围成一圈，顺时针从1起编号。从1号开始顺时针报数（1号报一），"
        f"数到{step}的人出局，从下一个人继续。{more_zh}",
    )
    question = {
        "last": say(language, "Which number is the last one standing?", "最后剩下的是几号？"),
        "order": say(
            language,
            "Which number steps out as the `place`-th?",
            "第 `place` 个出局的是几号？",
        ),
        "neighbours": say(
            language,
            "By how much do the numbers of the last two people differ?",
            "最后两个人的编号相差多少？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_circle(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("one step more", rules | {"step": rules["step"] + 1}),
        ("one step less", rules | {"step": rules["step"] - 1}),
        ("other growth", rules | {"grow": rules["grow"] + 1}),
    ]


PUZZLES = (
    Puzzle(
        "beacons", _beacon_rules, _beacons, _tell_beacons, beacons_by_congruence, beacons_by_sieve,
        _near_beacons,
    ),
    Puzzle(
        "stamps", _stamp_rules, _stamps, _tell_stamps, stamps_by_tables, stamps_by_residues,
        _near_stamps,
    ),
    Puzzle(
        "colony", _colony_rules, _colony, _tell_colony, colony_by_months, colony_by_recurrence,
        _near_colony,
    ),
    Puzzle(
        "circle", _circle_rules, _circle, _tell_circle, circle_by_list, circle_by_queue,
        _near_circle,
    ),
)
