"""What the search baseline falls back on: best-first reading by words in common with the question.

It searches for the question, then for the names in it, opens the documents that hold most of the
question's words, names and years, follows the names it reads there, and answers with the best one.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from math import log
from typing import NamedTuple, Self

from data.task import ToolCall
from data.trajectory import Observation
from envs.search.clues import (
    Clues,
    Span,
    asked_genre,
    genre_of,
    names_in,
    read_clues,
    stems_in,
    years_in,
)
from envs.search.listing import read_listing, read_page
from envs.search.words import fold, query_terms

WIDE_TOP_K = 30
LEAD_TOP_K = 10
MAX_PAIRS = 4
NAME_WEIGHT = 4.0
SPAN_WEIGHT = 3.0
NAMED_BONUS = 10.0
BRIDGE_WEIGHT = 1.5
MAX_BRIDGES = 2
FOLLOWED = 0.5
"""Part of a page's promise that a name in it inherits."""

Steps = Generator[ToolCall, Observation, None]

_YEAR_AFTER = re.compile(r" \(\d{4}\)$")
_ASKS_YEAR = re.compile(r"\b(?:what|which) year\b|\bwhen (?:was|were|did)\b|哪一?年", re.IGNORECASE)
_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|tall|high|large|far|old)\b|\bwhat (?:number|percentage)\b|多少|几[个部位]",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")


@dataclass
class _Document:
    """What is known of one document; `text` is its snippet until it is opened."""

    id: str
    title: str
    text: str
    opened: bool = False
    stems: frozenset[str] = frozenset()
    folded: str = ""
    """Title and text, folded."""


class _Lead(NamedTuple):
    """A name worth a search, what to search for, and how promising it is."""

    promise: float
    name: str
    query: str


