"""Small English grammar: agreement, articles, lists, numbers in words, country articles."""

import re
from collections.abc import Sequence

ONES = (
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
)
VOWEL_LETTERS = "AEFHILMNORSX"
SILENT_H = ("hour", "honest", "heir", "honour", "honor")
YOO = ("uni", "use", "usa", "euro", "eul", "ura", "ut", "one", "ub", "ukr", "uru", "uga", "uz")
THE_COUNTRIES = {
    "netherlands",
    "philippines",
    "bahamas",
    "gambia",
    "maldives",
    "seychelles",
    "comoros",
    "vatican",
    "levant",
    "west bank",
    "gaza strip",
    "holy see (vatican city)",
    "isle of man",
    "sudan republic",
}
THE_ENDINGS = (
    "states",
    "kingdom",
    "republic",
    "union",
    "islands",
    "emirates",
    "territory",
    "territories",
    "antilles",
    "ocean",
)
THE_STARTS = (
    "republic of",
    "kingdom of",
    "democratic republic",
    "people's republic",
    "federal republic",
    "socialist federal republic",
    "occupied",
    "federated states",
    "union of",
)


def inflect(frame: str, plural: bool) -> str:
    """Chooses in every `[singular|plural]` of a frame."""
    return re.sub(r"\[([^|\]]*)\|([^\]]*)\]", lambda m: m[2] if plural else m[1], frame)


def fill(frame: str, **slots: str) -> str:
    """Puts words into `{slots}`, once, so that braces inside a name stay as they are."""
    return re.sub(r"\{(\w+)\}", lambda m: slots[m[1]], frame)


def article(phrase: str) -> str:
    """`phrase` with "a" or "an" before it, by sound."""
    word = re.split(r"[\s-]", phrase.lstrip('"'), maxsplit=1)[0]
    return f"{'an' if _vowel_sound(word) else 'a'} {phrase}"


def _vowel_sound(word: str) -> bool:
    lower = word.lower()
    if word[:1].isdigit():
        return word.startswith("8") or re.match(r"(11|18)(\d\d)?(?!\d)", word) is not None
    if len(word) == 1 or (word.isupper() and word.isalpha() and len(word) < 5):
        return word[0].upper() in VOWEL_LETTERS
    if lower.startswith(YOO):
        return False
    return lower.startswith(SILENT_H) or lower[:1] in set("aeiou")


def listed(phrases: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`; a comma stands before the last word of a long list."""
    if len(phrases) < 2:
        return "".join(phrases)
    long = any(len(phrase) > 60 for phrase in phrases[:-1])
    comma = "," if len(phrases) > 2 or long or last == "but" else ""
    return f"{', '.join(phrases[:-1])}{comma} {last} {phrases[-1]}"


def capital(text: str) -> str:
    """`text` with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def spelled(number: int) -> str:
    """Numbers up to twelve in words, others in digits."""
    return ONES[number] if 0 < number < len(ONES) else f"{number:,}"


def country(name: str) -> str:
    """A country's name as it stands inside a sentence: "the Netherlands"."""
    lower = name.lower()
    if lower.startswith("the "):
        return f"the {name[4:]}"
    needs = (
        lower in THE_COUNTRIES
        or lower.split(" ")[-1] in THE_ENDINGS
        or lower.startswith(THE_STARTS)
    )
    return f"the {name}" if needs else name


def initials(letters: Sequence[str]) -> str:
    """`L. W.`; what is no letter stands as it is."""
    return " ".join(f"{letter}." if letter.isalpha() else letter for letter in letters)


def pluralised(noun: str) -> str:
    """The plural of a common noun."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


def title_and_suffix(name: str) -> tuple[str, str]:
    """Parts a title from what only tells it from others: ("Hamlet", " (1996)")."""
    found = re.fullmatch(r"(.*?)((?: \((?:\d{4}|[^()]*film[^()]*)\))?)", name, re.DOTALL)
    assert found
    return found[1], found[2]
