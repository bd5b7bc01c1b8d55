"""A trail through files where every stop depends on the sum so far."""

from collections.abc import Mapping
from random import Random
from typing import Any

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form

NUM_BOXES = 12


def _trail_rules(rng: Random, level: int) -> Rules:
    return {
        "rows": 6 + 4 * level,
        "times": rng.choice((3, 5, 7)),
        "ask": rng.choice(("steps", "sum", "last")),
    }


def _trail(rng: Random, rules: Rules) -> Data:
    """Each box tells where to go by a sum over its slips that have a certain colour."""
    colours = ("red", "blue", "green")
    boxes = {}
    for n in range(NUM_BOXES):
        slips = [[rng.choice(colours), rng.randint(1, 99)] for _ in range(rules["rows"])]
        boxes[f"box_{n:02d}.csv"] = {"colour": rng.choice(colours), "slips": slips}
    return boxes


def trail_by_walking(data, rules):
    names = sorted(data)
    at, seen, carried = 0, [], 0
    while names[at] not in seen:
        box = data[names[at]]
        seen.append(names[at])
        value = sum(number for colour, number in box["slips"] if colour == box["colour"])
        carried += value
        at = (rules["times"] * carried + len(seen)) % len(names)
    return {"steps": [len(seen), at], "sum": carried, "last": [names.index(seen[-1]), carried]}[
        rules["ask"]
    ]


def trail_by_recursion(data, rules):
    names = sorted(data)
    worth = {}
    for name, box in data.items():
        mine = {}
        for colour, number in box["slips"]:
            mine[colour] = mine.get(colour, 0) + number
        worth[name] = mine.get(box["colour"], 0)

    def go(name, visited, total):
        if name in visited:
            return visited, total, name
        total += worth[name]
        visited = (*visited, name)
        return go(names[(rules["times"] * total + len(visited)) % len(names)], visited, total)

    visited, total, again = go(names[0], (), 0)
    if rules["ask"] == "steps":
        return [len(visited), names.index(again)]
    return total if rules["ask"] == "sum" else [names.index(visited[-1]), total]


def _trail_files(data: Data) -> Mapping[str, str]:
    files = {}
    for name, box in data.items():
        rows = [f"# follow {box['colour']}", "colour,number"]
        rows += [f"{colour},{number}" for colour, number in box["slips"]]
        files[name] = "\n".join(rows) + "\n"
    return files


def read_boxes() -> Any:
    import pathlib

    boxes = {}
    for path in sorted(pathlib.Path().glob("box_*.csv")):
        first, _, *rows = path.read_text().splitlines()
        slips = [row.split(",") for row in rows]
        boxes[path.name] = {
            "colour": first.split()[-1],
            "slips": [[colour, int(number)] for colour, number in slips],
        }
    return boxes


def _tell_trail(rules: Rules, language: Language) -> str:
    times = rules["times"]
    setting = say(
        language,
        f"The files `box_00.csv` to `box_{NUM_BOXES - 1}.csv` are boxes of slips. The first line of "
        "each names a colour; the box is worth the sum of the numbers on its slips of that colour. "
        "Start at box 0 with a total of 0. Open the box: add its worth to the total. If n boxes are "
        f"open now, the next box is the one with the number ({times} x total + n) modulo "
        f"{NUM_BOXES}. Stop when that box is open already.",
        f"文件 `box_00.csv` 至 `box_{NUM_BOXES - 1}.csv` 是一些装有纸条的盒子。每个文件第一行写着一种颜色；"
        "盒子的值是其中该颜色纸条上的数之和。从0号盒子开始，累计值为0。打开盒子：把它的值加入累计值。"
        f"若此时已打开 n 个盒子，下一个盒子的编号是（{times} × 累计值 + n）除以{NUM_BOXES}的余数。"
        "若那个盒子已经打开过，就停止。",
    )
    question = {
        "steps": say(
            language,
            "How many boxes are open at the end, and what is the number of the box at which you would "
            "arrive a second time?",
            "最后打开了多少个盒子？会第二次到达的是几号盒子？",
        ),
        "sum": say(language, "What is the total at the end?", "最后的累计值是多少？"),
        "last": say(
            language,
            "What is the number of the last box that you open, and what is the total then?",
            "最后打开的是几号盒子？此时累计值是多少？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_trail(rules: Rules) -> list[tuple[str, Rules]]:
    return [("other factor", rules | {"times": rules["times"] + 1})]


def _trail_form(rules: Rules) -> Form:
    return Form.INTEGER if rules["ask"] == "sum" else Form.PAIR


def _trail_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    en = {"steps": ("boxes", "number"), "last": ("number", "total"), "sum": ()}
    zh = {"steps": ("个数", "编号"), "last": ("编号", "累计值"), "sum": ()}
    return (en if language is Language.EN else zh)[rules["ask"]]


PUZZLE = Puzzle(
    "trail",
    _trail_rules,
    _trail,
    _tell_trail,
    trail_by_walking,
    trail_by_recursion,
    _near_trail,
    form=_trail_form,
    parts=_trail_parts,
    files=_trail_files,
    read=read_boxes,
    stateful=True,
)
