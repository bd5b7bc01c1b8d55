"""The user's own corpus: documents with optional facts, one JSON object a line.

    {"id": "n1", "title": "Ada", "text": "Ada was born in 1815 and wrote Notes.",
     "type": "person", "aliases": ["Ada L."],
     "facts": [{"relation": "birth_year", "value": 1815},
               {"relation": "work", "to": "n2", "stated": "Notes"}]}

`id`, `title` and `text` are required; `type` is "article" where absent. A fact has a `relation`
and either a `value` (text or number, with an optional `unit`) or `to`, the id of another document
of the file. `stated` are the words of the text that state it: for a value the value itself where
absent, for a link the other's title. Relations are called `<type>.<relation>`; their kinds follow
from all their facts, see `inference`.

A line that breaks these rules is skipped with its place and reason. More than 5 % of such lines,
or none that is good, make the file useless: SourceError. Memory holds what is kept and one line.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple, Self

from pydantic import Field, StrictFloat, StrictInt, StrictStr, ValidationError, model_validator

from data.errors import SourceError
from data.record import Record
from data.sources.base import Document, Entity, SkippedLine, SourceData
from data.sources.inference import RawFact, outliers, relations, typed
from data.task import Source

VERSION = 1
"""Of these rules; part of the source's version."""

MAX_LINE_BYTES = 16 * 2**20
MAX_BAD_SHARE = 0.05

_Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
_Name = Annotated[str, Field(pattern=r"\S", max_length=500)]


class FactLine(Record):
    relation: _Word
    value: StrictInt | StrictFloat | StrictStr | None = None
    to: str | None = None
    stated: str = ""
    unit: str = Field(default="", max_length=40)

    @model_validator(mode="after")
    def _one_object(self) -> Self:
        if (self.value is None) == (self.to is None):
            raise ValueError("a fact has either value or to")
        if self.value == "":
            raise ValueError("value is empty")
        return self


class DocumentLine(Record):
    id: _Name
    title: _Name
    text: Annotated[str, Field(pattern=r"\S")]
    type: _Word = "article"
    aliases: tuple[_Name, ...] = ()
    facts: tuple[FactLine, ...] = ()


class _Kept(NamedTuple):
    number: int
    line: DocumentLine


def load(path: Path | None = None) -> SourceData:
    """All good lines of the file at `path`; SourceError as the module says."""
    if path is None:
        raise SourceError("source jsonl needs a file: jsonl:PATH")
    kept, bad, digest = _read(path)
    _drop_bad(kept, bad)
    total = len(kept) + len(bad)
    skipped = tuple(
        SkippedLine(f"{path.name}:{number}", reason) for number, reason in sorted(bad.items())
    )
    if not kept or len(bad) > MAX_BAD_SHARE * total:
        examples = "; ".join(f"{place}: {reason}" for place, reason in skipped[:3])
        raise SourceError(
            f"source jsonl: {len(bad)} of {total} lines of {path} are malformed"
            f" (at most {MAX_BAD_SHARE:.0%} may be){': ' + examples if examples else ''}"
            if total
            else f"source jsonl: {path} holds no documents"
        )
    facts = _raw(kept)
    return SourceData(
        info=Source(
            name=f"jsonl:{path.name}",
            version=f"rules {VERSION}",
            licence="the user's own corpus",
            sha256=digest,
        ),
        relations=relations(facts),
        entities=tuple(
            Entity(one, k.line.type, k.line.title, k.line.aliases) for one, k in kept.items()
        ),
        facts=typed(facts),
        documents=tuple(Document(one, k.line.title, k.line.text) for one, k in kept.items()),
        skipped=skipped,
    )


def _read(path: Path) -> tuple[dict[str, _Kept], dict[int, str], str]:
    """Good lines by id, reasons of the bad ones by number, and the hash of the whole file."""
    kept: dict[str, _Kept] = {}
    bad: dict[int, str] = {}
    digest = sha256()
    try:
        with path.open("rb") as file:
            for number, raw, complete in _lines(file, digest.update):
                if not complete:
                    bad[number] = f"longer than {MAX_LINE_BYTES // 2**20} MiB"
                    continue
                if not raw.strip():
                    continue
                line = _parse(raw)
                if isinstance(line, str):
                    bad[number] = line
                elif line.id in kept:
                    bad[number] = f"id {line.id!r} is that of line {kept[line.id].number} too"
                else:
                    kept[line.id] = _Kept(number, line)
    except OSError as error:
        raise SourceError(f"source jsonl: cannot read {path}: {error.strerror}") from error
    return kept, bad, digest.hexdigest()


def _lines(file: BinaryIO, seen: Callable[[bytes], object]) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes and completeness of each line; of an overlong one only the start."""
    number = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        seen(raw)
        complete = len(raw) <= MAX_LINE_BYTES
        rest = b"" if complete or raw.endswith(b"\n") else file.readline(MAX_LINE_BYTES)
        while rest:
            seen(rest)
            rest = b"" if rest.endswith(b"\n") else file.readline(MAX_LINE_BYTES)
        yield number, raw, complete


def _parse(raw: bytes) -> DocumentLine | str:
    """The line, or why it is bad."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start}"
    try:
        line = DocumentLine.model_validate_json(raw.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        return f"{field}: {first['msg']}" if field else str(first["msg"])
    for fact in line.facts:
        if fact.to is None and not _stated(fact, line):
            return f"fact {fact.relation!r}: {fact.stated or fact.value!r} is not in the text"
    return line


def _stated(fact: FactLine, line: DocumentLine, title: str = "") -> str:
    """The words of the text that state the fact, or "" where there are none."""
    words: tuple[str, ...]
    if fact.stated:
        words = (fact.stated,)
    elif fact.to is not None:
        words = (title,)
    elif isinstance(fact.value, str):
        words = (fact.value,)
    else:
        words = (f"{fact.value} {fact.unit}", f"{fact.value:,} {fact.unit}")
        words = (*words, f"{fact.value}", f"{fact.value:,}")
    return next((word.strip() for word in words if word.strip() and word.strip() in line.text), "")


def _drop_bad(kept: dict[str, _Kept], bad: dict[int, str]) -> None:
    """Moves lines to `bad` whose links or kinds do not fit the others, until none is left."""
    while True:
        found = {one: reason for one, k in kept.items() if (reason := _broken_link(k.line, kept))}
        if not found:
            for fact, reason in outliers(_raw(kept)):
                found.setdefault(fact.subject, reason)
        if not found:
            return
        for one, reason in found.items():
            bad[kept.pop(one).number] = reason


def _broken_link(line: DocumentLine, kept: dict[str, _Kept]) -> str:
    for fact in line.facts:
        if fact.to is not None:
            if fact.to not in kept:
                return f"fact {fact.relation!r}: no document {fact.to!r} in the file"
            if not _stated(fact, line, kept[fact.to].line.title):
                words = fact.stated or kept[fact.to].line.title
                return f"fact {fact.relation!r}: {words!r} is not in the text"
    return ""


def _raw(kept: dict[str, _Kept]) -> list[RawFact]:
    facts: list[RawFact] = []
    for one, (_, line) in kept.items():
        for fact in line.facts:
            other = kept[fact.to].line if fact.to is not None else None
            value = fact.to if fact.to is not None else fact.value
            assert value is not None
            facts.append(
                RawFact(
                    one,
                    line.type,
                    fact.relation,
                    value,
                    other.type if other else "",
                    _stated(fact, line, other.title if other else ""),
                    fact.unit,
                )
            )
    return facts