@dataclass
class Overlap:
    clues: Clues
    calls_left: int
    documents: dict[str, _Document] = field(default_factory=dict)
    leads: dict[str, _Lead] = field(default_factory=dict)
    bridges: set[str] = field(default_factory=set)
    """Folded names on the pages that the question itself names."""
    searched: set[str] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)
    """In how many documents each stem was seen."""

    @classmethod
    def of(cls, question: str, max_calls: int) -> Self:
        return cls(read_clues(question), max_calls)

    def solve(self, question: str) -> Steps:
        yield from self.search(question, WIDE_TOP_K)
        for name in self.clues.names:
            yield from self.search(name, WIDE_TOP_K)
        for pair in list(combinations(self.clues.names, 2))[:MAX_PAIRS]:
            yield from self.search(" ".join(pair), WIDE_TOP_K)
        while self.calls_left:
            document, lead = self.next_document(), self.next_lead()
            if document and (lead is None or self.promise(document) >= lead.promise):
                yield from self.open(document)
            elif lead:
                self.searched.add(fold(lead.name))
                yield from self.search(lead.query, LEAD_TOP_K)
            else:
                return

    def search(self, query: str, top_k: int) -> Steps:
        if not self.calls_left or not query.strip() or fold(query) in self.searched:
            return
        self.searched.add(fold(query))
        self.calls_left -= 1
        found = yield ToolCall(name="search", arguments={"query": query[:1000], "top_k": top_k})
        for hit in read_listing(found.text):
            if hit.id not in self.documents:
                self.learn(_Document(hit.id, hit.title, hit.snippet))

    def open(self, document: _Document) -> Steps:
        self.calls_left -= 1
        page = yield ToolCall(name="open", arguments={"doc_id": document.id})
        document.opened = True
        if page.error:
            return
        document.text = read_page(page.text)
        self.learn(document)
        names = names_in(document.text)
        if self.named(document):
            self.bridges.update(map(fold, names))
        plain = fold(document.text)
        elsewhere = [name for name in self.clues.names if fold(name) not in plain]
        for name in names:
            lead = _Lead(
                FOLLOWED * self.promise(document) + self.near(document.text, name),
                name,
                " ".join([name, *(other for other in elsewhere if other != document.title)]),
            )
            self.leads[name] = max(self.leads.get(name, lead), lead, key=lambda one: one.promise)

    def learn(self, document: _Document) -> None:
        self.documents[document.id] = document
        stems = stems_in(f"{document.title}\n{document.text}")
        self.seen.update(stems - document.stems)
        document.stems = stems
        document.folded = fold(f"{document.title}\n{document.text}")

    def near(self, text: str, name: str) -> float:
        """Weight of the years right behind a name, as in "Amarcord (1973)"."""
        at = text.find(name) + len(name)
        return SPAN_WEIGHT if self.in_span(text[at : at + 8]) else 0.0

    def next_document(self) -> _Document | None:
        unopened = (d for d in self.documents.values() if not d.opened)
        return max(unopened, key=self.promise, default=None)

    def next_lead(self) -> _Lead | None:
        fresh = (lead for lead in self.leads.values() if fold(lead.name) not in self.searched)
        return max(fresh, key=lambda lead: lead.promise, default=None)

    def named(self, document: _Document) -> bool:
        """Whether the question names this very document."""
        title = fold(_YEAR_AFTER.sub("", document.title))
        return any(fold(name) in (title, title.removeprefix("the ")) for name in self.clues.names)

    def promise(self, document: _Document) -> float:
        """What the question names is read first: everything else hangs on it."""
        return self.score(document) + (NAMED_BONUS if self.named(document) else 0.0)

    def score(self, document: _Document) -> float:
        """How much of the question a document holds; long documents hold much by chance."""
        text = document.folded
        names = sum(NAME_WEIGHT for name in self.clues.names if fold(name) in text)
        words = sum(self.rareness(word) for word in self.clues.words & document.stems)
        years = SPAN_WEIGHT if self.in_span(text) else 0.0
        if not self.named(document):
            names += min(MAX_BRIDGES, sum(name in text for name in self.bridges)) * BRIDGE_WEIGHT
        return (names + words + years) / (1 + log(1 + len(text) / 1000))

    def rareness(self, stem: str) -> float:
        """Inverse document frequency among the documents seen so far."""
        return log((1 + len(self.documents)) / (1 + self.seen[stem])) + 0.1

    def in_span(self, text: str) -> bool:
        years = years_in(text) if self.clues.spans else set()
        return any(_within(years, span) for span in self.clues.spans)

    def ranked(self) -> list[_Document]:
        """Opened documents, best first."""
        opened = [document for document in self.documents.values() if document.opened]
        return sorted(opened, key=self.score, reverse=True)

    def answer(self, question: str) -> tuple[str, list[str]]:
        """The answer and the ids of the documents to cite; both empty if nothing was read."""
        ranked = self.ranked()
        if not ranked:
            return "", []
        source, answer = self.best(ranked, question)
        return answer, list(dict.fromkeys(document.id for document in [source, *ranked]))

    def best(self, ranked: list[_Document], question: str) -> tuple[_Document, str]:
        """The document that answers the question, and what it says; `ranked` is not empty."""
        named = [document for document in ranked if self.named(document)]
        for asks, years in ((_ASKS_YEAR, True), (_ASKS_NUMBER, False)):
            if asks.search(question):
                # What is asked about is named before what describes it.
                source = min(named, key=lambda d: _place(d, question), default=ranked[0])
                number = next(_numbers(source.text, self.clues, years=years), "")
                return source, number or source.title
        fresh = [document for document in ranked if document not in named] or ranked
        genre = asked_genre(question)
        if genre in (None, genre_of(fresh[0].text)):
            return fresh[0], fresh[0].title
        for sentence in _sentences(fresh[0].text, self.clues):
            for name in names_in(sentence):
                if fold(name) not in fold(f"{question} {fresh[0].title}"):
                    return fresh[0], name
        return fresh[0], fresh[0].title


def _place(document: _Document, question: str) -> int:
    place = fold(question).find(fold(document.title))
    return place if place >= 0 else len(question)


def _within(years: set[int], span: Span) -> bool:
    return any(span.first <= year <= span.last for year in years)


def _sentences(text: str, clues: Clues) -> list[str]:
    """The sentences of `text`, those that share most words with the question first."""
    sentences = re.split(r"(?<=[.。;])\s+|\n", text)
    return sorted(sentences, key=lambda s: len(clues.words & set(query_terms(s))), reverse=True)


def _numbers(text: str, clues: Clues, *, years: bool) -> Iterator[str]:
    for sentence in _sentences(text, clues):
        for number in _NUMBER.findall(sentence):
            if bool(years_in(number)) is years:
                yield number
