"""Ranges, counts and differences in Chinese words. Every phrase is exact: both ends are fixed.

Decades are written by century ("20 shiji 70 niandai" is 1970 to 1979) and not used for the first
ten years of a century; ranges include both ends. A quantity brings its own linking verb, so that it
can follow the bare noun: "running time" + "is 90 minutes", "is not less than 90 minutes".
"""

from random import Random

from synth.search.wording.figures import figure, is_decade

DIGITS = "零一二三四五六七八九十"


def spelled(number: int) -> str:
    """A number before a measure word: up to ten in characters, two as "liang"."""
    if number == 2:
        return "两"
    return DIGITS[number] if 0 <= number <= 10 else figure(number)


def counted(lo: int, hi: int | None, measure: str, rng: Random) -> str:
    """A count with its verb and measure word: "there are exactly three", "at least two"."""
    if hi is None:
        least = rng.choice(("至少有", "不少于")) if lo > 1 else "至少有"
        return f"{least}{spelled(lo)}{measure}"
    if lo == hi:
        return f"{rng.choice(('恰好有', '正好有', '恰有'))}{spelled(lo)}{measure}"
    if lo <= 0:
        return f"{rng.choice(('至多有', '不超过'))}{spelled(hi)}{measure}"
    low, high = (spelled(lo), spelled(hi)) if hi <= 10 else (figure(lo), figure(hi))
    if hi == lo + 1:
        return f"有{low}{measure}或{high}{measure}"
    return f"有{low}到{high}{measure}"


def decade(year: int) -> str:
    return f"{year // 100 + 1}世纪{year % 100}年代"


def period(lo: float | None, hi: float | None, rng: Random) -> str:
    """A time phrase: "1974", "between 1970 and 1973", "in 1970 or later"."""
    if lo is None and hi is None:
        return "某一年"
    if lo is None or hi is None:
        return _open_period(lo, hi, rng)
    first, last = int(lo), int(hi)
    if first == last:
        return f"{first}年"
    if is_decade(first, last):
        return decade(first)
    if last == first + 1:
        return f"{first}年或{last}年"
    return rng.choice(
        (
            f"{first}年至{last}年间",
            f"{first}年到{last}年之间",
            f"{first}至{last}年间",
            f"{first - 1}年之后、{last + 1}年之前",
        )
    )


def _open_period(lo: float | None, hi: float | None, rng: Random) -> str:
    if lo is not None:
        return rng.choice((f"{int(lo)}年或之后", f"{int(lo) - 1}年之后", f"{int(lo)}年及以后"))
    assert hi is not None
    return rng.choice((f"{int(hi)}年或之前", f"{int(hi) + 1}年之前", f"{int(hi)}年及以前"))


def amount(lo: float | None, hi: float | None, unit: str, rng: Random, whole: bool = False) -> str:
    """A quantity with its verb: "is 90 minutes", "lies between", "is not less than"."""
    if lo is None and hi is None:
        return "有记载"
    if lo is None:
        assert hi is not None
        return rng.choice(("不超过{}", "至多为{}", "不高于{}")).format(measured(hi, unit))
    if hi is None:
        return rng.choice(("不低于{}", "至少为{}", "不少于{}")).format(measured(lo, unit))
    if lo == hi:
        return rng.choice(("为{}", "正好是{}", "为{}")).format(measured(lo, unit))
    low, high = measured(lo, unit) if unit == "%" else figure(lo), measured(hi, unit)
    if whole and hi == lo + 1:
        return f"为{low}或{high}"
    return rng.choice(("在{}到{}之间", "为{}至{}", "为{}到{}")).format(low, high)


def measured(value: float, unit: str) -> str:
    """A number and its unit; Latin units keep a space."""
    return (
        f"{figure(value)} {unit}"
        if unit[:1].isascii() and unit[:1].isalpha()
        else f"{figure(value)}{unit}"
    )


