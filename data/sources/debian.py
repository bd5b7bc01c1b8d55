"""The package index of this Debian machine: `apt-cache dumpavail` and apt's English descriptions.

Optional and volatile: it is what the last `apt-get update` brought, so its hash changes with it.
Long descriptions are there after `apt-get -o Acquire::Languages=en update`.
A dependency with alternatives ("a | b") is stated on the page but is no fact. Mail addresses are
left out.
"""

import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from data.errors import SourceError
from data.sources.base import Document, Entity, Fact, Relation, SourceData, ValueKind
from data.sources.ids import id_maker
from data.sources.prose import counted, listing, paragraphs, sentence
from data.task import Source

VERSION = 1
"""Of the pages' wording; part of the source's version."""

RELATIONS = (
    Relation("package.depends", "package", ValueKind.ENTITY, "package"),
    Relation("package.recommends", "package", ValueKind.ENTITY, "package"),
    Relation("package.maintainer", "package", ValueKind.ENTITY, "maintainer", mutual=True),
    Relation("package.section", "package", ValueKind.CATEGORY, functional=True),
    Relation("package.source", "package", ValueKind.NAME, functional=True),
    Relation("package.installed_size", "package", ValueKind.NUMBER, unit="KiB", functional=True),
    Relation("package.homepage_host", "package", ValueKind.NAME, functional=True),
    Relation("package.tag", "package", ValueKind.CATEGORY),
)

_TIMEOUT_S = 60
_HELPER = "/usr/lib/apt/apt-helper"
_FIELD = re.compile(r"^([A-Za-z0-9-]+):[ \t]?(.*)$")


class Package(NamedTuple):
    """One stanza; lists are in the index's order, names without versions."""

    id: str
    name: str
    summary: str
    description: str
    section: str
    maintainer: str
    source: str
    size: int | None
    host: str
    depends: tuple[str, ...]
    recommends: tuple[str, ...]
    tags: tuple[str, ...]


def locate() -> Path:
    """The program that prints the index; SourceError where this is no Debian."""
    found = shutil.which("apt-cache")
    if not found:
        raise SourceError("source debian: no apt-cache here; the source needs a Debian machine")
    return Path(found)


def load(path: Path | None = None) -> SourceData:
    """The whole index; `path` names a file with the same text instead."""
    text = path.read_bytes() if path else _dump(locate())
    packages = list(_packages(text.decode("utf-8", "replace")))
    if not packages:
        raise SourceError("source debian: the package index is empty; run apt-get update")
    ids = {package.name: package.id for package in packages}
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for package in packages:
        groups[package.maintainer].append(package.name)
    make_id = id_maker("debian", "m")
    people = {name: make_id(name) for name in sorted(groups)}
    return SourceData(
        info=Source(
            name="debian",
            version=f"{len(packages)} packages, pages {VERSION}",
            licence="package metadata of Debian, freely usable",
            sha256=sha256(text).hexdigest(),
        ),
        relations=RELATIONS,
        entities=(
            *(Entity(package.id, "package", package.name) for package in packages),
            *(Entity(one, "maintainer", name) for name, one in people.items()),
        ),
        facts=tuple(fact for package in packages for fact in _facts(package, ids, people)),
        documents=(
            *(Document(package.id, package.name, package_page(package)) for package in packages),
            *(Document(people[n], n, maintainer_page(n, groups[n])) for n in people),
        ),
    )


def package_page(p: Package) -> str:
    needs = [sentence(f"It depends on {listing(p.depends)}")] if p.depends else []
    if p.recommends:
        needs.append(sentence(f"It recommends {listing(p.recommends)}"))
    origin = [
        f"It is maintained by {p.maintainer} and built from the source package {p.source}.",
        f"Installed, it takes {p.size:,} KiB." if p.size is not None else "",
        f"Its home page is on {p.host}." if p.host else "",
        sentence(f"Tags: {', '.join(p.tags)}") if p.tags else "",
    ]
    lead = f"{p.name} is a Debian package in the section {p.section}: {p.summary}"
    return paragraphs(
        [
            [sentence(lead)],
            [p.description] if p.description else [],
            needs,
            [s for s in origin if s],
        ]
    )


def maintainer_page(name: str, packages: list[str]) -> str:
    return f"{name} maintains {counted(len(packages), 'Debian package')}: {listing(packages)}."


