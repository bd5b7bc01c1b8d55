"""What an agent gets to see of a document: pages, snippets around a query, matches of a pattern.

Pure text work; every result is bounded by a constant here.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from envs.search.words import fold_aligned, is_cjk

PAGE_CHARS = 4000
"""Most characters of a page of a document."""
SNIPPET_CHARS = 200
"""Most characters of a snippet, ellipses not counted."""
SNIPPET_TERMS = 8
"""Rarest terms of the query that a snippet is centred on."""
SNIPPET_OCCURRENCES = 20
"""First occurrences of each term that are looked at."""
MAX_MATCHES = 20
"""Most matches of a pattern that are shown."""
CONTEXT_CHARS = 80
"""Characters shown on each side of a match."""
MIN_FILL = 0.6
"""A page is cut no earlier than at this part of its size."""

BREAKS = (("\n\n",), ("\n",), (". ", "! ", "? ", "。", "！", "？"), (" ", "，", "、"))
"""Where a page may end, best first."""


class Match(NamedTuple):
    page: int
    """1 is the first."""
    text: str
    """The match with its context, on one line."""


class Matches(NamedTuple):
    total: int
    shown: tuple[Match, ...]


def cut(text: str, size: int = PAGE_CHARS) -> tuple[str, ...]:
    """Pages of at most `size` characters that join to `text` again; at least one."""
    pages: list[str] = []
    start = 0
    while len(text) - start > size:
        end = _page_end(text, start + int(size * MIN_FILL), start + size)
        pages.append(text[start:end])
        start = end
    pages.append(text[start:])
    return tuple(pages)


def _page_end(text: str, earliest: int, latest: int) -> int:
    for marks in BREAKS:
        ends = [text.rfind(mark, earliest, latest) + len(mark) for mark in marks]
        end = max(e for e, mark in zip(ends, marks, strict=True))
        if end > earliest:
            return end
    return latest


def find(text: str, folded: str, pages: Sequence[str], pattern: str) -> Matches:
    """Places where `pattern` stands literally, whatever case and accents.

    `folded` is `fold_aligned(text)`, `pages` its `cut`; `pattern` has at least one character.
    """
    needle = fold_aligned(pattern)
    ends = list(accumulate(map(len, pages)))
    shown: list[Match] = []
    total = 0
    at = folded.find(needle)
    while at >= 0:
        end = at + len(needle)
        total += 1
        if total <= MAX_MATCHES:
            excerpt = _excerpt(text, at - CONTEXT_CHARS, end + CONTEXT_CHARS)
            shown.append(Match(bisect_right(ends, at) + 1, excerpt))
        at = folded.find(needle, end)
    return Matches(total, tuple(shown))


def snippet(text: str, folded: str, terms: Sequence[tuple[str, float]]) -> str:
    """The stretch of `text` that holds most of `terms` (stem and weight), on one line."""
    places = sorted(
        (place, index)
        for index, (term, _) in enumerate(terms[:SNIPPET_TERMS])
        for place in _occurrences(folded, term)
    )
    # A word that is all over the text does not tell where to look.
    weights = [weight / (1 + folded.count(term)) for term, weight in terms[:SNIPPET_TERMS]]
    best, start = 0.0, 0
    for number, (place, _) in enumerate(places):
        inside: set[int] = set()
        for other, index in places[number:]:
            if other > place + SNIPPET_CHARS - CONTEXT_CHARS:
                break
            inside.add(index)
        weight = sum(weights[index] for index in sorted(inside))
        if weight > best:
            best, start = weight, place
    start = max(0, start - CONTEXT_CHARS // 2)
    return _excerpt(text, start, start + SNIPPET_CHARS)


def _occurrences(folded: str, term: str) -> list[int]:
    # A stem that ends in "i" stands for words in "y" or "ies".
    needle = term[:-1] if len(term) > 3 and term[-1] == "i" else term
    inside_words = is_cjk(needle)
    places: list[int] = []
    at = folded.find(needle)
    while at >= 0 and len(places) < SNIPPET_OCCURRENCES:
        if inside_words or at == 0 or not folded[at - 1].isalnum():
            places.append(at)
        at = folded.find(needle, at + 1)
    return places


def _excerpt(text: str, start: int, end: int) -> str:
    """About `text[start:end]`, whole words, white space closed up, ellipses where cut."""
    start, end = max(0, start), min(len(text), end)
    if start > 0:
        space = text.find(" ", start - 1, start + CONTEXT_CHARS // 2)
        start = space + 1 if space >= 0 else start
    if end < len(text):
        space = text.rfind(" ", end - CONTEXT_CHARS // 2, end + 1)
        end = space if space >= start else end
    line = " ".join(text[start:end].split())
    return f"{'... ' if start > 0 else ''}{line}{' ...' if end < len(text) else ''}"