def years_gap(lo: float | None, hi: float | None, noun: str, other: str) -> str:
    """Compares a year with another: "the year of X is two years earlier than that of Y"."""
    if lo is None or hi is None:
        return _open_years(lo, hi, noun, other)
    first, last = int(lo), int(hi)
    if first == last == 0:
        return f"{noun}与{other}相同"
    if first == last:
        return f"{noun}比{other}{_early_late(first)}{spelled(abs(first))}年"
    if first > 0 or last < 0:
        near, far = sorted((abs(first), abs(last)))
        return f"{noun}比{other}{_early_late(first + last)}{spelled(near)}到{spelled(far)}年"
    if -first == last:
        return f"{noun}与{other}相差不超过{spelled(last)}年"
    if first == 0:
        return f"{noun}不早于{other}，且至多晚{spelled(last)}年"
    if last == 0:
        return f"{noun}不晚于{other}，且至多早{spelled(-first)}年"
    return f"{noun}至多比{other}早{spelled(-first)}年或晚{spelled(last)}年"


def _early_late(sign: int) -> str:
    return "晚" if sign > 0 else "早"


def _open_years(lo: float | None, hi: float | None, noun: str, other: str) -> str:
    edge = lo if lo is not None else hi
    if edge is None:
        return f"{noun}与{other}都有记载"
    near, far = ("晚", "早") if lo is not None else ("早", "晚")
    bound = int(edge) if lo is not None else -int(edge)
    if bound == 0:
        return f"{noun}不{far}于{other}"
    if bound == 1:
        return f"{noun}{near}于{other}"
    if bound > 0:
        return f"{noun}比{other}至少{near}{spelled(bound)}年"
    return f"{noun}至多比{other}{far}{spelled(-bound)}年"


def margin(
    lo: float | None,
    hi: float | None,
    unit: str,
    noun: str,
    other: str,
    more: str,
    less: str,
    whole: bool,
) -> str:
    """Compares a quantity with another one's; `more` and `less` are adjectives."""
    if lo is None or hi is None:
        return _open_margin(lo, hi, unit, noun, other, (more, less), whole)
    if lo == hi == 0:
        return f"{noun}与{other}相同"
    if lo == hi:
        return f"{noun}比{other}{more if lo > 0 else less}{measured(abs(lo), unit)}"
    if lo >= 0 or hi <= 0:
        near, far = sorted((abs(lo), abs(hi)))
        return f"{noun}比{other}{more if hi > 0 else less}{figure(near)}到{measured(far, unit)}"
    if -lo == hi:
        return f"{noun}与{other}相差不超过{measured(hi, unit)}"
    return f"{noun}至多比{other}{less}{measured(-lo, unit)}或{more}{measured(hi, unit)}"


def _open_margin(
    lo: float | None,
    hi: float | None,
    unit: str,
    noun: str,
    other: str,
    words: tuple[str, str],
    whole: bool,
) -> str:
    edge = lo if lo is not None else hi
    if edge is None:
        return f"{noun}与{other}都有记载"
    near, far = words if lo is not None else words[::-1]
    bound = edge if lo is not None else -edge
    if bound == 0:
        return f"{noun}不{far}于{other}" if far != "短" else f"{noun}不短于{other}"
    if bound == 1 and whole:
        return f"{noun}比{other}{near}"
    if bound > 0:
        return f"{noun}比{other}至少{near}{measured(bound, unit)}"
    return f"{noun}至多比{other}{far}{measured(-bound, unit)}"


def plain_amount(lo: float | None, hi: float | None, unit: str, rng: Random) -> str:
    """A quantity without a verb, before a noun: "at least 2" + measure word."""
    if lo is None or hi is None:
        edge, words = (lo, ("至少", "不少于")) if lo is not None else (hi, ("至多", "不超过"))
        few = figure(edge or 0) if unit == "%" else _few(edge or 0)
        return f"{rng.choice(words)}{few}{unit}"
    small = hi <= 10 and unit != "%"
    low, high = (_few(lo), _few(hi)) if small else (figure(lo), figure(hi))
    if lo == hi:
        return f"{rng.choice(('', '恰好'))}{low}{unit}"
    if hi == lo + 1:
        return f"{low}{unit}或{high}{unit}"
    return f"{low}{unit if unit == '%' else ''}到{high}{unit}"


def _few(value: float) -> str:
    return spelled(int(value)) if float(value).is_integer() else figure(value)


def denied_amount(lo: float | None, hi: float | None, unit: str) -> str:
    """The negation of an amount: "is not 90 minutes", "does not reach 90 minutes"."""
    if lo is not None and lo == hi:
        return f"不是{measured(lo, unit)}"
    if hi is None:
        return f"没有达到{measured(lo or 0, unit)}"
    if lo is None:
        return f"不在{measured(hi, unit)}及以下"
    return f"不在{figure(lo)}到{measured(hi, unit)}之间"
