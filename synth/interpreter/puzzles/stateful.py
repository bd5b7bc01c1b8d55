"""Tasks whose state builds up: ledgers, caches, stock, machines, trails through files, streams.

Later parts of a question depend on values that exist only after earlier ones were computed.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from data.task import Language
from synth.interpreter.draft import Rejected
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form


def _ledger_rules(rng: Random, level: int) -> Rules:
    return {
        "rows": 60 + 60 * level,
        "fee": rng.choice((0, 2, 5)),
        "floor": rng.choice((0, -50, -100)),
        "ask": rng.choice(("chain", "refused", "turnover")),
    }


def _ledger(rng: Random, rules: Rules) -> Data:
    accounts = [f"A{n}" for n in rng.sample(range(10, 99), 6)]
    rows: list[dict[str, Any]] = []
    for number in range(1, rules["rows"] + 1):
        kind = rng.choices(("deposit", "withdraw", "transfer", "reverse"), (3, 4, 5, 1))[0]
        row: dict[str, Any] = {"id": number, "kind": kind, "from": "", "to": "", "amount": 0, "ref": 0}
        if kind == "reverse":
            row["ref"] = rng.randint(max(1, number - 25), max(1, number - 1))
        else:
            row["amount"] = rng.randint(5, 220)
            if kind != "deposit":
                row["from"] = rng.choice(accounts)
            if kind != "withdraw":
                row["to"] = rng.choice([a for a in accounts if a != row["from"]])
        rows.append(row)
    return rows


def ledger_row_by_row(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    balance, done, undone, refused, busy = {}, {}, set(), [], {}
    for row in data:
        moves = []
        if row["kind"] == "reverse":
            old = row["ref"]
            if old not in done or old in undone:
                refused.append(row["id"])
                continue
            moves = [(account, -amount) for account, amount in done[old]]
        else:
            if row["from"]:
                fee = rules["fee"] if row["kind"] == "transfer" else 0
                moves.append((row["from"], -row["amount"] - fee))
            if row["to"]:
                moves.append((row["to"], row["amount"]))
        if any(m < 0 and balance.get(a, 0) + m < rules["floor"] for a, m in moves):
            refused.append(row["id"])
            continue
        if row["kind"] == "reverse":
            undone.add(row["ref"])
        else:
            done[row["id"]] = moves
        for account, amount in moves:
            balance[account] = balance.get(account, 0) + amount
            busy.setdefault(account, []).append((row["id"], balance[account]))
    if not refused:
        return None
    if rules["ask"] == "refused":
        return [len(refused), refused[-1]]
    if rules["ask"] == "turnover":
        account = max(sorted(busy), key=lambda a: len(busy[a]))
        counts = [len(entries) for entries in busy.values()]
        if counts.count(max(counts)) > 1:
            return None
        return [account, min(b for _, b in busy[account])]
    top = max(sorted(balance), key=lambda a: balance[a])
    if list(balance.values()).count(balance[top]) > 1:
        return None
    high = max(b for _, b in busy[top])
    # Else the start of the day, which is no row, would be the high point.
    if high <= 0:
        return None
    return [top, next(i for i, b in busy[top] if b == high)]


def ledger_by_accounts(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Entries are kept in one book; balances are summed from it each time."""
    import pandas as pd

    book, refused = [], []
    for row in data:
        entries = [e for e in book if e[0] == row["ref"]] if row["kind"] == "reverse" else []
        if row["kind"] == "reverse":
            original = [e for e in entries if e[3] == "own"]
            if not original or any(e[3] == "reversal" for e in entries):
                refused.append(row["id"])
                continue
            new = [(row["ref"], account, -amount, "reversal", row["id"]) for _, account, amount, _, _ in original]
        else:
            new = []
            if row["from"]:
                cost = row["amount"] + (rules["fee"] if row["kind"] == "transfer" else 0)
                new.append((row["id"], row["from"], -cost, "own", row["id"]))
            if row["to"]:
                new.append((row["id"], row["to"], row["amount"], "own", row["id"]))
        totals = {}
        for _, account, amount, _, _ in book:
            totals[account] = totals.get(account, 0) + amount
        if any(amount < 0 and totals.get(account, 0) + amount < rules["floor"] for _, account, amount, _, _ in new):
            refused.append(row["id"])
        else:
            book += new
    if not refused or not book:
        return None
    if rules["ask"] == "refused":
        return [len(refused), refused[-1]]
    frame = pd.DataFrame(book, columns=["key", "account", "amount", "sort", "row"])
    frame["after"] = frame.groupby("account")["amount"].cumsum()
    if rules["ask"] == "turnover":
        sizes = frame.groupby("account").size()
        if (sizes == sizes.max()).sum() > 1:
            return None
        account = sizes.idxmax()
        return [account, int(frame.loc[frame["account"] == account, "after"].min())]
    last = frame.groupby("account")["amount"].sum()
    if (last == last.max()).sum() > 1:
        return None
    mine = frame[frame["account"] == last.idxmax()]
    if mine["after"].max() <= 0:
        return None
    return [last.idxmax(), int(mine.loc[mine["after"].idxmax(), "row"])]


