"""The 118 chemical elements: tables of the package mendeleev (MIT), pages written from them.

Read straight from `elements.db`; the package itself is not imported. Spellings of discoverers are
put right, and sentences of the table's descriptions that tell the discovery a second time (at
times with another year) are left out. Isotope counts are no facts here: the table marks
short-lived isotopes as stable.
"""

import re
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from data.errors import SourceError
from data.hashing import file_hash
from data.sources.base import Document, Entity, Fact, Relation, SourceData, ValueKind
from data.sources.countries import country, with_article
from data.sources.element_tables import (
    BRITISH,
    CHINESE,
    COUPLES,
    LATTICE,
    PEOPLE,
    SERIES,
    SPELLING,
)
from data.sources.installed import package_path, version_of
from data.sources.prose import listing, paragraphs, pick, sentence
from data.task import Source

VERSION = 1
"""Of the pages' wording; part of the source's version."""

_ONE = partial(Relation, subject="element", functional=True)

RELATIONS = (
    Relation("element.discovery_country", "element", ValueKind.ENTITY, "country"),
    _ONE("element.symbol", value=ValueKind.NAME),
    _ONE("element.atomic_number", value=ValueKind.NUMBER),
    _ONE("element.period", value=ValueKind.NUMBER),
    _ONE("element.group", value=ValueKind.NUMBER),
    _ONE("element.block", value=ValueKind.CATEGORY),
    _ONE("element.series", value=ValueKind.CATEGORY),
    _ONE("element.discovery_year", value=ValueKind.YEAR),
    Relation("element.discoverer", "element", ValueKind.NAME),
    _ONE("element.melting_point", value=ValueKind.NUMBER, unit="K"),
    _ONE("element.boiling_point", value=ValueKind.NUMBER, unit="K"),
    _ONE("element.density", value=ValueKind.NUMBER, unit="g/cm3"),
    _ONE("element.atomic_weight", value=ValueKind.NUMBER, unit="u"),
    _ONE("element.electronegativity", value=ValueKind.NUMBER),
    _ONE("element.lattice", value=ValueKind.CATEGORY),
)

_RETOLD = re.compile(
    r"^Named|discover|isolate|identified|synthesi|temporary|\b[12]\d\d\d\b(?! BC)", re.I
)
_INSTITUTE = re.compile(r"^.*(?:Laboratory|Institute|Centre).*$")
_QUERY = """
    SELECT atomic_number, e.name, e.symbol, block, period, group_id, s.name, discoverers,
           discovery_year, discovery_location, density, atomic_weight, en_pauling,
           lattice_structure, electronic_configuration, description, name_origin, sources, uses
    FROM elements e JOIN series s ON s.id = series_id ORDER BY atomic_number
"""
_POINTS = """
    SELECT atomic_number, min(melting_point), min(boiling_point),
           count(*) > 1 OR max(coalesce(is_sublimation_point, 0)) > 0
    FROM phasetransitions GROUP BY atomic_number
"""


class Element(NamedTuple):
    """One element, names and numbers as its page writes them; None or empty where unknown."""

    number: int
    name: str
    symbol: str
    block: str
    period: int
    group: int | None
    series: str
    discoverers: tuple[str, ...]
    year: int | None
    countries: tuple[str, ...]
    melting: str
    boiling: str
    density: str
    weight: str
    electronegativity: str
    lattice: str
    configuration: str
    description: str
    origin: str
    sources: str
    uses: str

    @property
    def id(self) -> str:
        return f"e-{sha256(self.symbol.encode()).hexdigest()[:10]}"


def locate() -> Path:
    """Where the installed data lie; SourceError says what to install."""
    return package_path("elements", "mendeleev", "mendeleev", "elements.db")


def load(path: Path | None = None) -> SourceData:
    """All elements; `path` names another `elements.db`. SourceError if it is unreadable."""
    path = path or locate()
    elements = _elements(path)
    places = {
        name: found.entity for e in elements for name in e.countries if (found := country(name))
    }
    return SourceData(
        info=Source(
            name="elements",
            version=version_of("mendeleev", VERSION),
            licence="MIT",
            sha256=file_hash(path),
        ),
        relations=RELATIONS,
        entities=(
            *(Entity(e.id, "element", e.name, _aliases(e)) for e in elements),
            *(places[name] for name in sorted(places)),
        ),
        facts=tuple(fact for e in elements for fact in _facts(e)),
        documents=tuple(Document(e.id, e.name, page(e)) for e in elements),
    )


def page(e: Element) -> str:
    """The element's page: place in the table, discovery, properties, sources and uses."""
    where = [f"group {e.group}"] if e.group else []
    where += [f"period {e.period}", f"the {e.block}-block"]
    article = "an" if e.series[0] in "aeiou" else "a"
    lead = (
        f"{e.name} (symbol {e.symbol}, atomic number {e.number}) is {article} {e.series}"
        f" in {listing(where)} of the periodic table."
    )
    texts = [e.sources, e.uses]
    return paragraphs(
        [
            [lead, e.description] if e.description else [lead],
            list(_discovery(e)),
            list(_properties(e)),
            [text for text in texts if text],
        ]
    )


def _discovery(e: Element) -> Iterator[str]:
    where = f"in {listing([with_article(name) for name in e.countries])}" if e.countries else ""
    if e.year is not None and e.discoverers:
        names = listing([_INSTITUTE.sub(r"the \g<0>", name) for name in e.discoverers])
        yield sentence(
            pick(
                (
                    f"It was discovered {where} in {e.year} by {names}",
                    f"{names} discovered it {where} in {e.year}",
                    f"Its discovery {where}, in {e.year}, is credited to {names}",
                ),
                e.number,
            )
        )
    elif not e.discoverers:
        yield "It has been known since antiquity."
    if e.origin:
        yield sentence(_naming(e.origin))


