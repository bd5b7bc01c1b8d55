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


class Unit(NamedTuple):
    """What numbers count or measure: of several, in Chinese, and of one."""

    en: str
    zh: str
    one: str

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


def parse_unit(given: object) -> Unit:
    """Reads "pages | 页" or, where one is said in an odd way, "die/dice | 颗"; not so "km/h | 公里/时"."""
    text = parse_text(given)
    one, _, several = (part.strip() for part in text.en.partition("/"))
    words = one == several or min(len(one), len(several)) > 2 and one[0] == several[0]
    if several and words:
        return Unit(several, text.zh, one)
    return Unit(text.en, text.zh, singular(text.en))


def singular(words: str) -> str:
    """English noun of one: "days" is "day", "pieces of luggage" is "piece of luggage"."""
    noun, rest = head(words)
    before, space, last = noun.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif re.search(r"[^aeiou]ies$", last) and len(last) > 4:
        last = last[:-3] + "y"
    elif re.search(r"(ch|sh|x|ss|zz|[^aeiou]o)es$", last):
        last = last[:-2]
    elif re.search(r"[a-z]{2}s$", last) and not re.search(r"(ss|us|is)$", last):
        last = last[:-1]
    return f"{before}{space}{last}{rest}"


def counts(label: str) -> bool:
    """True if an English label names things that are counted: "checked bags", "seats left"."""
    noun = head(label)[0].rpartition(" ")[2]
    return label.startswith("number of ") or singular(noun) != noun


def head(words: str) -> tuple[str, str]:
    """The noun of a phrase and what follows it: "pieces", " of luggage"."""
    match = _AFTER.search(words)
    return (words[: match.start()], words[match.start() :]) if match else (words, "")


_AFTER = re.compile(r" (?:of|per|in|on|at|for|with|to|a|not|left|sent|\w+ed)\b.*")
_IRREGULAR = {
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "feet": "foot",
    "teeth": "tooth",
    "dice": "die",
    "loaves": "loaf",
    "shelves": "shelf",
    "knives": "knife",
    "lives": "life",
    "leaves": "leaf",
    "halves": "half",
    "buses": "bus",
    "gases": "gas",
    "lenses": "lens",
    "quizzes": "quiz",
    "series": "series",
    "lens": "lens",
    "gas": "gas",
}


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
