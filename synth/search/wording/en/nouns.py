"""English noun phrases: names, and descriptions that stand in one piece."""

import re
from random import Random

from synth.search.query import Category, Clue, Extreme, Initials, Node, Range
from synth.search.wording.en import grammar, values
from synth.search.wording.en.lexicon import Attribute
from synth.search.wording.en.words import Words
from synth.search.wording.figures import figure
from synth.search.wording.plan import Actor, Part

ITS = "\0its"
"""Stands for the subject's possessive until the subject is known."""


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
        if isinstance(clue, Initials):
            return "post"
        if not isinstance(clue, Category | Range):
            return ""
        words = self.words.attribute(clue.relation)
        if isinstance(clue, Category):
            if clue.value in words.heads:
                return "head"
            return "pre" if words.pre else "post" if words.post else ""
        if words.pre and clue.lo == clue.hi and clue.lo is not None:
            return "pre"
        return "post" if words.post else ""

    def core(self, kind: str, light: list[Part], plural: bool = False) -> str:
        """The noun with its light clues, without an article: "French-language drama"."""
        noun = self.words.noun(kind)
        head = noun.plural if plural else noun.singular
        before, behind = [], []
        for part in light:
            clue, place = part.clue, self.slot(part.clue)
            if isinstance(clue, Category) and place == "head":
                head = self.words.attribute(clue.relation).heads[clue.value]
                head = grammar.pluralised(head) if plural else head
            elif isinstance(clue, Category | Range) and place == "pre":
                before.append(self.before(clue))
            else:
                behind.append(self._behind(kind, clue, plural))
        return " ".join([*before, head, *behind])

    def before(self, clue: Category | Range) -> str:
        """A clue as an adjective: "1974", "90-minute", "French-language"."""
        words = self.words.attribute(clue.relation)
        if isinstance(clue, Category):
            return self._put(words.pre, v=value_word(words, clue.value))
        assert clue.lo is not None
        return self._put(words.pre, v=str(int(clue.lo)) if words.is_year else figure(clue.lo))

    def _behind(self, kind: str, clue: Clue, plural: bool) -> str:
        if isinstance(clue, Initials):
            letters = grammar.initials(clue.letters)
            noun = self.words.noun(kind)
            if noun.is_person:
                return f"with the initials {letters}"
            return f"whose {noun.name}{'s have' if plural else ' has'} the initials {letters}"
        assert isinstance(clue, Category | Range)
        words = self.words.attribute(clue.relation)
        value = self.value(clue)
        if words.is_year and re.fullmatch(r"in (the )?\d{4}s?", value) and self.rng.random() < 0.7:
            return f"from {value[3:]}"
        phrase = of_range(self._put(words.post, v=value, av=grammar.article(value)))
        return phrase.replace(ITS, "their" if plural else "its")

    def _put(self, frame: str, **slots: str) -> str:
        return grammar.fill(frame, its=ITS, **slots)

    def value(self, clue: Category | Range) -> str:
        """The value of a clue: a word, a time phrase or a quantity."""
        words = self.words.attribute(clue.relation)
        if isinstance(clue, Category):
            return value_word(words, clue.value)
        if words.is_year:
            return values.period(clue.lo, clue.hi, self.rng)
        if words.counted:
            return values.tallied(clue.lo, clue.hi, words.counted, self.rng)
        unit = self.words.unit(clue.relation)
        return values.amount(clue.lo, clue.hi, unit, self.rng, words.whole)


def split_extremes(node: Node) -> tuple[list[Extreme], list[Clue]]:
    """The superlatives among a node's clues, and the other clues."""
    extremes = [clue for clue in node.clues if isinstance(clue, Extreme)]
    return extremes, [clue for clue in node.clues if not isinstance(clue, Extreme)]


def of_range(phrase: str) -> str:
    """A range needs no "of": "a Metascore between 50 and 57"."""
    return phrase.replace(" of between ", " between ")


def value_word(words: Attribute, value: str) -> str:
    return words.words.get(value, value)


def named(name: str, kind: str) -> str:
    """A name as a sentence carries it: titles in quotes, "the" before some countries."""
    if kind in ("film", "term"):
        title, suffix = grammar.title_and_suffix(name)
        return f'"{title.replace(chr(34), chr(39))}"{suffix}'
    if kind == "country":
        return grammar.country(name)
    if kind == "element":
        return name.lower()
    return name
