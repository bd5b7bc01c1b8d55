"""Sums of journals."""

from collections.abc import Iterable, Iterator, Sequence

from ledger.amounts import Amount
from ledger.journal import Entry


def balances(entries: Iterable[Entry], tag: str | None = None) -> dict[str, Amount]:
    """Sums by currency, of the entries with a tag if one is given; sums of zero are left out."""
    sums: dict[str, Amount] = {}
    for entry in entries:
        if tag is not None and tag not in entry.tags:
            continue
        currency = entry.amount.currency
        sums[currency] = sums.get(currency, Amount(0, currency)) + entry.amount
    return {currency: total for currency, total in sorted(sums.items()) if total.cents}


def by_month(entries: Iterable[Entry]) -> dict[str, dict[str, Amount]]:
    """Balances of each month that has entries, in order."""
    months: dict[str, list[Entry]] = {}
    for entry in entries:
        months.setdefault(entry.month, []).append(entry)
    return {month: balances(months[month]) for month in sorted(months)}


def running(entries: Sequence[Entry], start: Amount | None = None) -> Iterator[Amount]:
    """The balance after each entry; all of them have to be in one currency."""
    total = start
    for entry in entries:
        total = entry.amount if total is None else total + entry.amount
        yield total


def largest(entries: Iterable[Entry], count: int = 3) -> list[Entry]:
    """The entries with the largest amounts, whatever their sign; earlier ones first if equal."""
    ordered = sorted(entries, key=lambda entry: (-abs(entry.amount.cents), entry.day))
    return ordered[:count]


def table(entries: Sequence[Entry], width: int = 20) -> str:
    """One line an entry: day, payee (cut if it is too long) and amount, in columns."""
    rows = []
    for entry in entries:
        payee = entry.payee
        if len(payee) > width:
            payee = payee[: width - 1] + "~"
        rows.append((entry.day.isoformat(), payee, str(entry.amount)))
    if not rows:
        return ""
    column = max(len(payee) for _, payee, _ in rows)
    right = max(len(amount) for _, _, amount in rows)
    return "\n".join(f"{day}  {payee:<{column}}  {amount:>{right}}" for day, payee, amount in rows)
