"""A MediaWiki XML dump (.xml, .xml.bz2, .xml.gz): articles with links, infoboxes and categories.

Only the main namespace; redirects become aliases. A link to another article of the dump is a fact,
so is an infobox entry and a category. The file is not trusted: document types and entities are
refused, one page may take only so many bytes, and a page whose wikitext does not convert is skipped
with its title and the reason.
"""

import bz2
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast
from xml.etree.ElementTree import Element, ParseError

import mwparserfromhell
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from data.errors import SourceError
from data.hashing import file_hash
from data.sources.base import Document, Entity, SkippedLine, SourceData
from data.sources.ids import id_maker
from data.sources.inference import RawFact, outliers, relations, typed
from data.sources.wikitext import WikiText, convert
from data.task import Source

VERSION = 1
"""Of the conversion; part of the source's version."""

MAX_PAGE_BYTES = 64 * 2**20
"""Of XML from one page's end to the next; a dump with more is refused."""
MAX_PAGE_CHARS = 2**21
"""Of wikitext; a longer page is skipped."""

_NUMBER = re.compile(
    r"(?P<number>-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?) ?(?P<unit>\D{0,20})"
)
_RESERVED = frozenset({"link", "category"})


class _Page(NamedTuple):
    title: str
    redirect: str
    source: str


class _Article(NamedTuple):
    id: str
    title: str
    content: WikiText


class _Limited:
    """A file that fails when `MAX_PAGE_BYTES` are read without `done()`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._since = 0

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(min(size, 2**16) if size > 0 else 2**16)
        self._since += len(block)
        if self._since > MAX_PAGE_BYTES:
            raise SourceError(
                f"source mediawiki: a page has more than {MAX_PAGE_BYTES // 2**20} MiB of XML"
            )
        return block

    def done(self) -> None:
        self._since = 0


def load(path: Path | None = None) -> SourceData:
    """The articles of the dump at `path`; SourceError if it cannot be read as a dump."""
    if path is None:
        raise SourceError("source mediawiki needs a file: mediawiki:PATH")
    articles: list[_Article] = []
    aliases: dict[str, list[str]] = {}
    skipped: list[SkippedLine] = []
    make_id = id_maker("mediawiki", "w")
    seen: set[str] = set()
    for page in _pages(path):
        if page.redirect:
            aliases.setdefault(_title(page.redirect), []).append(page.title)
        elif page.title in seen:
            skipped.append(SkippedLine(f"{path.name}: {page.title}", "a second page of this title"))
        else:
            seen.add(page.title)
            content = _convert(page.source)
            if isinstance(content, str):
                skipped.append(SkippedLine(f"{path.name}: {page.title}", content))
            else:
                articles.append(_Article(make_id(page.title), page.title, content))
    if not articles:
        raise SourceError(f"source mediawiki: {path} holds no articles; is it an XML export?")
    facts = _agreeing(_facts(articles, _ids(articles, aliases)))
    return SourceData(
        info=Source(
            name=f"mediawiki:{path.name}",
            version=f"conversion {VERSION}",
            licence="that of the wiki; Wikipedia is CC-BY-SA-4.0",
            sha256=file_hash(path),
        ),
        relations=relations(facts),
        entities=tuple(
            Entity(a.id, "article", a.title, tuple(aliases.get(_title(a.title), ())))
            for a in articles
        ),
        facts=typed(facts),
        documents=tuple(Document(a.id, a.title, a.content.text) for a in articles),
        skipped=tuple(skipped),
    )


def _pages(path: Path) -> Iterator[_Page]:
    """The pages of the main namespace, one at a time."""
    try:
        with _open(path) as raw:
            file = _Limited(raw)
            parents: list[Element] = []
            for event, element in iterparse(
                cast(BinaryIO, file), events=("start", "end"), forbid_dtd=True
            ):
                if event == "start":
                    parents.append(element)
                    continue
                parents.pop()
                if _tag(element) == "page":
                    yield from _page(element)
                    parents[-1].remove(element)
                    file.done()
    except DefusedXmlException as error:
        raise SourceError(
            f"source mediawiki: {path} declares a document type or entities, which no dump does"
        ) from error
    except (ParseError, EOFError, OSError, zlib.error, IndexError) as error:
        raise SourceError(f"source mediawiki: cannot read {path}: {error}") from error


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".bz2":
        return bz2.open(path)
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _page(element: Element) -> Iterator[_Page]:
    title, redirect, source, namespace = "", "", "", "0"
    for child in element.iter():
        tag = _tag(child)
        if tag == "title":
            title = " ".join((child.text or "").split())
        elif tag == "ns":
            namespace = (child.text or "").strip()
        elif tag == "redirect":
            redirect = child.get("title", "")
        elif tag == "text":
            source = child.text or ""
    if namespace == "0" and title:
        yield _Page(title, redirect, source)


def _convert(source: str) -> WikiText | str:
    """The converted page, or why there is none."""
    if len(source) > MAX_PAGE_CHARS:
        return f"longer than {MAX_PAGE_CHARS:,} characters"
    try:
        content = convert(source)
    except (ValueError, RecursionError, mwparserfromhell.parser.ParserError) as error:
        return f"wikitext does not convert: {error}"
    return content if content.text else "no text"


def _title(text: str) -> str:
    """A link's target as a page title: no section, no underscores, first letter upper case."""
    words = " ".join(text.partition("#")[0].replace("_", " ").split()).lstrip(":")
    return words[:1].upper() + words[1:]


def _ids(articles: list[_Article], aliases: dict[str, list[str]]) -> dict[str, str]:
    """Ids by title, redirects included."""
    ids = {_title(article.title): article.id for article in articles}
    for target, names in aliases.items():
        for name in names:
            if target in ids:
                ids.setdefault(_title(name), ids[target])
    return ids


def _facts(articles: list[_Article], ids: dict[str, str]) -> Iterator[RawFact]:
    for article in articles:
        one, content = article.id, article.content
        for target, shown in content.links:
            other = ids.get(_title(target), "")
            if other and other != one:
                yield RawFact(one, "article", "link", other, "article", shown)
        for entry in content.infobox:
            if entry.key not in _RESERVED:
                other = ids.get(_title(entry.target), "") if entry.target else ""
                yield _entry(one, entry.key, entry.value, other if other != one else "")
        for name in content.categories:
            yield RawFact(one, "article", "category", name, "", name)


def _entry(one: str, key: str, value: str, other: str) -> RawFact:
    if other:
        return RawFact(one, "article", key, other, "article", value)
    found = _NUMBER.fullmatch(value)
    if not found:
        return RawFact(one, "article", key, value, "", value)
    figure = float(found["number"].replace(",", ""))
    number = int(figure) if figure.is_integer() else figure
    return RawFact(one, "article", key, number, "", value, found["unit"].strip())


def _agreeing(facts: Iterator[RawFact]) -> list[RawFact]:
    """Infobox keys whose values differ in kind, or in unit, are text throughout."""
    kept = list(facts)
    mixed = {fact.name for fact, _ in outliers(kept)}
    return [
        fact._replace(object=fact.stated, object_type="", unit="") if fact.name in mixed else fact
        for fact in kept
    ]
