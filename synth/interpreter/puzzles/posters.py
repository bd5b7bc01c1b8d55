"""How posters cover a wall: cells between their edges against painting."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


def _wall_rules(rng: Random, level: int) -> Rules:
    return {
        "num": 4 + 3 * level,
        "size": 60 + 20 * level,
        "ask": rng.choice(("covered", "deep", "edge")),
        "deep": rng.choice((2, 3)),
    }


def _wall(rng: Random, rules: Rules) -> Data:
    size = rules["size"]
    posters = []
    for _ in range(rules["num"]):
        x, y = rng.randint(0, size - 20), rng.randint(0, size - 20)
        posters.append([x, y, x + rng.randint(5, size // 2), y + rng.randint(5, size // 2)])
    return {"posters": posters}


def wall_by_cells(data, rules):
    """Only the coordinates that occur matter."""
    posters = data["posters"]
    xs = sorted({x for p in posters for x in (p[0], p[2])})
    ys = sorted({y for p in posters for y in (p[1], p[3])})

    def layers(x, y):
        return sum(a <= x < c and b <= y < d for a, b, c, d in posters)

    cells = {(i, j): layers(x, y) for i, x in enumerate(xs[:-1]) for j, y in enumerate(ys[:-1])}
    if rules["ask"] != "edge":
        least = 1 if rules["ask"] == "covered" else rules["deep"]
        return sum(
            (xs[i + 1] - xs[i]) * (ys[j + 1] - ys[j]) for (i, j), n in cells.items() if n >= least
        )
    total = 0
    for (i, j), n in cells.items():
        if n:
            wide, high = xs[i + 1] - xs[i], ys[j + 1] - ys[j]
            total += high * sum(not cells.get((i + s, j), 0) for s in (-1, 1))
            total += wide * sum(not cells.get((i, j + s), 0) for s in (-1, 1))
    return total


def wall_by_painting(data, rules):
    """Paints every square centimetre."""
    import numpy as np

    size = max(max(p) for p in data["posters"]) + 2
    paint = np.zeros((size + 1, size + 1), dtype=int)
    for a, b, c, d in data["posters"]:
        paint[a + 1 : c + 1, b + 1 : d + 1] += 1
    if rules["ask"] == "covered":
        return int((paint > 0).sum())
    if rules["ask"] == "deep":
        return int((paint >= rules["deep"]).sum())
    full = (paint > 0).astype(int)
    return int(abs(np.diff(full, axis=0)).sum() + abs(np.diff(full, axis=1)).sum())


def _tell_wall(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "Posters have been glued on a wall, some over others. `problem.json` gives for each the left, "
        "bottom, right and top edge in centimetres (`posters`).",
        "墙上贴着海报，有的互相重叠。`problem.json` 的 `posters` 依次给出每张的左、下、右、上边缘位置（厘米）。",
    )
    question = {
        "covered": say(
            language,
            "How many square centimetres of the wall are covered?",
            "墙面被遮住多少平方厘米？",
        ),
        "deep": say(
            language,
            f"How many square centimetres of the wall lie under at least {rules['deep']} posters?",
            f"墙面有多少平方厘米处在至少{rules['deep']}张海报之下？",
        ),
        "edge": say(
            language,
            "How long, in centimetres, is the border between covered and bare wall, holes included?",
            "被遮住的墙面与裸露墙面之间的边界（包括中间的空洞）总长多少厘米？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_wall(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        (ask, rules | {"ask": ask}) for ask in ("covered", "deep", "edge") if ask != rules["ask"]
    ] + [("one layer more", rules | {"deep": rules["deep"] + 1})]


PUZZLE = Puzzle(
    "posters", _wall_rules, _wall, _tell_wall, wall_by_cells, wall_by_painting, _near_wall
)
