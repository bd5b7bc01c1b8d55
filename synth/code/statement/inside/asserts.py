"""Assertions of pytest and unittest as what they look at."""

import ast
import copy
from typing import Any

_FIRST = {"assertEqual", "assertEquals", "assertNotEqual", "assertTrue", "assertFalse"}
_FIRST |= {"assertIs", "assertIsNot", "assertIsNone", "assertIsNotNone", "assertListEqual"}
_FIRST |= {"assertDictEqual", "assertTupleEqual", "assertSetEqual", "assertSequenceEqual"}
_FIRST |= {"assertAlmostEqual", "assertCountEqual", "assertMultiLineEqual", "assertRegex"}
_FIRST |= {"assertLess", "assertLessEqual", "assertGreater", "assertGreaterEqual"}
_SECOND = {"assertIn", "assertNotIn"}


_COMPOUND = ast.With | ast.For | ast.If | ast.AsyncWith | ast.AsyncFor | ast.While | ast.Try


class Shower:
    """Cuts a body after the line that failed, which becomes a `print`; drops other assertions."""

    def __init__(
        self,
        line: int,
        other: bool,
        goes_deeper: bool = False,
        values: dict[str, str] | None = None,
    ) -> None:
        """`goes_deeper`: what failed is in a function that this line calls, which prints."""
        self._values = values or {}
        self._line = line
        self._goes_deeper = goes_deeper
        self._other = other
        self.done = False

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for node in body:
            if self.done:
                break
            if is_text(node):
                continue
            found += self._statement(node)
        return found or [ast.Pass()]

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        here = node.lineno <= self._line <= (node.end_lineno or node.lineno)
        if isinstance(node, ast.With | ast.AsyncWith) and _expects_error(node):
            self.done = here
            return node.body if here else []
        if isinstance(node, _COMPOUND):
            return self._compound(node, here)
        shown = looked_at(node, self._other)
        if here:
            self.done = True
            return self._shown(node, shown)
        if shown is None:
            return [node]
        # What an assertion called may have changed something; shrinking tells.
        calls = any(isinstance(inner, ast.Call) for inner in ast.walk(node))
        return [ast.Expr(shown)] if calls else []

    def _compound(self, node: ast.stmt, here: bool) -> list[ast.stmt]:
        if here and isinstance(node, ast.For):
            names = {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
            if names <= self._values.keys():
                lines = "\n".join(f"{name} = {self._values[name]}" for name in sorted(names))
                return [*ast.parse(lines).body, *self.block(node.body)]
        if here and isinstance(node, ast.Try) and self._line > (node.body[-1].end_lineno or 0):
            # What it looked at is the error, which ends the script on one side at least.
            *before, last = self.block(node.body)
            self.done = True
            return [*before, _print(last.value) if isinstance(last, ast.Expr) else last]
        copied: Any = copy.deepcopy(node)
        copied.body = self.block(copied.body)
        if isinstance(copied, ast.If) and copied.orelse and not self.done:
            copied.orelse = self.block(copied.orelse)
        elif isinstance(copied, ast.For | ast.While | ast.If):
            copied.orelse = []
        return [copied]

    def _shown(self, node: ast.stmt, shown: ast.expr | None) -> list[ast.stmt]:
        """The line that failed, as one that prints."""
        if isinstance(shown, ast.Call) and isinstance(node, ast.Expr) and _is_refused(node):
            return [ast.Expr(shown)]
        if shown is not None:
            return [_print(shown)]
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            return [node, _print(ast.Name(node.targets[0].id, ast.Load()))]
        if isinstance(node, ast.Expr) and not self._goes_deeper:
            return [_print(node.value)]
        return [node]


def _is_refused(node: ast.Expr) -> bool:
    return ".assertRaises" in ast.unparse(node)


def _expects_error(node: ast.With | ast.AsyncWith) -> bool:
    text = ast.unparse(node.items[0].context_expr)
    return text.startswith(("pytest.raises", "raises", "self.assertRaises", "pytest.warns"))


def looked_at(node: ast.stmt, other: bool) -> ast.expr | None:
    """What an assertion looked at; None for a statement that is none."""
    if isinstance(node, ast.Assert):
        return _subject(node.test, other)
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
        name, args = call.func.attr, call.args
        if name.startswith("assert") and args:
            if name == "assertRaises" and len(args) > 1:
                return ast.Call(args[1], args[2:], call.keywords)
            if name == "assertIsInstance":
                return ast.Call(ast.Name("type", ast.Load()), [args[0]], [])
            if name in _FIRST | _SECOND:
                second = (name in _SECOND) != other
                return args[1] if second and len(args) > 1 else args[0]
            return args[0]
    return None


def _subject(test: ast.expr, other: bool) -> ast.expr:
    match test:
        case ast.UnaryOp(op=ast.Not()):
            return _subject(test.operand, other)
        case ast.Compare(ops=[ast.In() | ast.NotIn(), *_]):
            return test.left if other else test.comparators[0]
        case ast.Compare():
            plain = isinstance(test.left, ast.Constant)
            return test.comparators[0] if plain != other else test.left
        case ast.BoolOp():
            return (
                test
                if other
                else ast.Tuple([_subject(value, False) for value in test.values], ast.Load())
            )
        case ast.Call(func=ast.Name(id="isinstance")):
            return ast.Call(ast.Name("type", ast.Load()), [test.args[0]], [])
        case _:
            return test


def _print(value: ast.expr) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Name("print", ast.Load()), [value], []))


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
