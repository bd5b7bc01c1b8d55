"""English verb phrases: one for each clue, and whole descriptions said in one piece."""

import re

from synth.search.query import (
    Category,
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
from synth.search.wording.en.lexicon import FOR_LONG, Edge
from synth.search.wording.en.nouns import ITS, NounPhrases, of_range, split_extremes
from synth.search.wording.plan import Actor, Part, is_heavy

LONG = 24
"""Characters from which the other end of a relation should stand last in its clause."""


class Clauses(NounPhrases):
    """Says clues as verb phrases whose subject is singular or plural, with its possessive."""

    said_world: bool = False
    """True once the text says what counts and superlatives are taken over."""

    def someone(self, actor: Actor) -> str:
        """The phrase that brings an actor in: "a drama from the 1950s", "someone who ..."."""
        noun = self.words.noun(actor.node.type)
        if actor.parent is None and actor.is_bare and noun.bare:
            phrase = self.rng.choice(noun.bare)
        else:
            core = self.core(actor.node.type, actor.light)
            phrase = self._single(core, actor.node.type, "someone", grammar.article(core))
        if actor.inline:
            phrase += joint(phrase) + self.relatives(actor.inline, actor.node.type, actor.light)
        self.log.append(actor)
        return phrase + self.tagged(actor)

    def tagged(self, actor: Actor) -> str:
        """What gives an actor its letter, where it needs one: " (call it film A)"."""
        if actor not in self.tags:
            return ""
        is_person = self.words.noun(actor.node.type).is_person
        return f" (call {'them' if is_person else 'it'} {self.tags[actor]})"

    def _single(self, phrase: str, kind: str, pronoun: str, other: str) -> str:
        """Persons are "someone" or "anyone" where a description starts with the bare noun."""
        noun = self.words.noun(kind)
        if noun.is_person and phrase.split(" ")[0] == noun.singular:
            return phrase.replace(noun.singular, pronoun, 1)
        return other

    def relatives(self, parts: list[Part], kind: str, light: list[Part]) -> str:
        """Relative clauses after a noun; a lone one is shortened right after the bare noun."""
        clauses = [self.relative(part, False, kind) for part in parts]
        if len(clauses) == 1 and all(self.slot(part.clue) != "post" for part in light):
            return shortened(clauses[0])
        return grammar.listed(clauses)

    def relative(self, part: Part, plural: bool, kind: str) -> str:
        """A relative clause: "who directed ...", "where ... was made"."""
        noun = self.words.noun(kind)
        phrase = self.predicate(part, plural, noun.is_person)
        for start in ("is where ", "are where "):
            if phrase.startswith(start):
                return phrase[phrase.index("where ") :]
        return f"{noun.that} {phrase}"

    def whole(self, node: Node, plural: bool) -> str:
        """A full description without article: "films that are in French and that ..."."""
        parts = [Part(clue, node.type) for clue in split_extremes(node)[1]]
        light: dict[str, Part] = {}
        for part in parts:
            if place := self.slot(part.clue):
                light.setdefault(place, part)
        others = sorted((p for p in parts if p not in light.values()), key=is_heavy)
        phrases = [self.relative(part, plural, node.type) for part in others]
        core = self.core(node.type, list(light.values()), plural)
        if phrases and "post" in light:
            return f"{core}{joint(core)}{grammar.listed(phrases)}"
        if len(phrases) == 1:
            return f"{core} {shortened(phrases[0])}"
        return f"{core} {grammar.listed(phrases)}".rstrip()

    def other(self, part: Part, node: Node, single: bool = False) -> str:
        """The other end of a clue, as an object. `single` stresses that it is one thing."""
        if node.constant:
            return self.name(node.constant)
        if part.actor:
            phrase = self.someone(part.actor)
            return self._one_and_the_same(phrase, node.type) if single else phrase
        self.log.append(node.type)
        if split_extremes(node)[0]:
            return self.superlative(node)
        phrase = self.whole(node, plural=False)
        phrase = self._single(phrase, node.type, "someone", grammar.article(phrase))
        return self._one_and_the_same(phrase, node.type) if single else phrase

    def _one_and_the_same(self, phrase: str, kind: str) -> str:
        """Stresses that an indefinite phrase under "at least two ..." means one thing."""
        start, _, rest = phrase.partition(" ")
        if start == "someone":
            return f"one and the same {self.words.noun(kind).singular} {rest}".rstrip()
        return f"{self.rng.choice(('one and the same', 'a single'))} {rest}"

    def superlative(self, node: Node) -> str:
        """ "the longest of all the comedies from the 1970s in this collection"."""
        extremes, rest = split_extremes(node)
        best = grammar.listed([self.best(extreme) for extreme in extremes])
        noun = self.words.noun(node.type)
        if rest:
            return f"the {noun.singular} {noun.that} {best} of all the {self.whole(node, True)} in this collection"
        return f"the {noun.singular} {noun.that} {best} in this whole collection"

    def best(self, extreme: Extreme) -> str:
        """What is true of the extreme one: "is the longest", "has the highest density"."""
        words = self.words.attribute(extreme.relation)
        word = words.most if extreme.direction == "most" else words.least
        if words.happened:
            happened = grammar.inflect(words.happened, plural=False)
            return f"{happened} {'last' if extreme.direction == 'most' else 'first'}"
        if words.counted:
            return f"{grammar.inflect(words.compare, plural=False)} the {word}"
        return f"is the {word}" if words.compare else f"has the {word} {words.noun}"

    def predicate(self, part: Part, plural: bool, is_person: bool) -> str:
        """The verb phrase of a clue."""
        phrase = grammar.inflect(self._frame(part), plural)
        return phrase.replace(ITS, "their" if plural or is_person else "its")

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
                return self._initials(part, clue)
            case Exclude():
                return self._exclude(clue)
        raise AssertionError(f"no verb phrase for {clue.op}")

    def _initials(self, part: Part, clue: Initials) -> str:
        letters, noun = grammar.initials(clue.letters), self.words.noun(part.kind)
        if noun.is_person:
            return f"[has|have] the initials {letters}"
        return f"[has|have] a {noun.name} with the initials {letters}"

    def _choose(self, frames: tuple[str, ...], other: str) -> str:
        """One of `frames`; a long other end stands last if some frame lets it."""
        if len(other) > LONG:
            fitting = [frame for frame in frames if frame.endswith("{y}")]
        else:
            fitting = [frame for frame in frames if not frame.startswith(FOR_LONG)]
        frame = self.rng.choice(fitting or list(frames))
        return self._put(frame.removeprefix(FOR_LONG), y=other)

    def _link(self, part: Part, clue: Link) -> str:
        edges = [self.words.edge(step) for step in clue.steps]
        other = self.other(part, clue.node)
        if len(edges) == 1:
            frames = edges[0].again if part.actor and _echoes(part.actor, clue) else ()
            return self._choose(frames or edges[0].says, other)
        if other == "someone":
            other = "the same person"
        verbs = list(dict.fromkeys(edge.verb for edge in edges))
        both = "both " if len(edges) == len(verbs) == 2 else ""
        if all(verbs):
            return f"{both}{grammar.listed(verbs)} {other}"
        if all(edge.done for edge in edges):
            return f"[was|were] both {grammar.listed([edge.done for edge in edges])} by {other}"
        if len({step.inverse for step in clue.steps}) > 1:
            return self._both_ways(edges, clue.node.type, other)
        roles = [grammar.article(edge.part) for edge in edges]
        both = "both " if len(edges) == 2 else ""
        if clue.steps[0].inverse:
            return f"[is|are] {both}{grammar.listed(roles)} of {other}"
        frame = "[has|have] as {r} {y}" if len(other) > LONG else "[has|have] {y} as {r}"
        return self._put(frame, y=other, r=both + grammar.listed(roles))

    def _both_ways(self, edges: list[Edge], kind: str, other: str) -> str:
        """Relations of opposite directions: "borders X and is a trading partner of that same ..."."""
        same = f"that same {self.words.noun(kind).singular}"
        first, *more = edges
        rest = [self._choose(edge.says, same) for edge in more]
        return grammar.listed([self._choose(first.says, other), *rest])

    def _loop(self, part: Part, clue: Loop) -> str:
        edge = self.words.edge(clue.first)
        shared = edge.shared.get((clue.second.relation, clue.second.inverse))
        other = self.other(part, clue.node, single=not (shared and shared.startswith("[share")))
        if shared:
            return self._put(shared, y=other)
        kind = self._middle(clue.first)
        noun = self.words.noun(kind)
        second = self._choose(self.words.edge(clue.second).says, other)
        phrase = f"at least two {noun.plural} {noun.that} {grammar.inflect(second, plural=True)}"
        phrase = phrase.replace("that are where ", "where ").replace(ITS, "their")
        return self._choose(edge.counts, phrase)

    def _middle(self, step: Step) -> str:
        relation = self.words.names.relation(step.relation)
        return relation.subject if step.inverse else relation.object

    def _count(self, clue: Count) -> str:
        self.log.append(clue.node.type)
        counted = values.quantity(
            clue.lo,
            clue.hi,
            self.whole(clue.node, plural=False),
            self.whole(clue.node, plural=True),
            self.rng,
        )
        edge = self.words.edge(clue.step)
        frames = edge.counts if clue.node.clues or clue.hi == 0 else edge.total or edge.counts
        return f"{self._choose(frames, counted)}{self._world_after(clue)}"

    def _world_after(self, clue: Count) -> str:
        """Says behind a count what is counted over, unless the text has said so already."""
        if self.said_world:
            return ""
        self.said_world = True
        if clue.step.inverse and not clue.node.clues:
            return " in this collection"
        return self.rng.choice((" (as listed in this collection)", " (going by this collection)"))

    def _attribute(self, clue: Range | Category) -> str:
        words = self.words.attribute(clue.relation)
        if isinstance(clue, Category) and clue.value in words.heads:
            return f"[is|are] {grammar.article(words.heads[clue.value])}"
        value = self.value(clue)
        frame = self.rng.choice(words.says)
        return of_range(self._put(frame, v=value, av=grammar.article(value)))

    def _offset(self, part: Part, clue: Offset) -> str:
        words, others = self.words.attribute(clue.relation), self.words.attribute(clue.other)
        other = self.other(part, clue.node)
        same = clue.relation == clue.other
        if words.happened:
            gap = values.years_gap(clue.lo, clue.hi, self.rng)
            if same:
                return f"{words.happened} {gap} {other}"
            if others.event:
                return f"{words.happened} {before_clause(gap, self._put(others.event, x=other))}"
            return f"{words.happened} {gap.removesuffix('that of')} the {others.noun} of {other}"
        if words.counted and same:
            return f"{words.compare} {values.count_margin(clue.lo, clue.hi, words.counted)} {other}"
        gap = self._margin(clue)
        if words.compare and same:
            return (
                f"{words.compare} {gap.replace('exactly equal to', 'exactly as long as')} {other}"
            )
        if same and re.fullmatch(r"\w+ than", gap):
            compared = grammar.article(f"{gap.removesuffix(' than')} {words.noun}")
            return f"[has|have] {compared} than {other}"
        that = "that" if same else f"the {others.noun}"
        return f"[has|have] {grammar.article(words.noun)} {gap} {that} of {other}"

    def _margin(self, clue: Offset) -> str:
        words = self.words.attribute(clue.relation)
        unit = "years" if words.is_year else self.words.gap_unit(clue.relation)
        return values.margin(clue.lo, clue.hi, unit, words.more, words.less, words.whole)

    def _exclude(self, clue: Exclude) -> str:
        inner = clue.clue
        if isinstance(inner, Link):
            return self._deny_link(inner)
        words = self.words.attribute(inner.relation)
        if isinstance(inner, Category) and inner.value in words.heads:
            return f"[is|are] not {grammar.article(words.heads[inner.value])}"
        value = self.value(inner) if isinstance(inner, Category) else self._denied(inner)
        return self._put(self.rng.choice(words.denies), v=value, av=grammar.article(value))

    def _denied(self, clue: Range) -> str:
        unit, is_year = self.words.unit(clue.relation), self.words.attribute(clue.relation).is_year
        return values.denied(clue.lo, clue.hi, unit, is_year)

    def _deny_link(self, clue: Link) -> str:
        edges = [self.words.edge(step) for step in clue.steps]
        other = self._anyone(clue.node)
        if len(edges) == 1:
            return self._choose(edges[0].denies, other)
        roles = grammar.listed([grammar.article(edge.part) for edge in edges])
        if clue.steps[0].inverse:
            return f"[is|are] not both {roles} of {other}"
        return self._put("[does|do] not have {y} as both {r}", y=other, r=roles)

    def _anyone(self, node: Node) -> str:
        """The other end under a negation: a name, or "anyone who ...", "any film that ..."."""
        if node.constant:
            return self.name(node.constant)
        self.log.append(node.type)
        if split_extremes(node)[0]:
            return self.superlative(node)
        phrase = self.whole(node, plural=False)
        return self._single(phrase, node.type, "anyone", f"any {phrase}")


def joint(noun_phrase: str) -> str:
    """What joins a relative clause to a noun phrase: "and" if that ends in one already."""
    return " and " if re.search(r" whose [\w ]+ (is|are|has|have) ", noun_phrase) else " "


SHORT = (
    (re.compile(r"(that|who) (?:was|were) (?!behind|not )"), ""),
    (re.compile(r"that (?:was|were) behind "), "behind "),
    (re.compile(r"that (?:is|are) (?=\w+ed (?:by|from)\b)"), ""),
    (re.compile(r"that features? "), "featuring "),
    (re.compile(r"that (?:has|have) (?!as |\w+ed )(?!.*with the initials)"), "with "),
)
"""Relative clauses that say the same as a participle or a preposition."""


def shortened(clause: str) -> str:
    """A relative clause as a writer shortens it: "that was written by X" is "written by X"."""
    for pattern, short in SHORT:
        if found := pattern.match(clause):
            return f"{short}{clause[found.end() :]}"
    return clause


def _echoes(actor: Actor, clue: Link) -> bool:
    """True if what is said of `actor` at once is the same relation, seen from its end."""
    (step,) = clue.steps
    said = [part.clue for part in actor.inline if isinstance(part.clue, Link)]
    return step.inverse and any(Step(relation=step.relation) in link.steps for link in said)


def before_clause(gap: str, event: str) -> str:
    """A gap in years before a clause: "two years before X was released"."""
    event = grammar.inflect(event, plural=False).replace(ITS, "its")
    if gap.endswith(("before", "after")):
        return f"{gap} {event}"
    if gap == "in the same year as":
        return f"in the same year in which {event}"
    return f"{gap.removesuffix('that of').rstrip()} the one in which {event}"
