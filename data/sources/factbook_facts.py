"""Typed facts from a factbook page. A value that does not parse with certainty gives no fact."""

import re
from collections.abc import Iterator
from functools import partial

from data.sources.base import Fact, Relation, ValueKind
from data.sources.countries import country
from data.sources.factbook_pages import Page, part

_NUMBER = partial(Relation, subject="country", value=ValueKind.NUMBER, functional=True)
_NAME = partial(Relation, subject="country", value=ValueKind.NAME, functional=True)

RELATIONS = (
    Relation("country.border", "country", ValueKind.ENTITY, "country", mutual=True),
    Relation("country.export_partner", "country", ValueKind.ENTITY, "country"),
    Relation("country.import_partner", "country", ValueKind.ENTITY, "country"),
    Relation("country.region", "country", ValueKind.CATEGORY, functional=True),
    Relation("country.language", "country", ValueKind.CATEGORY),
    Relation("country.religion", "country", ValueKind.CATEGORY),
    Relation("country.government_type", "country", ValueKind.CATEGORY, functional=True),
    _NAME("country.capital"),
    _NAME("country.highest_point"),
    _NAME("country.currency"),
    _NAME("country.internet_code"),
    _NUMBER("country.area", unit="sq km"),
    _NUMBER("country.coastline", unit="km"),
    _NUMBER("country.land_boundary", unit="km"),
    _NUMBER("country.highest_elevation", unit="m"),
    _NUMBER("country.mean_elevation", unit="m"),
    _NUMBER("country.population"),
    _NUMBER("country.median_age", unit="years"),
    _NUMBER("country.life_expectancy", unit="years"),
    _NUMBER("country.airports"),
    _NUMBER("country.railways", unit="km"),
    Relation("country.independence", "country", ValueKind.YEAR, functional=True),
)

_QUANTITY = r"(?P<stated>(?P<number>-?\d[\d,]*(?:\.\d+)?)(?P<million> million)? {unit})"
_DATED = re.compile(r"(?P<stated>(?P<number>\d[\d,]*)(?P<million>) \(.*\d{4}(?: est\.)?\))")
_NUMBERS = (
    # Relation, section, field, part, unit; "" stands for a bare number with its year.
    ("country.area", "Geography", "Area", "total", "sq km"),
    ("country.coastline", "Geography", "Coastline", "", "km"),
    ("country.land_boundary", "Geography", "Land boundaries", "total", "km"),
    ("country.mean_elevation", "Geography", "Elevation", "mean elevation", "m"),
    ("country.population", "People and Society", "Population", "total", ""),
    ("country.population", "People and Society", "Population", "", ""),
    ("country.median_age", "People and Society", "Median age", "total", "years"),
    (
        "country.life_expectancy",
        "People and Society",
        "Life expectancy at birth",
        "total population",
        "years",
    ),
    ("country.airports", "Transportation", "Airports", "", ""),
    ("country.railways", "Transportation", "Railways", "total", "km"),
)
_VAGUE = re.compile(r"less than|\bca\.|for entire island|approximately")
_PEAK = re.compile(r"(?P<name>.+?)(?: \([^()]*\))? (?P<number>\d[\d,]*(?:\.\d+)?)(?: m\b.*)?", re.S)
_BORDER = re.compile(r"(?:^|[;,] |\band )(?P<name>[A-Z][^\d,;()]*?)(?: \([^()]*\))? \d[\d,.]* km")
_SHARE = re.compile(r"(?:^|, )(?P<stated>(?P<name>[A-Z][^\d,%]*?) <?\d[\d.]*%)")
_PARENTHESES = re.compile(r"\s*\((?:[^()]|\([^()]*\))*\)")
_INDEPENDENCE = re.compile(
    r"(?P<stated>(?:\d{1,2} [A-Z][a-z]+ )?(?P<year>[12]\d{3})) \(from [^();]+\)(?:; notable.*)?",
    re.S,
)
_GROUP = re.compile(r"[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){0,3}")
_NO_GROUP = frozenset({"Other", "Believer", "Traditional", "Indigenous"})
_PEAK_NAME = re.compile(r"[A-Z](?:[^\d,]*|2)")


def facts(one: str, page: Page) -> Iterator[Fact]:
    """All facts of the country with id `one`, its borders as its own page states them."""
    yield from _places(one, page)
    yield from _words(one, page)
    for relation, section, field, name, unit in _NUMBERS:
        text = part(page, section, field, name)
        pattern = re.compile(_QUANTITY.replace("{unit}", unit)) if unit else _DATED
        found = None if _VAGUE.search(text) else pattern.match(text)
        if found:
            yield Fact(relation, one, number(found), found["stated"])
    yield from _peak(one, page)
    text = part(page, "Government", "Independence")
    if found := _INDEPENDENCE.fullmatch(text):
        yield Fact("country.independence", one, int(found["year"]), found["stated"])


