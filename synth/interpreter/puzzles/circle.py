"""People who step out of a circle: a list against a queue that turns."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


def _circle_rules(rng: Random, level: int) -> Rules:
    return {
        "step": rng.randint(3, 9),
        "grow": rng.choice((0, 1, 2)) if level > 1 else 0,
        "ask": rng.choice(("last", "order", "neighbours")),
    }


def _circle(rng: Random, rules: Rules) -> Data:
    players = rng.randint(90, 900)
    return {"players": players, "place": rng.randint(players // 2, players - 5)}


def circle_by_list(data, rules):
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


def circle_by_queue(data, rules):
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
    more_en = (
        f" After every exit the count grows by {grow}: next {step + grow}, then {step + 2 * grow}, and so on."
        if grow
        else ""
    )
    more_zh = (
        f"每有一人出局，报数就增加{grow}：接着数到{step + grow}，再数到{step + 2 * grow}，依此类推。"
        if grow
        else ""
    )
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


PUZZLE = Puzzle(
    "circle",
    _circle_rules,
    _circle,
    _tell_circle,
    circle_by_list,
    circle_by_queue,
    _near_circle,
)
