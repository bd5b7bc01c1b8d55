"""Why an answer is right: one assignment of the query's nodes, and the facts that carry it.

From these come the documents a solver has to read, and what a changed corpus is checked against.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from data.record import Record
from data.sources.base import ValueKind
from synth.search.kb import KnowledgeBase, Value
from synth.search.query import (
    Category,
    Clue,
    Count,
    Difference,
    Exclude,
    Extreme,
    HowMany,
    Initials,
    Link,
    Loop,
    Node,
    Offset,
    Query,
    Range,
    Step,
)
from synth.search.query import Value as AskValue
from synth.search.sets import SetEvaluator


class FactKey(Record):
    relation: str
    subject: str
    object: str | float


class Visit(NamedTuple):
    """A described entity and the one from which a reader gets to it (itself for a named one)."""

    entity: str
    via: str
    hint: str
    """A proper name that the question gives for it, or empty."""


@dataclass
class Evidence:
    """Facts in the order in which a reader would meet them, and the entities to visit for them."""

    _facts: dict[tuple[str, str, Value], FactKey] = field(default_factory=dict)
    _visits: dict[str, Visit] = field(default_factory=dict)

    @property
    def facts(self) -> list[FactKey]:
        return list(self._facts.values())

    @property
    def visits(self) -> list[Visit]:
        return list(self._visits.values())

    def add(self, relation: str, subject: str, value: Value) -> None:
        key = (relation, subject, value)
        if key not in self._facts:
            self._facts[key] = FactKey(relation=relation, subject=subject, object=value)

    def visit(self, entity: str, via: str, hint: str) -> None:
        self._visits.setdefault(entity, Visit(entity, via, hint))


class Explainer:
    def __init__(self, kb: KnowledgeBase, sets: SetEvaluator) -> None:
        self.kb = kb
        self.sets = sets

    def explain(self, query: Query, subjects: Iterable[str]) -> Evidence:
        """The evidence that each of `subjects` satisfies the query, and for what is asked of it."""
        evidence = Evidence()
        for subject in subjects:
            self._node(query.root, subject, evidence)
            ask = query.ask
            if isinstance(ask, AskValue):
                self._values(ask.relation, subject, evidence)
            elif isinstance(ask, HowMany):
                self._edges(ask.step, subject, ask.node, evidence)
            elif isinstance(ask, Difference):
                (other,) = self.sets.members(ask.node)
                self._node(ask.node, other, evidence)
                self._values(ask.relation, subject, evidence)
                self._values(ask.other, other, evidence)
        return evidence

    def _node(self, node: Node, entity: str, evidence: Evidence) -> None:
        via = entity
        for clue in node.clues:
            reached = self._clue(clue, entity, evidence)
            via = reached if via == entity else via
        evidence.visit(entity, via, self._hint(node))

    def _hint(self, node: Node) -> str:
        if node.constant:
            return self.kb.entities[node.constant].name
        for clue in node.clues:
            if isinstance(clue, Category) and self._is_name(clue.relation):
                return clue.value
        return ""

    def _is_name(self, relation: str) -> bool:
        return self.kb.relations[relation].value is ValueKind.NAME

    def _clue(self, clue: Clue, entity: str, evidence: Evidence) -> str:
        """Adds the clue's facts; returns the entity from which a reader gets to `entity`."""
        match clue:
            case Link():
                return self._link(clue, entity, evidence)
            case Loop():
                return self._loop(clue, entity, evidence)
            case Count():
                self._edges(clue.step, entity, clue.node, evidence)
            case Range() | Extreme() | Category():
                value = clue.value if isinstance(clue, Category) else None
                self._values(clue.relation, entity, evidence, value)
            case Offset():
                self._offset(clue, entity, evidence)
            case Exclude():
                self._excluded(clue, entity, evidence)
            case Initials():
                pass
        return entity

    def _values(
        self, relation: str, entity: str, evidence: Evidence, value: Value | None = None
    ) -> None:
        for known in self.kb.forward[relation].get(entity, ()):
            if value is None or known == value:
                evidence.add(relation, entity, known)

    def _excluded(self, clue: Exclude, entity: str, evidence: Evidence) -> None:
        if not isinstance(clue.clue, Link):
            self._values(clue.clue.relation, entity, evidence)

    def _edge(self, step: Step, near: str, far: str, evidence: Evidence) -> None:
        subject, value = (far, near) if step.inverse else (near, far)
        evidence.add(step.relation, subject, value)

    def _edges(self, step: Step, entity: str, node: Node, evidence: Evidence) -> None:
        wanted = self.sets.members(node)
        for far in self.kb.neighbours(entity, step):
            if far in wanted:
                self._edge(step, entity, far, evidence)
                if node.clues:
                    self._node(node, far, evidence)

    def _link(self, clue: Link, entity: str, evidence: Evidence) -> str:
        near = [set(self.kb.neighbours(entity, step)) for step in clue.steps]
        fitting = set.intersection(*near) & self.sets.members(clue.node) - {entity}
        far = min(fitting)
        self._node(clue.node, far, evidence)
        for step in clue.steps:
            self._edge(step, entity, far, evidence)
        return far

    def _loop(self, clue: Loop, entity: str, evidence: Evidence) -> str:
        middles = self.kb.neighbours(entity, clue.first)
        for far in sorted(self.sets.members(clue.node) - {entity}):
            back = Step(relation=clue.second.relation, inverse=not clue.second.inverse)
            shared = sorted(set(middles).intersection(self.kb.neighbours(far, back)))
            if len(shared) >= 2:
                self._node(clue.node, far, evidence)
                for middle in shared[:2]:
                    self._edge(clue.first, entity, middle, evidence)
                    self._edge(clue.second, middle, far, evidence)
                return far
        raise AssertionError("a loop without two middles")

    def _offset(self, clue: Offset, entity: str, evidence: Evidence) -> None:
        mine = self.kb.value(entity, clue.relation)
        assert mine is not None
        for far in sorted(self.sets.members(clue.node) - {entity}):
            theirs = self.kb.value(far, clue.other)
            if theirs is None:
                continue
            gap = float(mine) - float(theirs)
            if (clue.lo is None or gap >= clue.lo) and (clue.hi is None or gap <= clue.hi):
                self._node(clue.node, far, evidence)
                self._values(clue.relation, entity, evidence)
                self._values(clue.other, far, evidence)
                return
        raise AssertionError("an offset without a partner")


