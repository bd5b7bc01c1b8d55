"""What a scripted solver can read off a question without a model: names, years, words.

English and Chinese. Nothing here knows the corpus or how questions are made.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from envs.search.words import analyzer, fold, page_words, query_terms

MAX_NAMES = 8

_STOP = """
a about after all also an and any are as at be been before between both but by can did do does each either every first
for from give had has have he her him his how in into is it its least many more most much name no
nor not of on one only or other same she so some than that the their them then there these they
this those to two under until up was were what when where which while who whom whose will with within
would you your
"""
STOP_WORDS = frozenset(query_terms(_STOP))

_QUOTED = re.compile(
    '"([^"]+)"|\u201c([^\u201d]+)\u201d|\u300a([^\u300b]+)\u300b|\u300c([^\u300d]+)\u300d'
)
_LOWER = r"a-z\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LETTER = r"(?:(?![\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])[\w'\u2019.\-])"
# A word that starts with a capital, or a number before one; Han and kana end a name.
_CAPITAL = rf"[^\W\d_{_LOWER}]{_LETTER}*|\d+(?=\s[A-Z])"
_JOIN = r"(?:\s(?:of|the|de|da|di|van|von|der|la|le|in|on|to|a|del|du|for|with|&)){0,2}\s"
_NAME = re.compile(rf"(?:{_CAPITAL})(?:{_JOIN}(?:{_CAPITAL})|\s\d+\b)*")
# A full stop after one or two letters belongs to an abbreviation.
_SENTENCE = re.compile(r"(?<=\w{3})[.!?:]\s+|[。！？\n]")
_ENDING = re.compile(r"['\u2019]s$|(?<=\w{3})\.$")
_SAME = {"wrote": "written", "writer": "written", "director": "directed", "star": "cast",
         "actor": "cast", "actress": "cast", "appear": "cast"}  # fmt: skip
"""Stems of a question and the word by which a page may say the same."""
_OPENERS = STOP_WORDS | frozenset(query_terms("during find if since"))

_DECADE = re.compile(r"\b(early|mid|middle|late)?[\s\-]*(?:of the )?(\d{3}0)(?:s|\s*年代)")
_SPAN = re.compile(r"\b(\d{4})\s*年?\s*(?:and|to|through|[-\u2013\u2014]|至|到|和)\s*(\d{4})")
_CENTURY = re.compile(r"(\d{2})\s*世纪\s*(\d0)\s*年代\s*(初|前期|中|中期|末|后期)?")
_ONE_SIDED = re.compile(r"\b(before|after|since|until)\s+(\d{4})\b")
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
_PARTS = {
    "early": (0, 3), "mid": (3, 6), "middle": (3, 6), "late": (6, 9),
    "初": (0, 3), "前期": (0, 3), "中": (3, 6), "中期": (3, 6), "末": (6, 9), "后期": (6, 9),
}  # fmt: skip


class Genre(StrEnum):
    """Kinds of page a reader tells apart at a glance."""

    FILM = "film"
    PERSON = "person"
    COMPANY = "company"
    OTHER = "other"


_GENRE_WORDS = {
    Genre.FILM: r"films?|movies?|title|电影|影片|片子|片",
    Genre.PERSON: r"who|whom|person|people|actors?|actress|performer|directors?|writers?"
    r"|filmmakers?|谁|人|演员|导演|编剧",
    Genre.COMPANY: r"company|companies|studio|公司",
    Genre.OTHER: r"country|countries|element|term|package|国家|元素",
}
_GENRE_SIGNS = {
    Genre.COMPANY: re.compile(r"\bproduction company\b|\bcompany\b.*\bcredited\b"),
    Genre.PERSON: re.compile(r"\bcredit(?:s|ed)\b|\bcast (?:of|member)\b|\bwas in the cast\b"),
    Genre.FILM: re.compile(r"\bfilm\b"),
}
_ASKED = re.compile(
    r"\b(?:which|what|name the)\s(?:[\w\-]+\s){0,3}?(?P<en>"
    + "|".join(rf"(?P<en_{genre}>(?:{words})\b)" for genre, words in _GENRE_WORDS.items())
    + r")|(?:哪|什么)[^，。？]{0,12}?(?P<zh>"
    + "|".join(rf"(?P<zh_{genre}>{words})" for genre, words in _GENRE_WORDS.items())
    + r")|(?P<who>\bwho(?:m)?\b(?=[^.]*\?)|谁)",
    re.IGNORECASE,
)


class Span(NamedTuple):
    """Years from `first` to `last`, both included."""

    first: int
    last: int


class Clues(NamedTuple):
    names: tuple[str, ...]
    """Quoted spans and capitalised phrases, in order, as written."""
    words: frozenset[str]
    """Stems of all other words that say something."""
    spans: tuple[Span, ...]


def read_clues(question: str) -> Clues:
    quoted = [span.strip() for groups in _QUOTED.findall(question) for span in groups]
    named = dict.fromkeys(span for span in [*quoted, *names_in(question)] if span)
    names = tuple(named)[:MAX_NAMES]
    spans, rest = _spans(question)
    for name in names:
        rest = rest.replace(name, " ")
    words = frozenset(query_terms(rest)) - STOP_WORDS
    words |= frozenset(query_terms(" ".join(_SAME.get(word, "") for word in words)))
    return Clues(names, frozenset(word for word in words if not word.isdigit()), spans)


def names_in(text: str) -> list[str]:
    """Capitalised phrases, distinct, in order; without words that only open a sentence."""
    found: dict[str, None] = {}
    for sentence in _SENTENCE.split(text):
        for match in _NAME.finditer(sentence):
            words = match[0].split()
            opens = not sentence[: match.start()].strip()
            while words and _stem(words[0]) in _OPENERS and (opens or len(words) == 1):
                words.pop(0)
            # "Released in 1974" opens a sentence and names nothing.
            if len(words) == 1 and opens and re.match(r"\s[a-z]", sentence[match.end() :]):
                continue
            name = _ENDING.sub("", " ".join(words)).strip(" ,'-")
            if len(name) > 1 and not name.isdigit():
                found[name] = None
    return list(found)


def asked_genre(question: str) -> Genre | None:
    """What kind of thing a question asks for; None if it does not say."""
    asked = list(_ASKED.finditer(question))
    # A relative "who" stands before the question proper.
    for match in sorted(asked, key=lambda m: m["who"] is not None):
        if match["who"]:
            return Genre.PERSON
        for genre in Genre:
            if match[f"en_{genre}"] or match[f"zh_{genre}"]:
                return genre
    return None


def genre_of(text: str) -> Genre:
    """What kind of thing a page is about, by its first sentences."""
    opening = text[:200].casefold()
    return next((g for g, sign in _GENRE_SIGNS.items() if sign.search(opening)), Genre.OTHER)


def years_in(text: str) -> set[int]:
    return {int(year) for year in _YEAR.findall(text)}


def stems_in(text: str) -> frozenset[str]:
    return frozenset(analyzer().analyze(page_words(text)))


def _stem(word: str) -> str:
    return next(iter(query_terms(word)), fold(word))


def _spans(question: str) -> tuple[tuple[Span, ...], str]:
    """Every stretch of years, and the question without them; "the late 1950s" is 1956 to 1959."""
    spans: list[Span] = []

    def century(match: re.Match[str]) -> str:
        start = (int(match[1]) - 1) * 100 + int(match[2])
        low, high = _PARTS.get(match[3] or "", (0, 9))
        spans.append(Span(start + low, start + high))
        return " "

    def decade(match: re.Match[str]) -> str:
        low, high = _PARTS.get(match[1] or "", (0, 9))
        spans.append(Span(int(match[2]) + low, int(match[2]) + high))
        return " "

    def between(match: re.Match[str]) -> str:
        spans.append(Span(*sorted((int(match[1]), int(match[2])))))
        return " "

    def one_sided(match: re.Match[str]) -> str:
        year = int(match[2])
        below = {"before": Span(1000, year - 1), "until": Span(1000, year)}
        above = {"after": Span(year + 1, 3000), "since": Span(year, 3000)}
        spans.append((below | above)[match[1].lower()])
        return " "

    def exact(match: re.Match[str]) -> str:
        spans.append(Span(int(match[1]), int(match[1])))
        return " "

    rest = _CENTURY.sub(century, question)
    for pattern, reader in (
        (_DECADE, decade), (_SPAN, between), (_ONE_SIDED, one_sided), (_YEAR, exact),
    ):  # fmt: skip
        rest = pattern.sub(reader, rest)
    return tuple(dict.fromkeys(spans)), rest
