"""Names of countries and territories, shared by every source that mentions one.

`countries.tsv` has one row an entity: the English name we write, the stem of its factbook page, its
ISO 3166-1 code, names that mean the same, and spellings that sources use for it but that nobody
should give as an answer ("England" for the United Kingdom). States that no longer exist keep their
own entities. Chinese names come from CLDR.
"""

import re
import unicodedata
from functools import cache
from importlib import resources
from typing import NamedTuple

from babel import Locale

from data.sources.base import Entity

_WITH_ARTICLE = re.compile(
    r"(United|Democratic Rep|Republic|Central African|Isle|British|Soviet|French Southern"
    r"|Czech Rep|Dominican Rep|Georgian SSR).*|.*Islands|Bahamas|Comoros|Gambia|Gaza Strip"
    r"|Maldives|Netherlands|Philippines|West Bank"
)


class Country(NamedTuple):
    name: str
    """As our documents write it, without an article."""
    page: str
    """Stem of its factbook file, or empty."""
    entity: Entity
    """Without a page; the factbook replaces it by one that has."""


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens; may be empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))


def country(name: str) -> Country | None:
    """The country a source calls `name`, or None: other places are no countries."""
    return _by_name().get(_key(name))


def country_of_page(stem: str) -> Country | None:
    """The country of the factbook file `stem`; None for the world and for unions."""
    return _by_page().get(stem)


def countries() -> tuple[Country, ...]:
    return tuple(_by_page().values()) + tuple(c for c in _rows()[0] if not c.page)


def with_article(name: str) -> str:
    """The name as it stands inside a sentence: "the Netherlands", "France"."""
    return f"the {name}" if _WITH_ARTICLE.fullmatch(name) else name


def _key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = plain.lower().replace("&", " and ").replace("'", "")
    plain = " ".join(re.findall(r"[a-z0-9]+", plain))
    return plain.removeprefix("the ")


@cache
def _rows() -> tuple[tuple[Country, ...], dict[str, Country]]:
    text = resources.files("data.sources").joinpath("countries.tsv").read_text(encoding="utf-8")
    chinese = Locale("zh").territories
    found: list[Country] = []
    names: dict[str, Country] = {}
    for line in text.splitlines()[1:]:
        name, page, iso, aliases, other = line.split("\t")
        known = tuple(alias for alias in aliases.split("; ") if alias)
        translated = (chinese[iso],) if iso else ()
        entity = Entity(f"country:{slug(name)}", "country", name, known + translated, False)
        row = Country(name, page, entity)
        found.append(row)
        for spelling in (name, *known, *other.split("; ")):
            if spelling:
                clash = names.setdefault(_key(spelling), row)
                assert clash is row, f"countries.tsv: {spelling!r} names two countries"
    return tuple(found), names


def _by_name() -> dict[str, Country]:
    return _rows()[1]


@cache
def _by_page() -> dict[str, Country]:
    return {row.page: row for row in _rows()[0] if row.page}
