"""Chance and games: board games, urns, match play; exact arithmetic against another method."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form


def _board_rules(rng: Random, level: int) -> Rules:
    return {
        "die": rng.choice((4, 6, 6, 8)),
        "exact": rng.random() < 0.5,
        "ask": rng.choice(("turns", "within", "visit")),
        "turns": rng.choice((6, 8, 10, 12, 15)),
        "num": 12 + 4 * level,
    }


def _board(rng: Random, rules: Rules) -> Data:
    size = rules["num"]
    squares = rng.sample(range(1, size), 6)
    jumps = {}
    for a, b in zip(squares[::2], squares[1::2]):
        jumps[str(a)] = b
    return {"last_square": size, "jumps": dict(sorted(jumps.items(), key=lambda one: int(one[0])))}


def board_exactly(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Fractions and elimination."""
    from fractions import Fraction

    end, die = data["last_square"], rules["die"]

    def moved(square, pips):
        to = square + pips
        if to > end:
            to = square if rules["exact"] else end
        return data["jumps"].get(str(to), to)

    chance = Fraction(1, die)
    if rules["ask"] == "within":
        at = {0: Fraction(1)}
        for _ in range(rules["turns"]):
            then = {end: at.get(end, Fraction(0))}
            for square, p in at.items():
                if square != end:
                    for pips in range(1, die + 1):
                        to = moved(square, pips)
                        then[to] = then.get(to, Fraction(0)) + p * chance
            at = then
        return float(at.get(end, 0))
    # Expected turns from every square: x = 1 + sum of chance * x(next).
    rows = []
    for square in range(end):
        row = [Fraction(0)] * end + [Fraction(1)]
        row[square] += 1
        for pips in range(1, die + 1):
            to = moved(square, pips)
            if to != end:
                row[to] -= chance
        rows.append(row)
    for n in range(end):
        pivot = next((r for r in range(n, end) if rows[r][n]), None)
        if pivot is None:
            return None
        rows[n], rows[pivot] = rows[pivot], rows[n]
        top = rows[n][n]
        rows[n] = [x / top for x in rows[n]]
        for r in range(end):
            if r != n and rows[r][n]:
                factor = rows[r][n]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[n])]
    turns = [rows[n][-1] for n in range(end)]
    return float(turns[0]) if rules["ask"] == "turns" else float(max(turns))


