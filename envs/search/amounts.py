"""Amounts and periods of time as questions word them, English and Chinese, read into bounds.

Bounds are inclusive; an open side is infinite. `AMOUNT` and `PERIOD` are regular expressions of one
phrase, without groups, for use inside larger ones.
"""

import re
from math import inf
from typing import NamedTuple


class Bounds(NamedTuple):
    """From `lo` to `hi`, both included."""

    lo: float = -inf
    hi: float = inf

    def holds(self, value: float) -> bool:
        return self.lo <= value <= self.hi


_SPELLED = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
            "eleven", "twelve"]  # fmt: skip
WORTH = {word: number for number, word in enumerate(_SPELLED, 1)}
WORTH |= {word: number for number, word in enumerate("一二三四五六七八九十", 1)} | {"两": 2}

_EN_NUMBER = rf"(?:\d[\d,]*(?:\.\d+)?%?|\b(?:{'|'.join(_SPELLED)})\b)"
_ZH_NUMBER = r"(?:\d[\d,]*(?:\.\d+)?%?|[一二三四五六七八九十两]+)"
_NUMBER = re.compile(rf"{_EN_NUMBER}|[一二三四五六七八九十两]")

_EN_AMOUNT = (
    rf"(?:between {_EN_NUMBER} and {_EN_NUMBER}"
    rf"|(?:at least|no less than) {_EN_NUMBER} (?:but|and) no more than {_EN_NUMBER}"
    rf"|either {_EN_NUMBER} or {_EN_NUMBER}"
    rf"|(?:at least|no less than|no fewer than|at most|no more than|exactly) {_EN_NUMBER}"
    rf"|{_EN_NUMBER}(?: or (?:more|less))?)"
)
_ZH_AMOUNT = (
    r"(?:为|在|介于|不超过|至多为|至多有|至多|不高于|不低于|至少为|至少有|至少|不少于"
    r"|正好是|正好有|恰好有|恰好|恰有|有)?"
    rf"{_ZH_NUMBER}(?:[部位家项分])?(?:(?:到|与|至|或){_ZH_NUMBER})?"
)
AMOUNT = {"en": _EN_AMOUNT, "zh": _ZH_AMOUNT}

_YEAR = r"(?<!\d)\d{4}(?!\d)"
_EN_PERIOD = (
    rf"(?:between {_YEAR} and {_YEAR}|no earlier than {_YEAR} and no later than {_YEAR}"
    rf"|after {_YEAR} but before {_YEAR}|in or after {_YEAR} but no later than {_YEAR}"
    rf"|from {_YEAR} to {_YEAR}|(?:in )?{_YEAR}, {_YEAR},? or {_YEAR}|(?:in )?{_YEAR} or (?:{_YEAR}|later|earlier)"
    rf"|(?:in or after|after|before|no earlier than|no later than) {_YEAR}"
    rf"|(?<!\d)\d{{3}}0s|(?:in|from) {_YEAR}|{_YEAR}(?= ))"
)
_ZH_PERIOD = (
    rf"(?:{_YEAR}年?(?:至|到|或){_YEAR}年|{_YEAR}年之后、{_YEAR}年之前"
    rf"|{_YEAR}年(?:或之后|及以后|之后|或之前|及以前|之前)|\d{{2}}世纪\d0年代|{_YEAR}年)"
)
PERIOD = {"en": _EN_PERIOD, "zh": _ZH_PERIOD}

_AT_LEAST = re.compile(r"at least|no less|no fewer|or more|不低于|至少|不少于")
_AT_MOST = re.compile(r"at most|no more|or less|不超过|至多|不高于")
_LATER = re.compile(r"no earlier|later|in or after|或之后|及以后")
_EARLIER = re.compile(r"no later|earlier|或之前|及以前")


def read_amount(phrase: str) -> Bounds:
    """Bounds of a match of `AMOUNT`."""
    numbers = [_worth(match[0]) for match in _NUMBER.finditer(phrase)]
    if len(numbers) > 1:
        return Bounds(numbers[0], numbers[-1])
    if _AT_LEAST.search(phrase):
        return Bounds(lo=numbers[0])
    return Bounds(hi=numbers[0]) if _AT_MOST.search(phrase) else Bounds(numbers[0], numbers[0])


def read_period(phrase: str) -> Bounds:
    """Bounds, in years, of a match of `PERIOD`."""
    if century := re.match(r"(\d{2})世纪(\d0)年代", phrase):
        first = (int(century[1]) - 1) * 100 + int(century[2])
        return Bounds(first, first + 9)
    years = [int(year) for year in re.findall(r"\d{4}", phrase)]
    if phrase.endswith("0s"):
        return Bounds(years[0], years[0] + 9)
    if len(years) > 1:
        apart = "but before" in phrase or "年之后" in phrase
        return Bounds(years[0] + apart, years[-1] - apart)
    (year,) = years
    if _LATER.search(phrase) and "no later" not in phrase:
        return Bounds(lo=year)
    if _EARLIER.search(phrase):
        return Bounds(hi=year)
    if "after" in phrase or "之后" in phrase:
        return Bounds(lo=year + 1)
    if "before" in phrase or "之前" in phrase:
        return Bounds(hi=year - 1)
    return Bounds(year, year)


def _worth(number: str) -> float:
    return WORTH[number] if number in WORTH else float(number.strip("%").replace(",", ""))
