"""Texts of a domain file: "English | 中文" in one string, and nouns with plural and measure word.

A domain file is read by people of both languages, so every text that can reach an agent is given
in both, side by side.
"""

import re
from typing import NamedTuple

from data.task import Language

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Text(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en

    def slots(self) -> tuple[frozenset[str], frozenset[str]]:
        """The placeholders of either language."""
        en, zh = (frozenset(PLACEHOLDER.findall(text)) for text in self)
        return en, zh


class Noun(NamedTuple):
    """What one thing and several are called; `measure` is the Chinese measure word."""

    en: str
    en_plural: str
    zh: str
    measure: str

    def of(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en


def parse_text(given: object) -> Text:
    """Reads "English | 中文". Raises `ValueError` that says what is missing."""
    if not isinstance(given, str):
        raise ValueError(f'wants a text in both languages, "English | 中文", got {given!r}')
    en, bar, zh = given.partition("|")
    en, zh = en.strip(), zh.strip()
    if not bar or not en or not zh:
        raise ValueError(f'wants both languages, "English | 中文", got {given!r}')
    if "|" in zh:
        raise ValueError(
            f"has more than one '|' in {given!r}; write one English and one Chinese part"
        )
    if has_chinese(en):
        raise ValueError(f"has Chinese before the '|' in {given!r}; English comes first")
    return Text(en, zh)


def parse_noun(given: object) -> Noun:
    """Reads "book | 书", "copy/copies | 册", "book/books | 书/本" (plural; measure word)."""
    text = parse_text(given)
    en, _, en_plural = (part.strip() for part in text.en.partition("/"))
    zh, _, measure = (part.strip() for part in text.zh.partition("/"))
    if not en or not zh:
        raise ValueError(f'wants a noun such as "copy/copies | 册/本", got {given!r}')
    return Noun(en, en_plural or plural(en), zh, measure or "个")


def plural(noun: str) -> str:
    """Regular English plural of the last word."""
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    if re.search(r"(s|x|z|ch|sh)$", noun):
        return noun + "es"
    return noun + "s"


def has_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def snake(text: str) -> str:
    """`text` as a lower-case name: letters, digits and single underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