def board_in_floats(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """A matrix of chances and numpy."""
    import numpy as np

    end, die = data["last_square"], rules["die"]
    steps = np.zeros((end + 1, end + 1))
    steps[end, end] = 1.0
    for square in range(end):
        for pips in range(1, die + 1):
            to = square + pips
            if to > end:
                to = square if rules["exact"] else end
            to = data["jumps"].get(str(to), to)
            steps[square, to] += 1 / die
    if rules["ask"] == "within":
        return float(np.linalg.matrix_power(steps, rules["turns"])[0, end])
    inner = np.eye(end) - steps[:end, :end]
    if np.linalg.matrix_rank(inner) < end:
        return None
    turns = np.linalg.solve(inner, np.ones(end))
    return float(turns[0]) if rules["ask"] == "turns" else float(turns.max())


def _tell_board(rules: Rules, language: Language) -> str:
    die, turns = rules["die"], rules["turns"]
    exact_en = "a throw that would go past it does not count and the piece stays" if rules["exact"] else "a throw that would go past it stops on it"
    exact_zh = "若会越过终点，则该掷作废、原地不动" if rules["exact"] else "若会越过终点，就停在终点"
    setting = say(
        language,
        f"In a board game one piece starts on square 0. A turn is one throw of a fair die with "
        f"faces 1 to {die}; the piece moves ahead by that many squares. The game ends on "
        f"`last_square`; {exact_en}. A piece that stops on a square named in `jumps` is moved at "
        "once to the square given there, up or down (once only, even if that square is named too). "
        "Both are in `problem.json`.",
        f"一种棋盘游戏只有一枚棋子，从0号格出发。每回合掷一次各面为1至{die}的公平骰子，前进相应格数。"
        f"到达 `last_square` 游戏结束；{exact_zh}。棋子停在 `jumps` 所列格子上时，立即移到那里给出的格子"
        "（可进可退，只移动一次，即使目标格也在表中）。两者见 `problem.json`。",
    )
    question = {
        "turns": say(
            language,
            "How many turns does a game take on average?",
            "一局平均需要多少回合？",
        ),
        "within": say(
            language,
            f"What is the probability that a game is over after at most {turns} turns?",
            f"至多{turns}回合结束的概率是多少？",
        ),
        "visit": say(
            language,
            "Let the piece start on any square from 0 to the one before the last instead; there it "
            "is not moved at once. From the start that is worst, how many turns does a game take on "
            "average?",
            "改为让棋子从0号到终点前的任意一格出发（出发时不触发移动）。从最不利的一格出发，平均需要多少回合？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_board(rules: Rules) -> list[tuple[str, Rules]]:
    found = [
        ("other end rule", rules | {"exact": not rules["exact"]}),
        ("other die", rules | {"die": rules["die"] + 1}),
    ]
    if rules["ask"] == "within":
        found.append(("one turn more", rules | {"turns": rules["turns"] + 1}))
    return found


def _urn_rules(rng: Random, level: int) -> Rules:
    return {
        "draw": rng.randint(4, 5 + level),
        "least": rng.randint(2, 3),
        "colours": 2 + level,
        "ask": rng.choice(("every", "least", "same", "runs")),
    }


def _urn(rng: Random, rules: Rules) -> Data:
    names = "red blue green white black amber violet".split()
    return {name: rng.randint(3, 14) for name in rng.sample(names, rules["colours"])}


def urn_step_by_step(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Follows the drawing ball by ball; a state is what has been drawn."""
    from fractions import Fraction

    names = sorted(data)
    total = sum(data.values())
    at = {((0,) * len(names), -1, 0): Fraction(1)}
    for drawn in range(rules["draw"]):
        then = {}
        for (counts, last, runs), p in at.items():
            for n, name in enumerate(names):
                left = data[name] - counts[n]
                if left:
                    more = (*counts[:n], counts[n] + 1, *counts[n + 1 :])
                    changes = rules["ask"] == "runs"
                    key = (more, n if changes else -1, runs + (n != last) if changes else 0)
                    then[key] = then.get(key, 0) + p * Fraction(left, total - drawn)
        at = then
    good = Fraction(0)
    for (counts, _, runs), p in at.items():
        if rules["ask"] == "every":
            good += p * all(counts)
        elif rules["ask"] == "least":
            good += p * (max(counts) >= rules["least"])
        elif rules["ask"] == "same":
            good += p * (sum(c > 0 for c in counts) <= rules["least"])
        else:
            good += p * runs
    return float(good)


def urn_by_combinations(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Counts hands with binomial coefficients; runs by linearity of expectation."""
    from math import comb, prod

    sizes, draw = [data[name] for name in sorted(data)], rules["draw"]
    total = sum(sizes)
    if rules["ask"] == "runs":
        same = sum(n * (n - 1) for n in sizes) / (total * (total - 1))
        return 1 + (draw - 1) * (1 - same)

    def hands(left, colours):
        if colours == len(sizes):
            if left == 0:
                yield ()
            return
        for count in range(min(left, sizes[colours]) + 1):
            for rest in hands(left - count, colours + 1):
                yield (count, *rest)

    def good(hand):
        if rules["ask"] == "every":
            return all(hand)
        if rules["ask"] == "least":
            return max(hand) >= rules["least"]
        return sum(count > 0 for count in hand) <= rules["least"]

    ways = sum(prod(map(comb, sizes, hand)) for hand in hands(draw, 0) if good(hand))
    return ways / comb(total, draw)


def _tell_urn(rules: Rules, language: Language) -> str:
    draw, least = rules["draw"], rules["least"]
    setting = say(
        language,
        f"`problem.json` says how many balls of each colour are in a bag. {draw} balls are drawn "
        "one after the other without looking, and none is put back.",
        f"`problem.json` 给出袋中各种颜色的球数。不看而依次取出{draw}个球，取出不放回。",
    )
    question = {
        "every": say(
            language,
            "What is the probability that every colour is among them?",
            "每种颜色都取到的概率是多少？",
        ),
        "least": say(
            language,
            f"What is the probability that at least {least} of them have the same colour?",
            f"其中至少有{least}个同色的概率是多少？",
        ),
        "same": say(
            language,
            f"What is the probability that they show at most {least} different colours?",
            f"它们至多有{least}种颜色的概率是多少？",
        ),
        "runs": say(
            language,
            "Lay them out in the order of drawing. A run is a longest stretch of one colour. How "
            "many runs are there on average?",
            "按取出顺序排成一列，同色连续的最长一段称为一个游程。平均有多少个游程？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_urn(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("one ball more", rules | {"draw": rules["draw"] + 1}),
        ("one ball less", rules | {"draw": rules["draw"] - 1}),
        ("one more alike", rules | {"least": rules["least"] + 1}),
    ]


def _heap_rules(rng: Random, level: int) -> Rules:
    return {
        "misere": False,
        "heaps": 1 + (level + 1) // 2,
        "ask": rng.choice(("moves", "losing")),
        "high": 14 + 4 * level,
    }


def _heaps(rng: Random, rules: Rules) -> Data:
    takes = sorted({1, *rng.sample(range(2, 9), rng.randint(2, 3))} - ({1} if rng.random() < 0.5 else set()))
    heaps = [rng.randint(6, rules["high"]) for _ in range(rules["heaps"])]
    return {"takes": takes, "heaps": heaps}


def heaps_by_values(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Sprague-Grundy values of single heaps."""
    high = max(data["heaps"])
    values = []
    for size in range(high + 1):
        reach = {values[size - take] for take in data["takes"] if take <= size}
        values.append(next(v for v in range(len(reach) + 1) if v not in reach))
    if rules["ask"] == "losing":
        from itertools import product

        ranges = [range(size + 1) for size in data["heaps"]]
        lost = 0
        for sizes in product(*ranges):
            total = 0
            for size in sizes:
                total ^= values[size]
            lost += total == 0
        return lost
    total = 0
    for size in data["heaps"]:
        total ^= values[size]
    return sum(
        total ^ values[size] ^ values[size - take] == 0
        for size in data["heaps"]
        for take in data["takes"]
        if take <= size
    )


def heaps_by_play(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Plays every game to its end."""
    from functools import lru_cache
    from itertools import product

    takes = data["takes"]

    @lru_cache(maxsize=None)
    def wins(sizes):
        for n, size in enumerate(sizes):
            for take in takes:
                if take <= size and not wins(tuple(sorted((*sizes[:n], size - take, *sizes[n + 1 :])))):
                    return True
        return False

    if rules["ask"] == "losing":
        ranges = [range(size + 1) for size in data["heaps"]]
        return sum(not wins(tuple(sorted(sizes))) for sizes in product(*ranges))
    heaps = data["heaps"]
    return sum(
        not wins(tuple(sorted((*heaps[:n], size - take, *heaps[n + 1 :]))))
        for n, size in enumerate(heaps)
        for take in takes
        if take <= size
    )


def _tell_heaps(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "Two players take counters from the heaps in `problem.json` in turn. A move takes from one "
        "heap a number of counters that is listed in `takes`. Whoever cannot move loses. Both play "
        "perfectly.",
        "两人轮流从 `problem.json` 中的各堆里取筹码。每一步从一堆中取走 `takes` 所列数目之一。"
        "轮到而无法取者输。双方都走最佳步。",
    )
    question = {
        "moves": say(
            language,
            "How many different first moves (choice of a heap and of a number; equal heaps are "
            "still different heaps) win for the first player?",
            "先手有多少种不同的第一步（选择某一堆和数目；大小相同的堆也算不同的堆）可以取胜？",
        ),
        "losing": say(
            language,
            "Consider every position in which each heap has any size from 0 up to its size in the "
            "file. In how many of them does the player to move lose?",
            "考虑每堆大小从0到文件所给大小的所有局面。轮到走的一方必败的局面有多少个？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_heaps(rules: Rules) -> list[tuple[str, Rules]]:
    other = {"moves": "losing", "losing": "moves"}[rules["ask"]]
    return [("the other question", rules | {"ask": other})]


def _number(rules: Rules) -> Form:
    return Form.NUMBER


PUZZLES = (
    Puzzle(
        "board", _board_rules, _board, _tell_board, board_exactly, board_in_floats, _near_board,
        form=_number,
    ),
    Puzzle(
        "bag", _urn_rules, _urn, _tell_urn, urn_step_by_step, urn_by_combinations, _near_urn,
        form=_number,
    ),
    Puzzle("heaps", _heap_rules, _heaps, _tell_heaps, heaps_by_values, heaps_by_play, _near_heaps),
)
