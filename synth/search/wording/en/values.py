"""Ranges and differences in English words. Every phrase is exact: both ends are fixed by it.

"in the 1970s" means 1970 to 1979; "between A and B", "from A to B" include both ends; the decade
form is not used for 2000 to 2009, which could be read as the century; "after 1969" is 1970 or
later, because years are whole. For other numbers only inclusive words are used ("at least").
"""

from random import Random

from synth.search.wording.en.grammar import article, listed, spelled
from synth.search.wording.figures import figure, is_decade


def period(lo: float | None, hi: float | None, rng: Random) -> str:
    """A time phrase that can follow a verb: "in 1974", "between 1970 and 1973"."""
    if lo is None or hi is None:
        return _open_period(lo, hi, rng)
    first, last = int(lo), int(hi)
    if first == last:
        return f"in {first}"
    if is_decade(first, last):
        return f"in the {first}s"
    if last - first < 3 and rng.random() < 0.4:
        return f"in {listed([str(year) for year in range(first, last + 1)], 'or')}"
    return rng.choice(
        (
            f"between {first} and {last}",
            f"between {first} and {last}",
            f"after {first - 1} but before {last + 1}",
            f"some time between {first} and {last}",
        )
    )


def _open_period(lo: float | None, hi: float | None, rng: Random) -> str:
    if lo is not None:
        year = int(lo)
        return rng.choice((f"in {year} or later", f"after {year - 1}", f"in or after {year}"))
    if hi is not None:
        year = int(hi)
        return rng.choice((f"in {year} or earlier", f"before {year + 1}", f"in or before {year}"))
    return "in some year"


def amount(lo: float | None, hi: float | None, unit: str, rng: Random, whole: bool = False) -> str:
    """A quantity: "exactly 90 minutes", "between 90 and 100 minutes", "at least 90 minutes"."""
    if lo is None and hi is None:
        return f"some number of {unit or 'units'}"
    if lo is None or hi is None:
        return _open_amount(lo, hi, unit, rng)
    if lo == hi:
        return rng.choice(("{}", "{}", "exactly {}")).format(measured(lo, unit))
    low, high = measured(lo, unit) if unit == "%" else figure(lo), figure(hi)
    if hi == lo + 1 and whole:
        return joined_unit(f"either {low} or {high}", unit)
    return joined_unit(
        rng.choice(
            (
                f"between {low} and {high}",
                f"between {low} and {high}",
                f"{low} to {high}",
                f"at least {low} but no more than {high}",
            )
        ),
        unit,
    )


def _open_amount(lo: float | None, hi: float | None, unit: str, rng: Random) -> str:
    if lo is not None:
        ways = ("at least {}",) if unit == "%" else ("at least {}", "{} or more")
        return rng.choice(ways).format(measured(lo, unit))
    assert hi is not None
    ways = ("at most {}", "no more than {}")
    return rng.choice(ways if unit == "%" else (*ways, "{} or less")).format(measured(hi, unit))


def measured(value: float, unit: str) -> str:
    """`1 minute`, `90 minutes`, `61%`."""
    singular = unit.removesuffix("s") if value == 1 and len(unit) > 3 else unit
    return joined_unit(figure(value), singular)


def denied(lo: float | None, hi: float | None, unit: str, is_year: bool) -> str:
    """A range under a negation, in the plainest of its words: "in 1974 or later"."""
    if is_year:
        return _denied_period(lo, hi)
    if lo is not None and hi is not None:
        low, high = figure(lo), figure(hi)
        return measured(lo, unit) if lo == hi else joined_unit(f"between {low} and {high}", unit)
    return (
        f"{measured(lo, unit)} or more" if lo is not None else f"{measured(hi or 0, unit)} or less"
    )


def _denied_period(lo: float | None, hi: float | None) -> str:
    if lo is None or hi is None:
        return f"in {int(lo)} or later" if lo is not None else f"in {int(hi or 0)} or earlier"
    if is_decade(lo, hi):
        return f"in the {int(lo)}s"
    return f"in {int(lo)}" if lo == hi else f"between {int(lo)} and {int(hi)}"


def tallied(lo: float | None, hi: float | None, noun: str, rng: Random) -> str:
    """An amount of a counted noun, in whole numbers: "at least one Oscar", "42 airports"."""
    low, high = int(lo or 0), None if hi is None else int(hi)
    phrase = quantity(low, high, noun.removesuffix("s"), noun, rng)
    return phrase.removeprefix("exactly ").removeprefix("just ") if rng.random() < 0.5 else phrase


def joined_unit(number: str, unit: str) -> str:
    return f"{number}{unit}" if unit == "%" else f"{number} {unit}".rstrip()


def quantity(lo: int, hi: int | None, singular: str, plural: str, rng: Random) -> str:
    """A counted noun: "exactly three films", "at least two films", "no films"."""
    if hi is None:
        return f"at least {_counted(lo, singular, plural)}"
    if hi == 0:
        return f"no {plural}"
    if lo == hi:
        return f"{rng.choice(('exactly', 'just'))} {_counted(lo, singular, plural)}"
    if lo <= 0:
        return f"{rng.choice(('at most', 'no more than'))} {_counted(hi, singular, plural)}"
    if hi == lo + 1:
        return f"{spelled(lo)} or {_counted(hi, singular, plural)}"
    return f"{spelled(lo)} to {_counted(hi, singular, plural)}"


