"""A Python module as operators see it: its text, its tree, and edits that keep all other text.

Edits splice the source by position, so a mutation's diff holds nothing but the mutation: comments,
quotes and line breaks elsewhere stay as their author wrote them.
"""

import ast
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple, TypeVar

N = TypeVar("N", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Edit(NamedTuple):
    """Replaces the characters [start, end) of a module by `text`."""

    start: int
    end: int
    text: str


class Mutation(NamedTuple):
    """One injected bug: where it is and how to write it."""

    operator: str
    function: str
    """Qualified name of the function or method around it, e.g. `Parser.read`."""
    line: int
    edits: tuple[Edit, ...]


class Module:
    """Raises `SyntaxError` (or `ValueError` for null bytes) where `text` is no Python."""

    def __init__(self, text: str) -> None:
        self.text = text
        with warnings.catch_warnings():
            # Old code has invalid escapes; what it is told to do about them is not our business.
            warnings.simplefilter("ignore")
            self.tree = ast.parse(text)
        self._parents = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines(keepends=True)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(map(len, self._lines))]

    def offset(self, line: int, column: int) -> int:
        """Character offset of a 1-based line and a column in UTF-8 bytes, as `ast` counts them."""
        row = self._lines[line - 1] if line <= len(self._lines) else ""
        inside = column if row.isascii() else len(row.encode()[:column].decode())
        return self._starts[line - 1] + inside

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        return self.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def source(self, node: ast.expr | ast.stmt) -> str:
        return self.text[self.start(node) : self.end(node)]

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self._parents.get(node)

    def between(self, left: ast.expr, right: ast.expr) -> tuple[int, int]:
        """The characters between two neighbouring expressions, e.g. an operator's."""
        return self.end(left), self.start(right)

    def replace(self, node: ast.expr | ast.stmt, text: str) -> Edit:
        return Edit(self.start(node), self.end(node), text)

    def indent(self, node: ast.stmt) -> str:
        row = self._lines[node.lineno - 1]
        return row[: len(row) - len(row.lstrip())]

    def owns_its_lines(self, node: ast.stmt) -> bool:
        """False where a statement shares a line with another, as in `a = 1; b = 2`."""
        before = self.text[self._starts[node.lineno - 1] : self.start(node)]
        after = self.text[self.end(node) : self._starts[node.end_lineno or node.lineno]]
        return not before.strip() and (not after.strip() or after.strip().startswith("#"))

    def removal(self, node: ast.stmt) -> Edit | None:
        """Deletes a statement with its lines, or puts `pass` where it is alone in its block."""
        if not self.owns_its_lines(node):
            return None
        if _is_alone(self.parent(node), node):
            return self.replace(node, "pass")
        return Edit(self._starts[node.lineno - 1], self._starts[node.end_lineno or node.lineno], "")

    def block(self, body: Sequence[ast.stmt], indent: str) -> str:
        """The lines of `body`, indented anew; '' where a string's lines would change with them."""
        first, last = body[0], body[-1]
        lines = self._lines[first.lineno - 1 : last.end_lineno]
        inner = self.indent(first)
        spans_lines = any(
            isinstance(n, ast.Constant | ast.JoinedStr)
            and (n.end_lineno or n.lineno) > n.lineno
            and isinstance(getattr(n, "value", ""), str)
            for statement in body
            for n in ast.walk(statement)
        )
        if spans_lines or not all(row.startswith(inner) or not row.strip() for row in lines):
            return ""
        return "".join(indent + row[len(inner) :] if row.strip() else row for row in lines)

    def of(self, kind: type[N]) -> Iterator[N]:
        """Nodes of a type inside functions, in the order of the text; annotations left out."""
        for node in self._in_functions:
            if isinstance(node, kind):
                yield node

    def functions(self) -> Iterator[Function]:
        yield from self.of(ast.FunctionDef)
        yield from self.of(ast.AsyncFunctionDef)

    @cached_property
    def _in_functions(self) -> list[ast.AST]:
        found: list[ast.AST] = []
        for node in ast.iter_child_nodes(self.tree):
            self._collect(node, inside=False, found=found)
        return found

    def _collect(self, node: ast.AST, inside: bool, found: list[ast.AST]) -> None:
        is_function = isinstance(node, Function)
        if inside or is_function:
            found.append(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self._collect(child, inside or is_function, found)

    def function(self, node: ast.AST) -> str:
        """Qualified name of the innermost named function around `node`; '' outside of any."""
        names: list[str] = []
        at: ast.AST | None = node
        while at is not None:
            if isinstance(at, Function) or (isinstance(at, ast.ClassDef) and names):
                names.append(at.name)
            at = self.parent(at)
        return ".".join(reversed(names))


def _is_alone(parent: ast.AST | None, node: ast.stmt) -> bool:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(parent, name, None)
        if isinstance(block, list) and node in block:
            rest = [s for s in block if s is not node]
            return all(_is_docstring(s) for s in rest)
    return True


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def applied(text: str, edits: Sequence[Edit]) -> str:
    """`text` with all edits made; they must not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
