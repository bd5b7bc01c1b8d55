"""Routes through a map with limits on the way: a table forwards against a search backwards."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


def _walk_rules(rng: Random, level: int) -> Rules:
    return {
        "size": 5 + level,
        "turns": rng.randint(3, 4 + level),
        "shut": 3 + 2 * level,
        "ask": rng.choice(("turns", "toll")),
        "signs": rng.randint(2, 4),
    }


def _walk(rng: Random, rules: Rules) -> Data:
    size = rules["size"]
    grid = [["."] * (size + 1) for _ in range(size)]
    cells = [(r, c) for r in range(size) for c in range(size + 1)][1:-1]
    rng.shuffle(cells)
    for r, c in cells[: rules["shut"]]:
        grid[r][c] = "#"
    for r, c in cells[rules["shut"] : rules["shut"] + size]:
        grid[r][c] = "o"
    return {"map": ["".join(row) for row in grid]}


def walk_by_table(data, rules):
    grid = data["map"]
    rows, columns = len(grid), len(grid[0])
    limit = rules["turns"] if rules["ask"] == "turns" else rules["signs"]
    # Ways to a crossing, by last direction and by what is counted so far.
    ways = {(0, 0, "", int(grid[0][0] == "o") if rules["ask"] == "toll" else 0): 1}
    for _total in range(rows + columns - 2):
        then = {}
        for (r, c, last, used), number in ways.items():
            for direction, (i, j) in {"S": (r + 1, c), "E": (r, c + 1)}.items():
                if i < rows and j < columns and grid[i][j] != "#":
                    if rules["ask"] == "turns":
                        more = used + (last not in ("", direction))
                    else:
                        more = used + (grid[i][j] == "o")
                    if more <= limit:
                        key = (i, j, direction, more)
                        then[key] = then.get(key, 0) + number
        ways = then
    return sum(ways.values())


def walk_by_search(data, rules):
    """Counts from the end backwards, one crossing at a time."""
    from functools import cache

    grid = data["map"]

    @cache
    def ways(r, c, came, left):
        if r < 0 or c < 0 or grid[r][c] == "#":
            return 0
        if rules["ask"] == "toll":
            left -= grid[r][c] == "o"
        if left < 0:
            return 0
        if (r, c) == (0, 0):
            return 1
        turned = (lambda way: came not in ("", way)) if rules["ask"] == "turns" else (lambda way: 0)
        return ways(r - 1, c, "S", left - turned("S")) + ways(r, c - 1, "E", left - turned("E"))

    limit = rules["turns"] if rules["ask"] == "turns" else rules["signs"]
    return ways(len(grid) - 1, len(grid[0]) - 1, "", limit)


def _tell_walk(rules: Rules, language: Language) -> str:
    turns, signs = rules["turns"], rules["signs"]
    setting = say(
        language,
        "`problem.json` has the map of a town's crossings (`map`, north at the top). A courier rides "
        "from the crossing in the north-west corner to the one in the south-east corner, always one "
        "crossing south or east, and never over a crossing marked `#`.",
        "`problem.json` 中的 `map` 是一座小城的路口图（上北下南）。一名信使从西北角的路口骑到东南角的路口，"
        "每次只向南或向东走一个路口，且不经过标有 `#` 的路口。",
    )
    question = {
        "turns": say(
            language,
            f"How many routes change direction at most {turns} times? Crossings marked `o` are "
            "nothing special.",
            f"有多少条路线至多转向{turns}次？标有 `o` 的路口没有特别之处。",
        ),
        "toll": say(
            language,
            f"How many routes pass at most {signs} crossings marked `o`?",
            f"有多少条路线至多经过{signs}个标有 `o` 的路口？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_walk(rules: Rules) -> list[tuple[str, Rules]]:
    name = {"turns": "turns", "toll": "signs"}[rules["ask"]]
    return [
        ("one more allowed", rules | {name: rules[name] + 1}),
        ("one fewer allowed", rules | {name: rules[name] - 1}),
    ]


PUZZLE = Puzzle(
    "courier", _walk_rules, _walk, _tell_walk, walk_by_table, walk_by_search, _near_walk
)
