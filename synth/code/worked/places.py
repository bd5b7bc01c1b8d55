"""Where things are defined in a working copy, and which names the text of a definition speaks of."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from envs.code.tree import Tree
from synth.code.draft import text_of

VIEWED = 60
"""Lines that one view shows."""
_NAME = re.compile(r"[A-Za-z_]\w*")


class Place(NamedTuple):
    """A definition; lines are counted from 1, the last one is its own."""

    name: str
    word: str
    """`def` or `class`, as it stands before the name."""
    path: str
    first: int
    last: int
    text: str
    """Its first lines, as many as one view shows."""

    @property
    def pattern(self) -> str:
        return f"{self.word} {self.name}"


def places(tree: Tree, sources: Iterable[str]) -> tuple[Place, ...]:
    """Every function, method and class of the Python sources."""
    found: list[Place] = []
    for path in sorted(tree):
        if not path.endswith(".py") or not any(path.startswith(source) for source in sources):
            continue
        text = text_of(tree, path)
        try:
            module = ast.parse(text or "")
        except (SyntaxError, ValueError):
            continue
        found += _definitions(module, path, (text or "").splitlines())
    return tuple(found)


def _definitions(module: ast.Module, path: str, lines: list[str]) -> Iterator[Place]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            word = "class" if isinstance(node, ast.ClassDef) else "def"
            last = node.end_lineno or node.lineno
            shown = min(last, node.lineno - 1 + VIEWED)
            text = "\n".join(lines[node.lineno - 1 : shown])
            yield Place(node.name, word, path, node.lineno, last, text)


def names(text: str) -> set[str]:
    """Every identifier in a text, comments and strings included."""
    return set(_NAME.findall(text))


def around(found: Iterable[Place], path: str, first: int, last: int) -> Place | None:
    """The innermost definition that holds all the lines; None if none does."""
    holding = [p for p in found if p.path == path and p.first <= first and last <= p.last]
    return min(holding, key=lambda place: place.last - place.first, default=None)
