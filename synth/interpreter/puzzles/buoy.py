"""A stream that can be read once: the module itself against its recurrence."""

from collections.abc import Mapping
from random import Random
from typing import Any

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form

FEED = '''"""A buoy in the bay. Every reading uses one up: there is no way back but a new Buoy."""


class Buoy:
    def __init__(self, path="buoy.txt"):
        with open(path) as file:
            self._state, self._mean = map(int, file.read().split())
        self._level = self._mean

    def read(self):
        """The next reading, in centimetres."""
        self._state = (self._state * 1103515245 + 12345) % 2**31
        drift = (self._state >> 12) % 41 - 20
        self._level += drift + (self._mean - self._level) // 8
        return self._level
'''


def _buoy_rules(rng: Random, level: int) -> Rules:
    return {
        "over": rng.choice((20, 30, 40)),
        "row": 2 + (level > 2) + (level > 4),
        "factor": rng.randint(2, 4),
        "ask": rng.choice(("mean", "highest", "range")),
    }


def _buoy(rng: Random, rules: Rules) -> Data:
    return {"seed": rng.getrandbits(30), "mean": rng.randint(180, 420), "module": FEED}


def buoy_by_reading(data, rules):
    """Reads the buoy itself, as the module gives it."""
    import pathlib
    import tempfile

    names = {}
    exec(data["module"], names)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        file.write(f"{data['seed']} {data['mean']}")
    buoy = names["Buoy"](file.name)
    pathlib.Path(file.name).unlink()
    first, run, count = [], 0, 0
    while run < rules["row"]:
        first.append(buoy.read())
        run = run + 1 if first[-1] >= data["mean"] + rules["over"] else 0
        count += 1
        if count > 20_000:
            return None
    then = [buoy.read() for _ in range(rules["factor"] * count)]
    if rules["ask"] == "mean":
        return [count, sum(then) / len(then)]
    if rules["ask"] == "highest":
        return [count, max(then)]
    return [count, max(then) - min(then)]


def buoy_by_formula(data, rules):
    """The same readings without the module: its recurrence, all at once."""
    import numpy as np

    state, level, mean = data["seed"], data["mean"], data["mean"]
    levels = []
    for _ in range(100_000):
        state = (1103515245 * state + 12345) & 0x7FFFFFFF
        level += (state // 4096) % 41 - 20 + (mean - level) // 8
        levels.append(level)
    levels = np.array(levels)
    high = np.convolve(levels >= mean + rules["over"], np.ones(rules["row"], int), "valid")
    hits = np.flatnonzero(high == rules["row"])
    if not len(hits) or hits[0] + rules["row"] > 20_000:
        return None
    count = int(hits[0] + rules["row"])
    then = levels[count : count * (1 + rules["factor"])]
    value = {"mean": then.mean(), "highest": then.max(), "range": np.ptp(then)}[rules["ask"]]
    return [count, value.item()]


def _buoy_files(data: Data) -> Mapping[str, str]:
    return {"buoy.py": data["module"], "buoy.txt": f"{data['seed']} {data['mean']}\n"}


def read_buoy() -> Any:
    with open("buoy.txt") as file:  # noqa: PTH123
        seed, mean = map(int, file.read().split())
    with open("buoy.py") as file:  # noqa: PTH123
        return {"seed": seed, "mean": mean, "module": file.read()}


def _tell_buoy(rules: Rules, language: Language) -> str:
    over, row, factor = rules["over"], rules["row"], rules["factor"]
    setting = say(
        language,
        "`buoy.py` has a class `Buoy`; `Buoy().read()` gives its next reading, and no reading comes "
        "twice. The usual level is the second number in `buoy.txt`. Read on until "
        f"{row} readings in a row are at least {over} above the usual level. Then, with the same "
        f"buoy, take {factor} times as many further readings as you have taken so far.",
        "`buoy.py` 中有一个类 `Buoy`；`Buoy().read()` 给出下一个读数，读过的不会再来。常水位是 `buoy.txt` "
        f"中的第二个数。不断读取，直到连续{row}个读数都比常水位高出至少{over}。"
        f"随后用同一个浮标再读取至此已读个数的{factor}倍。",
    )
    value = {
        "mean": say(language, "the mean of the further ones", "后一批读数的平均值"),
        "highest": say(language, "the highest of the further ones", "后一批读数的最大值"),
        "range": say(
            language,
            "the difference between the highest and the lowest of the further ones",
            "后一批读数的最大值与最小值之差",
        ),
    }[rules["ask"]]
    question = say(
        language,
        f"Give the number of readings in the first stretch and {value}.",
        f"请给出第一阶段的读数个数，以及{value}。",
    )
    return f"{setting}\n\n{question}"


def _near_buoy(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("one more in a row", rules | {"row": rules["row"] + 1}),
        ("a little higher", rules | {"over": rules["over"] + 6}),
        ("read on longer", rules | {"factor": rules["factor"] + 1}),
    ]


def _buoy_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    if language is Language.EN:
        return (
            "number",
            {"mean": "mean", "highest": "highest", "range": "difference"}[rules["ask"]],
        )
    return ("个数", {"mean": "平均值", "highest": "最大值", "range": "差"}[rules["ask"]])


def _pair(rules: Rules) -> Form:
    return Form.PAIR


PUZZLE = Puzzle(
    "buoy",
    _buoy_rules,
    _buoy,
    _tell_buoy,
    buoy_by_reading,
    buoy_by_formula,
    _near_buoy,
    form=_pair,
    parts=_buoy_parts,
    files=_buoy_files,
    read=read_buoy,
    stateful=True,
)
