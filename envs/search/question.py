"""A question about films as a small tree: what is asked for, its clues, and what it hangs on.

A shallow reader, not a grammar: it goes through each sentence from left to right, keeps track of
the thing that is being described, and lets go of what it does not understand.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from envs.search.amounts import Bounds, read_amount, read_period
from envs.search.asking import Ask, read_ask
from envs.search.facts import Field, Kind, Role
from envs.search.masking import Masked, mask
from envs.search.phrases import GENRES, LANGUAGES, PHRASES, Phrase, compiled
from envs.search.references import GROUPS, meant
from envs.search.tree import Edge, Node, Test, Trait
from envs.search.words import is_cjk


class Question(NamedTuple):
    root: Node
    ask: Ask
    names: tuple[str, ...]
    """Names that were mentioned outside of any clue."""


_SENTENCE = re.compile(r"(?<=[.?!])\s+|(?<=[。？！])")
_BREAK = re.compile(r",|\band\b|\bbut\b|，|。|；|[且但]")
_WORLD = re.compile(
    r"^(?:In this collection|Going by the pages here|According to this collection), "
    r"|^[在就据按]本资料库(?:中|而言|记载|的记录)，"
)


def read_question(text: str) -> Question:
    """Never fails: what is not understood leaves the root without clues."""
    masked = mask(text)
    reader = _Reader(masked, "zh" if is_cjk(masked.text) else "en")
    for sentence in _SENTENCE.split(masked.text):
        reader.read(_WORLD.sub("", sentence.strip()))
    root = reader.root
    root.kind = root.kind or Kind.FILM
    return Question(root, read_ask(masked), tuple(reader.loose))


@lru_cache
def _patterns(language: str) -> list[tuple[Phrase, re.Pattern[str]]]:
    return compiled(PHRASES[language])


class _Reader:
    """Where the reading of a question has got to."""

    def __init__(self, masked: Masked, language: str) -> None:
        self.masked = masked
        self.patterns = _patterns(language)
        self.root = Node()
        self.loose: list[str] = []
        self.before = self.subject = self.current = self.root
        self.opened: list[Node] = []
        self.newly: list[Node] = []
        self.pending: Role | None = None
        self.open_ends: list[tuple[Node, Edge]] = []
        self.after_name = self.denied = False

    def read(self, sentence: str) -> None:
        self.opened, self.newly = self.newly, []
        start = 0
        self.subject = self.refer(sentence)
        for role, kind, pattern in GROUPS:
            if match := pattern.match(sentence):
                if match["of"]:
                    self.subject = self.refer(match["of"])
                self.current, self.pending = self.subject, role
                self.open(kind)
                self.subject, start = self.current, match.end()
                break
        self.current, self.pending = self.subject, None
        self.open_ends = []
        self.after_name = self.denied = False
        for phrase, match in self.events(sentence, start):
            gap = sentence[start : match.start()]
            start = match.end()
            if phrase.event != "done" and self.ends_clause(gap):
                self.current, self.after_name = self.subject, False
                self.open_ends = []
            self.meet(phrase, match)
        self.before = self.subject

    def ends_clause(self, gap: str) -> bool:
        """Whether words between two phrases turn back to the subject of the sentence."""
        waits = self.pending is not None or bool(self.open_ends)
        return (self.after_name or not waits) and _BREAK.search(gap) is not None

    def events(self, sentence: str, start: int) -> Iterator[tuple[Phrase, re.Match[str]]]:
        """Phrases from left to right; of those that start together, the first of the list."""
        while True:
            found = [
                (match.start(), rank, phrase, match)
                for rank, (phrase, pattern) in enumerate(self.patterns)
                if (match := pattern.search(sentence, start))
            ]
            if not found:
                return
            _, _, phrase, match = min(found, key=lambda one: one[:2])
            yield phrase, match
            start = max(match.end(), start + 1)

    def refer(self, start: str) -> Node:
        return meant(start, self.root, self.before, self.opened)

    def meet(self, phrase: Phrase, match: re.Match[str]) -> None:
        match phrase.event:
            case "not":
                self.denied = True
            case "role" | "origin":
                self.pending = Role(phrase.detail)
            case "by":
                self.open_ends.append((self.current, Edge(None, "")))
            case _:
                self.close(phrase, match)
                self.denied = False

    def close(self, phrase: Phrase, match: re.Match[str]) -> None:
        """A phrase that a "not" before it belongs to, and that uses up a role before it."""
        match phrase.event:
            case "test":
                self.current.tests.append(self.test(phrase, match))
            case "than":
                self.compare(phrase, match)
            case "count":
                if self.pending:
                    self.current.tests.append(Test(self.pending, read_amount(match[0])))
                self.pending = None
            case "group":
                self.pending = Role(phrase.detail)
                self.open(Kind.FILM if "影片" in match[0] else _OTHER_END[self.pending])
                self.subject = self.current
            case "done":
                self.done(Role(phrase.detail))
            case "name":
                self.name(self.masked.names[int(match["name"])])
            case _:
                self.node(phrase, match[0])

    def test(self, phrase: Phrase, match: re.Match[str]) -> Test:
        about, text = phrase.detail, match[0]
        if about == "initials":
            letters = self.masked.initials[int(match["initials"].strip("{}"))]
            return Test(Trait.INITIALS, word=letters, denied=self.denied)
        if about in ("rating", "language"):
            word = match[about]
            return Test(Trait(about), word=LANGUAGES.get(word, word), denied=self.denied)
        bounds = read_period(text) if about == "year" else read_amount(text)
        return Test(Field(about), bounds, denied=self.denied)

    def compare(self, phrase: Phrase, match: re.Match[str]) -> None:
        number = re.search(r"<(\d+)>", match[0])
        assert number
        more = re.search(r"higher|longer|[高长]$", match[0])
        bounds = Bounds(lo=1) if more else Bounds(hi=-1)
        name = self.masked.names[int(number[1])]
        self.current.tests.append(Test(Field(phrase.detail), bounds, than=name))

    def name(self, name: str) -> None:
        if self.pending:
            self.current.edges.append(Edge(self.pending, name, self.denied))
            self.pending, self.after_name = None, True
        elif self.open_ends and self.open_ends[-1][1].target == "":
            self.open_ends[-1][1].target = name
        else:
            self.loose.append(name)

    def node(self, phrase: Phrase, text: str) -> None:
        kind = Kind(phrase.detail) if phrase.detail else Kind.FILM
        genre = GENRES.get(text)
        if phrase.event == "the":
            self.pending = None
        elif phrase.event == "node" and self.pending:
            self.open(kind)
        elif phrase.event == "node" and self.open_ends and not self.open_ends[-1][1].target:
            edge = self.open_ends[-1][1]
            edge.target = self.current = Node(kind)
            self.newly.append(self.current)
        if self.current is self.root and self.root.kind is None:
            self.root.kind = kind
        if genre:
            self.current.tests.append(Test(Trait.GENRE, word=genre, denied=self.denied))

    def open(self, kind: Kind) -> None:
        node = Node(kind, self.pending)
        self.current.edges.append(Edge(self.pending, node, self.denied))
        self.newly.append(node)
        self.current, self.pending = node, None

    def done(self, role: Role) -> None:
        """The verb after its object: the edge that waits for it has its role now."""
        if self.open_ends:
            holder, edge = self.open_ends.pop()
            if edge.target:
                edge.role = role
                if isinstance(edge.target, Node):
                    edge.target.role = role
                holder.edges.append(edge)
                self.current = holder
                self.after_name = True


_OTHER_END = {
    Role.DIRECT: Kind.PERSON,
    Role.WRITE: Kind.PERSON,
    Role.ACT: Kind.PERSON,
    Role.MAKE: Kind.COMPANY,
    Role.ORIGIN: Kind.OTHER,
}
