"""Variations of a reproduction: the same script with other literals, for probes of the verdict.

A patch that knows the inputs of the issue does not know these. Right fixes must agree on them, so a
variation stays near: one literal is exchanged for one of its type and shape (digits for digits,
words for words of the same length and case), and what both trees make of it must be what they made
of the original with the same words exchanged and, at most, other digits. An error where there was a
value, or a value of another shape, is a question that the issue does not settle, and is left out.
Nothing runs here; see `envs.code.runs`.
"""

import ast
import re
import string
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

MAX_LITERALS = 12
MIN_WORD = 3
"""Letters of a word that may be exchanged; shorter ones are units, flags and the like."""
SPECIAL = frozenset((-1, 0, 1, 2))
"""Numbers that tend to mean something of their own."""


class Variation(NamedTuple):
    script: str
    words: tuple[tuple[str, str], ...]
    """Words of the original, and what stands in their place."""


class Outputs(NamedTuple):
    """What a script prints on the two trees."""

    fixed: str
    buggy: str


class Literal(NamedTuple):
    """Bytes [start, end) of a script, and their value."""

    start: int
    end: int
    value: object


def variations(script: str, rng: Random, most: int) -> list[Variation]:
    """Up to `most` different variations; none of a script that has no literals to exchange."""
    return varied(script, list(_literals(script)), rng, most, repr)


def varied(
    script: str,
    literals: Sequence[Literal],
    rng: Random,
    most: int,
    written: Callable[[object], str],
) -> list[Variation]:
    """The same of the first of `literals`, in the order of the text; `written` gives their text."""
    found: dict[str, Variation] = {}
    for _ in range(4 * most):
        if not literals or len(found) >= most:
            break
        literal = rng.choice(literals[:MAX_LITERALS])
        words: dict[str, str] = {}
        value = _other(literal.value, words, rng)
        if value is not None:
            data = script.encode()
            data = data[: literal.start] + written(value).encode() + data[literal.end :]
            found.setdefault(data.decode(), Variation(data.decode(), tuple(words.items())))
    return list(found.values())


def suits(variation: Variation, before: Outputs, after: Outputs) -> bool:
    """Whether a variation asks the same question with other values, and tells the trees apart."""
    same = all(
        _shape(new) == _shape(_renamed(old, variation.words))
        for old, new in zip(before, after, strict=True)
    )
    return same and after.fixed != after.buggy and after.fixed != before.fixed


def _literals(script: str) -> Iterator[Literal]:
    """Literals that are given to a call, in containers or by themselves."""
    try:
        tree = ast.parse(script)
    except SyntaxError:
        return
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
             for part in ast.walk(node)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in parts:
            yield Literal(*_span(script, node), node.value)


def _other(value: object, words: dict[str, str], rng: Random) -> object:
    """Another value of the same shape, noting words that are exchanged; None if there is none."""
    match value:
        case bool():
            return None
        case int():
            return None if value in SPECIAL else int(_other_text(str(value), {}, rng))
        case float() if re.fullmatch(r"-?\d+\.\d+", repr(value)):
            return float(_other_text(repr(value), {}, rng))
        case str():
            found = _other_text(value, words, rng)
            return found if found != value else None
        case bytes() if value.isascii():
            text = _other_text(value.decode(), words, rng)
            return text.encode() if text != value.decode() else None
    return None


def _other_text(text: str, words: dict[str, str], rng: Random) -> str:
    """`text` with one of its words or numbers exchanged, wherever that occurs in it."""
    runs = sorted({run for run in re.findall(r"[A-Za-z]+|\d+", text)
                   if run.isdigit() or len(run) >= MIN_WORD})  # fmt: skip
    if not runs:
        return text
    old = rng.choice(runs)
    new = "".join(_other_char(char, at, rng) for at, char in enumerate(old))
    if not old.isdigit():
        words[old] = new
    return re.sub(rf"(?<![A-Za-z\d]){old}(?![A-Za-z\d])", new, text)


def _other_char(char: str, at: int, rng: Random) -> str:
    if char.isdigit():
        # Neither more digits than before nor fewer.
        return rng.choice("123456789" if at == 0 else string.digits)
    letters = string.ascii_uppercase if char.isupper() else string.ascii_lowercase
    return rng.choice(letters)


def _renamed(output: str, words: tuple[tuple[str, str], ...]) -> str:
    for old, new in words:
        output = re.sub(rf"(?<![A-Za-z]){old}(?![A-Za-z])", new, output)
    return output


def _shape(output: str) -> str:
    """An output in which all digits are alike, and as many in each number."""
    return re.sub(r"\d", "0", output)


def _span(script: str, node: ast.Constant) -> tuple[int, int]:
    """Where a constant stands, in bytes."""
    lengths = [len(line) + 1 for line in script.encode().split(b"\n")]
    assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: PT018
    start = sum(lengths[: node.lineno - 1]) + node.col_offset
    return start, sum(lengths[: node.end_lineno - 1]) + node.end_col_offset
