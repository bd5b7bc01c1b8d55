"""Follows a question's clues from page to page, as far as three steps away from what is asked for.

It looks up every name that a clue gives, gathers what the clue ties to it, keeps what most clues
agree on, and then reads those pages, best first, to see which of them pass the other tests.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from data.task import ToolCall
from data.trajectory import Observation
from envs.search.facts import Facts, Field, Kind, Link, Role, read_facts
from envs.search.listing import Listed, read_listing, read_page, same_title
from envs.search.question import Question
from envs.search.tree import Edge, Node, Test, Trait
from envs.search.words import fold

MAX_CALLS = 60
MAX_STEPS = 3
"""Clues of things farther than this from what is asked for are not followed."""
MAX_BRANCHES = (12, 2)
"""Most pages that one clue is followed through, one step away and two steps away."""
LOOKUP_TOP_K = 50
MAX_NAMESAKES = 2
"""Most pages of one title that are read for a name."""


class Page(NamedTuple):
    id: str
    title: str
    facts: Facts


class Candidate(NamedTuple):
    """A name that could be the answer, and how many clues led to it."""

    link: Link
    clues: int


class Finding(NamedTuple):
    """A candidate that was read, and how far the page bears out the question."""

    page: Page
    score: float


@dataclass
class Trail:
    """Everything that was looked up. `calls_left` is never overdrawn."""

    calls_left: int = MAX_CALLS
    listed: dict[str, list[Listed]] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    """By document id, in the order of reading."""

    def find(self, question: Question) -> Generator[ToolCall, Observation, list[Finding]]:
        """Candidates that every clue leads to, read, best first; empty if there are none."""
        root = question.root
        candidates = yield from self.resolve(root, 0)
        num_clues = sum(not edge.denied for edge in root.edges)
        found: list[Finding] = []
        for candidate in candidates:
            if candidate.clues < num_clues:
                break
            page = yield from self.look_up(candidate.link, root.kind)
            if page:
                score = yield from self.judge(page, root)
                found.append(Finding(page, score))
        return sorted(found, key=lambda finding: -finding.score)

    def resolve(self, node: Node, depth: int) -> Generator[ToolCall, Observation, list[Candidate]]:
        """What the clues of `node` lead to, those of most clues first."""
        clues: dict[str, int] = {}
        links: dict[str, Link] = {}
        edges = [edge for edge in node.edges if edge.role and not edge.denied]
        for edge in sorted(edges, key=lambda edge: isinstance(edge.target, Node)):
            ends = yield from self.ends(node, edge, depth)
            for link in dict.fromkeys(ends):
                key = fold(link.name)
                if not all(likely(link, test) for test in node.tests):
                    continue
                links.setdefault(key, link)
                clues[key] = clues.get(key, 0) + 1
        found = [Candidate(links[key], count) for key, count in clues.items()]
        return sorted(found, key=lambda candidate: -candidate.clues)

    def ends(
        self, node: Node, edge: Edge, depth: int
    ) -> Generator[ToolCall, Observation, list[Link]]:
        """The other ends of a clue: names on the page of the thing it names or describes."""
        assert edge.role
        if isinstance(edge.target, str):
            page = yield from self.look_up(Link(edge.target), other_end(node, edge.role))
            return list(page.facts.links.get(edge.role, ())) if page else []
        if depth + 1 >= MAX_STEPS:
            return []
        links: list[Link] = []
        between = yield from self.resolve(edge.target, depth + 1)
        best = max((candidate.clues for candidate in between), default=0)
        for candidate in [one for one in between if one.clues == best][: MAX_BRANCHES[depth]]:
            page = yield from self.look_up(candidate.link, edge.target.kind)
            if page and (yield from self.judge(page, edge.target)) >= 0:
                links.extend(page.facts.links.get(edge.role, ()))
        return links

    def judge(self, page: Page, node: Node) -> Generator[ToolCall, Observation, float]:
        """Tests that the page passes, less twice those it fails."""
        score = 0.0
        for test in node.tests:
            passed = yield from self.passes(page, test)
            score += 1 if passed else -2
        return score

    def passes(self, page: Page, test: Test) -> Generator[ToolCall, Observation, bool]:
        bounds = test.bounds
        if test.than and isinstance(test.about, Field):
            other = yield from self.look_up(Link(test.than), Kind.FILM)
            base = other.facts.values.get(test.about) if other else None
            value = page.facts.values.get(test.about)
            return value is not None and base is not None and bounds.holds(value - base)
        return passes(page, test)

    def look_up(
        self, link: Link, kind: Kind | None
    ) -> Generator[ToolCall, Observation, Page | None]:
        """The page of a name, None if there is none or no call is left."""
        hits = yield from self.search(link.name)
        known = [hit for hit in hits if same_title(hit.title, link)]
        # A page that has the year in its title is meant by a link of that year.
        known.sort(key=lambda hit: str(link.year) not in hit.title)
        for hit in known[:MAX_NAMESAKES]:
            page = yield from self.open(hit)
            if page and kind in (None, page.facts.kind) and dated(page, link):
                return page
        return None

    def search(self, name: str) -> Generator[ToolCall, Observation, list[Listed]]:
        key = fold(name)
        if key not in self.listed:
            if not self.calls_left or not name.strip():
                return []
            self.calls_left -= 1
            call = ToolCall(name="search", arguments={"query": name[:1000], "top_k": LOOKUP_TOP_K})
            self.listed[key] = read_listing((yield call).text)
        return self.listed[key]

    def open(self, hit: Listed) -> Generator[ToolCall, Observation, Page | None]:
        if hit.id not in self.pages:
            if not self.calls_left:
                return None
            self.calls_left -= 1
            shown = yield ToolCall(name="open", arguments={"doc_id": hit.id})
            if shown.error:
                return None
            text = read_page(shown.text)
            self.pages[hit.id] = Page(hit.id, hit.title, read_facts(hit.title, text))
        return self.pages[hit.id]


def other_end(node: Node, role: Role) -> Kind | None:
    if node.kind is not Kind.FILM:
        return Kind.FILM
    return {Role.MAKE: Kind.COMPANY, Role.ORIGIN: None}.get(role, Kind.PERSON)


def dated(page: Page, link: Link) -> bool:
    """Whether the page can be the film of the link's year."""
    year = page.facts.values.get(Field.YEAR)
    return link.year is None or year is None or year == link.year


def likely(link: Link, test: Test) -> bool:
    """Whether a name, or the year behind it, leaves room for a test."""
    if test.about is Trait.INITIALS:
        return passes_initials(link.name, test.word) is not test.denied
    if test.about is Field.YEAR and link.year is not None and not test.than:
        return test.bounds.holds(link.year) is not test.denied
    return True


def passes(page: Page, test: Test) -> bool:
    facts = page.facts
    match test.about:
        case Trait.INITIALS:
            passed = passes_initials(page.title, test.word)
        case Trait.GENRE:
            passed = test.word in facts.lead
        case Trait.LANGUAGE:
            passed = test.word in facts.text
        case Trait.RATING:
            passed = f"rated {test.word} " in facts.text
        case Field():
            passed = test.bounds.holds(facts.values.get(test.about, -inf))
        case Role():
            passed = test.bounds.holds(len(facts.links.get(test.about, ())))
    return passed is not test.denied


def passes_initials(name: str, letters: str) -> bool:
    words = name.replace("-", " ").split()
    first = "".join(fold(word)[:1] for word in words)
    return first == fold(letters) or "".join(fold(w)[:1] for w in name.split()) == fold(letters)