def _naming(origin: str) -> str:
    if origin.startswith("Named "):
        return f"It was named {origin[6:]}"
    if origin.startswith("From "):
        return f"Its name comes from {origin[5:]}"
    return f"Origin of the name: {origin}"


def _properties(e: Element) -> Iterator[str]:
    yield f"The atomic weight of {e.name.lower()} is {e.weight}."
    if e.melting and e.boiling:
        yield f"It melts at {e.melting} and boils at {e.boiling}."
    elif e.melting or e.boiling:
        yield f"It melts at {e.melting}." if e.melting else f"It boils at {e.boiling}."
    if e.density:
        yield f"Its density is {e.density}."
    if e.electronegativity:
        yield f"Its electronegativity is {e.electronegativity}."
    if e.lattice:
        article = "an" if e.lattice[0] in "aeiou" else "a"
        yield f"It crystallises in {article} {e.lattice} lattice."
    yield f"Its electron configuration is {e.configuration}."


def _facts(e: Element) -> Iterator[Fact]:
    for name in e.countries:
        found = country(name)
        assert found is not None
        yield Fact("element.discovery_country", e.id, found.entity.id, name)
    yield Fact("element.symbol", e.id, e.symbol, f"symbol {e.symbol}")
    yield Fact("element.atomic_number", e.id, e.number, f"atomic number {e.number}")
    yield Fact("element.period", e.id, e.period, f"period {e.period}")
    if e.group is not None:
        yield Fact("element.group", e.id, e.group, f"group {e.group}")
    yield Fact("element.block", e.id, e.block, f"{e.block}-block")
    yield Fact("element.series", e.id, e.series, e.series)
    if e.year is not None:
        yield Fact("element.discovery_year", e.id, e.year, str(e.year))
    for name in e.discoverers:
        yield Fact("element.discoverer", e.id, name, name)
    if e.lattice:
        yield Fact("element.lattice", e.id, e.lattice, e.lattice)
    for relation, stated in (
        ("element.melting_point", e.melting),
        ("element.boiling_point", e.boiling),
        ("element.density", e.density),
        ("element.atomic_weight", e.weight),
        ("element.electronegativity", e.electronegativity),
    ):
        if stated:
            value = float(stated.split()[0])
            yield Fact(relation, e.id, int(value) if value.is_integer() else value, stated)


def _elements(path: Path) -> list[Element]:
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            rows = database.execute(_QUERY).fetchall()
            points = {z: row for z, *row in database.execute(_POINTS)}
        finally:
            database.close()
    except sqlite3.Error as error:
        raise SourceError(f"source elements: cannot read {path}: {error}; reinstall it") from error
    return [_element(row, *points.get(row[0], (None, None, True))) for row in rows]


def _element(
    row: tuple[object, ...], melting: float | None, boiling: float | None, unclear: bool
) -> Element:
    (number, name, symbol, block, period, group, series, discoverers, year, places) = row[:10]
    density, weight, electronegativity, lattice, configuration = row[10:15]
    description, origin, sources, uses = (_text(value) for value in row[15:])
    return Element(
        number=int(str(number)),
        name=str(name),
        symbol=str(symbol),
        block=str(block),
        period=int(str(period)),
        group=int(str(group)) if group else None,
        series=SERIES[str(series)],
        discoverers=_discoverers(_text(discoverers)),
        year=int(str(year)) if year else None,
        countries=_countries(_text(places)),
        # Several allotropes, or a point of sublimation: no single value to state.
        melting="" if unclear else _quantity(melting, "K"),
        boiling="" if unclear else _quantity(boiling, "K"),
        density=_quantity(density, "g/cm3"),
        weight=_quantity(weight, "u"),
        electronegativity=_quantity(electronegativity, "on the Pauling scale"),
        lattice=LATTICE[str(lattice)] if lattice else "",
        configuration=str(configuration),
        description=_plain(description, group),
        origin=origin,
        sources=sentence(sources) if sources else "",
        uses=sentence(uses) if uses else "",
    )


def _text(value: object) -> str:
    text = " ".join(str(value).split()) if value else ""
    for wrong, right in SPELLING.items():
        text = text.replace(wrong, right)
    return text


def _plain(text: str, group: object) -> str:
    """`text` less the sentences that retell the discovery or give another group number."""
    parts = re.split(r"(?<=[.)])(?<!\b[A-Z]\.) (?=[A-Z])", text)
    kept = (
        part
        for part in parts
        if part
        and not _RETOLD.search(part)
        and set(re.findall(r"group (\d+)", part)) <= {str(group)}
    )
    return " ".join(part if part.endswith(".)") else sentence(part) for part in kept)


def _discoverers(text: str) -> tuple[str, ...]:
    if text.startswith("Known to the ancients"):
        return ()
    spaced = re.sub(r"\.(?=[A-Z])", ". ", COUPLES.get(text, text).removesuffix(", et al"))
    names = (name.strip() for name in re.split(r"[,;/] ?", spaced))
    return tuple(dict.fromkeys(PEOPLE.get(name, name) for name in names))


def _countries(text: str) -> tuple[str, ...]:
    found = (country(name) for name in text.split("/") if name)
    return tuple(dict.fromkeys(one.name for one in found if one))


def _quantity(value: object, unit: str) -> str:
    """Seven significant digits without an exponent: "0.000082 g/cm3"; "" for no value."""
    if value is None:
        return ""
    short = Decimal(f"{float(str(value)):.7g}")
    return f"{short.normalize():f} {unit}"


def _aliases(e: Element) -> tuple[str, ...]:
    british = (BRITISH[e.name],) if e.name in BRITISH else ()
    return (*british, CHINESE[e.number - 1])
