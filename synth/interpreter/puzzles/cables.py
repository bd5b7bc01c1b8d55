"""Ways to connect all stations with just enough cables: a determinant against trial."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say


def _net_rules(rng: Random, level: int) -> Rules:
    return {"num": 5 + (level + 1) // 2, "ask": rng.choice(("trees", "needed"))}


def _net(rng: Random, rules: Rules) -> Data:
    names = [f"S{n}" for n in range(1, rules["num"] + 1)]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    chosen = rng.sample(pairs, min(len(pairs) - 1, rules["num"] + rng.randint(2, 4)))
    return {"stations": names, "cables": sorted(map(list, chosen))}


def net_by_determinant(data, rules):
    """Kirchhoff's theorem in exact arithmetic."""
    from fractions import Fraction

    def trees(cables):
        index = {name: n for n, name in enumerate(data["stations"])}
        size = len(index)
        rows = [[Fraction(0)] * size for _ in range(size)]
        for a, b in cables:
            i, j = index[a], index[b]
            rows[i][i] += 1
            rows[j][j] += 1
            rows[i][j] -= 1
            rows[j][i] -= 1
        rows = [row[1:] for row in rows[1:]]
        det = Fraction(1)
        for n in range(size - 1):
            pivot = next((r for r in range(n, size - 1) if rows[r][n]), None)
            if pivot is None:
                return 0
            if pivot != n:
                rows[n], rows[pivot] = rows[pivot], rows[n]
                det = -det
            det *= rows[n][n]
            for r in range(n + 1, size - 1):
                factor = rows[r][n] / rows[n][n]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[n], strict=False)]
        return int(det)

    every = trees(data["cables"])
    if not every:
        return None
    if rules["ask"] == "trees":
        return every
    without = [trees([c for c in data["cables"] if c != cable]) for cable in data["cables"]]
    return max(every - one for one in without)


def net_by_choice(data, rules):
    """Every choice of just enough cables, tried."""
    from collections import Counter
    from itertools import combinations

    used, every = Counter(), 0
    for chosen in combinations(data["cables"], len(data["stations"]) - 1):
        group = {name: name for name in data["stations"]}
        for a, b in chosen:
            old, new = group[a], group[b]
            if old == new:
                break
            group = {name: new if top == old else top for name, top in group.items()}
        else:
            every += 1
            used.update(map(tuple, chosen))
    if not every:
        return None
    return every if rules["ask"] == "trees" else max(used.values())


def _tell_net(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "`problem.json` lists the stations of a research camp and the cables between them. To save "
        "power, only as many cables stay switched on as are needed to keep all stations connected, "
        "directly or through others: with one cable fewer they would fall apart.",
        "`problem.json` 列出了一座科考营地的站点和站点之间的电缆。为了省电，只保留刚好够用的电缆，"
        "使所有站点直接或间接相连：再少一条就会断开。",
    )
    question = {
        "trees": say(
            language,
            "In how many ways can the cables that stay on be chosen?",
            "保留哪些电缆，共有多少种选法？",
        ),
        "needed": say(
            language,
            "Consider all ways to choose the cables that stay on. In how many of them is the cable "
            "used that is used most often?",
            "考虑所有可能的选法。被用得最多的那条电缆出现在其中多少种里？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_net(rules: Rules) -> list[tuple[str, Rules]]:
    other = {"trees": "needed", "needed": "trees"}[rules["ask"]]
    return [("the other question", rules | {"ask": other})]


PUZZLE = Puzzle("cables", _net_rules, _net, _tell_net, net_by_determinant, net_by_choice, _near_net)
