"""Puts typed queries into words a person would write, in English and Chinese.

The text says exactly what the query means and nothing else: every clue once, every bound exact, no
modifier that could belong to two nouns. The same query, names, language and generator state give
the same text.
"""

from random import Random

from data.task import Language
from synth.search.query import Query
from synth.search.wording.en.text import realise as english
from synth.search.wording.names import Names
from synth.search.wording.zh.text import realise as chinese

__all__ = ["Names", "realise"]


def realise(
    query: Query, names: Names, language: Language, rng: Random, num_answers: int = 1
) -> str:
    """The question as text. With `num_answers` above 1 it asks for the complete list."""
    if language is Language.ZH:
        return "".join(chinese(query, names, rng, num_answers))
    return " ".join(english(query, names, rng, num_answers))