def number(found: re.Match[str]) -> int | float:
    value = float(found["number"].replace(",", ""))
    if found["million"]:
        value = round(value * 1e6)
    return int(value) if value == int(value) else value


def _places(one: str, page: Page) -> Iterator[Fact]:
    borders = part(page, "Geography", "Land boundaries", "border countries")
    seen = {one}
    for match in _BORDER.finditer(borders):
        other = country(match["name"])
        if other and other.entity.id not in seen:
            seen.add(other.entity.id)
            stated = match[0].removeprefix("and ").lstrip(";, ")
            yield Fact("country.border", one, other.entity.id, stated)
    for relation, field in (
        ("country.export_partner", "Exports - partners"),
        ("country.import_partner", "Imports - partners"),
    ):
        yield from _partners(one, relation, part(page, "Economy", field))


def _partners(one: str, relation: str, text: str) -> Iterator[Fact]:
    shares = [(m["name"], m["stated"]) for m in _SHARE.finditer(text)]
    if not shares:
        names = _PARENTHESES.sub("", text).removeprefix("almost entirely ").split(", ")
        shares = [(name, name) for name in names] if all(map(country, names)) else []
    for name, stated in shares:
        other = country(name)
        if other and other.entity.id != one:
            yield Fact(relation, one, other.entity.id, stated)


def _peak(one: str, page: Page) -> Iterator[Fact]:
    text = part(page, "Geography", "Elevation", "highest point")
    found = _PEAK.fullmatch(text)
    if not found or " was" in found["name"]:
        return
    name = found["name"].rstrip(",")
    if _PEAK_NAME.fullmatch(name):
        yield Fact("country.highest_point", one, name, name)
    value = float(found["number"].replace(",", ""))
    stated = f"{found['number']} m" if f"{found['number']} m" in text else found["number"]
    whole = int(value) if value == int(value) else value
    yield Fact("country.highest_elevation", one, whole, stated)


def _words(one: str, page: Page) -> Iterator[Fact]:
    for relation, value in (
        ("country.region", _region(part(page, "Geography", "Map references"))),
        ("country.capital", _capital(part(page, "Government", "Capital", "name"))),
        ("country.currency", _currency(part(page, "Economy", "Exchange rates", "Currency"))),
        ("country.internet_code", _code(part(page, "Communications", "Internet country code"))),
    ):
        if value:
            yield Fact(relation, one, value, value)
    text = part(page, "Government", "Government type")
    if kind := _government(text):
        yield Fact("country.government_type", one, kind, text.split(";")[0])
    for relation, field in (("country.language", "Languages"), ("country.religion", "Religions")):
        for name in _groups(part(page, "People and Society", field)):
            yield Fact(relation, one, name, name)


def _region(text: str) -> str:
    first = text.split(";")[0].split("\n")[0].removeprefix("metropolitan France: ").strip()
    return "" if first in ("Political Map of the World", "AsiaEurope") else first


def _capital(text: str) -> str:
    name = _PARENTHESES.sub("", text.split("; note")[0]).removesuffix(" in Romanian").strip()
    several = ";" in name or (", " in name and not name.endswith(", D.C."))
    return "" if several or name.startswith(("no ", "none", "administered")) else name


def _currency(text: str) -> str:
    found = re.match(r"(.+?)(?: \([A-Z/]+\))? per US dollar", text)
    return found[1] if found and " or " not in found[1] else ""


def _code(text: str) -> str:
    found = re.fullmatch(r"(\.[a-z]{2,3})(?:; .*)?", text, re.S)
    return found[1] if found else ""


def _government(text: str) -> str:
    kind = _PARENTHESES.sub("", text.split(";")[0]).strip()
    plain = re.fullmatch(r"[a-z][a-z -]+", kind) and len(kind.split()) <= 7
    return kind if plain else ""


def _groups(text: str) -> list[str]:
    """The named groups of a list such as "Muslim 85.9%, Christian (Coptic) 6.4%, other 2%"."""
    top = _PARENTHESES.sub("", text.split("\n")[0]).split("; note")[0]
    names: list[str] = []
    for item in re.split(r"[,;] ", top):
        name = re.sub(r"\s*<?\s*(?:less than )?[\d.]+%.*$", "", item).strip()
        words = name.removesuffix(" only").split(" or ")
        if all(_GROUP.fullmatch(word) for word in words):
            names.extend(word for word in words if word not in _NO_GROUP)
    return list(dict.fromkeys(names))
