"""The difference between two texts of a module, cut into pieces that can be applied one by one.

A piece is a whole function, class or run of statements, so that half a function's change is never
mistaken for a fix. Any set of pieces gives a text; all of them give the new one, byte for byte.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from data.record import Record


class Piece(Record):
    """Lines `old[0]` to `old[1]` (from 0, end left out) of a file become those of `new`."""

    path: str
    old: tuple[int, int]
    new: tuple[int, int]


class Segment(NamedTuple):
    """Lines of a module that belong together, with the comments and blank lines before them."""

    key: tuple[str, ...]
    """What finds it again in another text: its qualified name, or its own text."""
    start: int
    end: int


def pieces(path: str, old: str | None, new: str | None) -> list[Piece]:
    """The pieces in the order of the file; None is a file that is not there."""
    if old == new:
        return []
    before, after = _lines(old), _lines(new)
    whole = Piece(path=path, old=(0, len(before)), new=(0, len(after)))
    if old is None or new is None:
        return [whole]
    try:
        both = segments(old), segments(new)
    except (SyntaxError, ValueError, RecursionError):
        return [whole]
    found = _aligned(path, before, after, *both)
    assert applied(old, new, found) == new
    return found


def finer(piece: Piece, old: str, new: str) -> list[Piece]:
    """`piece` as runs of changed lines."""
    before, after = _lines(old), _lines(new)
    (a, b), (c, d) = piece.old, piece.new
    matcher = SequenceMatcher(None, before[a:b], after[c:d], autojunk=False)
    return [
        Piece(path=piece.path, old=(a + i1, a + i2), new=(c + j1, c + j2))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def applied(old: str | None, new: str | None, chosen: Iterable[Piece]) -> str | None:
    """`old` with the pieces of one file; they must not overlap. None is no file."""
    ordered = sorted(chosen, key=lambda p: (p.old, p.new))
    if not ordered:
        return old
    if old is None or new is None:
        return new
    before, after = _lines(old), _lines(new)
    lines: list[str] = []
    at = 0
    for piece in ordered:
        assert piece.old[0] >= at, f"pieces of {piece.path} overlap at line {at}"
        lines += before[at : piece.old[0]]
        lines += after[piece.new[0] : piece.new[1]]
        at = piece.old[1]
    return "\n".join(lines + before[at:])


def means_nothing(piece: Piece, old: str | None, new: str | None) -> bool:
    """Whether only comments, documentation, annotations or layout change with it."""
    if old is None or new is None:
        return False
    changed = applied(old, new, [piece])
    try:
        return _meaning(old) == _meaning(changed or "")
    except (SyntaxError, ValueError, RecursionError):
        return False


@lru_cache(maxsize=4)
def _meaning(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            body[0] = ast.Pass()
    return ast.dump(tree)


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _lines(text: str | None) -> list[str]:
    """Lines without their ends; the text is these joined by line feeds."""
    return text.split("\n") if text is not None else []


def segments(text: str) -> list[Segment]:
    """Segments that cover all lines of `text` once, in order."""
    lines = _lines(text)
    if "\r" in text.replace("\r\n", ""):
        raise ValueError("lines of the parser are not ours")
    found: list[Segment] = []
    names: dict[str, int] = {}
    at = 0
    for key, end in _marks(ast.parse(text).body, "", lines):
        if end <= at:
            continue
        if key[0] == "def":
            names[key[1]] = names.get(key[1], 0) + 1
            key = (*key, str(names[key[1]]))
        found.append(Segment(key, at, end))
        at = end
    if at < len(lines):
        found.append(Segment(("tail",), at, len(lines)))
    return found


def _marks(
    body: Sequence[ast.stmt], prefix: str, lines: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], int]]:
    """Key and end of each segment of a module's or class's body."""
    for node in body:
        end = node.end_lineno or node.lineno
        if isinstance(node, ast.ClassDef):
            name = f"{prefix}{node.name}"
            first = node.body[0]
            yield ("def", f"class {name}"), _start(first)
            yield from _marks(node.body, f"{name}.", lines)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield ("def", f"{prefix}{node.name}"), end
        else:
            yield ("text", prefix, "\n".join(lines[node.lineno - 1 : end])), end


def _start(node: ast.stmt) -> int:
    """Line (from 0) at which a statement begins, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)]) - 1


def _aligned(
    path: str,
    before: Sequence[str],
    after: Sequence[str],
    old: Sequence[Segment],
    new: Sequence[Segment],
) -> list[Piece]:
    found: list[Piece] = []
    matcher = SequenceMatcher(None, [s.key for s in old], [s.key for s in new], autojunk=False)
    known = {s.key[1] for s in old if s.key[0] == "def"}
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            for left, right in zip(old[i1:i2], new[j1:j2], strict=True):
                if before[left.start : left.end] != after[right.start : right.end]:
                    found.append(
                        Piece(path=path, old=(left.start, left.end), new=(right.start, right.end))
                    )
        elif tag == "insert":
            at = old[i1].start if i1 < len(old) else len(before)
            for first, last in _groups(new[j1:j2], known):
                found.append(Piece(path=path, old=(at, at), new=(first, last)))
        else:
            # What is replaced is one piece: which old statement became which new one is a guess.
            at = new[j1].start if j1 < len(new) else len(after)
            end = new[j2 - 1].end if j2 > j1 else at
            found.append(Piece(path=path, old=(old[i1].start, old[i2 - 1].end), new=(at, end)))
    return found


def _groups(inserted: Sequence[Segment], known: set[str]) -> Iterator[tuple[int, int]]:
    """Line ranges of inserted functions, whole new classes, and runs of other statements."""
    start, label = inserted[0].start, _label(inserted[0], known)
    for left, right in zip(inserted, inserted[1:], strict=False):
        now = _label(right, known)
        if now != label:
            yield start, left.end
            start, label = right.start, now
    yield start, inserted[-1].end


def _label(segment: Segment, known: set[str]) -> str:
    """Equal for segments that come together: of one new class, or plain statements of one body."""
    name = segment.key[1] if len(segment.key) > 1 else ""
    qualified = name.removeprefix("class ").rstrip(".")
    parts = qualified.split(".") if qualified else []
    for end in range(1, len(parts) + 1):
        outer = f"class {'.'.join(parts[:end])}"
        inside = name == outer or end < len(parts) or segment.key[0] == "text"
        if inside and outer not in known:
            return outer
    return f"{segment.key[0]} {name}"
