"""Drawing balls without putting them back: step by step against binomial coefficients."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form


def _urn_rules(rng: Random, level: int) -> Rules:
    return {
        "draw": rng.randint(4, 5 + level),
        "least": rng.randint(2, 3),
        "colours": 2 + level,
        "ask": rng.choice(("every", "least", "same", "runs")),
    }


def _urn(rng: Random, rules: Rules) -> Data:
    names = ["red", "blue", "green", "white", "black", "amber", "violet"]
    return {name: rng.randint(3, 14) for name in rng.sample(names, rules["colours"])}


def urn_step_by_step(data, rules):
    """Follows the drawing ball by ball; a state is what has been drawn."""
    from fractions import Fraction

    names = sorted(data)
    total = sum(data.values())
    at = {((0,) * len(names), -1, 0): Fraction(1)}
    for drawn in range(rules["draw"]):
        then = {}
        for (counts, last, runs), p in at.items():
            for n, name in enumerate(names):
                left = data[name] - counts[n]
                if left:
                    more = (*counts[:n], counts[n] + 1, *counts[n + 1 :])
                    changes = rules["ask"] == "runs"
                    key = (more, n if changes else -1, runs + (n != last) if changes else 0)
                    then[key] = then.get(key, 0) + p * Fraction(left, total - drawn)
        at = then
    good = Fraction(0)
    for (counts, _, runs), p in at.items():
        if rules["ask"] == "every":
            good += p * all(counts)
        elif rules["ask"] == "least":
            good += p * (max(counts) >= rules["least"])
        elif rules["ask"] == "same":
            good += p * (sum(c > 0 for c in counts) <= rules["least"])
        else:
            good += p * runs
    return float(good)


def urn_by_combinations(data, rules):
    """Counts hands with binomial coefficients; runs by linearity of expectation."""
    from math import comb, prod

    sizes, draw = [data[name] for name in sorted(data)], rules["draw"]
    total = sum(sizes)
    if rules["ask"] == "runs":
        same = sum(n * (n - 1) for n in sizes) / (total * (total - 1))
        return 1 + (draw - 1) * (1 - same)

    def hands(left, colours):
        if colours == len(sizes):
            if left == 0:
                yield ()
            return
        for count in range(min(left, sizes[colours]) + 1):
            for rest in hands(left - count, colours + 1):
                yield (count, *rest)

    def good(hand):
        if rules["ask"] == "every":
            return all(hand)
        if rules["ask"] == "least":
            return max(hand) >= rules["least"]
        return sum(count > 0 for count in hand) <= rules["least"]

    ways = sum(prod(map(comb, sizes, hand)) for hand in hands(draw, 0) if good(hand))
    return ways / comb(total, draw)


def _tell_urn(rules: Rules, language: Language) -> str:
    draw, least = rules["draw"], rules["least"]
    setting = say(
        language,
        f"`problem.json` says how many balls of each colour are in a bag. {draw} balls are drawn "
        "one after the other without looking, and none is put back.",
        f"`problem.json` 给出袋中各种颜色的球数。不看而依次取出{draw}个球，取出不放回。",
    )
    question = {
        "every": say(
            language,
            "What is the probability that every colour is among them?",
            "每种颜色都取到的概率是多少？",
        ),
        "least": say(
            language,
            f"What is the probability that at least {least} of them have the same colour?",
            f"其中至少有{least}个同色的概率是多少？",
        ),
        "same": say(
            language,
            f"What is the probability that they show at most {least} different colours?",
            f"它们至多有{least}种颜色的概率是多少？",
        ),
        "runs": say(
            language,
            "Lay them out in the order of drawing. A run is a longest stretch of one colour. How "
            "many runs are there on average?",
            "按取出顺序排成一列，同色连续的最长一段称为一个游程。平均有多少个游程？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_urn(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("one ball more", rules | {"draw": rules["draw"] + 1}),
        ("one ball less", rules | {"draw": rules["draw"] - 1}),
        ("one more alike", rules | {"least": rules["least"] + 1}),
    ]


def _number(rules: Rules) -> Form:
    return Form.NUMBER


PUZZLE = Puzzle(
    "bag",
    _urn_rules,
    _urn,
    _tell_urn,
    urn_step_by_step,
    urn_by_combinations,
    _near_urn,
    form=_number,
)
