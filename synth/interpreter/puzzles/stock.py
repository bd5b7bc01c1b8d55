"""A warehouse that uses up the oldest goods first: a queue against numbered pieces."""

from collections.abc import Mapping
from random import Random
from typing import Any

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form


def _stock_rules(rng: Random, level: int) -> Rules:
    return {
        "rows": 20 + 20 * level,
        "ask": rng.choice(("cost", "profit", "age")),
        "margin": rng.choice((15, 20, 35)),
    }


def _stock(rng: Random, rules: Rules) -> Data:
    rows, held, day = [], 0, 0
    for _ in range(rules["rows"]):
        day += rng.randint(1, 4)
        if held < 15 or rng.random() < 0.45:
            count = rng.randint(10, 60)
            rows.append(
                {"day": day, "move": "in", "count": count, "price": rng.randint(200, 900) / 10}
            )
            held += count
        else:
            count = rng.randint(1, held)
            rows.append({"day": day, "move": "out", "count": count, "price": 0})
            held -= count
    return rows


def stock_by_queue(data, rules):
    """Deliveries wait in a queue and are used up from its front."""
    from collections import deque

    queue, cost, days, sold = deque(), 0.0, 0, 0
    newest = 0.0
    for row in data:
        if row["move"] == "in":
            queue.append([row["count"], row["price"], row["day"]])
            newest = row["price"]
            continue
        left = row["count"]
        sold += left
        while left:
            take = min(left, queue[0][0])
            cost += take * queue[0][1]
            days += take * (row["day"] - queue[0][2])
            queue[0][0] -= take
            left -= take
            if not queue[0][0]:
                queue.popleft()
    if not sold:
        return None
    rest = sum(count * price for count, price, _ in queue)
    if rules["ask"] == "cost":
        return [cost, rest]
    if rules["ask"] == "age":
        return days / sold
    return sold * newest * (1 + rules["margin"] / 100) - cost


def stock_by_pieces(data, rules):
    """Every piece has a number: the k-th that leaves is the k-th that came."""
    import numpy as np

    came = [row for row in data if row["move"] == "in"]
    left = [row for row in data if row["move"] == "out"]
    price = np.repeat([row["price"] for row in came], [row["count"] for row in came])
    since = np.repeat([row["day"] for row in came], [row["count"] for row in came])
    until = np.repeat([row["day"] for row in left], [row["count"] for row in left])
    sold = len(until)
    if not sold:
        return None
    if rules["ask"] == "cost":
        return [float(price[:sold].sum()), float(price[sold:].sum())]
    if rules["ask"] == "age":
        return float((until - since[:sold]).mean())
    last = came[-1]["price"] * (1 + rules["margin"] / 100)
    return float(sold * last - price[:sold].sum())


def _stock_files(data: Data) -> Mapping[str, str]:
    rows = ["day,move,count,price"]
    rows += [f"{r['day']},{r['move']},{r['count']},{r['price'] or ''}" for r in data]
    return {"stock.csv": "\n".join(rows) + "\n"}


def read_stock() -> Any:
    import csv

    with open("stock.csv") as file:  # noqa: PTH123
        return [
            {
                "day": int(row["day"]),
                "move": row["move"],
                "count": int(row["count"]),
                "price": float(row["price"] or 0),
            }
            for row in csv.DictReader(file)
        ]


def _tell_stock(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "`stock.csv` records what came into a warehouse (`in`, with the price of one piece) and what "
        "left it (`out`), in order. Whatever leaves is always taken from the oldest pieces there.",
        "`stock.csv` 依次记录一座仓库的入库（`in`，附单价）与出库（`out`）。出库总是取在库时间最长的货。",
    )
    margin = rules["margin"]
    question = {
        "cost": say(
            language,
            "What did all pieces that left cost when they came in, and what did those that are still "
            "there at the end cost?",
            "所有出库的货当初的进价合计多少？最后仍在库的货的进价合计多少？",
        ),
        "profit": say(
            language,
            f"Suppose every piece that left was sold for {margin}% more than the price of the last "
            "delivery in the file. What is the profit over what those pieces cost when they came in?",
            f"假设每件出库的货都以文件中最后一次进货单价加价{margin}%售出，相对于这些货的进价，利润是多少？",
        ),
        "age": say(
            language,
            "For how many days, on average over all pieces that left, did a piece lie in the "
            "warehouse?",
            "对所有出库的货取平均，每件在库多少天？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_stock(rules: Rules) -> list[tuple[str, Rules]]:
    return [("other margin", rules | {"margin": rules["margin"] + 1})] + [
        (ask, rules | {"ask": ask}) for ask in ("cost", "profit", "age") if ask != rules["ask"]
    ]


def _stock_form(rules: Rules) -> Form:
    return Form.PAIR if rules["ask"] == "cost" else Form.NUMBER


def _stock_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    if rules["ask"] != "cost":
        return ()
    return ("left", "still there") if language is Language.EN else ("已出库", "仍在库")


PUZZLE = Puzzle(
    "stock",
    _stock_rules,
    _stock,
    _tell_stock,
    stock_by_queue,
    stock_by_pieces,
    _near_stock,
    form=_stock_form,
    parts=_stock_parts,
    files=_stock_files,
    read=read_stock,
    stateful=True,
)
