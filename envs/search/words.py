"""Text to search terms, the same way for pages and queries; no query language, only bags of words.

Accents, case and width are dropped, possessives and apostrophes closed up, "1,250" is one number.
Han, kana and Hangul have no spaces, so their runs become overlapping pairs of characters.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

import tantivy

MAX_WORD_BYTES = 64
"""A longer run of letters is no search term."""

LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h",
}  # fmt: skip
"""Letters that Unicode does not decompose, in ASCII."""

_CJK = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
    "\U00020000-\U0003ffff"
)
_CJK_RUN = re.compile(f"[{_CJK}]+")
_APOSTROPHE = re.compile(r"['\u2019](?:s\b)?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_MARKS = re.compile("[\u0300-\u036f]")
_SPECIAL = str.maketrans(LETTERS)


def fold(text: str) -> str:
    """`text` without case, accents and width; its length may change."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_SPECIAL)
    # Only Latin, Greek and Cyrillic marks go: a kana's or a vowel's sign makes another letter.
    return unicodedata.normalize("NFC", _MARKS.sub("", plain))


class _Aligned(dict[int, str]):
    """Character table of `fold_aligned`, filled as characters occur."""

    def __missing__(self, code: int) -> str:
        self[code] = fold(chr(code))[:1] or chr(code)
        return self[code]


_ALIGNED = _Aligned()


def fold_aligned(text: str) -> str:
    """Like `fold`, character by character: position i of the result is position i of `text`."""
    return text.lower() if text.isascii() else text.translate(_ALIGNED)


def page_words(text: str) -> str:
    """Words under which a page with `text` is found, for `analyzer` to split and stem."""
    return _words(text, single_characters=True)


def query_terms(text: str) -> list[str]:
    """Distinct terms of a query, in order of first occurrence; empty if it holds no word."""
    return list(dict.fromkeys(analyzer().analyze(_words(text, single_characters=False))))


def is_cjk(text: str) -> bool:
    return _CJK_RUN.search(text) is not None


@lru_cache(maxsize=1)
def analyzer() -> tantivy.TextAnalyzer:
    """Splits at all but letters and digits, and stems English: "companies" finds "company"."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    builder = builder.filter(tantivy.Filter.remove_long(MAX_WORD_BYTES))
    return builder.filter(tantivy.Filter.stemmer("english")).build()


def _words(text: str, *, single_characters: bool) -> str:
    plain = _APOSTROPHE.sub("", fold(text))
    plain = _THOUSANDS.sub("", plain)
    if plain.isascii():
        return plain

    def pairs(run: re.Match[str]) -> str:
        characters = run[0]
        words = [left + right for left, right in pairwise(characters)]
        if single_characters or len(characters) == 1:
            words.extend(characters)
        return f" {' '.join(words)} "

    # A lone surrogate is valid in JSON but not in UTF-8.
    return _CJK_RUN.sub(pairs, plain).encode(errors="replace").decode()
