"""The lattice points and the hull of a field: formulas against counting."""

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


def plot_by_formula(data, rules):
    """Shoelace and Pick; the hull by a monotone chain."""
    from math import gcd

    points = [tuple(p) for p in data["corners"]]

    def twice(ring):
        return abs(
            sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(ring, ring[1:] + ring[:1], strict=False))
        )

    def edge(ring):
        pairs = zip(ring, ring[1:] + ring[:1], strict=False)
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


def plot_by_counting(data, rules):
    """Every lattice point is looked at; areas by slices."""
    points = [tuple(p) for p in data["corners"]]
    edges = list(zip(points, points[1:] + points[:1], strict=False))

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
        return abs(sum(cross(ring[0], a, b) for a, b in zip(ring[1:], ring[2:], strict=False))) / 2

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
    return [
        (ask, rules | {"ask": ask}) for ask in ("inside", "border", "hull") if ask != rules["ask"]
    ]


def _plot_form(rules: Rules) -> Form:
    return Form.NUMBER if rules["ask"] == "hull" else Form.INTEGER


PUZZLE = Puzzle(
    "field",
    _plot_rules,
    _plot,
    _tell_plot,
    plot_by_formula,
    plot_by_counting,
    _near_plot,
    form=_plot_form,
)
