"""Geometry, grids and automata: exact formulas against painting and counting."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form


def _plot_rules(rng: Random, level: int) -> Rules:
    return {
        "corners": 5 + 2 * level,
        "size": 12 + 8 * level,
        "ask": rng.choice(("inside", "border", "hull")),
    }


def _plot(rng: Random, rules: Rules) -> Data:
    """A polygon that does not cross itself: corners in the order of their direction."""
    from math import atan2

    size = rules["size"]
    corners: dict[float, tuple[int, int]] = {}
    while len(corners) < rules["corners"]:
        x, y = rng.randint(-size, size), rng.randint(-size, size)
        if (x, y) != (0, 0):
            corners[round(atan2(y, x), 6)] = (x, y)
    ring = [corners[a] for a in sorted(corners)]
    return {"corners": [[x + size, y + size] for x, y in ring]}


def plot_by_formula(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Shoelace and Pick; the hull by a monotone chain."""
    from math import gcd

    points = [tuple(p) for p in data["corners"]]

    def twice(ring):
        return abs(sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(ring, ring[1:] + ring[:1])))

    def edge(ring):
        pairs = zip(ring, ring[1:] + ring[:1])
        return sum(gcd(abs(a[0] - b[0]), abs(a[1] - b[1])) for a, b in pairs)

    if rules["ask"] == "border":
        return edge(points)
    if rules["ask"] == "inside":
        return (twice(points) - edge(points)) // 2 + 1

    def half(some):
        chain = []
        for p in some:
            while len(chain) > 1 and (chain[-1][0] - chain[-2][0]) * (p[1] - chain[-2][1]) <= (
                chain[-1][1] - chain[-2][1]
            ) * (p[0] - chain[-2][0]):
                chain.pop()
            chain.append(p)
        return chain[:-1]

    hull = half(sorted(points)) + half(sorted(points, reverse=True))
    return (twice(hull) - twice(points)) / 2


def plot_by_counting(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Every lattice point is looked at; areas by slices."""
    points = [tuple(p) for p in data["corners"]]
    edges = list(zip(points, points[1:] + points[:1]))

    def cross(a, b, p):
        return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])

    def on_edge(p):
        return any(
            cross(a, b, p) == 0
            and min(a[0], b[0]) <= p[0] <= max(a[0], b[0])
            and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])
            for a, b in edges
        )

    def within(p):
        odd = False
        for a, b in edges:
            if (a[1] > p[1]) != (b[1] > p[1]):
                side = cross(a, b, p)
                if (side > 0) == (b[1] > a[1]):
                    odd = not odd
        return odd

    xs, ys = [p[0] for p in points], [p[1] for p in points]
    cells = [(x, y) for x in range(min(xs), max(xs) + 1) for y in range(min(ys), max(ys) + 1)]
    if rules["ask"] == "border":
        return sum(map(on_edge, cells))
    if rules["ask"] == "inside":
        return sum(within(p) and not on_edge(p) for p in cells)
    # Gift wrapping, then triangles from one corner of each polygon.
    start = min(points)
    hull, at = [], start
    while True:
        hull.append(at)
        best = points[0] if points[0] != at else points[1]
        for p in points:
            turn = cross(at, best, p)
            far = (p[0] - at[0]) ** 2 + (p[1] - at[1]) ** 2
            if turn < 0 or (turn == 0 and far > (best[0] - at[0]) ** 2 + (best[1] - at[1]) ** 2):
                best = p
        at = best
        if at == start:
            break

    def area(ring):
        return abs(sum(cross(ring[0], a, b) for a, b in zip(ring[1:], ring[2:]))) / 2

    return area(hull) - area(points)


def _tell_plot(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "A surveyor walked once around a field and noted its corners, in order, in `problem.json` "
        "(`corners`, metres east and north of a mark). The boundary runs straight from each corner "
        "to the next and from the last back to the first.",
        "测量员绕一块田地走了一圈，依次把各拐角记在 `problem.json` 中"
        "（`corners`，即某标记以东和以北的米数）。边界从每个拐角直达下一个，最后一个连回第一个。",
    )
    question = {
        "inside": say(
            language,
            "A tree is to be planted at every point with whole coordinates that lies strictly inside "
            "the boundary. How many trees is that?",
            "在严格位于边界以内的每个整数坐标点种一棵树，一共多少棵？",
        ),
        "border": say(
            language,
            "A post is to be set at every point with whole coordinates that lies on the boundary, "
            "corners included. How many posts is that?",
            "在边界上（含拐角）的每个整数坐标点立一根桩，一共多少根？",
        ),
        "hull": say(
            language,
            "A rope is pulled tight around all corners. How many square metres does it enclose that "
            "are not part of the field?",
            "用一根绳子绕所有拐角拉紧。绳子围住而不属于田地的部分有多少平方米？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_plot(rules: Rules) -> list[tuple[str, Rules]]:
    return [(ask, rules | {"ask": ask}) for ask in ("inside", "border", "hull") if ask != rules["ask"]]


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


def wall_by_cells(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Only the coordinates that occur matter."""
    posters = data["posters"]
    xs = sorted({x for p in posters for x in (p[0], p[2])})
    ys = sorted({y for p in posters for y in (p[1], p[3])})

    def layers(x, y):
        return sum(a <= x < c and b <= y < d for a, b, c, d in posters)

    cells = {
        (i, j): layers(x, y) for i, x in enumerate(xs[:-1]) for j, y in enumerate(ys[:-1])
    }
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


def wall_by_painting(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
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


def lights_by_cells(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
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


def lights_by_bits(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
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


def walk_by_table(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    grid = data["map"]
    rows, columns = len(grid), len(grid[0])
    limit = rules["turns"] if rules["ask"] == "turns" else rules["signs"]
    # Ways to a crossing, by last direction and by what is counted so far.
    ways = {(0, 0, "", int(grid[0][0] == "o") if rules["ask"] == "toll" else 0): 1}
    for total in range(rows + columns - 2):
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


def walk_by_search(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Counts from the end backwards, one crossing at a time."""
    from functools import lru_cache

    grid = data["map"]

    @lru_cache(maxsize=None)
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


def _plot_form(rules: Rules) -> Form:
    return Form.NUMBER if rules["ask"] == "hull" else Form.INTEGER


PUZZLES = (
    Puzzle(
        "field", _plot_rules, _plot, _tell_plot, plot_by_formula, plot_by_counting, _near_plot,
        form=_plot_form,
    ),
    Puzzle("posters", _wall_rules, _wall, _tell_wall, wall_by_cells, wall_by_painting, _near_wall),
    Puzzle(
        "lamps", _lights_rules, _lights, _tell_lights, lights_by_cells, lights_by_bits,
        _near_lights,
    ),
    Puzzle("courier", _walk_rules, _walk, _tell_walk, walk_by_table, walk_by_search, _near_walk),
)