def stating_pages(kb: KnowledgeBase, fact: FactKey) -> tuple[str, ...]:
    """Documents that state a fact: its subject's page, and its object's if that names it too."""
    pages = [fact.subject] if kb.entities[fact.subject].has_page else []
    relation = kb.relations[fact.relation]
    if relation.value is ValueKind.ENTITY and relation.mutual:
        other = str(fact.object)
        if kb.entities[other].has_page:
            pages.append(other)
    return tuple(pages)


def smallest_cover(options: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """A smallest set of pages with at least one of each option: exact minimum source dispersion.

    Branch and bound: some page of the tightest option must be taken. A page that covers no more
    than another is never needed.
    """
    wanted = sorted({frozenset(option) for option in options if option}, key=sorted)
    covers = {
        page: frozenset(n for n, option in enumerate(wanted) if page in option)
        for page in sorted(frozenset().union(*wanted))
    }
    useful: dict[str, frozenset[int]] = {}
    for page in sorted(covers, key=lambda page: (-len(covers[page]), page)):
        if not any(covers[page] <= other for other in useful.values()):
            useful[page] = covers[page]
    tight = [[page for page in sorted(option) if page in useful] for option in wanted]

    def search(left: frozenset[int], most: int) -> tuple[str, ...] | None:
        """A cover of `left` by at most `most` pages, smallest first."""
        if not left:
            return ()
        best: tuple[str, ...] | None = None
        for page in tight[min(left, key=lambda n: (len(tight[n]), n))]:
            room = most if best is None else len(best) - 1
            if room < 1:
                break
            rest = search(left - useful[page], room - 1)
            if rest is not None:
                best = (page, *rest)
        return best

    found = search(frozenset(range(len(wanted))), len(wanted))
    assert found is not None, "each option alone is covered by one of its pages"
    return tuple(sorted(found))
