"""Reads what the tools show: lists of search results, and pages."""

import re
from typing import NamedTuple

from envs.search.facts import Link
from envs.search.words import fold

_LISTED = re.compile(r"^\d+\. \[(?P<id>[^\]]+)\] (?P<title>.*)\n {3}(?P<snippet>.*)$", re.MULTILINE)
_SUFFIX = re.compile(r" \(\d{4}\b[^()]*\)$")


class Listed(NamedTuple):
    id: str
    title: str
    snippet: str


def read_listing(text: str) -> list[Listed]:
    return [Listed(m["id"], m["title"], m["snippet"]) for m in _LISTED.finditer(text)]


def read_page(text: str) -> str:
    """A page without its head."""
    return text.partition("\n\n")[2]


def same_title(title: str, link: Link) -> bool:
    """Whether a page of that title can be what `link` names; a year may stand behind either."""
    name = fold(link.name)
    return name in (fold(title), fold(_SUFFIX.sub("", title)))
