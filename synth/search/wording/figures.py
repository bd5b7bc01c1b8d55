"""Numbers as both languages write them."""


def figure(value: float) -> str:
    """A number in digits with thousands separators and no needless decimals."""
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.10f}".rstrip("0")


def is_decade(lo: float | None, hi: float | None) -> bool:
    """True for 1970 to 1979 and its like, not for the first ten years of a century."""
    return lo is not None and hi == lo + 9 and lo % 10 == 0 and lo % 100 != 0
