"""Ratings that change game by game: current ratings against their whole history."""

from collections.abc import Mapping
from random import Random
from typing import Any

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form

_WORDS = """
Anand Bela Chika Dario Emre Fatou Gita Hugo Ines Jonas Kaori Lars Mina Noor
"""


def _chess_rules(rng: Random, level: int) -> Rules:
    return {
        "k": rng.choice((16, 20, 24, 32)),
        "players": 5 + level,
        "games": 30 + 30 * level,
        "ask": rng.choice(("champion", "upsets")),
    }


def _chess(rng: Random, rules: Rules) -> Data:
    names = rng.sample(
        _WORDS.split(),
        rules["players"],
    )
    strength = {name: rng.gauss(0, 1) for name in names}
    games = []
    for _ in range(rules["games"]):
        a, b = rng.sample(names, 2)
        edge = strength[a] - strength[b] + rng.gauss(0, 1)
        games.append([a, b, "1" if edge > 0.3 else "0" if edge < -0.3 else "="])
    return games


def chess_game_by_game(data, rules):
    rating, upsets, peak = {}, 0, {}
    for a, b, result in data:
        x, y = rating.get(a, 1500.0), rating.get(b, 1500.0)
        expected = 1 / (1 + 10 ** ((y - x) / 400))
        score = {"1": 1.0, "0": 0.0, "=": 0.5}[result]
        upsets += (score == 1 and x < y - 1e-9) or (score == 0 and y < x - 1e-9)
        rating[a] = x + rules["k"] * (score - expected)
        rating[b] = y - rules["k"] * (score - expected)
        for name in (a, b):
            peak[name] = max(peak.get(name, 1500.0), rating[name])
    first = max(rating, key=rating.get)
    if rules["ask"] == "champion":
        return [first, peak[first]]
    return [upsets, max(rating.values()) - min(rating.values())]


def chess_by_history(data, rules):
    """Every player's ratings are kept as a list; logistic by exp."""
    from math import exp, log

    history, upsets = {}, []
    for a, b, result in data:
        mine, theirs = history.setdefault(a, [1500.0]), history.setdefault(b, [1500.0])
        gap = mine[-1] - theirs[-1]
        points = {"1": 1, "=": 1 / 2, "0": 0}[result]
        change = rules["k"] * (points - 1 / (1 + exp(-gap * log(10) / 400)))
        upsets.append(abs(gap) > 1e-9 and points != 1 / 2 and (gap > 0) != (points == 1))
        mine.append(mine[-1] + change)
        theirs.append(theirs[-1] - change)
    last = sorted((ratings[-1], name) for name, ratings in history.items())
    if rules["ask"] == "champion":
        return [last[-1][1], max(history[last[-1][1]])]
    return [sum(upsets), last[-1][0] - last[0][0]]


def _chess_files(data: Data) -> Mapping[str, str]:
    rows = ["white,black,result", *(",".join(game) for game in data)]
    return {"games.csv": "\n".join(rows) + "\n"}


def read_games() -> Any:
    import csv

    with open("games.csv") as file:  # noqa: PTH123
        return [[row["white"], row["black"], row["result"]] for row in csv.DictReader(file)]


def _tell_chess(rules: Rules, language: Language) -> str:
    k = rules["k"]
    setting = say(
        language,
        "`games.csv` lists a chess club's games in order; the result is 1 if White won, 0 if Black "
        "won, = for a draw. Everybody starts with a rating of 1500. After each game White's rating "
        f"changes by {k} x (S - E) and Black's by the opposite, where S is 1, 0.5 or 0 for White's "
        "win, draw or loss and E = 1 / (1 + 10^((black's rating - white's rating) / 400)), with the "
        "ratings before the game.",
        "`games.csv` 依次列出一家棋社的对局；结果1表示白胜，0表示黑胜，=表示和棋。每人的初始等级分为1500。"
        f"每局之后，白方等级分变化 {k} ×（S − E），黑方变化相反的量；其中白方胜、和、负时 S 分别为1、0.5、0，"
        "E = 1 / (1 + 10^((黑方等级分 − 白方等级分) / 400))，均用对局前的等级分。",
    )
    question = {
        "champion": say(
            language,
            "Who has the highest rating at the end, and what was the highest rating that this player "
            "had at any time?",
            "最后谁的等级分最高？这名棋手曾达到的最高等级分是多少？",
        ),
        "upsets": say(
            language,
            "How many games were won by the player with the lower rating before the game, and how "
            "far apart are the highest and the lowest rating at the end?",
            "有多少局是由对局前等级分较低的一方获胜？最后最高与最低等级分相差多少？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_chess(rules: Rules) -> list[tuple[str, Rules]]:
    other = {"champion": "upsets", "upsets": "champion"}[rules["ask"]]
    return [("other factor", rules | {"k": rules["k"] + 2}), (other, rules | {"ask": other})]


def _chess_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    en = {"champion": ("player", "rating"), "upsets": ("games", "difference")}
    zh = {"champion": ("棋手", "等级分"), "upsets": ("局数", "差")}
    return (en if language is Language.EN else zh)[rules["ask"]]


def _pair(rules: Rules) -> Form:
    return Form.PAIR


PUZZLE = Puzzle(
    "chess",
    _chess_rules,
    _chess,
    _tell_chess,
    chess_game_by_game,
    chess_by_history,
    _near_chess,
    form=_pair,
    parts=_chess_parts,
    files=_chess_files,
    read=read_games,
    stateful=True,
)
