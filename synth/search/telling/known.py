"""What is known at a point of an attempt: the question's clues, and the pages read so far."""

from dataclasses import dataclass, field

from data.sources.base import ValueKind
from data.task import ToolCall
from synth.search.evidence import FactKey
from synth.search.library import Library
from synth.search.query import Category, Clue, Count, Link, Offset, Query, Range, Step
from synth.search.telling.trace import Choice, Tie, Tracer, choice, link, named


@dataclass
class Known:
    library: Library
    query: Query
    read: dict[str, str] = field(default_factory=dict)
    """Text of the documents opened, by id, in order."""
    seen: list[str] = field(default_factory=list)
    """Every observation so far."""

    def __post_init__(self) -> None:
        self.kb = self.library.kb
        tracer = Tracer(self.kb, self.library.sets)
        self.subjects = tuple(sorted(self.library.sets.members(self.query.root)))
        self.facts: list[FactKey] = tracer.trace(self.query, self.subjects).facts
        self.ties = tracer.ties
        self.named = named(self.query)

    @property
    def hints(self) -> list[str]:
        """Proper names that the question gives and that have no page, such as a capital's."""
        values = [tie.clue for tie in self.ties if isinstance(tie.clue, Category)]
        return [
            clue.value
            for clue in values
            if self.kb.relations[clue.relation].value is ValueKind.NAME
        ]

    def observe(self, call: ToolCall, text: str) -> None:
        self.seen.append(text)
        if call.name == "open":
            page = str(call.arguments["doc_id"])
            self.read[page] = self.read.get(page, "") + text

    def mentioned(self, entity: str) -> bool:
        """Whether the question names it or an observation has shown its name."""
        name = self.kb.entities[entity].name
        return entity in self.named or any(name in text for text in self.seen)

    def tied(self, target: str, up: bool, page: str) -> Tie | None:
        """A clue between the target and a page already read, the one just read first.

        `up`: the clue describes the target by what was read; else what was read by the target.
        """
        found = [
            tie
            for tie in self.ties
            if isinstance(tie.clue, Link)
            and (
                (tie.entity == target and self.read.keys() & set(tie.reached))
                if up
                else (target in tie.reached and tie.entity in self.read)
            )
        ]
        found.sort(key=lambda tie: page not in (tie.entity, *tie.reached))
        return found[0] if found else None

    def page_of(self, tie: Tie) -> str:
        """The page read last of those that a clue leads to."""
        return next(entity for entity in reversed(self.read) if entity in tie.reached)

    def candidates(self, tie: Tie, target: str) -> Choice:
        """What could be the target, going by the page of what the clue leads to."""
        assert tie.step
        back = Step(relation=tie.step.relation, inverse=not tie.step.inverse)
        return choice(self.kb, self.read, self.page_of(tie), back, target, self.ties)

    def listed(self, tie: Tie, target: str) -> Choice:
        """What could be the target, going by the page of the thing that the clue is about."""
        assert tie.step
        return choice(self.kb, self.read, tie.entity, tie.step, target, self.ties)

    def rivals(self, target: str, page: str) -> tuple[str, ...]:
        """What could be the target as far as is known, it among them, in the order of the page.

        `page` was read last. Nothing if no page that was read lists the target, or if the question
        speaks of it in another way.
        """
        if target in self.named or not self.mentioned(target):
            return ()
        if tie := self.tied(target, up=True, page=page):
            found = self.candidates(tie, target)
            several = found.filter is None and not found.shared
            if several and self.same_tie(tie, target, self.page_of(tie)):
                return ()
        elif tie := self.tied(target, up=False, page=page):
            found = self.listed(tie, target)
        else:
            return ()
        fitting = found.fitting
        return fitting if target in fitting else ()

    def by_fact(self, target: str) -> Clue | None:
        """A fact of the evidence between the target and something that was read, as a clue."""
        for fact in self.facts:
            other = str(fact.object)
            if self.kb.relations[fact.relation].value is not ValueKind.ENTITY:
                continue
            if fact.subject == target and other in self.read:
                return link(self.kb, fact.relation, other, inverse=False)
            if other == target and fact.subject in self.read:
                return link(self.kb, fact.relation, fact.subject, inverse=True)
        return None

    def same_tie(self, tie: Tie, target: str, page: str) -> Clue | None:
        """A second tie to the page, of the kind that the question asks of the target elsewhere."""
        for outer in self.ties:
            step = outer.step
            if target not in outer.reached or step is None or step.inverse:
                continue
            known = link(self.kb, step.relation, page, inverse=True)
            other = known.steps[0] != tie.step
            if other and page in self.kb.edges(known.steps[0]).get(target, ()):
                return known
        return None

    def quoted(self, entity: str, relation: str, value: str | None = None) -> str:
        """The words of the entity's page for a value, if they have been read; else empty."""
        return self.stated_in(self.read.get(entity, ""), entity, relation, value)

    def stated_in(self, text: str, entity: str, relation: str, value: str | None = None) -> str:
        for known in self.kb.forward[relation].get(entity, ()):
            stated = self.kb.stated[relation, entity, known]
            if value in (None, known) and stated in text:
                return stated
        return ""

    def misfit(self, entity: str, target: str) -> Tie | None:
        """A clue about the target that another thing fails, as its page alone shows."""
        fails = (tie for tie in self.ties if tie.entity == target and self._fails(entity, tie))
        return next(fails, None)

    def _fails(self, entity: str, tie: Tie) -> bool:
        clue = tie.clue
        if isinstance(clue, Count):
            number = len(self.kb.neighbours(entity, clue.step))
            return not (clue.node.clues or number == 0 or _within(number, clue.lo, clue.hi))
        if not isinstance(clue, Range | Category | Offset):
            return False
        value = self.kb.value(entity, clue.relation)
        if value is None or not self.kb.relations[clue.relation].functional:
            return False
        if isinstance(clue, Category):
            return value != clue.value
        if isinstance(clue, Range):
            return not _within(float(value), clue.lo, clue.hi)
        (other,) = tie.reached[:1]
        theirs = self.kb.value(other, clue.other) if other in self.read else None
        if theirs is None or other == entity:
            return False
        return not _within(float(value) - float(theirs), clue.lo, clue.hi)


def _within(number: float, low: float | None, high: float | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)
