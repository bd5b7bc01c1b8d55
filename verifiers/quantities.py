"""Numbers, units, years and dates as people and models write them, in English and Chinese.

Every reader takes a JSON value and gives None for what it does not read as exactly one quantity;
booleans are never numbers.
"""

import re
import unicodedata
from datetime import date, datetime
from math import isfinite
from typing import NamedTuple

from pydantic import JsonValue

MAX_CHARS = 100
"""Longer text is no quantity."""


class Unit(NamedTuple):
    """A unit in terms of the base of its dimension: base = value * factor + offset."""

    dimension: str
    factor: float
    offset: float = 0.0
    rounding: float = 0.0
    """Relative slack for values converted from this unit, which nobody writes to the last digit."""


class Quantity(NamedTuple):
    value: float
    unit: str
    """As written, folded; empty if none was."""


_MILE_KM = 1.609344
_FOOT_M = 0.3048
_IMPERIAL = 0.005
_UNITS = {
    "m|metre|metres|meter|meters|米|公尺": Unit("length", 1.0),
    "km|kilometre|kilometres|kilometer|kilometers|公里|千米": Unit("length", 1000.0),
    "cm|centimetre|centimetres|centimeter|centimeters|厘米": Unit("length", 0.01),
    "ft|foot|feet|英尺": Unit("length", _FOOT_M, rounding=_IMPERIAL),
    "mi|mile|miles|英里": Unit("length", _MILE_KM * 1000, rounding=_IMPERIAL),
    "sq km|square km|km2|square kilometre|square kilometres|square kilometer|square kilometers"
    "|平方公里|平方千米": Unit("area", 1.0),
    "sq m|m2|square metre|square metres|square meter|square meters|平方米": Unit("area", 1e-6),
    "ha|hectare|hectares|公顷": Unit("area", 0.01),
    "sq mi|square mile|square miles|mi2|平方英里": Unit("area", _MILE_KM**2, rounding=_IMPERIAL),
    "k|kelvin|开|开尔文": Unit("temperature", 1.0),
    "c|°c|celsius|degrees celsius|degree celsius|摄氏度|度": Unit("temperature", 1.0, 273.15),
    "f|°f|fahrenheit|degrees fahrenheit|华氏度": Unit("temperature", 5 / 9, 459.67 * 5 / 9),
    "min|mins|minute|minutes|分|分钟": Unit("time", 1.0),
    "h|hr|hrs|hour|hours|小时": Unit("time", 60.0),
    "s|sec|second|seconds|秒": Unit("time", 1 / 60),
    "year|years|yr|yrs|年|岁": Unit("years", 1.0),
    "%|percent|per cent|pct": Unit("share", 1.0),
    "g/cm3|g/cc|g cm-3|克/立方厘米": Unit("density", 1.0),
    "kg/m3|kg m-3|千克/立方米": Unit("density", 0.001),
    "u|amu|da|dalton|daltons": Unit("mass number", 1.0),
    "kib|kibibyte|kibibytes": Unit("bytes", 1024.0),
    "mib|mebibyte|mebibytes": Unit("bytes", 1024.0**2),
    "b|byte|bytes|字节": Unit("bytes", 1.0),
}
UNITS = {name: unit for names, unit in _UNITS.items() for name in names.split("|")}

_COUNTED = """
film films movie movies title titles person people actor actors actress actresses director directors
writer writers company companies country countries element elements isotope isotopes airport
airports document documents page pages entry entries term terms package packages award awards oscar
oscars nomination nominations time times year years 部 个 位 名 人 次 家 国 种 项 座 篇 年 岁 部电影 部影片
个国家 名演员 位演员 家公司 个机场
"""
COUNTED = frozenset(_COUNTED.split())
"""Words that may follow a pure number."""

