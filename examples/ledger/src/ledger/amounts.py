"""Amounts of money, in cents, so that nothing is lost in rounding."""

import re
from dataclasses import dataclass

_AMOUNT = re.compile(r"([+-])?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?\s*([A-Z]{3})?")


@dataclass(frozen=True, order=True)
class Amount:
    cents: int
    currency: str = "EUR"

    def __add__(self, other: "Amount") -> "Amount":
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Amount(self.cents + other.cents, self.currency)

    def __neg__(self) -> "Amount":
        return Amount(-self.cents, self.currency)

    def __str__(self) -> str:
        sign = "-" if self.cents < 0 else ""
        whole, part = divmod(abs(self.cents), 100)
        return f"{sign}{whole:,}.{part:02d} {self.currency}"


def parse_amount(text: str, default: str = "EUR") -> Amount:
    """`1,250.50 USD`, `-3.5` or `12`; raises `ValueError` for anything else."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"no amount: {text!r}")
    sign, whole, part, currency = found.groups()
    cents = int(whole.replace(",", "")) * 100
    if part:
        cents += int(part.ljust(2, "0"))
    if sign == "-":
        cents = -cents
    return Amount(cents, currency or default)


def split(amount: Amount, people: int) -> list[Amount]:
    """Shares that add up to `amount` and differ by a cent at most, larger ones first."""
    if people < 1:
        raise ValueError("nobody to share with")
    share, rest = divmod(abs(amount.cents), people)
    sign = -1 if amount.cents < 0 else 1
    shares = []
    for number in range(people):
        cents = share + 1 if number < rest else share
        shares.append(Amount(sign * cents, amount.currency))
    return shares


def convert(amount: Amount, currency: str, rates: dict[tuple[str, str], float]) -> Amount:
    """Rounded half up, by a rate or the inverse of the opposite one."""
    if amount.currency == currency:
        return amount
    rate = rates.get((amount.currency, currency))
    if rate is None:
        opposite = rates.get((currency, amount.currency))
        if opposite is None:
            raise KeyError(f"no rate from {amount.currency} to {currency}")
        rate = 1 / opposite
    cents = int(abs(amount.cents) * rate + 0.5)
    return Amount(cents if amount.cents >= 0 else -cents, currency)
