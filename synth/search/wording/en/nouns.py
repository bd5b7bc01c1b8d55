"""English noun phrases: names, and descriptions that stand in one piece."""

import re
from random import Random

from synth.search.query import Category, Clue, Extreme, Initials, Node, Range
from synth.search.wording.en import grammar, values
from synth.search.wording.en.lexicon import Attribute
from synth.search.wording.en.words import Words
from synth.search.wording.plan import Actor, Part

CLOSED = ("in this collection", "among the pages here", "in the collection")


class NounPhrases:
    """Puts names and light clues into words, and keeps a log of what a sentence mentions."""

    def __init__(self, words: Words, rng: Random) -> None:
        self.words = words
        self.rng = rng
        self.log: list[Actor | str] = []
        """What the current sentence mentions: actors, and types of named things."""
        self.tags: dict[Actor, str] = {}
        """Letters given to actors that nothing else tells apart, e.g. "film A"."""

    def name(self, entity: str) -> str:
        """A named thing as it stands inside a sentence."""
        kind = self.words.names.type(entity)
        self.log.append(kind)
        return named(self.words.names.name(entity), kind)

    def slot(self, clue: Clue) -> str:
        """Where a clue fits into a noun phrase: `head`, `pre`, `post`, or nowhere."""
        if isinstance(clue, Category):
            words = self.words.attribute(clue.relation)
            if clue.value in words.heads:
                return "head"
            return "pre" if words.pre else "post" if words.post else ""
        if isinstance(clue, Range):
            words = self.words.attribute(clue.relation)
            if words.pre and clue.lo == clue.hi and clue.lo is not None:
                return "pre"
            return "post" if words.post else ""
        return ""

    def core(self, kind: str, light: list[Part], plural: bool = False) -> str:
        """The noun with its light clues, without an article: "French-language drama"."""
        noun = self.words.noun(kind)
        head = noun.plural if plural else noun.singular
        before, behind = [], []
        for part in light:
            clue, place = part.clue, self.slot(part.clue)
            assert isinstance(clue, Category | Range | Initials)
            if place == "head":
                assert isinstance(clue, Category)
                head = self.words.attribute(clue.relation).heads[clue.value]
                head = pluralised(head) if plural else head
            elif place == "pre":
                before.append(self._pre(clue))
            else:
                behind.append(self._post(clue, plural))
        return " ".join([*before, head, *behind])

    def _pre(self, clue: Clue) -> str:
        assert isinstance(clue, Category | Range)
        words = self.words.attribute(clue.relation)
        if isinstance(clue, Category):
            return grammar.fill(words.pre, v=value_word(words, clue.value))
        assert clue.lo is not None
        year = words.event
        return grammar.fill(words.pre, v=str(int(clue.lo)) if year else grammar.figure(clue.lo))

    def _post(self, clue: Clue, plural: bool) -> str:
        assert isinstance(clue, Category | Range)
        words = self.words.attribute(clue.relation)
        value = self.value(clue)
        if words.event and re.fullmatch(r"in (the )?\d{4}s?", value) and self.rng.random() < 0.7:
            return f"from {value[3:]}"
        return grammar.fill(words.post, v=value, its="their" if plural else "its")

    def value(self, clue: Category | Range) -> str:
        """The value of a clue: a word, a time phrase or a quantity."""
        words = self.words.attribute(clue.relation)
        if isinstance(clue, Category):
            return value_word(words, clue.value)
        if words.event:
            return values.period(clue.lo, clue.hi, self.rng)
        return values.amount(clue.lo, clue.hi, self.words.unit(clue.relation), self.rng)


def split_extremes(node: Node) -> tuple[list[Extreme], list[Clue]]:
    extremes = [clue for clue in node.clues if isinstance(clue, Extreme)]
    return extremes, [clue for clue in node.clues if not isinstance(clue, Extreme)]


def value_word(words: Attribute, value: str) -> str:
    return words.words.get(value, value)


def pluralised(noun: str) -> str:
    if noun.endswith("y"):
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def named(name: str, kind: str) -> str:
    """A name as a sentence carries it: titles in quotes, "the" before some countries."""
    if kind in ("film", "term"):
        title, suffix = re.fullmatch(
            r"(.*?)((?: \((?:\d{4}|[^()]*film[^()]*)\))?)", name, re.S
        ).groups()  # type: ignore[union-attr]
        inner = title.replace('"', "'")
        return f'"{inner}"{suffix}'
    if kind == "country":
        return grammar.country(name)
    if kind == "element":
        return name.lower()
    return name
