"""What a source yields: entities, typed facts, and the documents that state them.

A source is one module of this package with a function `load(path: Path | None) -> SourceData`.
A fact is always stated on its subject's page; the facts of a `mutual` relation are stated on the
object's page too. Nothing here decides what becomes a question.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from data.task import Source


class ValueKind(StrEnum):
    """What stands in the object place of a relation."""

    ENTITY = "entity"
    CATEGORY = "category"
    """A word of a closed vocabulary, such as a genre."""
    NAME = "name"
    """A proper name that has no page of its own, such as a capital."""
    YEAR = "year"
    NUMBER = "number"


@dataclass(frozen=True)
class Relation:
    """A typed relation. Names are `<subject type>.<word>` and unique over all sources."""

    name: str
    subject: str
    """Entity type, e.g. `film`."""
    value: ValueKind
    object: str = ""
    """Entity type of the object when `value` is ENTITY, else empty."""
    unit: str = ""
    """Unit of a NUMBER as written in the documents, e.g. `minutes`; empty for pure numbers."""
    functional: bool = False
    """At most one value a subject."""
    mutual: bool = False
    """The object's page states the fact too, by naming the subject."""


class Entity(NamedTuple):
    id: str
    type: str
    name: str
    aliases: tuple[str, ...] = ()
    has_page: bool = True
    """Its document's id is the entity's id. Entities without a page are only mentioned."""


class Fact(NamedTuple):
    relation: str
    subject: str
    object: str | int | float
    """Entity id, category, name, year or number."""
    stated: str
    """The words on the subject's page that state the value, e.g. `1,250 km`."""


class Document(NamedTuple):
    id: str
    title: str
    text: str


class SkippedLine(NamedTuple):
    place: str
    """File and line, e.g. `notes.jsonl:17`."""
    reason: str


@dataclass(frozen=True)
class SourceData:
    """All of one source, in an order that depends on the data alone."""

    info: Source
    relations: tuple[Relation, ...]
    entities: tuple[Entity, ...]
    facts: tuple[Fact, ...]
    documents: tuple[Document, ...]
    skipped: tuple[SkippedLine, ...] = ()
