"""Chinese noun phrases and predicates: one predicate for each clue.

A predicate that starts with the particle "de" opens with a noun of the subject's; the particle is
kept only right after the subject (`attach`).
"""

import re
from random import Random

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
)
from synth.search.wording.plan import Actor, Part, is_heavy
from synth.search.wording.zh import values
from synth.search.wording.zh.lexicon import Edge
from synth.search.wording.zh.words import Words

DE = "的"
LONG = 14
"""Characters from which the other end of a relation should stand last in its clause."""


def fill(frame: str, **slots: str) -> str:
    """Puts words into `{slots}`, once, so that braces inside a name stay as they are."""
    return re.sub(r"\{(\w+)\}", lambda m: slots[m[1]], frame)


def bare(predicate: str) -> str:
    """A predicate that does not follow its subject directly."""
    return predicate.removeprefix(DE)


class Clauses:
    """Says names, descriptions and clues, and keeps a log of what a sentence mentions."""

    def __init__(self, words: Words, rng: Random) -> None:
        self.words = words
        self.rng = rng
        self.log: list[Actor | str] = []
        self.tags: dict[Actor, str] = {}
        self.nouns: dict[Actor, str] = {}
        """What an actor is called where it can be no other."""
        self.said_world = False
        """True once the text says what counts and superlatives are taken over."""
        self._inside = False
        self._among = False
        """True once the sentence says "one of" by a suffix, which does not bear repeating."""

    def name(self, entity: str) -> str:
        self.log.append(self.words.names.type(entity))
        return self.words.name(entity)

    def slot(self, clue: Clue) -> str:
        """Where a clue fits into a noun phrase: `head`, `pre`, `time`, `letters`, or nowhere."""
        if isinstance(clue, Initials):
            return "letters"
        if not isinstance(clue, Category | Range):
            return ""
        words = self.words.attribute(clue.relation)
        if isinstance(clue, Category) and clue.value in words.heads:
            return "head"
        if isinstance(clue, Range) and words.is_year and words.pre:
            return "time"
        return "pre" if words.pre and isinstance(clue, Category) else ""

    def core(self, kind: str, light: list[Part], clause: str = "", head: str = "") -> str:
        """The noun with its light clues and a clause before it: "French drama of the 1950s"."""
        own, time, pre = self.words.noun(kind).word, "", ""
        for part in light:
            clue = part.clue
            if isinstance(clue, Initials):
                letters = bare(self._initials(clue, part))
                clause = f"{letters}、{clause}" if clause else letters
                continue
            assert isinstance(clue, Category | Range)
            place = self.slot(clue)
            words = self.words.attribute(clue.relation)
            if place == "head" and isinstance(clue, Category):
                own = words.heads[clue.value]
            elif place == "time":
                time = fill(words.pre, v=self.value(clue))
            else:
                pre += fill(words.pre, v=self.value(clue))
        own = head or own
        if clause and time:
            return f"{time.removesuffix(DE)}、{clause}的{pre}{own}"
        return f"{time}{clause}{DE if clause else ''}{pre}{own}"

    def value(self, clue: Category | Range) -> str:
        if isinstance(clue, Category):
            return self.words.value(clue.relation, clue.value)
        words, unit = self.words.attribute(clue.relation), self.words.unit(clue.relation)
        if words.is_year:
            return values.period(clue.lo, clue.hi, self.rng)
        if words.says:
            return values.plain_amount(clue.lo, clue.hi, unit, self.rng)
        return values.amount(clue.lo, clue.hi, unit, self.rng, words.whole)

    def someone(self, actor: Actor) -> str:
        """The phrase that brings an actor in."""
        noun = self.words.noun(actor.node.type)
        self.log.append(actor)
        if noun.is_person and actor.parent and actor.is_bare:
            return f"某人{self.tagged(actor)}"
        clause = self._before_noun(actor.inline)
        head = "人" if noun.is_person and actor.parent else ""
        core = self.core(actor.node.type, actor.light, clause, head)
        return f"一{noun.measure}{core}{self.tagged(actor)}"

    def _before_noun(self, parts: list[Part]) -> str:
        """Predicates inside a noun phrase, where one with its own subject reads badly."""
        outer, self._inside = self._inside, True
        phrases = [bare(self.predicate(part)) for part in parts]
        self._inside = outer
        return "、".join(phrases)

    def _pick(self, frames: tuple[str, ...], other: str = "") -> str:
        """One of `frames`; a long other end stands last if some frame lets it."""
        fitting = list(frames)
        if self._inside:
            fitting = [f for f in fitting if not f.startswith((DE, "是"))] or fitting[:1]
        if len(other) > LONG:
            fitting = [f for f in fitting if f.endswith("{y}")] or fitting
        return self.rng.choice(fitting)

    def tagged(self, actor: Actor) -> str:
        """What gives an actor its letter, where it needs one."""
        return f"（记作{self.tags[actor]}）" if actor in self.tags else ""

    def whole(self, node: Node) -> str:
        """A full description without a numeral, all clues before the noun."""
        parts = [Part(clue, node.type) for clue in node.clues if not isinstance(clue, Extreme)]
        light: dict[str, Part] = {}
        for part in parts:
            if place := self.slot(part.clue):
                light.setdefault(place, part)
        others = sorted((p for p in parts if p not in light.values()), key=is_heavy, reverse=True)
        phrases = [self._before_noun([part]) for part in others]
        if len(phrases) > 1:
            phrases = ["、".join(phrases[:-1]) + "且" + phrases[-1]]
        head = "人" if phrases and self.words.noun(node.type).is_person else ""
        return self.core(node.type, list(light.values()), "".join(phrases), head)

    def other(self, part: Part, node: Node, single: bool = False) -> str:
        """The other end of a clue. `single` stresses that it is one thing."""
        if node.constant:
            return self.name(node.constant)
        if part.actor:
            phrase = self.someone(part.actor)
            return f"同{phrase}" if single and phrase.startswith("一") else phrase
        self.log.append(node.type)
        if any(isinstance(clue, Extreme) for clue in node.clues):
            return self.superlative(node)
        return f"{'同' if single else ''}一{self.words.noun(node.type).measure}{self.whole(node)}"

    def superlative(self, node: Node) -> str:
        """ "the longest of all ... in this collection"."""
        extremes = [clue for clue in node.clues if isinstance(clue, Extreme)]
        best = "且".join(self.best(extreme) for extreme in extremes)
        return f"本资料库所有{self.whole(node)}中{best}的那{self.words.noun(node.type).measure}"

    def best(self, extreme: Extreme) -> str:
        words = self.words.attribute(extreme.relation)
        more, less = ("晚", "早") if words.is_year else (words.more, words.less)
        return f"{words.noun}最{more if extreme.direction == 'most' else less}"

    def predicate(self, part: Part) -> str:
        """The predicate of a clue."""
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
                return self._initials(clue, part)
            case Exclude():
                return self._exclude(clue)
        raise AssertionError(f"no predicate for {clue.op}")

    def _initials(self, clue: Initials, part: Part) -> str:
        letters = " ".join(f"{letter}." if letter.isalpha() else letter for letter in clue.letters)
        is_ = self.rng.choice(("首字母依次为", "首字母为", "首字母是", "首字母依次是"))
        return f"的{self.words.noun(part.kind).name}{is_} {letters}"

    def _link(self, part: Part, clue: Link) -> str:
        edges = [self.words.edge(step) for step in clue.steps]
        if len({edge.says for edge in edges}) == 1:
            return self._single(part, clue.node, edges[0])
        other = self.other(part, clue.node)
        if other == "某人":
            other = "同一人"
        if len({step.inverse for step in clue.steps}) > 1:
            return self._both_ways(edges, clue.node.type, other)
        verbs = list(dict.fromkeys(edge.verb for edge in edges))
        if all(verbs):
            return f"{'同时' if len(verbs) > 1 else ''}{'并'.join(verbs)}了{other}"
        roles = "和".join(edge.part for edge in edges)
        if clue.steps[0].inverse:
            return f"既是{other}的{'，又是其'.join(edge.part for edge in edges)}"
        if self.words.noun(clue.node.type).is_person:
            return f"由{other}兼任{roles}"
        return f"的{roles}都包括{other}"

    def _single(self, part: Part, node: Node, edge: Edge) -> str:
        """One relation; what is said of the other end follows it where that reads better."""
        actor = part.actor
        if actor and actor.inline and not self._inside:
            if edge.roles:
                return f"{DE}{self.one(actor)}{self._told(actor.inline)}"
            if len(actor.inline) > 1 or is_heavy(actor.inline[0]):
                return self._in_turn(edge, actor)
        other = self.other(part, node)
        return fill(self._pick(edge.says, other), y=other)

    def one(self, actor: Actor) -> str:
        """Brings an actor in by its role: "one of the writers" of what stands before."""
        self.log.append(actor)
        kind = actor.node.type
        plain = not actor.light and actor not in self.tags and not self._among
        if plain and self.rng.random() < 0.5:
            self._among = True
            return f"{self.nouns[actor]}之一"
        core = self.core(kind, actor.light, head=self.nouns[actor])
        return f"一{self.words.noun(kind).measure}{core}{self.tagged(actor)}"

    def _told(self, parts: list[Part]) -> str:
        """Predicates right after the phrase that brought their subject in."""
        self._inside = not is_heavy(parts[0])
        first = self.predicate(parts[0])
        self._inside = False
        more = [self.predicate(part) for part in parts[1:]]
        return "，".join([first, *(f"并且{bare(phrase)}" for phrase in more)])

    def _in_turn(self, edge: Edge, actor: Actor) -> str:
        """Brings an actor in by its noun and goes on with it: "acted in a film whose writer ..."."""
        noun = self.words.noun(actor.node.type)
        self.log.append(actor)
        one = f"一{noun.measure}{self.core(actor.node.type, actor.light)}{self.tagged(actor)}"
        frames = [frame for frame in edge.says if frame.endswith("{y}")]
        said = fill(self.rng.choice(frames or edge.says), y=one)
        return f"{said}，{self.again(actor)}{self._told(actor.inline)}"

    def again(self, actor: Actor) -> str:
        """Refers to what the same sentence brought in."""
        noun = self.words.noun(actor.node.type)
        above, rivals = actor.parent, False
        while above:
            rivals, above = rivals or above.node.type == actor.node.type, above.parent
        return f"那{noun.measure}{noun.word}" if rivals or not noun.short else noun.short

    def _both_ways(self, edges: list[Edge], kind: str, other: str) -> str:
        """Relations of opposite directions: the second one names "that same" thing."""
        same = f"这同一{self.words.noun(kind).measure}{self.words.noun(kind).word}"
        frames = [self.rng.choice(edge.says) for edge in edges]
        phrases = [fill(frames[0], y=other), *(fill(frame, y=same) for frame in frames[1:])]
        return "，又".join([phrases[0], *map(bare, phrases[1:])])

    def _loop(self, part: Part, clue: Loop) -> str:
        edge = self.words.edge(clue.first)
        shared = edge.shared.get((clue.second.relation, clue.second.inverse))
        other = self.other(part, clue.node, single=not (shared and shared.startswith("与")))
        if shared:
            return fill(shared, y=other)
        relation = self.words.names.relation(clue.first.relation)
        middle = self.words.noun(relation.subject if clue.first.inverse else relation.object)
        second = bare(fill(self.rng.choice(self.words.edge(clue.second).says), y=other))
        if edge.counts:
            return fill(
                self.rng.choice(edge.counts), y=f"至少两{middle.measure}{second}的{middle.word}"
            )
        return f"{fill(edge.group, x='')}中至少有两{middle.measure}{second}"

    def _count(self, clue: Count) -> str:
        self.log.append(clue.node.type)
        edge, noun = self.words.edge(clue.step), self.words.noun(clue.node.type)
        if not self.said_world:
            self.said_world = True
            return f"在本资料库中{bare(self._count(clue))}"
        few = values.counted(clue.lo, clue.hi, noun.measure, self.rng)
        if edge.counts:
            word = self.whole(clue.node)
            return fill(
                self.rng.choice(edge.counts),
                y=f"{few.replace('恰有', '恰好').replace('有', '')}{word}",
            )
        group = fill(edge.group, x="")
        if not clue.node.clues:
            return f"{group}{few}" if clue.hi != 0 else f"{group}一{noun.measure}也没有"
        whole = self.whole(clue.node)
        return f"{group}中{few}是{whole}" if clue.hi != 0 else f"{group}中没有{whole}"

    def _attribute(self, clue: Range | Category) -> str:
        words = self.words.attribute(clue.relation)
        value = self.value(clue)
        if isinstance(clue, Category) and clue.value in words.heads:
            return f"是一{self._measure_of(clue.relation)}{value}"
        if isinstance(clue, Range) and not words.says:
            return f"的{words.noun}{value}"
        has = ""
        if isinstance(clue, Range) and not words.is_year:
            unit = self.words.unit(clue.relation)
            has = values.amount(clue.lo, clue.hi, unit, self.rng, words.whole)
        return fill(self._pick(words.says), v=value, has=has)

    def _measure_of(self, relation: str) -> str:
        return self.words.noun(self.words.names.relation(relation).subject).measure

    def _offset(self, part: Part, clue: Offset) -> str:
        words, others = self.words.attribute(clue.relation), self.words.attribute(clue.other)
        other = self.other(part, clue.node)
        if clue.relation != clue.other:
            other = f"{other}的{others.noun}"
        if words.is_year:
            return DE + values.years_gap(clue.lo, clue.hi, words.noun, other)
        unit = self.words.gap_unit(clue.relation)
        return DE + values.margin(
            clue.lo, clue.hi, unit, words.noun, other, words.more, words.less, words.whole
        )

    def _exclude(self, clue: Exclude) -> str:
        inner = clue.clue
        if isinstance(inner, Link):
            return self._deny_link(inner)
        words = self.words.attribute(inner.relation)
        if isinstance(inner, Range) and not words.denies:
            unit = self.words.unit(inner.relation)
            return f"的{words.noun}{values.denied_amount(inner.lo, inner.hi, unit)}"
        value = self.value(inner)
        if isinstance(inner, Category) and inner.value in words.heads:
            return f"不是{value}"
        return fill(self.rng.choice(words.denies), v=value)

    def _deny_link(self, clue: Link) -> str:
        edges = [self.words.edge(step) for step in clue.steps]
        node = clue.node
        if node.constant:
            other = self.name(node.constant)
            if len(edges) == 1:
                return fill(self.rng.choice(edges[0].denies), y=other)
        elif any(isinstance(c, Extreme) for c in node.clues):
            other = self.superlative(node)
        else:
            other = self.whole(node)
        if len(edges) > 1:
            return self._deny_both(clue, edges, other)
        if edges[0].counts:
            return f"没有{fill(edges[0].counts[0], y=f'任何{other}')}"
        return f"{fill(edges[0].group, x='')}中没有{other}"

    def _deny_both(self, clue: Link, edges: list[Edge], other: str) -> str:
        roles = [edge.part for edge in edges]
        if clue.steps[0].inverse:
            return f"并非既是{other}的{'，又是其'.join(roles)}"
        if self.words.noun(clue.node.type).is_person:
            return f"并非由{other}兼任{'和'.join(roles)}"
        return f"的{'和'.join(roles)}并非都包括{other}"
