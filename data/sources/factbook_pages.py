"""The World Factbook's JSON as readable text: sections, fields, plain words instead of HTML."""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from data.sources.countries import country
from data.sources.prose import sentence

Raw = dict[str, dict[str, dict[str, dict[str, str] | str]]]
"""Section, field, then `text` and `note`, or named parts that hold them."""

NAMED_FIELDS = ("Exports - partners", "Imports - partners", "Land boundaries")
"""Fields whose lists of countries we write with our own names: "United States" for "USA"."""

_LONG = 160
_BREAKS = re.compile(r"\s*(?:<br ?/?>\s*){2,}|\s*</?p[^>]*>\s*")
_BREAK = re.compile(r"(?P<end>[.;:,]?)\s*<br ?/?>\s*")
_TAG = re.compile(r"<[^>]*>")
_INVERTED = re.compile(
    r"\b(Bahamas|Gambia|Congo|Korea|Micronesia), (The|Republic of the|Democratic Republic of the"
    r"|Rep\. of the|North|South|Federated States of)(?= \d)"
)
_NAME = re.compile(r"(?P<name>[A-Z][^\d,;()%]*?)(?= \([^()]*\) \d| \d[\d,.]*(?: km|%))")


class Part(NamedTuple):
    """A named value of a field; the name is empty when the field has a value of its own."""

    name: str
    text: str


Page = dict[str, dict[str, list[Part]]]
"""Section, field, parts: all text clean, in the page's order."""


def clean(text: str) -> str:
    """Without HTML; paragraphs are separated by newlines."""
    if "<" in text:
        text = _BREAKS.sub("\n", text)
        text = _TAG.sub("", _BREAK.sub(lambda m: f"{m['end'] or ';'} ", text))
    # Some pages escape twice: "&amp;nbsp;".
    text = html.unescape(html.unescape(text)).replace("\xa0", " ")
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line.strip("; ") for line in lines if line.strip("; "))


def read(raw: Raw) -> Page:
    """The page's parts in order; a field that an earlier section repeats word for word is left out."""
    page: Page = {}
    seen: set[tuple[str, tuple[Part, ...]]] = set()
    for section, fields in raw.items():
        kept: dict[str, list[Part]] = {}
        for field, value in fields.items():
            name = field.strip()
            parts = [part for part in _parts(name, value) if part.text]
            if parts and (key := (name, tuple(parts))) not in seen:
                seen.add(key)
                kept[name] = parts
        if kept:
            page[section] = kept
    return page


def render(page: Page) -> str:
    """Headings, then one paragraph a field."""
    blocks: list[str] = []
    for section, fields in page.items():
        blocks.append(f"## {section}")
        blocks.extend(_field(name, parts) for name, parts in fields.items())
    return "\n\n".join(blocks)


def part(page: Page, section: str, field: str, name: str = "") -> str:
    """The text of one part, or "" where the page has none."""
    for found in page.get(section, {}).get(field, ()):
        if found.name == name:
            return found.text
    return ""


def _parts(field: str, value: dict[str, dict[str, str] | str]) -> Iterator[Part]:
    for key, inner in value.items():
        name = key.strip()
        if isinstance(inner, dict):
            for kind, text in inner.items():
                yield _part(field, name if kind == "text" else "note", text)
        else:
            yield _part(field, "" if name == "text" else name, inner)


def _part(field: str, name: str, text: str) -> Part:
    text = clean(text)
    if field in NAMED_FIELDS and name != "note":
        text = _own_names(text)
    if name == "note":
        text = re.sub(r"^note ?:\s*", "", text)
    last = name.rpartition(": ")[2]
    if last and text.lower().startswith(f"{last.lower()}: "):
        text = text[len(last) + 2 :]
    return Part(_short(field, name), text)


def _short(field: str, name: str) -> str:
    """A part's name without what the field's name says already."""
    if name.lower() == field.lower():
        return ""
    if name.lower().startswith(field.lower() + " "):
        return name[len(field) + 1 :].strip(" ()")
    return name


def _own_names(text: str) -> str:
    def own(match: re.Match[str]) -> str:
        found = country(match["name"])
        return found.name if found else match["name"]

    return _NAME.sub(own, _INVERTED.sub(lambda m: f"{_upright(m[1], m[2])}", text))


def _upright(name: str, rest: str) -> str:
    found = country(f"{name}, {rest}")
    return found.name if found else f"{name}, {rest}"


def _field(name: str, parts: list[Part]) -> str:
    if len(parts) == 1 and not parts[0].name:
        return sentence(f"{name}: {parts[0].text}")
    words = [p.text if p.name in ("", "note") else _labelled(p) for p in parts]
    notes = [p.name == "note" for p in parts]
    if all(len(word) < _LONG and "\n" not in word for word in words):
        values = "; ".join(w for w, is_note in zip(words, notes, strict=True) if not is_note)
        said = [sentence(f"Note: {w}") for w, is_note in zip(words, notes, strict=True) if is_note]
        return " ".join([sentence(f"{name}: {values}"), *said] if values else [f"{name}:", *said])
    lines = [f"{name}:"]
    for found, word in zip(parts, words, strict=True):
        if found.name == "note":
            lines.append(sentence(f"Note: {word}"))
        elif found.name:
            lines.append(sentence(word[0].upper() + word[1:]))
        else:
            lines[-1] = sentence(f"{lines[-1]} {word}")
    return "\n".join(lines)


def _labelled(part: Part) -> str:
    """ "total 2,586 sq km", but "0-14 years: 16.7%" and "chamber name: Senate"."""
    name = part.name.replace(": ", ", ")
    figure = part.text[0] in "$-" or part.text[0].isdigit()
    plain = name.replace(" ", "").isalpha()
    return f"{name} {part.text}" if figure and plain else f"{name}: {part.text}"