def _counted(number: int, singular: str, plural: str) -> str:
    return f"{spelled(number)} {singular if number == 1 else plural}"


def years_gap(lo: float | None, hi: float | None, rng: Random) -> str:
    """What joins a dated event to another: "two years before", "in the same year as"."""
    if lo is not None and hi is not None:
        return _closed_years(int(lo), int(hi))
    edge, near, far = (hi, "before", "later") if lo is None else (lo, "after", "earlier")
    if edge is None:
        return "before, after or in the same year as"
    bound = int(edge) if lo is not None else -int(edge)
    if bound == 1:
        adjective = "later" if near == "after" else "earlier"
        return rng.choice((f"in {article(adjective)} year than", f"at least one year {near}"))
    if bound > 0:
        return f"at least {_years(bound)} {near}"
    if bound == 0:
        return f"in a year no {far} than that of"
    return f"no more than {_years(-bound)} {'before' if near == 'after' else 'after'}"


def _closed_years(lo: int, hi: int) -> str:
    if lo == hi == 0:
        return "in the same year as"
    if lo == hi:
        return f"{_years(abs(lo))} {'after' if lo > 0 else 'before'}"
    if lo > 0 or hi < 0:
        near, far = sorted((abs(lo), abs(hi)))
        joint = "or" if far == near + 1 else "to"
        return f"{spelled(near)} {joint} {_years(far)} {'after' if lo > 0 else 'before'}"
    if -lo == hi:
        return f"no more than {_years(hi)} before or after"
    if lo == 0:
        return f"in the same year as, or up to {_years(hi)} after,"
    if hi == 0:
        return f"in the same year as, or up to {_years(-lo)} before,"
    return f"no more than {_years(-lo)} before and no more than {_years(hi)} after"


def _years(number: int) -> str:
    return f"{spelled(number)} {'year' if number == 1 else 'years'}"


def margin(lo: float | None, hi: float | None, unit: str, more: str, less: str, whole: bool) -> str:
    """How one quantity compares with another: "10 minutes longer than", "equal to".

    `more` and `less` are comparatives; `whole` says that the quantity counts whole units, so that
    a difference of at least one is the bare comparative.
    """
    if lo is None and hi is None:
        return "comparable with"
    if lo is not None and hi is not None:
        return _closed_margin(lo, hi, unit, more, less)
    edge, sign, near, far = (lo, 1, more, less) if lo is not None else (hi, -1, less, more)
    assert edge is not None
    bound = edge * sign
    if bound == 0:
        return f"no {far} than"
    if bound == 1 and whole:
        return f"{near} than"
    if bound > 0:
        return f"at least {measured(bound, unit)} {near} than"
    return f"no more than {measured(-bound, unit)} {far} than"


def _closed_margin(lo: float, hi: float, unit: str, more: str, less: str) -> str:
    if lo == hi == 0:
        return "exactly equal to"
    if lo == hi:
        return f"exactly {measured(abs(lo), unit)} {more if lo > 0 else less} than"
    if lo >= 0:
        return f"{_stretch(lo, hi, unit)} {more} than"
    if hi <= 0:
        return f"{_stretch(-hi, -lo, unit)} {less} than"
    if -lo == hi:
        return f"within {measured(hi, unit)} of"
    return f"no more than {measured(-lo, unit)} {less} and {measured(hi, unit)} {more} than"


def _stretch(near: float, far: float, unit: str) -> str:
    if near == 0:
        return f"zero to {measured(far, unit)}"
    return joined_unit(f"{figure(near)} to {figure(far)}", unit)


def count_margin(lo: float | None, hi: float | None, noun: str) -> str:
    """How one count compares with another: "at least two more airports than"."""
    if lo is not None and hi is not None:
        return _closed_count_margin(int(lo), int(hi), noun)
    edge, near, far = (lo, "more", "fewer") if lo is not None else (hi, "fewer", "more")
    if edge is None:
        return f"some {noun}, like"
    bound = int(edge) if lo is not None else -int(edge)
    if bound == 0:
        return f"no {far} {noun} than"
    if bound == 1:
        return f"{near} {noun} than"
    if bound > 0:
        return f"at least {spelled(bound)} {near} {noun} than"
    return f"at most {spelled(-bound)} {far} {noun} than"


def _closed_count_margin(lo: int, hi: int, noun: str) -> str:
    if lo == hi == 0:
        return f"exactly as many {noun} as"
    if lo == hi:
        return f"exactly {spelled(abs(lo))} {'more' if lo > 0 else 'fewer'} {noun} than"
    if lo >= 0 or hi <= 0:
        near, far = sorted((abs(lo), abs(hi)))
        first = spelled(near) if near else "zero"
        return f"{first} to {spelled(far)} {'more' if hi > 0 else 'fewer'} {noun} than"
    return f"at most {spelled(-lo)} fewer and at most {spelled(hi)} more {noun} than"
