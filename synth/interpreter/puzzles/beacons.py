"""Beacons that flash together: congruences against a sieve."""

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
    names = rng.sample(
        ("Skerry", "Holm", "Point", "Bar", "Cape", "Reef", "Mole", "Isle"), rules["num"]
    )
    return [
        {"name": n, "period": p, "first": at % p if rules["ask"] == "first" else rng.randrange(p)}
        for n, p in zip(names, periods, strict=True)
    ]


def beacons_by_congruence(data, rules):
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
    return max((b - a for a, b in zip(times, times[1:], strict=False)), default=None)


def beacons_by_sieve(data, rules):
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


PUZZLE = Puzzle(
    "beacons",
    _beacon_rules,
    _beacons,
    _tell_beacons,
    beacons_by_congruence,
    beacons_by_sieve,
    _near_beacons,
)
