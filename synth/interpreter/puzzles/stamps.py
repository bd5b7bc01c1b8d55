"""Postage from given stamps: tables of amounts against residues and plain counting."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


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


def stamps_by_tables(data, rules):
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


def stamps_by_residues(data, rules):
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
    return sum(sum(c * v for c, v in zip(some, values, strict=False)) <= amount for some in counts)


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


PUZZLE = Puzzle(
    "stamps",
    _stamp_rules,
    _stamps,
    _tell_stamps,
    stamps_by_tables,
    stamps_by_residues,
    _near_stamps,
)
