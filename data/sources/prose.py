"""Small English: lists, plurals, sentences, and a choice that depends on an id alone."""

from collections.abc import Sequence
from typing import TypeVar

Shape = TypeVar("Shape")

_WORDS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]


def listing(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """ "1 film", "2 films", "1,250 films"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def worded(number: int, noun: str) -> str:
    """As `counted`, with small numbers in words: "two films"."""
    return f"{_WORDS[number]} {noun}s" if 1 < number < len(_WORDS) else counted(number, noun)


def sentence(text: str) -> str:
    """With a full stop, unless the last word already brings its own ("Jr.", "Who?")."""
    return text if text.endswith((".", "!", "?")) else text + "."


def paragraphs(parts: Sequence[Sequence[str]]) -> str:
    """Sentences joined by spaces, paragraphs by empty lines; empty ones leave no trace."""
    return "\n\n".join(" ".join(part) for part in parts if part)


def pick(shapes: Sequence[Shape], seed: int) -> Shape:
    """One of `shapes`, the same for the same seed everywhere."""
    return shapes[seed % len(shapes)]
