"""Which things the question's descriptions stand for, and which facts on which pages show it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from synth.search.evidence import Evidence, Explainer
from synth.search.kb import KnowledgeBase
from synth.search.query import (
    Clue,
    Initials,
    Link,
    Loop,
    Node,
    Offset,
    Query,
    Range,
    Step,
    nodes,
)
from synth.search.sets import SetEvaluator


class Tie(NamedTuple):
    """One clue about one thing, and the things that its own description stands for."""

    entity: str
    clue: Clue
    reached: tuple[str, ...]

    @property
    def step(self) -> Step | None:
        """The way from the thing to what is reached; None if the clue is no link."""
        return self.clue.steps[0] if isinstance(self.clue, Link) else None


class Tracer(Explainer):
    """Explains a query as its evidence was made, and keeps what each clue speaks of."""

    def __init__(self, kb: KnowledgeBase, sets: SetEvaluator) -> None:
        super().__init__(kb, sets)
        self.ties: list[Tie] = []
        self._open: list[list[str]] = []

    def trace(self, query: Query, subjects: Iterable[str]) -> Evidence:
        """The evidence; `ties` then holds every clue, the innermost first."""
        return self.explain(query, subjects)

    def _node(self, node: Node, entity: str, evidence: Evidence) -> None:
        if self._open:
            self._open[-1].append(entity)
        super()._node(node, entity, evidence)

    def _clue(self, clue: Clue, entity: str, evidence: Evidence) -> str:
        self._open.append([])
        via = super()._clue(clue, entity, evidence)
        tie = Tie(entity, clue, tuple(dict.fromkeys(self._open.pop())))
        if tie not in self.ties:
            self.ties.append(tie)
        return via


def named(query: Query) -> tuple[str, ...]:
    """The things that the question names, in its order."""
    found = [node.constant for node in nodes(query) if node.constant]
    return tuple(dict.fromkeys(found))


class Choice(NamedTuple):
    """Things on the pages read that could be the one that is looked for."""

    listed: tuple[str, ...]
    """Ids of all that the page just read lists, in its order."""
    fitting: tuple[str, ...]
    """Those that nothing read so far rules out."""
    shared: str
    """Another page read, on which the others do not stand; empty if that is not the reason."""
    filter: Clue | None
    """The clue which rules the others out; None if none does."""


def choice(
    kb: KnowledgeBase, read: Mapping[str, str], page: str, step: Step, target: str, ties: list[Tie]
) -> Choice:
    """The candidates for `target` that the page of `page` lists one `step` away."""
    text, name = read[page], kb.entities[target].name
    listed = {kb.entities[e].name: e for e in kb.neighbours(page, step)} | {name: target}
    names = sorted((n for n in listed if n in text and listed[n] != page), key=text.index)
    known = tuple(listed[n] for n in names)
    mine = [tie for tie in ties if tie.entity == target]
    for tie in mine:
        for other in tie.reached:
            if other != page and name in read.get(other, ""):
                both = tuple(e for e in known if _named(kb, e, read[other]) and e != other)
                if len(both) < len(known):
                    return Choice(known, both, other, None)
    for tie in mine:
        left = tuple(listed[n] for n in names if _visible(text, n, tie.clue))
        if target in left and len(left) < len(known):
            return Choice(known, left, "", tie.clue)
    return Choice(known, known, "", None)


def _named(kb: KnowledgeBase, entity: str, text: str) -> bool:
    return kb.entities[entity].name in text


def _visible(text: str, name: str, clue: Clue) -> bool:
    """Whether `name` satisfies the clue as far as a list shows: initials, or a year behind."""
    if isinstance(clue, Initials):
        return _initials(name)[: len(clue.letters)] == clue.letters
    if isinstance(clue, Range) and clue.relation.endswith(".year"):
        return _in_years(text, name, clue)
    return True


def _initials(name: str) -> tuple[str, ...]:
    return tuple(word[0].upper() for word in name.split())


def _in_years(text: str, name: str, clue: Range) -> bool:
    behind = text[text.index(name) + len(name) :][:7]
    if not (behind.startswith(" (") and behind[2:6].isdigit()):
        return True
    year = int(behind[2:6])
    return (clue.lo is None or year >= clue.lo) and (clue.hi is None or year <= clue.hi)


def towards(tie: Tie, reached: str, kb: KnowledgeBase) -> Clue:
    """The clue with the thing it leads to by its name, once that is known."""
    clue = tie.clue
    if not isinstance(clue, Link | Loop | Offset):
        return clue
    node = Node(type=kb.entities[reached].type, constant=reached)
    return clue.model_copy(update={"node": node})


def link(kb: KnowledgeBase, relation: str, other: str, inverse: bool) -> Link:
    """The clue that ties something to `other` by a fact."""
    node = Node(type=kb.entities[other].type, constant=other)
    return Link(steps=(Step(relation=relation, inverse=inverse),), node=node)