def _ledger_files(data: Data) -> Mapping[str, str]:
    rows = ["id,kind,from,to,amount,ref"]
    for r in data:
        cells = (r["id"], r["kind"], r["from"], r["to"], r["amount"] or "", r["ref"] or "")
        rows.append(",".join(map(str, cells)))
    return {"ledger.csv": "\n".join(rows) + "\n"}


def read_ledger() -> Any:
    import csv

    with open("ledger.csv") as file:  # noqa: PTH123
        rows = list(csv.DictReader(file))
    for row in rows:
        for name in ("id", "amount", "ref"):
            row[name] = int(row[name] or 0)
    return rows


def _tell_ledger(rules: Rules, language: Language) -> str:
    fee, floor = rules["fee"], rules["floor"]
    fee_en = f" A transfer costs its sender {fee} on top." if fee else ""
    fee_zh = f"转账时付款方另付{fee}的手续费。" if fee else ""
    setting = say(
        language,
        "`ledger.csv` is the day's book of a small bank, to be worked off row by row; all accounts "
        "start at 0. A deposit adds `amount` to the account `to`, a withdrawal takes it from `from`, "
        f"a transfer does both.{fee_en} A reversal undoes, with any fee, the accepted row whose id is "
        "`ref`; it is refused if that row was refused, is a reversal itself, or has been reversed "
        f"already. Any row that would take money from an account and leave it below {floor} is "
        "refused as a whole and changes nothing.",
        "`ledger.csv` 是一家小银行当天的流水，须逐行处理；所有账户从0开始。deposit 将 `amount` 存入 `to`，"
        f"withdraw 从 `from` 取出，transfer 两者兼有。{fee_zh}reverse 撤销编号为 `ref` 的已受理行（连同手续费）；"
        "若该行曾被拒绝、本身就是撤销或已被撤销过，则拒绝。任何一行若从某账户扣款并使其余额低于"
        f"{floor}，则整行拒绝，不产生任何变化。",
    )
    question = {
        "chain": say(
            language,
            "Which account ends the day with the highest balance? And at which row (its id) did that "
            "account first reach its highest balance of the day?",
            "当天结束时哪个账户余额最高？该账户当天的余额最高点首次出现在哪一行（给出编号）？",
        ),
        "refused": say(
            language,
            "How many rows are refused, and what is the id of the last of them?",
            "共有多少行被拒绝？最后一个被拒绝的行编号是多少？",
        ),
        "turnover": say(
            language,
            "Which account is changed by the most accepted rows? And what is the lowest balance it "
            "has after any of these rows?",
            "哪个账户被受理的行改动的次数最多？在这些行之后，它出现过的最低余额是多少？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_ledger(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("no fee", rules | {"fee": 0}),
        ("other floor", rules | {"floor": rules["floor"] - 30}),
        ("never refused", rules | {"floor": -(10**6)}),
    ]


def _ledger_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    en = {"chain": ("account", "id"), "refused": ("number", "id"), "turnover": ("account", "balance")}
    zh = {"chain": ("账户", "编号"), "refused": ("行数", "编号"), "turnover": ("账户", "余额")}
    return (en if language is Language.EN else zh)[rules["ask"]]


def _shelf_rules(rng: Random, level: int) -> Rules:
    return {
        "percent": rng.choice((40, 50, 60, 65)),
        "requests": 150 + 100 * level,
        "books": 14 + 4 * level,
        "ask": rng.choice(("fifo", "busiest")),
    }


def _shelf(rng: Random, rules: Rules) -> Data:
    books = [f"B{n:02d}" for n in range(1, rules["books"] + 1)]
    weights = [1 / (n + 1) ** rng.uniform(0.5, 0.9) for n in range(len(books))]
    return rng.choices(books, weights, k=rules["requests"])


def shelf_in_order(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    from collections import Counter, OrderedDict

    def run(size, refresh):
        shelf, hits, out = OrderedDict(), 0, Counter()
        for book in data:
            if book in shelf:
                hits += 1
                if refresh:
                    shelf.move_to_end(book)
            else:
                if len(shelf) == size:
                    out[shelf.popitem(last=False)[0]] += 1
                shelf[book] = True
        return hits, out

    size = 1
    while 100 * run(size, True)[0] < rules["percent"] * len(data):
        size += 1
        if size > len(set(data)):
            return None
    if rules["ask"] == "fifo":
        return [size, run(size, False)[0]]
    out = run(size, True)[1].most_common(2)
    if len(out) < 2 or out[0][1] == out[1][1]:
        return None
    return [size, out[0][0]]


def shelf_by_distance(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """A book is still there if fewer than `size` others were asked for since."""
    last, distances = {}, []
    for n, book in enumerate(data):
        if book in last:
            distances.append(len(set(data[last[book] + 1 : n])))
        last[book] = n
    size = 1
    while 100 * sum(d < size for d in distances) < rules["percent"] * len(data):
        size += 1
        if size > len(set(data)):
            return None
    if rules["ask"] == "fifo":
        queue, hits = [], 0
        for book in data:
            if book in queue:
                hits += 1
            else:
                queue = [*queue, book][-size:]
        return [size, hits]
    gone = {}
    for book in set(data):
        places = [n for n, other in enumerate(data) if other == book]
        spans = [data[a + 1 : b] for a, b in zip(places, [*places[1:], len(data)])]
        gone[book] = sum(len(set(span)) >= size for span in spans)
    best = sorted(gone.items(), key=lambda one: -one[1])
    return None if best[0][1] == best[1][1] else [size, best[0][0]]


def _shelf_files(data: Data) -> Mapping[str, str]:
    return {"requests.txt": "\n".join(data) + "\n"}


def read_requests() -> Any:
    with open("requests.txt") as file:  # noqa: PTH123
        return file.read().split()


def _tell_shelf(rules: Rules, language: Language) -> str:
    percent = rules["percent"]
    setting = say(
        language,
        "A library keeps a few books on a shelf at the desk. `requests.txt` lists, one a line, which "
        "book was asked for. A book that stands on the shelf is a hit. Any other is fetched and put "
        "there; if the shelf is full, the book that has gone longest without being asked for goes "
        "back first. The shelf is empty at the start.",
        "图书馆在柜台的架子上放几本书。`requests.txt` 每行是一次借阅请求的书号。若书在架上，就算命中；"
        "否则取来放上架，架满时先撤走最久没有被请求的那一本。开始时架子是空的。",
    )
    first = say(
        language,
        f"What is the smallest shelf (in books) for which at least {percent}% of all requests are "
        "hits? ",
        f"要使至少{percent}%的请求命中，架子最少要能放几本？",
    )
    second = {
        "fifo": say(
            language,
            "And with a shelf of that size, how many hits would there be if instead the book that "
            "was put there longest ago always went back first?",
            "若架子就是这么大，但改为总是撤走最早放上架的那一本，命中多少次？",
        ),
        "busiest": say(
            language,
            "And which book is sent back from a shelf of that size most often?",
            "架子就是这么大时，哪一本被撤走的次数最多？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{first}{second}"


def _near_shelf(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("more hits wanted", rules | {"percent": rules["percent"] + 5}),
        ("fewer hits wanted", rules | {"percent": rules["percent"] - 8}),
    ]


def _shelf_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    if rules["ask"] == "fifo":
        return ("size", "hits") if language is Language.EN else ("大小", "命中次数")
    return ("size", "book") if language is Language.EN else ("大小", "书号")


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
            rows.append({"day": day, "move": "in", "count": count, "price": rng.randint(200, 900) / 10})
            held += count
        else:
            count = rng.randint(1, held)
            rows.append({"day": day, "move": "out", "count": count, "price": 0})
            held -= count
    return rows


def stock_by_queue(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
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


def stock_by_pieces(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
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


def trail_by_walking(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    names = sorted(data)
    at, seen, carried = 0, [], 0
    while names[at] not in seen:
        box = data[names[at]]
        seen.append(names[at])
        value = sum(number for colour, number in box["slips"] if colour == box["colour"])
        carried += value
        at = (rules["times"] * carried + len(seen)) % len(names)
    return {"steps": [len(seen), names[at]], "sum": carried, "last": [seen[-1], carried]}[rules["ask"]]


def trail_by_recursion(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
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
        return [len(visited), again]
    return total if rules["ask"] == "sum" else [visited[-1], total]


def _trail_files(data: Data) -> Mapping[str, str]:
    files = {}
    for name, box in data.items():
        rows = [f"# follow {box['colour']}", "colour,number"]
        rows += [f"{colour},{number}" for colour, number in box["slips"]]
        files[name] = "\n".join(rows) + "\n"
    return files


def read_boxes() -> Any:
    import glob

    boxes = {}
    for name in sorted(glob.glob("box_*.csv")):
        with open(name) as file:  # noqa: PTH123
            first, _, *rows = file.read().splitlines()
        slips = [row.split(",") for row in rows]
        boxes[name] = {
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
            "How many boxes are open at the end, and what is the file name of the box at which you "
            "would arrive a second time?",
            "最后打开了多少个盒子？会第二次到达的那个盒子的文件名是什么？",
        ),
        "sum": say(language, "What is the total at the end?", "最后的累计值是多少？"),
        "last": say(
            language,
            "What is the file name of the last box that you open, and what is the total then?",
            "最后打开的盒子的文件名是什么？此时累计值是多少？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_trail(rules: Rules) -> list[tuple[str, Rules]]:
    return [("other factor", rules | {"times": rules["times"] + 1})]


def _trail_form(rules: Rules) -> Form:
    return Form.INTEGER if rules["ask"] == "sum" else Form.PAIR


def _trail_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    en = {"steps": ("number", "file"), "last": ("file", "total"), "sum": ()}
    zh = {"steps": ("个数", "文件名"), "last": ("文件名", "累计值"), "sum": ()}
    return (en if language is Language.EN else zh)[rules["ask"]]


FEED = '''"""A buoy in the bay. Every reading uses one up: there is no way back but a new Buoy."""


class Buoy:
    def __init__(self, path="buoy.txt"):
        with open(path) as file:
            self._state, self._mean = map(int, file.read().split())
        self._level = self._mean

    def read(self):
        """The next reading, in centimetres."""
        self._state = (self._state * 1103515245 + 12345) % 2**31
        drift = (self._state >> 12) % 41 - 20
        self._level += drift + (self._mean - self._level) // 8
        return self._level
'''


def _buoy_rules(rng: Random, level: int) -> Rules:
    return {
        "over": rng.choice((20, 30, 40)),
        "row": 2 + (level > 2) + (level > 4),
        "factor": rng.randint(2, 4),
        "ask": rng.choice(("mean", "highest", "range")),
    }


def _buoy(rng: Random, rules: Rules) -> Data:
    return {"seed": rng.getrandbits(30), "mean": rng.randint(180, 420), "module": FEED}


def buoy_by_reading(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Reads the buoy itself, as the module gives it."""
    import os
    import tempfile

    names = {}
    exec(data["module"], names)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        file.write(f"{data['seed']} {data['mean']}")
    buoy = names["Buoy"](file.name)
    os.unlink(file.name)
    first, run, count = [], 0, 0
    while run < rules["row"]:
        first.append(buoy.read())
        run = run + 1 if first[-1] >= data["mean"] + rules["over"] else 0
        count += 1
        if count > 20_000:
            return None
    then = [buoy.read() for _ in range(rules["factor"] * count)]
    if rules["ask"] == "mean":
        return [count, sum(then) / len(then)]
    if rules["ask"] == "highest":
        return [count, max(then)]
    return [count, max(then) - min(then)]


def buoy_by_formula(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """The same readings without the module: its recurrence, all at once."""
    import numpy as np

    state, level, mean = data["seed"], data["mean"], data["mean"]
    levels = []
    for _ in range(100_000):
        state = (1103515245 * state + 12345) & 0x7FFFFFFF
        level += (state // 4096) % 41 - 20 + (mean - level) // 8
        levels.append(level)
    levels = np.array(levels)
    high = np.convolve(levels >= mean + rules["over"], np.ones(rules["row"], int), "valid")
    hits = np.flatnonzero(high == rules["row"])
    if not len(hits) or hits[0] + rules["row"] > 20_000:
        return None
    count = int(hits[0] + rules["row"])
    then = levels[count : count * (1 + rules["factor"])]
    value = {"mean": then.mean(), "highest": then.max(), "range": np.ptp(then)}[rules["ask"]]
    return [count, value.item()]


def _buoy_files(data: Data) -> Mapping[str, str]:
    return {"buoy.py": data["module"], "buoy.txt": f"{data['seed']} {data['mean']}\n"}


def read_buoy() -> Any:
    with open("buoy.txt") as file:  # noqa: PTH123
        seed, mean = map(int, file.read().split())
    with open("buoy.py") as file:  # noqa: PTH123
        return {"seed": seed, "mean": mean, "module": file.read()}


def _tell_buoy(rules: Rules, language: Language) -> str:
    over, row, factor = rules["over"], rules["row"], rules["factor"]
    setting = say(
        language,
        "`buoy.py` has a class `Buoy`; `Buoy().read()` gives its next reading, and no reading comes "
        "twice. The usual level is the second number in `buoy.txt`. Read on until "
        f"{row} readings in a row are at least {over} above the usual level. Then, with the same "
        f"buoy, take {factor} times as many further readings as you have taken so far.",
        "`buoy.py` 中有一个类 `Buoy`；`Buoy().read()` 给出下一个读数，读过的不会再来。常水位是 `buoy.txt` "
        f"中的第二个数。不断读取，直到连续{row}个读数都比常水位高出至少{over}。"
        f"随后用同一个浮标再读取至此已读个数的{factor}倍。",
    )
    value = {
        "mean": say(language, "the mean of the further ones", "后一批读数的平均值"),
        "highest": say(language, "the highest of the further ones", "后一批读数的最大值"),
        "range": say(
            language,
            "the difference between the highest and the lowest of the further ones",
            "后一批读数的最大值与最小值之差",
        ),
    }[rules["ask"]]
    question = say(
        language,
        f"Give the number of readings in the first stretch and {value}.",
        f"请给出第一阶段的读数个数，以及{value}。",
    )
    return f"{setting}\n\n{question}"


def _near_buoy(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("one more in a row", rules | {"row": rules["row"] + 1}),
        ("a little higher", rules | {"over": rules["over"] + 6}),
        ("read on longer", rules | {"factor": rules["factor"] + 1}),
    ]


def _buoy_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    if language is Language.EN:
        return ("number", {"mean": "mean", "highest": "highest", "range": "difference"}[rules["ask"]])
    return ("个数", {"mean": "平均值", "highest": "最大值", "range": "差"}[rules["ask"]])


def _chess_rules(rng: Random, level: int) -> Rules:
    return {
        "k": rng.choice((16, 20, 24, 32)),
        "players": 5 + level,
        "games": 30 + 30 * level,
        "ask": rng.choice(("champion", "upsets")),
    }


def _chess(rng: Random, rules: Rules) -> Data:
    names = rng.sample(
        "Anand Bela Chika Dario Emre Fatou Gita Hugo Ines Jonas Kaori Lars Mina Noor".split(),
        rules["players"],
    )
    strength = {name: rng.gauss(0, 1) for name in names}
    games = []
    for _ in range(rules["games"]):
        a, b = rng.sample(names, 2)
        edge = strength[a] - strength[b] + rng.gauss(0, 1)
        games.append([a, b, "1" if edge > 0.3 else "0" if edge < -0.3 else "="])
    return games


def chess_game_by_game(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
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


def chess_by_history(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
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


PUZZLES = (
    Puzzle(
        "ledger", _ledger_rules, _ledger, _tell_ledger, ledger_row_by_row, ledger_by_accounts,
        _near_ledger, form=_pair, parts=_ledger_parts, files=_ledger_files, read=read_ledger,
        stateful=True,
    ),
    Puzzle(
        "shelf", _shelf_rules, _shelf, _tell_shelf, shelf_in_order, shelf_by_distance, _near_shelf,
        form=_pair, parts=_shelf_parts, files=_shelf_files, read=read_requests, stateful=True,
    ),
    Puzzle(
        "stock", _stock_rules, _stock, _tell_stock, stock_by_queue, stock_by_pieces, _near_stock,
        form=_stock_form, parts=_stock_parts, files=_stock_files, read=read_stock, stateful=True,
    ),
    Puzzle(
        "trail", _trail_rules, _trail, _tell_trail, trail_by_walking, trail_by_recursion,
        _near_trail, form=_trail_form, parts=_trail_parts, files=_trail_files, read=read_boxes,
        stateful=True,
    ),
    Puzzle(
        "buoy", _buoy_rules, _buoy, _tell_buoy, buoy_by_reading, buoy_by_formula, _near_buoy,
        form=_pair, parts=_buoy_parts, files=_buoy_files, read=read_buoy, stateful=True,
    ),
    Puzzle(
        "chess", _chess_rules, _chess, _tell_chess, chess_game_by_game, chess_by_history,
        _near_chess, form=_pair, parts=_chess_parts, files=_chess_files, read=read_games,
        stateful=True,
    ),
)
