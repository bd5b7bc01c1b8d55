"""A question about films as a small tree: what is asked for, its clues, and what it hangs on.

A shallow reader, not a grammar: it goes through each sentence from left to right, keeps track of
the thing that is being described, and lets go of what it does not understand.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from envs.search.amounts import Bounds, read_amount, read_period
from envs.search.asking import Ask, read_ask
from envs.search.facts import Field, Kind, Role
from envs.search.masking import Masked, mask
from envs.search.phrases import GENRES, LANGUAGES, PHRASES, Phrase, compiled
from envs.search.words import is_cjk


class Trait(StrEnum):
    GENRE = "genre"
    LANGUAGE = "language"
    RATING = "rating"
    INITIALS = "initials"


class Test(NamedTuple):
    """One clue that a page, or a name, can pass or fail."""

    about: Field | Role | Trait
    """A role stands for the number of names that a page gives for it."""
    bounds: Bounds = Bounds()
    word: str = ""
    denied: bool = False
    than: str = ""
    """If not empty, `bounds` are of the difference to this thing's value."""


@dataclass(eq=False)
class Node:
    """Something that the question describes."""

    kind: Kind | None = None
    role: Role | None = None
    """What it is to the thing that it was mentioned with."""
    tests: list[Test] = field(default_factory=list)
    edges: list["Edge"] = field(default_factory=list)


@dataclass(eq=False)
class Edge:
    """That a node is tied by `role` to a name or to another node."""

    role: Role | None
    target: Node | str
    denied: bool = False


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
_ROOT = re.compile(r"I'm after|I'm looking for|I have in mind|in question|[我想]要?找的|要找的|所说的")
_SAME = re.compile(r"^(?:It|They|Its|Their|The same|This person|它|此人|该[片人]|该?影人)\b|^(?:它|此人|前述)")
_NOUNS = (
    (Role.DIRECT, r"director|导演"),
    (Role.WRITE, r"writer|编剧"),
    (Role.ACT, r"actor|performer|cast member|演员"),
    (Role.MAKE, r"(?:production )?company|公司"),
    (Kind.FILM, r"film|comedy|drama|documentary|影片|该片|这部"),
    (Kind.PERSON, r"person|影人|此人"),
)
_REFERENCE = re.compile(r"^(?:[Tt]hat|[Tt]his|[Tt]he|该|这[部位家]|那[部位家])")
_THING = (
    r"(?P<of>it|they|(?:the|this|that)(?: same)? (?:[\w-]+ )??(?:film|comedy|drama|documentary|person"
    r"|director|writer|actor|performer|member|company)(?: I'm after| I'm looking for"
    r"| I have in mind| in question)?)"
)
_GROUPS = tuple(
    (role, kind, re.compile(f"[Oo]ne of {pattern}"))
    for role, kind, pattern in (
        (Role.DIRECT, Kind.PERSON, f"the people who directed {_THING}"),
        (Role.WRITE, Kind.PERSON, f"the people who wrote {_THING}"),
        (Role.ACT, Kind.PERSON, f"(?:its|the) cast members(?: of {_THING})?"),
        (Role.MAKE, Kind.COMPANY, f"(?:its|the) production companies(?: of {_THING})?"),
        (Role.ACT, Kind.FILM, f"the films in which {_THING} appears?"),
        (Role.DIRECT, Kind.FILM, f"the films {_THING} directed"),
        (Role.WRITE, Kind.FILM, f"the films {_THING} wrote"),
        (Role.MAKE, Kind.FILM, f"the films {_THING} produced"),
    )
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
        for role, kind, pattern in _GROUPS:
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
            if phrase.event != "done" and (self.after_name or self.pending is None):
                if _BREAK.search(gap) and not (self.open_ends and not self.after_name):
                    self.current, self.after_name = self.subject, False
                    self.open_ends = []
            self.meet(phrase, match)
        self.before = self.subject

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
        """What the subject at the start of a sentence means."""
        head = start[:60]
        if _ROOT.search(head) or not self.opened:
            return self.root if _ROOT.search(head) else self.before
        if start[:1].islower() and re.match(r"(?:it|they|its|their)\b", start):
            return self.before
        if _SAME.search(head):
            return self.before
        if _REFERENCE.match(head):
            for what, noun in _NOUNS:
                if re.match(rf"\w*\s?(?:same )?(?:{noun})", head):
                    fitting = [n for n in self.opened if what in (n.role, n.kind)]
                    if fitting:
                        return fitting[-1]
                    return self.before
            return self.opened[-1]
        return self.before

    def meet(self, phrase: Phrase, match: re.Match[str]) -> None:
        match phrase.event:
            case "not":
                self.denied = True
                return
            case "test":
                self.current.tests.append(self.test(phrase, match))
            case "than":
                self.compare(phrase, match)
            case "count":
                if self.pending:
                    self.current.tests.append(Test(self.pending, read_amount(match[0])))
                self.pending = None
            case "role" | "origin":
                self.pending = Role(phrase.detail)
                return
            case "group":
                self.pending = Role(phrase.detail)
                self.open(Kind.FILM if "影片" in match[0] else _OTHER_END[self.pending])
                self.subject = self.current
            case "by":
                self.open_ends.append((self.current, Edge(None, "")))
                return
            case "done":
                self.done(Role(phrase.detail))
            case "name":
                self.name(self.masked.names[int(match["name"])])
            case "node" | "the" | "genre":
                self.node(phrase, match[0])
        self.denied = False

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
            holder, edge = self.open_ends[-1]
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
