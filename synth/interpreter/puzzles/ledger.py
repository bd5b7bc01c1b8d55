"""A bank's book with fees, limits and reversals: row by row against one book of entries."""

from collections.abc import Mapping
from random import Random
from typing import Any

from data.task import Language
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
        row: dict[str, Any] = {
            "id": number,
            "kind": kind,
            "from": "",
            "to": "",
            "amount": 0,
            "ref": 0,
        }
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


def ledger_row_by_row(data, rules):
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


def ledger_by_accounts(data, rules):
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
            new = [
                (row["ref"], account, -amount, "reversal", row["id"])
                for _, account, amount, _, _ in original
            ]
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
        if any(
            amount < 0 and totals.get(account, 0) + amount < rules["floor"]
            for _, account, amount, _, _ in new
        ):
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
    en = {
        "chain": ("account", "id"),
        "refused": ("number", "id"),
        "turnover": ("account", "balance"),
    }
    zh = {"chain": ("账户", "编号"), "refused": ("行数", "编号"), "turnover": ("账户", "余额")}
    return (en if language is Language.EN else zh)[rules["ask"]]


def _pair(rules: Rules) -> Form:
    return Form.PAIR


PUZZLE = Puzzle(
    "ledger",
    _ledger_rules,
    _ledger,
    _tell_ledger,
    ledger_row_by_row,
    ledger_by_accounts,
    _near_ledger,
    form=_pair,
    parts=_ledger_parts,
    files=_ledger_files,
    read=read_ledger,
    stateful=True,
)
