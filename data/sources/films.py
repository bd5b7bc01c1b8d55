"""Films, the people credited on them and their production companies: a Wikidata snapshot (CC0).

The tables are `movies.db` of bokeh-sampledata; the pages are written here, from the facts alone.
The data names people by strings: two people with the same string are one person here, and one
person with two spellings is two. The year is the release year; a film's credits are what the
snapshot lists, which is not always everything there was.
"""

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from data.errors import SourceError
from data.hashing import file_hash
from data.sources import film_pages
from data.sources.base import Document, Entity, Fact, Relation, SourceData, ValueKind
from data.sources.countries import country
from data.sources.film_pages import Credits, Film
from data.sources.ids import id_maker
from data.sources.installed import package_path, version_of
from data.task import Source

VERSION = 1
"""Of the pages' wording; part of the source's version."""

MIN_REVIEWS = 5
"""A share of positive reviews is a fact from so many reviews on."""

RELATIONS = (
    Relation("film.director", "film", ValueKind.ENTITY, "person", mutual=True),
    Relation("film.writer", "film", ValueKind.ENTITY, "person", mutual=True),
    Relation("film.cast", "film", ValueKind.ENTITY, "person", mutual=True),
    Relation("film.company", "film", ValueKind.ENTITY, "company", mutual=True),
    Relation("film.country", "film", ValueKind.ENTITY, "country"),
    Relation("film.year", "film", ValueKind.YEAR, functional=True),
    Relation("film.runtime", "film", ValueKind.NUMBER, unit="minutes", functional=True),
    Relation("film.genre", "film", ValueKind.CATEGORY),
    Relation("film.language", "film", ValueKind.CATEGORY),
    Relation("film.rating", "film", ValueKind.CATEGORY, functional=True),
    Relation("film.oscars", "film", ValueKind.NUMBER, functional=True),
    Relation("film.nominations", "film", ValueKind.NUMBER, functional=True),
    Relation("film.metascore", "film", ValueKind.NUMBER, functional=True),
    Relation("film.critics_score", "film", ValueKind.NUMBER, unit="%", functional=True),
)

# A comma also stands inside some names: "Garay, Jr.", "Tyler, the Creator", "Screen Gems, Inc.".
_SEPARATOR = re.compile(
    r", (?!Jr\.|Sr\.|III\b|PhD\b|Inc\b|Ltd\.|the Creator\b|Stills & Nash|Wind & Fire"
    r"|Silverstein & Partners)"
)
_NO_NAME = re.compile(r"list of .*|art director|dialogue writer|geshe")
_NO_LANGUAGE = frozenset({"multiple languages", "artistic language"})
_AWARDS = re.compile(r"(?:Won (\d+) Oscars?\. ?)?(?:Nominated for (\d+) Oscars?\.)?")
_QUERY = """
    SELECT o.ID, Title, Year, o.Rating, Runtime, Genre, Director, Writer, "Cast", Metacritic,
           Language, Country, Awards, Meter, Reviews, Production
    FROM omdb o JOIN tomatoes t ON t.ID = o.ID ORDER BY Year, Title, o.ID
"""


def locate() -> Path:
    """Where the installed data lie; SourceError says what to install."""
    return package_path("films", "bokeh_sampledata", "bokeh-sampledata", "_data/movies.db")


def load(path: Path | None = None) -> SourceData:
    """The whole snapshot; `path` names another `movies.db`. SourceError if it is unreadable."""
    path = path or locate()
    films = _films(path)
    people, companies = _credits(films)
    ids = {person.name: person.id for person in people}
    houses = {company.name: company.id for company in companies}
    titles = _titles(films, {*ids, *houses})
    return SourceData(
        info=Source(
            name="films",
            version=version_of("bokeh-sampledata", VERSION),
            licence="CC0-1.0",
            sha256=file_hash(path),
        ),
        relations=RELATIONS,
        entities=(
            *(Entity(film.id, "film", film.title) for film in films),
            *(Entity(person.id, "person", person.name) for person in people),
            *(Entity(company.id, "company", company.name) for company in companies),
            *_countries(films),
        ),
        facts=tuple(_facts(films, ids, houses)),
        documents=(
            *(Document(f.id, titles[f.id], film_pages.film_page(f)) for f in films),
            *(Document(p.id, p.name, film_pages.person_page(p)) for p in people),
            *(
                Document(
                    c.id,
                    f"{c.name} (company)" if c.name in ids else c.name,
                    film_pages.company_page(c),
                )
                for c in companies
            ),
        ),
    )


def _films(path: Path) -> list[Film]:
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            rows = database.execute(_QUERY).fetchall()
        finally:
            database.close()
    except sqlite3.Error as error:
        raise SourceError(f"source films: cannot read {path}: {error}; reinstall it") from error
    make_id = id_maker("films", "f")
    return [_film(make_id, row) for row in rows]


