"""The witness of a search task: a way to the answer that uses the tools and nothing else.

Each query is made of names that the question or an opened page has already given; each page that
is opened was found by the query before it. `retrace` checks exactly that on the recorded run.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from data.hashing import canonical_json
from data.task import JsonObject, Script, ToolCall
from data.trajectory import Trajectory
from envs.search.words import query_terms
from envs.search.world import World
from synth.search.evidence import Evidence, FactKey, Visit, stating_pages
from synth.search.kb import KnowledgeBase
from synth.search.query import Category, Query, nodes

TOP_K = (10, 50)
"""Result counts to try, in order."""
MAX_CITED = 20


Rank = Callable[[str, tuple[str, ...], int], int | None]
"""Best rank of documents for a query, as `World.rank`."""


class Unreachable(Exception):
    """No query made of known names finds a page that the evidence needs."""


class Route(NamedTuple):
    calls: tuple[ToolCall, ...]
    pages: tuple[str, ...]
    """Documents opened, in order."""


def statement(kb: KnowledgeBase, fact: FactKey, page: str) -> str:
    """The words by which `page`, one of `stating_pages`, states the fact."""
    if page == fact.subject:
        return kb.stated[fact.relation, fact.subject, fact.object]
    return kb.entities[fact.subject].name


class Router:
    """Plans the calls; one evidence at a time."""

    def __init__(self, kb: KnowledgeBase, world: World, rank: Rank) -> None:
        self.kb = kb
        self.world = world
        self.rank = rank

    def route(self, evidence: Evidence) -> Route:
        """Calls that show every fact of the evidence; raises `Unreachable`."""
        self.facts = evidence.facts
        self.calls: list[ToolCall] = []
        self.opened: dict[str, str] = {}
        self.ties = self._ties()
        pending = [visit for visit in evidence.visits if self.kb.entities[visit.entity].has_page]
        while pending:
            visit = next((visit for visit in pending if self._name(visit)), None)
            visit = visit or next((v for v in pending if self._way(v)), None)
            if visit is None:
                raise Unreachable
            pending.remove(visit)
            self._read(visit)
        for fact in evidence.facts:
            if not self._seen(fact):
                self._read_for(fact)
        return Route(tuple(self.calls), tuple(self.opened))

    def _ties(self) -> dict[str, list[str]]:
        """Per entity, those that a fact of the evidence ties it to."""
        ties: dict[str, list[str]] = {}
        for fact in self.facts:
            other = str(fact.object)
            if other in self.kb.entities:
                ties.setdefault(fact.subject, []).append(other)
                ties.setdefault(other, []).append(fact.subject)
        return ties

    def _name(self, visit: Visit) -> str:
        """What the question or an opened page calls the entity; empty while it is unknown."""
        name = self.kb.entities[visit.entity].name
        near = self.ties.get(visit.entity, ())
        return visit.hint or (name if any(name in self.opened.get(e, "") for e in near) else "")

    def _way(self, visit: Visit) -> str:
        """Name of something read that the entity is tied to; empty if there is none yet."""
        near = (e for e in (visit.via, *self.ties.get(visit.entity, ())) if e in self.opened)
        return next((self.kb.entities[e].name for e in near), "")

    def _read_for(self, fact: FactKey) -> None:
        for page in stating_pages(self.kb, fact):
            visit = Visit(page, page, "")
            if page not in self.opened and (self._name(visit) or self._way(visit)):
                self._read(visit)
        if not self._seen(fact):
            raise Unreachable

    def _seen(self, fact: FactKey) -> bool:
        return any(
            statement(self.kb, fact, page) in self.opened.get(page, "")
            for page in stating_pages(self.kb, fact)
        )

    def _read(self, visit: Visit) -> None:
        """Finds the entity's page and opens its first part, and those that state facts."""
        page = visit.entity
        if page in self.opened:
            return
        self._search(visit)
        wanted = [
            statement(self.kb, fact, page)
            for fact in self.facts
            if page in stating_pages(self.kb, fact)
        ]
        shown = ""
        number, num_pages = 0, 1
        while number < num_pages:
            number += 1
            text = self.world.page(page, number)
            if text is None:
                raise Unreachable
            num_pages = text.num_pages
            if number == 1 or any(words in text.text and words not in shown for words in wanted):
                arguments: JsonObject = {"doc_id": page}
                if number > 1:
                    arguments["page"] = number
                self.calls.append(ToolCall(name="open", arguments=arguments))
                shown += text.text
        self.opened[page] = shown

    def _search(self, visit: Visit) -> None:
        """A query a reader could make: the entity's name once it is known, else the way there."""
        type_ = self.kb.entities[visit.entity].type
        name, way = self._name(visit), self._way(visit)
        queries = [name, f"{name} {type_}"] if name else [f"{way} {type_}"]
        for query in queries:
            for top_k in TOP_K:
                if self.rank(query, (visit.entity,), top_k) is not None:
                    arguments: JsonObject = {"query": query}
                    if top_k != TOP_K[0]:
                        arguments["top_k"] = top_k
                    self.calls.append(ToolCall(name="search", arguments=arguments))
                    return
        raise Unreachable