_NUMBER_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty
"""
_WORDS = _NUMBER_WORDS.split()
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_POWERS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}

_NUMBER = re.compile(
    r"(?P<sign>[-+]?)(?P<whole>\d{1,3}(?:[, ]\d{3})+|\d+)(?P<part>\.\d+)?(?P<exponent>e[-+]?\d{1,3})?"
)
_ZH_NUMBER = re.compile("[零〇一二三四五六七八九十百千万萬亿億两兩]+")
_MONTH_NAMES = """january february march april may june
july august september october november december"""
_MONTHS = {name: n for n, name in enumerate(_MONTH_NAMES.split(), start=1)}
_MONTHS |= {name[:3]: n for name, n in _MONTHS.items()} | {"sept": 9}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d{1,9})?)?")
_MIDNIGHT = re.compile(r"[t ]00:00(:00(\.0+)?)?$")
_DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
    re.compile(r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]"),
    re.compile(r"(?P<d>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m>[a-z]+)\.?,?\s+(?P<y>\d{4})"),
    re.compile(r"(?P<m>[a-z]+)\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})"),
)


def read_quantity(given: JsonValue) -> Quantity | None:
    """One number with at most one unit: 1250, "1,250 km", "三百万", "twelve"."""
    if isinstance(given, bool):
        return None
    if isinstance(given, int | float):
        return _finite(given, "")
    text = _plain(given)
    if text is None:
        return None
    number = _NUMBER.match(text)
    if number is None:
        return _in_words(text)
    digits = re.sub("[, ]", "", number["whole"])
    value = float(f"{number['sign']}{digits}{number['part'] or ''}{number['exponent'] or ''}")
    rest = text[number.end() :].strip()
    if rest[:1] in _MYRIADS:
        value, rest = value * _MYRIADS[rest[0]], rest[1:].strip()
    return _finite(value, rest) if not re.match(r"[\d.,]", rest) else None


def read_year(given: JsonValue) -> int | None:
    """A year as a whole number, or as text: "1974", "1974年"."""
    if isinstance(given, bool):
        return None
    if isinstance(given, int | float):
        return int(given) if isfinite(given) and given == int(given) else None
    match = re.fullmatch(r"(-?\d{1,4})\s*年?", _plain(given) or "")
    return int(match[1]) if match else None


def read_date(given: JsonValue) -> date | None:
    """A whole day: "1974-03-02", "2 March 1974", "March 2, 1974", "1974年3月2日"."""
    text = _MIDNIGHT.sub("", _plain(given) or "")
    for pattern in _DATES:
        match = pattern.fullmatch(text)
        if match:
            month = _MONTHS.get(match["m"]) or (int(match["m"]) if match["m"].isdigit() else 0)
            try:
                return date(int(match["y"]), month, int(match["d"]))
            except ValueError:
                return None
    return None


def read_moment(given: JsonValue) -> datetime | None:
    """A day and time: "1974-03-02 17:05:00", "1974-03-02T17:05"; no time zone."""
    text = (_plain(given) or "").replace("t", " ")
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        return None


def converted(quantity: Quantity, unit: str) -> tuple[float, float] | None:
    """Value in `unit` and the relative slack of the conversion; None if units do not agree.

    A number without a unit counts as written in `unit`; where `unit` is empty or unknown, only the
    same word or, for pure numbers, a counted thing may follow.
    """
    wanted = _unit_name(unit)
    if quantity.unit in ("", wanted):
        return quantity.value, 0.0
    if not wanted:
        return (quantity.value, 0.0) if quantity.unit in COUNTED else None
    source, target = UNITS.get(quantity.unit), UNITS.get(wanted)
    if source is None or target is None or source.dimension != target.dimension:
        return None
    base = quantity.value * source.factor + source.offset
    slack = 0.0 if source.factor == target.factor else max(source.rounding, target.rounding)
    return (base - target.offset) / target.factor, slack


def _plain(given: JsonValue) -> str | None:
    """Text without case, width and outer space; None for other types and long text."""
    if not isinstance(given, str) or len(given) > MAX_CHARS:
        return None
    text = unicodedata.normalize("NFKC", given).casefold().replace("\u2212", "-")
    return " ".join(text.split())


def _unit_name(text: str) -> str:
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return plain.replace("^", "").removesuffix(".")


def _finite(value: float, unit: str) -> Quantity | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return Quantity(number, _unit_name(unit)) if isfinite(number) else None


def _in_words(text: str) -> Quantity | None:
    word, _, rest = text.partition(" ")
    if word in _WORDS:
        return _finite(_WORDS.index(word), rest)
    chinese = _ZH_NUMBER.match(text)
    if chinese is None:
        return None
    value = _chinese(chinese[0])
    return None if value is None else _finite(value, text[chinese.end() :].strip())


def _chinese(numeral: str) -> int | None:
    """Value of a Chinese numeral: 二十五, 一百零五, 三万五千, 一九七四."""
    if len(numeral) > 1 and all(character in _DIGITS for character in numeral):
        return int("".join(str(_DIGITS[character]) for character in numeral))
    total = section = digit = 0
    for character in numeral:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _POWERS:
            section += (digit or 1) * _POWERS[character]
            digit = 0
        else:
            if not (total or section or digit):
                return None
            total = (total + section + digit) * _MYRIADS[character]
            section = digit = 0
    return total + section + digit
