"""Clues about known things, in the words in which questions are put: "someone who directed X"."""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Protocol

from data.task import Language
from synth.search.query import Clue, Extreme, Node
from synth.search.wording import Names
from synth.search.wording.en import grammar
from synth.search.wording.en.clauses import Clauses as EnglishClauses
from synth.search.wording.en.words import Words as EnglishWords
from synth.search.wording.plan import Part
from synth.search.wording.zh.clauses import Clauses as ChineseClauses
from synth.search.wording.zh.clauses import bare
from synth.search.wording.zh.text import tidy
from synth.search.wording.zh.words import Words as ChineseWords


class Phrases(Protocol):
    def name(self, entity: str) -> str:
        """A thing as a sentence names it."""

    def described(self, kind: str, clue: Clue) -> str:
        """Something of a type of which only a clue is known."""

    def fits(self, entity: str, clues: Sequence[Clue]) -> str:
        """A clause that says of a known thing that the clues are true of it."""

    def only(self, kind: str, clue: Clue) -> str:
        """What is true of something, as a predicate."""

    def this(self, entity: str) -> str:
        """What has just been named, as "this film"."""

    def many(self, kind: str, number: int) -> str:
        """So many things of a type."""

    def listed(self, words: Sequence[str]) -> str: ...

    def tidied(self, text: str) -> str:
        """Sentences put together, with the spaces and marks of the language."""


class English:
    def __init__(self, names: Names, rng: Random) -> None:
        self._names = names
        self._clauses = EnglishClauses(EnglishWords(names), rng)
        self._clauses.said_world = True

    def name(self, entity: str) -> str:
        return self._clauses.name(entity)

    def described(self, kind: str, clue: Clue) -> str:
        node = Node(type=kind, clues=(clue,))
        return self._clauses.other(Part(clue, kind), node)

    def fits(self, entity: str, clues: Sequence[Clue]) -> str:
        kind = self._names.type(entity)
        return f"{self.name(entity)} {grammar.listed([self.only(kind, clue) for clue in clues])}"

    def only(self, kind: str, clue: Clue) -> str:
        if isinstance(clue, Extreme):
            return self._clauses.best(clue)
        is_person = self._clauses.words.noun(kind).is_person
        return self._clauses.predicate(Part(clue, kind), plural=False, is_person=is_person)

    def this(self, entity: str) -> str:
        return f"this {self._clauses.words.noun(self._names.type(entity)).singular}"

    def many(self, kind: str, number: int) -> str:
        noun = self._clauses.words.noun(kind)
        return f"{number} {noun.singular if number == 1 else noun.plural}"

    def listed(self, words: Sequence[str]) -> str:
        return grammar.listed(words)

    def tidied(self, text: str) -> str:
        return re.sub(r"(?<!\.)\.\.(?!\.)", ".", text)


class Chinese:
    def __init__(self, names: Names, rng: Random) -> None:
        self._names = names
        self._clauses = ChineseClauses(ChineseWords(names), rng)
        self._clauses.said_world = True

    def name(self, entity: str) -> str:
        return self._clauses.name(entity)

    def described(self, kind: str, clue: Clue) -> str:
        node = Node(type=kind, clues=(clue,))
        return self._clauses.other(Part(clue, kind), node)

    def fits(self, entity: str, clues: Sequence[Clue]) -> str:
        kind = self._names.type(entity)
        first, *more = [self._predicate(kind, clue) for clue in clues]
        return self.name(entity) + "，".join([first, *map(bare, more)])

    def only(self, kind: str, clue: Clue) -> str:
        return bare(self._predicate(kind, clue))

    def _predicate(self, kind: str, clue: Clue) -> str:
        if isinstance(clue, Extreme):
            return "的" + self._clauses.best(clue)
        return self._clauses.predicate(Part(clue, kind))

    def this(self, entity: str) -> str:
        noun = self._clauses.words.noun(self._names.type(entity))
        return "此人" if noun.is_person else f"这{noun.measure}{noun.word}"

    def many(self, kind: str, number: int) -> str:
        noun = self._clauses.words.noun(kind)
        return f"{number}个人" if noun.is_person else f"{number}{noun.measure}{noun.word}"

    def listed(self, words: Sequence[str]) -> str:
        return "、".join(words)

    def tidied(self, text: str) -> str:
        return tidy(text)


PHRASES: Mapping[Language, Callable[[Names, Random], Phrases]] = {
    Language.EN: English,
    Language.ZH: Chinese,
}
