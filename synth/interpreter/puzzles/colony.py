"""Rabbits that breed and die: ages kept as a list against a recurrence of births."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


def _colony_rules(rng: Random, level: int) -> Rules:
    return {
        "modulus": rng.choice((997, 1009, 9973, 10_007, 99_991)),
        "delay": rng.randint(2, 2 + level),
        "births": rng.randint(1, 3),
        "life": rng.choice((0, 0, 5, 6, 8)) if level > 2 else 0,
        "ask": rng.choice(("after", "first")),
    }


def _colony(rng: Random, rules: Rules) -> Data:
    return {
        "pairs": rng.randint(1, 9),
        "months": rng.randint(400, 3000),
        "target": rng.randint(10**6, 10**12),
    }


def colony_by_months(data, rules):
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


def colony_by_recurrence(data, rules):
    """Only newborns are followed: everybody is the newborn of some month."""
    exact = rules["ask"] == "first"
    born = [data["pairs"]]
    for month in range(1, data["months"] + 1):
        from_month = max(0, month - rules["life"] + 1) if rules["life"] else 0
        adults = (
            sum(born[from_month : month - rules["delay"] + 1]) if month >= rules["delay"] else 0
        )
        alive_from = max(0, month - rules["life"] + 1) if rules["life"] else 0
        # A pair that is too old this month has no young any more.
        born.append(
            adults * rules["births"] if exact else adults * rules["births"] % rules["modulus"]
        )
        total = sum(born[alive_from : month + 1])
        if exact and total > data["target"]:
            return month
        if total == 0:
            return None
    total = sum(born[alive_from : data["months"] + 1])
    return total % rules["modulus"] if not exact else None


def _tell_colony(rules: Rules, language: Language) -> str:
    delay, births, life, modulus = (rules[k] for k in ("delay", "births", "life", "modulus"))
    die_en = (
        f" A pair leaves the colony for good when it reaches the age of {life} months, before it could have young that month."
        if life
        else " No pair ever dies."
    )
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


PUZZLE = Puzzle(
    "colony",
    _colony_rules,
    _colony,
    _tell_colony,
    colony_by_months,
    colony_by_recurrence,
    _near_colony,
)
