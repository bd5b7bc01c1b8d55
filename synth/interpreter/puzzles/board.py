"""A board game with jumps: exact elimination against a matrix in floats."""

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
    for a, b in zip(squares[::2], squares[1::2], strict=False):
        jumps[str(a)] = b
    return {"last_square": size, "jumps": dict(sorted(jumps.items(), key=lambda one: int(one[0])))}


def board_exactly(data, rules):
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
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[n], strict=False)]
    turns = [rows[n][-1] for n in range(end)]
    return float(turns[0]) if rules["ask"] == "turns" else float(max(turns))


def board_in_floats(data, rules):
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
    exact_en = (
        "a throw that would go past it does not count and the piece stays"
        if rules["exact"]
        else "a throw that would go past it stops on it"
    )
    exact_zh = (
        "若会越过终点，则该掷作废、原地不动" if rules["exact"] else "若会越过终点，就停在终点"
    )
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


def _number(rules: Rules) -> Form:
    return Form.NUMBER


PUZZLE = Puzzle(
    "board",
    _board_rules,
    _board,
    _tell_board,
    board_exactly,
    board_in_floats,
    _near_board,
    form=_number,
)
