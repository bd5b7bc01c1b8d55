"""One corpus from several sources: entities merged by id, facts and documents side by side."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from data.errors import SourceError
from data.sources.base import Document, Entity, Fact, Relation, SkippedLine, SourceData, ValueKind
from data.task import Source

log = logging.getLogger(__name__)

DEFAULT_SOURCES = ("films", "factbook", "elements")
"""Installed with the project on every machine."""

_BUILT_IN = {
    "films": "17,472 films, the people credited on them and their companies",
    "factbook": "the World Factbook: 256 pages on countries and territories",
    "elements": "the 118 chemical elements",
    "foldoc": "the Free On-line Dictionary of Computing (Debian package dict-foldoc)",
    "debian": "the package index of this Debian machine (apt-get update)",
}
_FROM_FILES = {
    "jsonl": "your documents, one JSON object a line: jsonl:PATH",
    "mediawiki": "a MediaWiki XML dump (.xml, .xml.bz2, .xml.gz): mediawiki:PATH",
}
_BLOCK = 4096
NUM_REPORTED = 10
"""Skipped lines that are reported one by one; the others only by their number."""


class SourceModule(Protocol):
    def load(self, path: Path | None = None) -> SourceData: ...

    def locate(self) -> Path:
        """Where a built-in source's data lie; SourceError says what to install."""


@dataclass(frozen=True)
class Corpus:
    """Everything the sources named give; its order depends on the data and their order alone."""

    infos: tuple[Source, ...]
    relations: dict[str, Relation]
    entities: dict[str, Entity]
    facts: list[Fact]
    documents: list[Document]
    skipped: tuple[SkippedLine, ...] = ()
    dropped: int = 0
    """Facts left out because their object is no entity of any source."""

    @cached_property
    def sha256(self) -> str:
        """Hash of all documents, entities and facts, as 64 hex digits."""
        digest = sha256()
        for rows in (self.documents, self.entities.values(), self.facts):
            for block in _blocks(rows):
                digest.update(block)
        return digest.hexdigest()


def load_corpus(names: Sequence[str]) -> Corpus:
    """Loads and merges the sources, e.g. `("films", "jsonl:/data/notes.jsonl")`.

    Raises SourceError for an unknown or doubly named source, a relation or document id that two
    sources claim, and whatever makes a source unreadable.
    """
    if not names:
        raise SourceError(f"no sources named; name some of {_known_names()}")
    if len(set(names)) < len(names):
        raise SourceError(f"a source is named twice in {', '.join(names)}; name each once")
    loaders = [_loader(name) for name in names]
    corpus = merge([module.load(path) for module, path in loaders])
    _report(corpus.skipped)
    return corpus


def resolved(names: Iterable[str]) -> tuple[str, ...]:
    """The sources that `names` name, several in one where commas part them, with absolute paths.

    Raises SourceError for an unknown source, one that this machine lacks, and a missing file;
    reads none of them.
    """
    found = []
    for name in (part.strip() for value in names for part in _parts(value)):
        module, path = _loader(name)
        if path is None:
            module.locate()
            found.append(name)
            continue
        path = path.expanduser().resolve()
        if not path.is_file():
            raise SourceError(f"source {name!r}: there is no file {path}")
        found.append(f"{name.partition(':')[0]}:{path}")
    return tuple(found)


def _parts(value: str) -> list[str]:
    """`value` at its commas, unless they belong to the path of an existing file."""
    path = value.partition(":")[2]
    return [value] if path and Path(path).expanduser().exists() else value.split(",")


def _report(skipped: Sequence[SkippedLine]) -> None:
    for line in skipped[:NUM_REPORTED]:
        log.warning("skipped %s: %s", line.place, line.reason)
    if len(skipped) > NUM_REPORTED:
        log.warning("skipped %d more lines", len(skipped) - NUM_REPORTED)


def merge(sources: Sequence[SourceData]) -> Corpus:
    """One corpus of `sources`; SourceError where two claim a relation or a document."""
    relations: dict[str, Relation] = {}
    entities: dict[str, Entity] = {}
    documents: dict[str, Document] = {}
    for source in sources:
        for relation in source.relations:
            known = relations.setdefault(relation.name, relation)
            if known is not relation:
                raise SourceError(
                    f"source {source.info.name}: relation {relation.name!r} belongs to another"
                    " source too; rename it or load the sources apart"
                )
        for document in source.documents:
            if documents.setdefault(document.id, document) is not document:
                raise SourceError(
                    f"source {source.info.name}: document id {document.id!r} occurs twice;"
                    " ids must be unique over all sources"
                )
        for entity in source.entities:
            other = entities.get(entity.id)
            entities[entity.id] = _united(other, entity) if other else entity
    linked = {r.name for r in relations.values() if r.value is ValueKind.ENTITY}
    facts = [
        fact
        for source in sources
        for fact in source.facts
        if fact.relation not in linked or fact.object in entities
    ]
    return Corpus(
        infos=tuple(source.info for source in sources),
        relations=relations,
        entities=entities,
        facts=facts,
        documents=list(documents.values()),
        skipped=tuple(line for source in sources for line in source.skipped),
        dropped=sum(len(source.facts) for source in sources) - len(facts),
    )


def known_sources() -> dict[str, str]:
    """What each source is, and whether this machine has it; loads nothing."""
    described = {}
    for name, text in _BUILT_IN.items():
        reason = _missing(name)
        described[name] = f"{text}; not available: {reason}" if reason else text
    return described | _FROM_FILES


def _loader(name: str) -> tuple[SourceModule, Path | None]:
    kind, colon, path = name.partition(":")
    if kind in _BUILT_IN and not colon:
        return _module(kind), None
    if kind in _FROM_FILES:
        if not path:
            raise SourceError(f"source {kind!r} needs a file: {kind}:PATH")
        return _module(kind), Path(path)
    close = get_close_matches(kind, [*_BUILT_IN, *_FROM_FILES], n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise SourceError(f"no source {name!r}{hint}; sources are {_known_names()}")


def _module(name: str) -> SourceModule:
    return cast(SourceModule, import_module(f"data.sources.{name}"))


def _known_names() -> str:
    return ", ".join([*_BUILT_IN, *(f"{name}:PATH" for name in _FROM_FILES)])


def _missing(name: str) -> str:
    """Why a built-in source cannot be loaded here, or ""."""
    try:
        _module(name).locate()
    except SourceError as error:
        return str(error)
    return ""


def _united(one: Entity, other: Entity) -> Entity:
    """The one with a page, with the aliases of both."""
    base, more = (other, one) if other.has_page and not one.has_page else (one, other)
    if base.type != more.type:
        raise SourceError(
            f"entity {base.id!r} has the type {base.type!r} in one source and {more.type!r} in another;"
            " rename one of them"
        )
    names = dict.fromkeys((*base.aliases, more.name, *more.aliases))
    names.pop(base.name, None)
    return base._replace(aliases=tuple(names), has_page=base.has_page or more.has_page)


def _blocks(rows: Iterable[tuple[object, ...]]) -> Iterable[bytes]:
    """The rows as bytes, many at a time; `repr` tells strings from numbers and escapes quotes."""
    block: list[str] = []
    for row in rows:
        block.append(repr(tuple(row)))
        if len(block) == _BLOCK:
            yield "\n".join(block).encode("utf-8", "surrogatepass") + b"\n"
            block.clear()
    yield "\n".join(block).encode("utf-8", "surrogatepass") + b"\0"
