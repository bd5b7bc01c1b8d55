"""Chinese noun phrases and predicates: one predicate for each clue."""

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
from synth.search.wording.zh.words import Words


def fill(frame: str, **slots: str) -> str:
    """Puts words into `{slots}`, once; "its" needs no particle."""
    if slots.get("x") == "其":
        frame = frame.replace("{x}的", "{x}")
    return re.sub(r"\{(\w+)\}", lambda m: slots[m[1]], frame)


class Clauses:
    """Says names, descriptions and clues, and keeps a log of what a sentence mentions."""

    def __init__(self, words: Words, rng: Random) -> None:
        self.words = words
        self.rng = rng
        self.log: list[Actor | str] = []
        self.tags: dict[Actor, str] = {}
        self.counted = False

    def name(self, entity: str) -> str:
        self.log.append(self.words.names.type(entity))
        return self.words.name(entity)

    def slot(self, clue: Clue) -> str:
        """Where a clue fits into a noun phrase: `head`, `pre`, `time`, or nowhere."""
        if not isinstance(clue, Category | Range):
            return ""
        words = self.words.attribute(clue.relation)
        if isinstance(clue, Category) and clue.value in words.heads:
            return "head"
        if isinstance(clue, Range) and words.is_year and words.pre:
            return "time"
        return "pre" if words.pre and isinstance(clue, Category) else ""

    def core(self, kind: str, light: list[Part]) -> str:
        """The noun with its light clues: "French drama of the 1950s"."""
        head, time, pre = self.words.noun(kind).word, "", ""
        for part in light:
            clue = part.clue
            assert isinstance(clue, Category | Range)
            place = self.slot(clue)
            words = self.words.attribute(clue.relation)
            if place == "head":
                assert isinstance(clue, Category)
                head = words.heads[clue.value]
            elif place == "time":
                time = fill(words.pre, v=self.value(clue))
            else:
                pre += fill(words.pre, v=self.value(clue))
        return f"{time}{pre}{head}"

    def value(self, clue: Category | Range) -> str:
        if isinstance(clue, Category):
            return self.words.value(clue.relation, clue.value)
        if self.words.attribute(clue.relation).is_year:
            return values.period(clue.lo, clue.hi, self.rng)
        return values.amount(clue.lo, clue.hi, self.words.unit(clue.relation), self.rng)

    def one(self, kind: str) -> str:
        return f"一{self.words.noun(kind).measure}"

    def someone(self, actor: Actor) -> str:
        """The phrase that brings an actor in."""
        noun = self.words.noun(actor.node.type)
        inline = f"{self.predicate(actor.inline)}的" if actor.inline else ""
        core = self.core(actor.node.type, actor.light)
        if noun.is_person and core == noun.word and actor.parent:
            core = "人"
        phrase = f"{self.one(actor.node.type)}{inline}{core}"
        self.log.append(actor)
        return f"{phrase}（记作{self.tags[actor]}）" if actor in self.tags else phrase

    def whole(self, node: Node, rest: list[Clue] | None = None) -> str:
        """A full description without a numeral, all clues before the noun."""
        clues = rest if rest is not None else [c for c in node.clues if not isinstance(c, Extreme)]
        parts = [Part(clue) for clue in clues]
        light: dict[str, Part] = {}
        for part in parts:
            if place := self.slot(part.clue):
                light.setdefault(place, part)
        others = sorted((p for p in parts if p not in light.values()), key=is_heavy, reverse=True)
        phrases = [self.predicate(part) for part in others]
        before = (
            "、".join(phrases[:-1]) + "且" + phrases[-1] if len(phrases) > 1 else "".join(phrases)
        )
        return f"{before}{'的' if before else ''}{self.core(node.type, list(light.values()))}"

    def other(self, part: Part, node: Node, single: bool = False) -> str:
        """The other end of a clue. `single` stresses that it is one thing."""
        if node.constant:
            return self.name(node.constant)
        if part.actor:
            return self.someone(part.actor)
        extremes = [clue for clue in node.clues if isinstance(clue, Extreme)]
        if extremes:
            return self.superlative(node, extremes)
        measure = self.words.noun(node.type).measure
        return f"{'同' if single else ''}一{measure}{self.whole(node)}"

    def superlative(self, node: Node, extremes: list[Extreme]) -> str:
        """ "the longest of all ... in this collection"."""
        self.log.append(node.type)
        best = "且".join(self.superlative_word(extreme) for extreme in extremes)
        return f"本资料库所有{self.whole(node)}中{best}的那{self.words.noun(node.type).measure}"

    def superlative_word(self, extreme: Extreme) -> str:
        words = self.words.attribute(extreme.relation)
        if words.is_year:
            return f"{words.noun}最{'晚' if extreme.direction == 'most' else '早'}"
        return f"{words.noun}最{words.more if extreme.direction == 'most' else words.less}"

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
                return self._initials(clue)
            case Exclude():
                return self._exclude(clue)
        raise AssertionError(f"no predicate for {clue.op}")

    def _initials(self, clue: Initials) -> str:
        letters = " ".join(f"{letter}." if letter.isalpha() else letter for letter in clue.letters)
        return f"首字母缩写为 {letters}"

    def _link(self, part: Part, clue: Link) -> str:
        edges = [self.words.edge(step) for step in clue.steps]
        other = self.other(part, clue.node)
        if len(edges) == 1:
            return fill(self.rng.choice(edges[0].says), y=other)
        verbs = [edge.verb for edge in edges]
        if all(verbs):
            return f"同时{'并'.join(verbs)}{other}"
        roles = "和".join(edge.part for edge in edges)
        if clue.steps[0].inverse:
            return f"同时是{other}的{roles}"
        return (
            f"有{other}同时担任{roles}"
            if "导演" in roles or "编剧" in roles
            else f"同时以{other}为{roles}"
        )

    def _loop(self, part: Part, clue: Loop) -> str:
        edge = self.words.edge(clue.first)
        other = self.other(part, clue.node, single=True)
        shared = edge.shared.get((clue.second.relation, clue.second.inverse))
        if shared:
            return fill(shared, y=other)
        relation = self.words.names.relation(clue.first.relation)
        middle = self.words.noun(relation.subject if clue.first.inverse else relation.object)
        group = fill(edge.group, x="其")
        second = fill(self.rng.choice(self.words.edge(clue.second).says), y=other)
        return f"{group}中至少有两{middle.measure}{second}"

    def _count(self, clue: Count) -> str:
        self.counted = True
        group = fill(self.words.edge(clue.step).group, x="其")
        amount = values.counted(clue.lo, clue.hi, self.words.noun(clue.node.type).measure, self.rng)
        if clue.node.clues:
            return (
                f"{group}中有{amount}是{self.whole(clue.node)}"
                if clue.hi != 0
                else f"{group}中没有{self.whole(clue.node)}"
            )
        return f"{group}共有{amount}" if clue.hi != 0 else f"没有{group.removeprefix('其')}"

    def _attribute(self, clue: Range | Category) -> str:
        words = self.words.attribute(clue.relation)
        value = self.value(clue)
        if isinstance(clue, Category) and clue.value in words.heads:
            return f"是{value}" if self.rng.random() < 0.6 else f"属于{value}"
        if isinstance(clue, Range) and not words.is_year:
            return f"{words.noun}{value}"
        return fill(self.rng.choice(words.says), v=value)

    def _offset(self, part: Part, clue: Offset) -> str:
        words, others = self.words.attribute(clue.relation), self.words.attribute(clue.other)
        other = self.other(part, clue.node)
        if clue.relation != clue.other:
            other = f"{other}的{others.noun}"
        if words.is_year:
            return values.years_gap(clue.lo, clue.hi, words.noun, other)
        unit = self.words.gap_unit(clue.relation)
        return values.margin(
            clue.lo, clue.hi, unit, words.noun, other, words.more, words.less, words.whole
        )

    def _exclude(self, clue: Exclude) -> str:
        inner = clue.clue
        if isinstance(inner, Range | Category):
            words = self.words.attribute(inner.relation)
            value = self.value(inner)
            if isinstance(inner, Category) and inner.value in words.heads:
                return f"不是{value}"
            if isinstance(inner, Range) and not words.is_year:
                return f"并非{words.noun}{value}"
            return fill(self.rng.choice(words.denies), v=value)
        return self._deny_link(inner)

    def _deny_link(self, clue: Link) -> str:
        edges = [self.words.edge(step) for step in clue.steps]
        node = clue.node
        if node.constant and len(edges) == 1:
            return fill(self.rng.choice(edges[0].denies), y=self.name(node.constant))
        extremes = [c for c in node.clues if isinstance(c, Extreme)]
        if node.constant:
            other = self.name(node.constant)
        else:
            other = self.superlative(node, extremes) if extremes else self.whole(node)
        if len(edges) == 1:
            return f"{fill(edges[0].group, x='其')}中没有{other}"
        return f"没有{other}与之同时有{'和'.join(edge.part for edge in edges)}两种关系"