def _dump(program: Path) -> bytes:
    """All stanzas of the index, then those of its English descriptions where apt has them."""
    # Where no language is configured, apt would not list a file that it has.
    english = ("-o", "Acquire::Languages=en")
    targets = ("indextargets", "--format", "$(FILENAME)", "Created-By: Translations")
    listed = _run("apt-get", *english, *targets).decode()
    files = [name for name in listed.split() if "Translation-en" in name and Path(name).exists()]
    index = _run(str(program), "dumpavail")
    return index + b"".join(b"\n\n" + _run(_HELPER, "cat-file", name) for name in files)


def _run(*command: str) -> bytes:
    try:
        return subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise SourceError(f"source debian: {' '.join(command[:2])} failed: {error}") from error


def _packages(text: str) -> Iterator[Package]:
    make_id = id_maker("debian", "d")
    stanzas = [_fields(stanza) for stanza in re.split(r"\n{2,}", text)]
    long = {
        fields["Description-md5"]: fields["Description-en"]
        for fields in stanzas
        if "Description-en" in fields and "Description-md5" in fields
    }
    seen: set[str] = set()
    for fields in stanzas:
        name = fields.get("Package", "")
        if name and name not in seen and "Maintainer" in fields:
            seen.add(name)
            words = long.get(fields.get("Description-md5", ""), fields.get("Description", ""))
            yield _package(make_id(name), name, fields, words)


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    last = ""
    for line in stanza.split("\n"):
        if line[:1] in (" ", "\t"):
            fields[last] = f"{fields.get(last, '')}\n{line[1:]}"
        elif found := _FIELD.match(line):
            last = found[1]
            fields[last] = found[2]
    return fields


def _package(one: str, name: str, fields: dict[str, str], words: str) -> Package:
    summary, _, rest = words.partition("\n")
    size = fields.get("Installed-Size", "")
    return Package(
        id=one,
        name=name,
        summary=summary.strip() or "no description",
        description=_description(rest),
        section=fields.get("Section", "unknown").strip(),
        maintainer=_person(fields["Maintainer"]),
        source=fields.get("Source", name).split(" ")[0],
        size=int(size) if size.isdigit() else None,
        host=urlsplit(fields.get("Homepage", "").strip()).hostname or "",
        depends=_needed(fields.get("Depends", "")),
        recommends=_needed(fields.get("Recommends", "")),
        tags=tuple(tag for tag in re.split(r",\s*", fields.get("Tag", "").strip()) if tag),
    )


def _description(text: str) -> str:
    blocks = text.replace("\n.\n", "\n\n").split("\n\n")
    return "\n\n".join(" ".join(block.split()) for block in blocks if block.strip(" .\n"))


def _person(text: str) -> str:
    name = " ".join(text.split("<")[0].replace('"', "").split())
    return name or "an unnamed maintainer"


def _needed(text: str) -> tuple[str, ...]:
    """Names needed, alternatives as "a or b"; versions and architectures left out."""
    found = (
        " or ".join(
            re.split(r"[\s(:\[]", choice.strip())[0] for choice in item.split("|") if choice.strip()
        )
        for item in text.split(",")
    )
    return tuple(dict.fromkeys(name for name in found if name))


def _facts(p: Package, ids: dict[str, str], people: dict[str, str]) -> Iterator[Fact]:
    for relation, names in (("package.depends", p.depends), ("package.recommends", p.recommends)):
        yield from _links(relation, p, names, ids)
    yield Fact("package.maintainer", p.id, people[p.maintainer], p.maintainer)
    yield Fact("package.section", p.id, p.section, p.section)
    yield Fact("package.source", p.id, p.source, p.source)
    if p.size is not None:
        yield Fact("package.installed_size", p.id, p.size, f"{p.size:,} KiB")
    if p.host:
        yield Fact("package.homepage_host", p.id, p.host, p.host)
    for tag in p.tags:
        yield Fact("package.tag", p.id, tag, tag)


def _links(relation: str, p: Package, names: Iterable[str], ids: dict[str, str]) -> Iterator[Fact]:
    for name in names:
        other = ids.get(name)
        if other and other != p.id:
            yield Fact(relation, p.id, other, name)