def _film(make_id: Callable[[str], str], row: tuple[object, ...]) -> Film:
    (key, title, year, rating, runtime, genre, director, writer, cast, metascore) = row[:10]
    (language, places, awards, meter, reviews, production) = row[10:]
    won, nominated = _awards(_text(awards))
    reviews = int(str(reviews or 0))
    countries = (country(name) for name in _split(places))
    languages = (
        name.removesuffix(" language") for name in _split(language) if name not in _NO_LANGUAGE
    )
    return Film(
        # The item number: two pairs of cuts of one film share an IMDb id.
        id=make_id(str(key)),
        title=_text(title),
        year=int(str(year)),
        directors=_split(director),
        writers=_split(writer),
        cast=_split(cast),
        companies=_split(production),
        countries=_once(found.name for found in countries if found),
        genres=_split(genre),
        languages=_once(name[0].upper() + name[1:] for name in languages),
        rating=_text(rating) or None,
        runtime=int(float(str(runtime))) if runtime else None,
        oscars=won,
        nominations=nominated,
        metascore=int(str(metascore)) if metascore is not None else None,
        score=int(str(meter)) if meter is not None and reviews >= MIN_REVIEWS else None,
        reviews=reviews,
    )


def _text(value: object) -> str:
    return " ".join(str(value).split()) if value else ""


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _split(value: object) -> tuple[str, ...]:
    text = _text(value)
    return _once(n for n in _SEPARATOR.split(text) if not _NO_NAME.fullmatch(n)) if text else ()


def _awards(text: str) -> tuple[int | None, int | None]:
    """Oscars won and nominations, each only where the text states it."""
    match = _AWARDS.fullmatch(text)
    won, nominated = match.groups() if match else (None, None)
    if won and nominated and int(nominated) < int(won):
        nominated = None  # The snapshot's list of nominations is incomplete there.
    return int(won) if won else None, int(nominated) if nominated else None


def _credits(films: list[Film]) -> tuple[list[Credits], list[Credits]]:
    """People and companies by name, each with the films of every role, oldest first."""
    directed, wrote, acted, produced = (defaultdict[str, list[Film]](list) for _ in range(4))
    for film in films:
        for names, role in (
            (film.directors, directed),
            (film.writers, wrote),
            (film.cast, acted),
            (film.companies, produced),
        ):
            for name in names:
                role[name].append(film)
    person_id, company_id = id_maker("films", "p"), id_maker("films", "c")
    people = [
        Credits(
            person_id(name),
            name,
            directed=directed.get(name, ()),
            wrote=wrote.get(name, ()),
            acted=acted.get(name, ()),
        )
        for name in sorted({*directed, *wrote, *acted})
    ]
    companies = [
        Credits(company_id(name), name, produced=produced[name]) for name in sorted(produced)
    ]
    return people, companies


def _titles(films: list[Film], others: set[str]) -> dict[str, str]:
    """Title of each film's page: no two films share one, none is a person's or company's name."""
    plain = Counter(film.title for film in films)
    dated = Counter((film.title, film.year) for film in films)
    titles: dict[str, str] = {}
    for film in films:
        title = film.title
        if dated[film.title, film.year] > 1:
            title += f" ({film.year}, {film.directors[0] if film.directors else film.id})"
        elif plain[film.title] > 1 or film.title in others:
            title += f" ({film.year})"
        titles[film.id] = title
    return titles


def _countries(films: list[Film]) -> Iterator[Entity]:
    for name in sorted({name for film in films for name in film.countries}):
        found = country(name)
        assert found is not None
        yield found.entity


def _facts(films: list[Film], ids: dict[str, str], houses: dict[str, str]) -> Iterator[Fact]:
    places = {entity.name: entity.id for entity in _countries(films)}
    for film in films:
        one = film.id
        for relation, names, known in (
            ("film.director", film.directors, ids),
            ("film.writer", film.writers, ids),
            ("film.cast", film.cast, ids),
            ("film.company", film.companies, houses),
            ("film.country", film.countries, places),
        ):
            for name in names:
                yield Fact(relation, one, known[name], name)
        yield Fact("film.year", one, film.year, str(film.year))
        for genre in film.genres:
            yield Fact("film.genre", one, genre, genre.lower())
        for language in film.languages:
            yield Fact("film.language", one, language, language)
        yield from _details(film)


def _details(film: Film) -> Iterator[Fact]:
    if film.rating:
        yield Fact("film.rating", film.id, film.rating, film_pages.rated(film))
    for relation, value, stated in (
        ("film.runtime", film.runtime, film_pages.minutes(film)),
        ("film.oscars", film.oscars, film_pages.oscars(film)),
        ("film.nominations", film.nominations, film_pages.nominations(film)),
        ("film.metascore", film.metascore, f"{film.metascore} out of 100"),
        ("film.critics_score", film.score, f"{film.score}%"),
    ):
        if value is not None:
            yield Fact(relation, film.id, value, stated)
