"""English verb phrases: one for each clue, and whole descriptions said in one piece."""

from synth.search.query import (
    Category,
    Clue,
    Count,
    Exclude,
    Extreme,
    Initials,
    Link,
    Loop,
    Node,
    Offset,
    Range,
    Step,
)
from synth.search.wording.en import grammar, values
from synth.search.wording.en.nouns import NounPhrases, split_extremes
from synth.search.wording.plan import Actor, Part, is_heavy


class Clauses(NounPhrases):
    """Says clues as verb phrases whose subject is singular or plural, with its possessive."""

    counted: bool = False
    """True once a count was said, so that the text must say what is counted over."""

    def someone(self, actor: Actor) -> str:
        """The phrase that brings an actor in: "a drama from the 1950s", "someone who ..."."""
        noun = self.words.noun(actor.node.type)
        core = self.core(actor.node.type, actor.light)
        if noun.is_person and core.startswith(noun.singular):
            phrase = core.replace(noun.singular, noun.someone, 1)
        else:
            phrase = grammar.article(core)
        if actor.inline:
            phrase += f" {noun.that} {self.predicate(actor.inline, False, noun.is_person)}"
        self.log.append(actor)
        if actor in self.tags:
            phrase += f" (call {'them' if noun.is_person else 'it'} {self.tags[actor]})"
        return phrase

    def whole(self, node: Node, plural: bool, rest: list[Clue] | None = None) -> str:
        """A full description without article: "films that are in French and that ..."."""
        noun = self.words.noun(node.type)
        parts = [Part(clue) for clue in (split_extremes(node)[1] if rest is None else rest)]
        light: dict[str, Part] = {}
        for part in parts:
            place = self.slot(part.clue)
            if place:
                light.setdefault(place, part)
        others = sorted((p for p in parts if p not in light.values()), key=is_heavy)
        phrases = [f"{noun.that} {self.predicate(part, plural, noun.is_person)}" for part in others]
        core = self.core(node.type, list(light.values()), plural)
        return f"{core} {grammar.listed(phrases)}".rstrip()

    def other(self, part: Part, node: Node, single: bool = False) -> str:
        """The other end of a clue, as an object. `single` stresses that it is one thing."""
        if node.constant:
            return self.name(node.constant)
        if part.actor:
            return self.someone(part.actor)
        extremes, rest = split_extremes(node)
        if extremes:
            return self.superlative(node, extremes, rest)
        phrase = self.whole(node, plural=False)
        return f"one and the same {phrase}" if single else self._indefinite(node, phrase)

    def _indefinite(self, node: Node, phrase: str) -> str:
        noun = self.words.noun(node.type)
        if noun.is_person and phrase.startswith(noun.singular):
            return phrase.replace(noun.singular, noun.someone, 1)
        return grammar.article(phrase)

    def superlative(self, node: Node, extremes: list[Extreme], rest: list[Clue]) -> str:
        """ "the longest of all the comedies from the 1970s in this collection"."""
        self.log.append(node.type)
        best = grammar.listed([self.superlative_word(extreme) for extreme in extremes])
        if rest:
            return f"the {best} of all the {self.whole(node, True, rest)} in this collection"
        return f"the {best} {self.words.noun(node.type).singular} in this collection"

    def superlative_word(self, extreme: Extreme) -> str:
        words = self.words.attribute(extreme.relation)
        best = words.most if extreme.direction == "most" else words.least
        return best if words.compare or words.event else f"one with the {best} {words.noun}"

    def predicate(self, part: Part, plural: bool, is_person: bool) -> str:
        """The verb phrase of a clue."""
        frame = self._frame(part)
        their = plural or is_person
        inflected = grammar.inflect(frame, plural)
        return inflected.replace("\0its", "their" if their else "its")

    def _frame(self, part: Part) -> str:
        clue = part.clue
        match clue:
            case Link():
                return self._link(part, clue)
            case Loop():
                return self._loop(part, clue)
            case Count():
                return self._count(clue)
            case Range() | Category():
                return self._attribute(clue)
            case Offset():
                return self._offset(part, clue)
            case Initials():
                return "[has|have] " + self.initials(clue)
            case Exclude():
                return self._exclude(clue)
        raise AssertionError(f"no verb phrase for {clue.op}")

    def initials(self, clue: Initials) -> str:
        return f"the initials {grammar.initials(clue.letters)}"

    def _link(self, part: Part, clue: Link) -> str:
        edges = [self.words.edge(step) for step in clue.steps]
        if len(edges) == 1:
            return self._put(self.rng.choice(edges[0].says), y=self.other(part, clue.node))
        verbs = [edge.verb for edge in edges]
        if all(verbs):
            both = "both " if len(verbs) == 2 else ""
            return f"{both}{grammar.listed(verbs)} {self.other(part, clue.node)}"
        roles = [edge.part for edge in edges]
        both = "both " if len(roles) == 2 else ""
        frame = self.rng.choice(("[has|have] {y} as {r}", "[credits|credit] {y} as {r}"))
        return self._put(
            frame if not any(verbs) else "[has|have] {y} as {r}",
            y=self.other(part, clue.node),
            r=both + grammar.listed(roles),
        )

    def _put(self, frame: str, **slots: str) -> str:
        return grammar.fill(frame, its="\0its", **slots)

    def _loop(self, part: Part, clue: Loop) -> str:
        edge = self.words.edge(clue.first)
        shared = edge.shared.get((clue.second.relation, clue.second.inverse))
        other = self.other(part, clue.node, single=True)
        if shared:
            return self._put(shared, y=other)
        second = self.rng.choice(self.words.edge(clue.second).says)
        middle = self._middle(clue.first)
        frame = self.rng.choice(edge.counts)
        return self._put(
            frame,
            y=f"at least two {self.words.noun(middle).plural} "
            f"{self.words.noun(middle).that} {grammar.inflect(self._put(second, y=other), True)}",
        )

    def _middle(self, step: Step) -> str:
        relation = self.words.names.relation(step.relation)
        return relation.subject if step.inverse else relation.object

    def _count(self, clue: Count) -> str:
        self.counted = True
        edge = self.words.edge(clue.step)
        counted = values.quantity(
            clue.lo,
            clue.hi,
            self.whole(clue.node, plural=False),
            self.whole(clue.node, plural=True),
            self.rng,
        )
        return self._put(self.rng.choice(edge.counts), y=counted)

    def _attribute(self, clue: Range | Category) -> str:
        words = self.words.attribute(clue.relation)
        if isinstance(clue, Category) and clue.value in words.heads:
            return f"[is|are] {grammar.article(words.heads[clue.value])}"
        return self._put(self.rng.choice(words.says), v=self.value(clue))

    def _offset(self, part: Part, clue: Offset) -> str:
        words, others = self.words.attribute(clue.relation), self.words.attribute(clue.other)
        other = self.other(part, clue.node)
        same = clue.relation == clue.other
        if words.event:
            gap = values.years_gap(clue.lo, clue.hi, self.rng)
            if same:
                return f"{words.happened} {gap} {other}"
            return f"{words.happened} {joined(gap, grammar.fill(others.event, x=other, its='its'))}"
        gap = values.margin(
            clue.lo,
            clue.hi,
            self.words.gap_unit(clue.relation),
            words.more,
            words.less,
            words.whole,
        )
        if words.compare and same:
            return (
                f"{words.compare} {gap.replace('exactly equal to', 'exactly as long as')} {other}"
            )
        that = "that" if same else f"the {others.noun}"
        return f"[has|have] {grammar.article(words.noun)} {gap} {that} of {other}"

    def _exclude(self, clue: Exclude) -> str:
        inner = clue.clue
        if isinstance(inner, Range | Category):
            words = self.words.attribute(inner.relation)
            if isinstance(inner, Category) and inner.value in words.heads:
                return f"[is|are] not {grammar.article(words.heads[inner.value])}"
            return self._put(self.rng.choice(words.denies), v=self.value(inner))
        return self._deny_link(inner)

    def _deny_link(self, clue: Link) -> str:
        edges = [self.words.edge(step) for step in clue.steps]
        noun = self.words.noun(clue.node.type)
        if clue.node.constant:
            other = self.name(clue.node.constant)
        elif split_extremes(clue.node)[0]:
            other = self.superlative(clue.node, *split_extremes(clue.node))
        else:
            phrase = self.whole(clue.node, plural=False)
            starts = noun.is_person and phrase.startswith(noun.singular)
            other = phrase.replace(noun.singular, "anyone", 1) if starts else f"any {phrase}"
        if len(edges) == 1:
            return self._put(self.rng.choice(edges[0].denies), y=other)
        roles = grammar.listed([edge.part for edge in edges])
        return f"[does|do] not have {other} as both {roles}"


def joined(gap: str, event: str) -> str:
    """A gap in years before a clause: "two years before X was released"."""
    event = grammar.inflect(event, plural=False)
    if gap.endswith(("before", "after")):
        return f"{gap} {event}"
    if gap == "in the same year as":
        return f"in the same year in which {event}"
    return f"{gap.removesuffix('that of').rstrip()} the one in which {event}"
