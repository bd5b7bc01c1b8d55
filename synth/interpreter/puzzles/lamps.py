"""A ring of lamps with a local rule: cell by cell against bits of one number."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


def _lights_rules(rng: Random, level: int) -> Rules:
    return {
        "rule": rng.choice((30, 45, 54, 60, 73, 90, 105, 106, 110, 150)),
        "width": 9 + 2 * level,
        "ask": rng.choice(("after", "most", "repeat")),
        "steps": rng.choice((40, 75, 100, 150, 250)),
    }


def _lights(rng: Random, rules: Rules) -> Data:
    row = "".join(rng.choice("01") for _ in range(rules["width"]))
    return {"row": row}


def lights_by_cells(data, rules):
    row = [int(c) for c in data["row"]]
    seen, lit, step = {tuple(row): 0}, [sum(row)], 0
    while True:
        step += 1
        n = len(row)
        row = [
            rules["rule"] >> (4 * row[i - 1] + 2 * row[i] + row[(i + 1) % n]) & 1 for i in range(n)
        ]
        lit.append(sum(row))
        if rules["ask"] == "repeat":
            if tuple(row) in seen:
                return step
            seen[tuple(row)] = step
        elif step == rules["steps"]:
            return lit[-1] if rules["ask"] == "after" else sum(lit)


def lights_by_bits(data, rules):
    """The whole row as one number."""
    n, now = len(data["row"]), int(data["row"], 2)
    full = (1 << n) - 1

    def after(x):
        left = (x >> 1) | (x & 1) << (n - 1)
        right = ((x << 1) | (x >> (n - 1))) & full
        out = 0
        for pattern in range(8):
            if rules["rule"] >> pattern & 1:
                out |= (
                    (left if pattern & 4 else ~left)
                    & (x if pattern & 2 else ~x)
                    & (right if pattern & 1 else ~right)
                )
        return out & full

    if rules["ask"] == "repeat":
        known, step = set(), 0
        while now not in known:
            known.add(now)
            now, step = after(now), step + 1
        return step
    total = now.bit_count()
    for _ in range(rules["steps"]):
        now = after(now)
        total += now.bit_count()
    return now.bit_count() if rules["ask"] == "after" else total


def _tell_lights(rules: Rules, language: Language) -> str:
    on = [format(p, "03b") for p in range(7, -1, -1) if rules["rule"] >> p & 1]
    steps = rules["steps"]
    setting = say(
        language,
        "`problem.json` shows a ring of lamps (`row`: 1 is on, 0 is off; the last is a neighbour of "
        "the first). At every tick all lamps change at once: a lamp is on after the tick exactly if "
        "its left neighbour, itself and its right neighbour showed, before the tick, one of "
        f"{', '.join(on)}.",
        "`problem.json` 中的 `row` 是一圈灯（1为亮，0为灭；最后一盏与第一盏相邻）。每一拍所有灯同时变化："
        f"一盏灯在这一拍之后亮着，当且仅当它的左邻、它自己和右邻在这一拍之前依次为{'、'.join(on)}之一。",
    )
    question = {
        "after": say(
            language,
            f"How many lamps are on after {steps} ticks?",
            f"{steps}拍之后有多少盏灯亮着？",
        ),
        "most": say(
            language,
            f"Add up the number of lamps that are on at the start and after each of the first "
            f"{steps} ticks. What is the sum?",
            f"把开始时以及前{steps}拍中每一拍之后亮着的灯数加起来，总和是多少？",
        ),
        "repeat": say(
            language,
            "After how many ticks does the ring, for the first time, look exactly as it did at some "
            "earlier moment (the start counts)?",
            "经过多少拍，整圈灯第一次与先前某个时刻（包括开始时）完全一样？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_lights(rules: Rules) -> list[tuple[str, Rules]]:
    found = [("mirrored rule", rules | {"rule": rules["rule"] ^ 0x5A})]
    if rules["ask"] != "repeat":
        found += [
            ("one tick more", rules | {"steps": rules["steps"] + 1}),
            ("one tick less", rules | {"steps": rules["steps"] - 1}),
        ]
    return found


PUZZLE = Puzzle(
    "lamps",
    _lights_rules,
    _lights,
    _tell_lights,
    lights_by_cells,
    lights_by_bits,
    _near_lights,
)
