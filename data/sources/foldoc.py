"""The Free On-line Dictionary of Computing, from the Debian package dict-foldoc (GFDL).

Optional: read from where the package puts it, never copied. An entry is a term with its other
headwords as aliases; a cross reference is a fact, and so is each field named in angle brackets.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from data.errors import SourceError
from data.sources.base import Document, Entity, Fact, Relation, SourceData, ValueKind
from data.sources.ids import id_maker
from data.task import Source

VERSION = 1
"""Of the pages' wording; part of the source's version."""

RELATIONS = (
    Relation("term.link", "term", ValueKind.ENTITY, "term"),
    Relation("term.field", "term", ValueKind.CATEGORY),
)

_INSTALLED = Path("/usr/share/dictd/foldoc.index")
_DIGITS = {
    digit: value
    for value, digit in enumerate(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    )
}
_LINK = re.compile(r"\{([^{}]+)\}")
_TARGET = re.compile(r"(?P<shown>.*?)\s*\((?P<target>[^()]*(?:\([^()]*\))?)\)", re.S)
_FIELDS = re.compile(r"(?:^|\n)(?:\d+\. )?<(?P<fields>[a-z][a-z0-9 ,/&-]{1,80})>")
_ADDRESS = re.compile(r"\w+://|\.html?$|^mailto:")
_EDITION = re.compile(r"\((\d{1,2} \w+ \d{4})\)")


class Entry(NamedTuple):
    id: str
    name: str
    others: tuple[str, ...]
    text: str
    links: tuple[tuple[str, str], ...]
    """Words as shown, and the headword they point to."""


def locate() -> Path:
    """The dictionary's index; SourceError says what to install."""
    if not _INSTALLED.exists():
        raise SourceError(f"source foldoc: no {_INSTALLED}; apt-get install dict-foldoc")
    return _INSTALLED


def load(path: Path | None = None) -> SourceData:
    """All entries; `path` names another dictd index, its `.dict.dz` beside it."""
    path = path or locate()
    index, body = _read(path)
    entries = list(_entries(index, body))
    terms = {name.lower(): e.id for e in entries for name in reversed((e.name, *e.others))}
    terms |= {e.name.lower(): e.id for e in entries}
    edition = _EDITION.search(body[:2000].decode("utf-8", "replace"))
    return SourceData(
        info=Source(
            name="foldoc",
            version=f"FOLDOC of {edition[1] if edition else 'unknown date'}, pages {VERSION}",
            licence="GFDL-1.1-or-later",
            sha256=sha256(index + body).hexdigest(),
        ),
        relations=RELATIONS,
        entities=tuple(Entity(e.id, "term", e.name, e.others) for e in entries),
        facts=tuple(fact for e in entries for fact in _facts(e, terms)),
        documents=tuple(Document(e.id, e.name, e.text) for e in entries),
    )


def _read(path: Path) -> tuple[bytes, bytes]:
    dictionary = path.with_suffix(".dict.dz")
    try:
        return path.read_bytes(), gzip.decompress(dictionary.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(
            f"source foldoc: cannot read {path} with {dictionary}: {error};"
            " apt-get install --reinstall dict-foldoc"
        ) from error


def _entries(index: bytes, body: bytes) -> Iterator[Entry]:
    places: dict[int, int] = {}
    for number, line in enumerate(index.decode().splitlines(), 1):
        try:
            word, offset, size = line.split("\t")
            if not word.startswith("00-database"):
                places[_number(offset)] = _number(size)
        except (ValueError, KeyError) as error:
            raise SourceError(f"source foldoc: index line {number} is malformed") from error
    make_id = id_maker("foldoc", "t")
    seen: set[str] = set()
    for start, length in sorted(places.items()):
        raw = body[start : start + length].decode("utf-8", "replace")
        heads, _, definition = raw.strip("\n").partition("\n\n")
        names = [name.strip() for name in heads.split("\n") if name.strip()]
        if names and definition.strip() and names[0] not in seen:
            seen.add(names[0])
            text = _flow(definition)
            yield Entry(
                make_id(names[0]),
                names[0],
                tuple(names[1:]),
                _LINK.sub(lambda m: _link(m[1])[0], text),
                tuple(_link(m[1]) for m in _LINK.finditer(text)),
            )


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 64 + _DIGITS[digit]
    return value


def _flow(text: str) -> str:
    """One line a paragraph; the files break lines at 70 characters, some in odd places."""
    return "\n\n".join(
        " ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()
    )


def _link(inside: str) -> tuple[str, str]:
    """Shown words and target of a cross reference; the target of an address is empty."""
    found = _TARGET.fullmatch(inside)
    if not found or not found["shown"]:
        return inside.strip("() "), "" if _ADDRESS.search(inside) else inside
    target = found["target"]
    return found["shown"], "" if _ADDRESS.search(target) else target


def _facts(entry: Entry, terms: dict[str, str]) -> Iterator[Fact]:
    seen = {entry.id}
    for shown, target in entry.links:
        other = terms.get(target.lower(), "")
        if other and other not in seen:
            seen.add(other)
            yield Fact("term.link", entry.id, other, shown)
    fields = dict.fromkeys(
        field.strip()
        for match in _FIELDS.finditer(entry.text)
        for field in match["fields"].split(",")
    )
    for field in fields:
        if field and field != "introduction":
            yield Fact("term.field", entry.id, field, field)
