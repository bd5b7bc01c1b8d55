"""The scripted baseline of search tasks: best-first reading, no model, no hidden knowledge.

It searches for the question, then for the names in it, opens the documents that hold most of the
question's words, names and years, follows the names it reads there, and answers with the best one.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from math import log
from typing import NamedTuple

from pydantic import JsonValue

from data.hashing import canonical_json
from data.task import PublicTask, Role, ToolCall
from data.trajectory import Observation
from envs.base import Baseline
from envs.search.clues import Clues, Span, names_in, read_clues, stems_in, years_in
from envs.search.words import fold, query_terms

MAX_CALLS = 40
WIDE_TOP_K = 30
NAME_TOP_K = 5
MAX_PAIRS = 4
MAX_EVIDENCE = 5
NAME_WEIGHT = 4.0
SPAN_WEIGHT = 3.0
FOLLOWED = 0.5
"""Part of a page's score that a name in it inherits."""

Steps = Generator[ToolCall, Observation, None]

_LISTED = re.compile(r"^\d+\. \[(?P<id>[^\]]+)\] (?P<title>.*)\n {3}(?P<snippet>.*)$", re.MULTILINE)
_ASKS_YEAR = re.compile(r"\b(?:what|which) year\b|\bwhen (?:was|were|did)\b|哪一?年", re.IGNORECASE)
_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|tall|high|large|far|old)\b|\bwhat (?:number|percentage)\b|多少|几[个部位]",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])")


@dataclass
class _Document:
    """What is known of one document; `text` is its snippet until it is opened."""

    id: str
    title: str
    text: str
    opened: bool = False
    stems: frozenset[str] = frozenset()


class _Lead(NamedTuple):
    """A name worth a search, with the promise of the page it was read on."""

    promise: float
    name: str


@dataclass
class _Solver:
    clues: Clues
    calls_left: int = MAX_CALLS
    documents: dict[str, _Document] = field(default_factory=dict)
    leads: dict[str, float] = field(default_factory=dict)
    searched: set[str] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)
    """In how many documents each stem was seen."""

    def solve(self, question: str) -> Steps:
        yield from self.search(question, WIDE_TOP_K)
        for name in self.clues.names:
            yield from self.search(name, WIDE_TOP_K)
        for pair in list(combinations(self.clues.names, 2))[:MAX_PAIRS]:
            yield from self.search(" ".join(pair), WIDE_TOP_K)
        while self.calls_left:
            document, lead = self.next_document(), self.next_lead()
            if document and (lead is None or self.score(document) >= lead.promise):
                yield from self.open(document)
            elif lead:
                yield from self.search(lead.name, NAME_TOP_K)
            else:
                return

    def search(self, query: str, top_k: int) -> Steps:
        if not self.calls_left or not query.strip() or fold(query) in self.searched:
            return
        self.searched.add(fold(query))
        self.calls_left -= 1
        found = yield ToolCall(name="search", arguments={"query": query[:1000], "top_k": top_k})
        for match in _LISTED.finditer(found.text):
            if match["id"] not in self.documents:
                self.learn(_Document(match["id"], match["title"], match["snippet"]))

    def open(self, document: _Document) -> Steps:
        self.calls_left -= 1
        page = yield ToolCall(name="open", arguments={"doc_id": document.id})
        document.opened = True
        if page.error:
            return
        document.text = page.text.partition("\n\n")[2]
        self.learn(document)
        promise = FOLLOWED * self.score(document)
        for name in names_in(document.text):
            if fold(name) not in self.searched:
                near = self.near(document.text, name)
                self.leads[name] = max(self.leads.get(name, 0.0), promise + near)

    def learn(self, document: _Document) -> None:
        self.documents[document.id] = document
        stems = stems_in(f"{document.title}\n{document.text}")
        self.seen.update(stems - document.stems)
        document.stems = stems

    def near(self, text: str, name: str) -> float:
        """Weight of the years right behind a name, as in "Amarcord (1973)"."""
        at = text.find(name) + len(name)
        return SPAN_WEIGHT if self.in_span(text[at : at + 8]) else 0.0

    def next_document(self) -> _Document | None:
        unopened = (d for d in self.documents.values() if not d.opened)
        return max(unopened, key=self.score, default=None)

    def next_lead(self) -> _Lead | None:
        known = {fold(document.title) for document in self.documents.values()}
        fresh = (
            _Lead(promise, name)
            for name, promise in self.leads.items()
            if fold(name) not in self.searched and fold(name) not in known
        )
        return max(fresh, key=lambda lead: lead.promise, default=None)

    def score(self, document: _Document) -> float:
        """How much of the question a document holds; long documents hold much by chance."""
        text = fold(f"{document.title}\n{document.text}")
        names = sum(NAME_WEIGHT for name in self.clues.names if fold(name) in text)
        words = sum(self.rareness(word) for word in self.clues.words & document.stems)
        years = SPAN_WEIGHT if self.in_span(text) else 0.0
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


def greedy(task: PublicTask) -> Baseline:
    """Solves by word overlap within `MAX_CALLS` calls; deterministic."""
    question = _question(task)
    solver = _Solver(read_clues(question))
    yield from solver.solve(question)
    ranked = solver.ranked()
    named = [document for document in ranked if fold(document.title) not in fold(question)]
    best = (named or ranked)[:1]
    answer: JsonValue = best[0].title if best else ""
    if best and _ASKS_YEAR.search(question):
        answer = next(iter(_numbers(ranked[0].text, solver.clues, years=True)), answer)
    elif best and _ASKS_NUMBER.search(question):
        answer = next(iter(_numbers(ranked[0].text, solver.clues, years=False)), answer)
    evidence = list(dict.fromkeys(document.id for document in [*best, *ranked[:MAX_EVIDENCE]]))
    reply: dict[str, JsonValue] = {"answer": answer, "evidence": [*evidence[:MAX_EVIDENCE]]}
    return canonical_json(reply)


def _question(task: PublicTask) -> str:
    """The last user message without paragraphs that only explain the form of the answer."""
    content = [message.content for message in task.prompt if message.role is Role.USER][-1]
    paragraphs = [part for part in content.split("\n\n") if '"evidence"' not in part]
    return "\n\n".join(paragraphs) or content


def _within(years: set[int], span: Span) -> bool:
    return any(span.first <= year <= span.last for year in years)


def _numbers(text: str, clues: Clues, *, years: bool) -> Iterator[str]:
    """Numbers in the sentences of `text`, those that share most words with the question first."""
    sentences = re.split(r"(?<=[.。])\s+|\n", text)
    ordered = sorted(sentences, key=lambda s: len(clues.words & set(query_terms(s))), reverse=True)
    for sentence in ordered:
        for number in _NUMBER.findall(sentence):
            if bool(years_in(number)) is years:
                yield number
