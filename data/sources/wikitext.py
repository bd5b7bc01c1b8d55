"""Wikitext of one page as plain text, with its links, infobox entries and categories.

What the plain text leaves out: templates, tables, references, files, comments. Infobox entries and
categories are written out as lines of their own, so that the page states them.
"""

import re
from itertools import zip_longest
from typing import NamedTuple

import mwparserfromhell
from mwparserfromhell.nodes import Comment, Heading, Node, Tag, Template, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

MAX_VALUE_CHARS = 120
"""A longer infobox entry is prose, not a value."""

_NAMESPACE = re.compile(r":?\s*(file|image|media|category|[a-z]{2,3}(-[a-z]+)?)\s*:", re.I)
_CATEGORY = re.compile(r"category\s*:\s*(?P<name>[^|]+)", re.I)
_GONE_TAGS = frozenset({"table", "ref", "references", "gallery", "math", "timeline", "imagemap"})
_DECORATION = re.compile(
    r"image|caption|alt|logo|map|width|size|color|colour|signature|website|url|footnotes|module"
    r"|note|coordinates|pushpin|flag|seal|icon"
)
_LAST_PARAMETER = frozenset({"lang", "nowrap", "nobr", "small", "smaller", "transl", "abbr"})
_EMPTY = re.compile(r" ?\([\s;,:]*\)")


class InfoboxEntry(NamedTuple):
    key: str
    """Lower-case words joined by `_`, as it names a relation."""
    value: str
    target: str
    """Title of the page when the whole value is one link, else empty."""


class WikiText(NamedTuple):
    text: str
    links: tuple[tuple[str, str], ...]
    """Target and shown words, in order; every shown word stands in `text`."""
    infobox: tuple[InfoboxEntry, ...]
    categories: tuple[str, ...]


def convert(source: str) -> WikiText:
    """Raises whatever the parser raises on text it cannot handle."""
    code = mwparserfromhell.parse(source, skip_style_tags=False)
    infobox = _infobox(code)
    categories = _categories(code)
    _strip(code)
    links = tuple(
        (str(link.title).strip(), _plain(link.text or link.title))
        for link in code.filter_wikilinks(recursive=True)
    )
    blocks = [f"{_words(entry.key)}: {entry.value}." for entry in infobox]
    blocks = ["\n".join(blocks), _body(code)]
    if categories:
        blocks.append(f"Categories: {'; '.join(categories)}.")
    text = "\n\n".join(block for block in blocks if block)
    return WikiText(
        text,
        tuple((target, shown) for target, shown in links if shown and shown in text),
        infobox,
        categories,
    )


def _infobox(code: Wikicode) -> tuple[InfoboxEntry, ...]:
    entries: dict[str, InfoboxEntry] = {}
    for template in code.filter_templates(recursive=False):
        if not str(template.name).strip().lower().startswith("infobox"):
            continue
        for parameter in template.params:
            key = "_".join(re.findall(r"[a-z0-9]+", str(parameter.name).lower()))
            if not parameter.showkey or not key[:1].isalpha() or _DECORATION.search(key):
                continue
            _strip(parameter.value)
            value = _plain(parameter.value).rstrip(".")
            if value and len(value) <= MAX_VALUE_CHARS and "\n" not in value:
                entries.setdefault(key, InfoboxEntry(key, value, _only_link(parameter.value)))
    return tuple(entries.values())


def _only_link(value: Wikicode) -> str:
    nodes = [node for node in value.nodes if str(node).strip()]
    alone = len(nodes) == 1 and isinstance(nodes[0], Wikilink)
    return str(nodes[0].title).strip() if alone else ""


def _categories(code: Wikicode) -> tuple[str, ...]:
    found = (
        _CATEGORY.match(str(link.title).strip()) for link in code.filter_wikilinks(recursive=True)
    )
    return tuple(dict.fromkeys(" ".join(m["name"].split()) for m in found if m))


def _strip(code: Wikicode) -> None:
    """Takes out what has no place in plain text, in place."""
    kept = (_kept(node) for node in code.nodes)
    code.nodes = [node for node in kept if node is not None]
    for node in code.nodes:
        inner = node.contents if isinstance(node, Tag) else None
        inner = node.text if isinstance(node, Wikilink) else inner
        if inner is not None:
            _strip(inner)


def _kept(node: Node) -> Node | None:
    """The node, or plain text in its place, or nothing."""
    if isinstance(node, Comment) or (isinstance(node, Wikilink) and _foreign(node)):
        return None
    if isinstance(node, Tag):
        tag = str(node.tag).strip().lower()
        return None if tag in _GONE_TAGS else Text(" ") if tag == "br" else node
    if isinstance(node, Template):
        return _spoken(node)
    if isinstance(node, Heading):
        return Text(f"\n\n## {_plain(node.title)}\n\n")
    return node


def _foreign(link: Wikilink) -> bool:
    return _NAMESPACE.match(str(link.title)) is not None


def _spoken(template: Template) -> Node | None:
    """The words a template stands for, where they are among its parameters."""
    name = str(template.name).strip().lower()
    words = [_plain(p.value) for p in template.params if not p.showkey]
    if name in _LAST_PARAMETER and words:
        return Text(words[-1])
    if name in ("convert", "cvt") and len(words) > 1:
        return Text(f"{words[0]} {words[1]}")
    return None


def _body(code: Wikicode) -> str:
    text = _EMPTY.sub("", str(code.strip_code(normalize=True, collapse=True)))
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    kept = [part for part in paragraphs if part]
    # A heading with nothing below it lost all its text above.
    return "\n\n".join(
        part
        for part, after in zip_longest(kept, kept[1:], fillvalue="## ")
        if not (part.startswith("## ") and after.startswith("## "))
    )


def _plain(code: Wikicode) -> str:
    return " ".join(str(code.strip_code(normalize=True, collapse=True)).split())


def _words(key: str) -> str:
    return key.replace("_", " ").capitalize()
