"""Taking counters from heaps: values of single heaps against playing to the end."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


def _heap_rules(rng: Random, level: int) -> Rules:
    return {
        "misere": False,
        "heaps": 1 + (level + 1) // 2,
        "ask": rng.choice(("moves", "losing")),
        "high": 14 + 4 * level,
    }


def _heaps(rng: Random, rules: Rules) -> Data:
    takes = sorted(
        {1, *rng.sample(range(2, 9), rng.randint(2, 3))} - ({1} if rng.random() < 0.5 else set())
    )
    heaps = [rng.randint(6, rules["high"]) for _ in range(rules["heaps"])]
    return {"takes": takes, "heaps": heaps}


def heaps_by_values(data, rules):
    """Sprague-Grundy values of single heaps."""
    high = max(data["heaps"])
    values = []
    for size in range(high + 1):
        reach = {values[size - take] for take in data["takes"] if take <= size}
        values.append(next(v for v in range(len(reach) + 1) if v not in reach))
    if rules["ask"] == "losing":
        from itertools import product

        ranges = [range(size + 1) for size in data["heaps"]]
        lost = 0
        for sizes in product(*ranges):
            total = 0
            for size in sizes:
                total ^= values[size]
            lost += total == 0
        return lost
    total = 0
    for size in data["heaps"]:
        total ^= values[size]
    return sum(
        total ^ values[size] ^ values[size - take] == 0
        for size in data["heaps"]
        for take in data["takes"]
        if take <= size
    )


def heaps_by_play(data, rules):
    """Plays every game to its end."""
    from functools import cache
    from itertools import product

    takes = data["takes"]

    @cache
    def wins(sizes):
        for n, size in enumerate(sizes):
            for take in takes:
                if take <= size and not wins(
                    tuple(sorted((*sizes[:n], size - take, *sizes[n + 1 :])))
                ):
                    return True
        return False

    if rules["ask"] == "losing":
        ranges = [range(size + 1) for size in data["heaps"]]
        return sum(not wins(tuple(sorted(sizes))) for sizes in product(*ranges))
    heaps = data["heaps"]
    return sum(
        not wins(tuple(sorted((*heaps[:n], size - take, *heaps[n + 1 :]))))
        for n, size in enumerate(heaps)
        for take in takes
        if take <= size
    )


def _tell_heaps(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "Two players take counters from the heaps in `problem.json` in turn. A move takes from one "
        "heap a number of counters that is listed in `takes`. Whoever cannot move loses. Both play "
        "perfectly.",
        "两人轮流从 `problem.json` 中的各堆里取筹码。每一步从一堆中取走 `takes` 所列数目之一。"
        "轮到而无法取者输。双方都走最佳步。",
    )
    question = {
        "moves": say(
            language,
            "How many different first moves (choice of a heap and of a number; equal heaps are "
            "still different heaps) win for the first player?",
            "先手有多少种不同的第一步（选择某一堆和数目；大小相同的堆也算不同的堆）可以取胜？",
        ),
        "losing": say(
            language,
            "Consider every position in which each heap has any size from 0 up to its size in the "
            "file. In how many of them does the player to move lose?",
            "考虑每堆大小从0到文件所给大小的所有局面。轮到走的一方必败的局面有多少个？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_heaps(rules: Rules) -> list[tuple[str, Rules]]:
    other = {"moves": "losing", "losing": "moves"}[rules["ask"]]
    return [("the other question", rules | {"ask": other})]


PUZZLE = Puzzle(
    "heaps", _heap_rules, _heaps, _tell_heaps, heaps_by_values, heaps_by_play, _near_heaps
)