def answer_message(answer: object, pages: Sequence[str]) -> str:
    """The final message of a solver."""
    return canonical_json({"answer": answer, "evidence": list(pages[:MAX_CITED])})


def witness(route: Route, answer: object, supporting: Sequence[str]) -> Script:
    """The route with its answer, citing the pages that support it first."""
    cited = [page for page in route.pages if page in supporting]
    cited += [page for page in route.pages if page not in supporting]
    return Script(calls=route.calls, answer=answer_message(answer, cited))


class Retraced(NamedTuple):
    problem: str
    """Empty if every step follows from what was known before it."""
    num_queries: int
    num_pages: int


def retrace(
    kb: KnowledgeBase,
    trajectory: Trajectory,
    facts: Sequence[FactKey],
    known_names: Iterable[str],
    question: str,
) -> Retraced:
    """Checks a recorded witness: queries use known words only, and every fact was on a page read.

    `known_names` are the names that the question gives, in the words of the documents.
    """
    known = set(query_terms(question))
    for name in (*known_names, *kb.of_type):
        known.update(query_terms(name))
    read: dict[str, str] = {}
    listed: set[str] = set()
    fresh: list[str] = []
    num_queries = 0
    for turn in trajectory.turns:
        for call, observation in zip(turn.calls, turn.observations, strict=True):
            if call.name == "search":
                num_queries += 1
                words = query_terms(str(call.arguments["query"]))
                # Most queries use words of long ago: what was read since waits until it is needed.
                while fresh and not known.issuperset(words):
                    known.update(query_terms(fresh.pop()))
                unknown = [word for word in words if word not in known]
                if unknown:
                    return Retraced(
                        f"query word {unknown[0]!r} not known yet", num_queries, len(read)
                    )
                listed.add(observation.text)
            else:
                page = str(call.arguments["doc_id"])
                if not any(page in results for results in listed):
                    return Retraced(f"{page} was opened but never found", num_queries, len(read))
                read[page] = read.get(page, "") + observation.text
            fresh.append(observation.text)
    for fact in facts:
        if not any(_states(kb, fact, page, read.get(page, "")) for page in stating_pages(kb, fact)):
            stated = f"{fact.relation} of {fact.subject}"
            return Retraced(f"no page read states {stated}", num_queries, len(read))
    return Retraced("", num_queries, len(read))


def _states(kb: KnowledgeBase, fact: FactKey, page: str, text: str) -> bool:
    key = (fact.relation, fact.subject, fact.object)
    return key in kb.stated and statement(kb, fact, page) in text


def named_in(kb: KnowledgeBase, query: Query) -> list[str]:
    """Names that the question gives, as the documents write them."""
    names = []
    for node in nodes(query):
        if node.constant:
            names.append(kb.entities[node.constant].name)
        for clue in node.clues:
            if isinstance(clue, Category):
                names.append(clue.value)
    return names
