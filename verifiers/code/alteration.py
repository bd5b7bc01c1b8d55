"""Alters a test so that it fails wherever it passed.

Best in one place that it surely reaches, a statement of the function's own body, not below a
condition or a loop: a claim that held is turned into one that cannot. Where there is none, all
claims of the function are turned, for one of them will be reached; and where there is no claim at
all, one is added that is false.
"""

import ast
import string
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_OPPOSITE = {
    "assertEqual": "assertNotEqual",
    "assertNotEqual": "assertEqual",
    "assertTrue": "assertFalse",
    "assertFalse": "assertTrue",
    "assertIn": "assertNotIn",
    "assertNotIn": "assertIn",
    "assertIs": "assertIsNot",
    "assertIsNone": "assertIsNotNone",
    "assertIsNotNone": "assertIsNone",
    "assertListEqual": "assertNotEqual",
    "assertDictEqual": "assertNotEqual",
    "assertIsInstance": "assertNotIsInstance",
    "assertNotIsInstance": "assertIsInstance",
}
_EQUAL = ("assertEqual", "assertEquals", "assertListEqual", "assertDictEqual")
_RAISES = ("raises", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp")
_STRANGE = "BufferError"
"""An error that no test of a Python library waits for."""


class _Edit(NamedTuple):
    node: ast.expr
    text: str


def altered(source: str, function: _Function, first: int, count: int, rng: Random) -> list[str]:
    """Up to `count` different altered forms of `function`; none where no place for it is found.

    All alter the same place. `source` begins at line `first` (from 0) of the text that `function`
    was parsed from.
    """
    straight = _straight(function.body)
    constants = [found for statement in straight for found in _compared(statement)]
    if constants:
        constant = rng.choice(constants)
        values = others(constant.value, count, rng)
        return [
            _replaced(source, [_Edit(constant, repr(value))], first) for value in values[:count]
        ]
    if not count:
        return []
    places = [list(_opposites(statement, source, first)) for statement in straight]
    places = [edits for edits in places if edits]
    if places:
        edits = rng.choice(places)
        chosen = rng.sample(edits, min(count, len(edits)))
        return [_replaced(source, [edit], first) for edit in chosen]
    turned = [list(_opposites(node, source, first)) for node in _claims(function)]
    if all_claims := [rng.choice(edits) for edits in turned if edits]:
        return [_replaced(source, all_claims, first)]
    return [_with_false_claim(source, function, first, rng)]


def _straight(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a function that run whenever the last of them does."""
    found: list[ast.stmt] = []
    for statement in body:
        if any(isinstance(n, ast.Return | ast.Yield | ast.YieldFrom) for n in ast.walk(statement)):
            break
        found.append(statement)
    return found


def _claims(function: _Function) -> Iterator[ast.stmt]:
    """Statements of all depths, outermost first, none inside another that was given."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        raising = isinstance(node, ast.With) and _other_errors(node.items[0].context_expr)
        if isinstance(node, ast.Assert | ast.Expr) or (raising and isinstance(node, ast.With)):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            waiting += [
                n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt | ast.excepthandler)
            ]


def _with_false_claim(source: str, function: _Function, first: int, rng: Random) -> str:
    """A claim about the function's own name, before all else that it does."""
    word = rng.choice(function.name.split("_")) or function.name
    claim = f"assert len({word!r}) == {len(word) + rng.choice((1, 2))}"
    statement = function.body[0]
    lines = source.split("\n")
    at = statement.lineno - 1 - first
    indent = lines[at][: statement.col_offset]
    if indent.strip():
        # The body stands on the line of the `def`.
        lines[at] = f"{indent}{claim}; {lines[at][statement.col_offset :]}"
    else:
        lines.insert(at, indent + claim)
    return "\n".join(lines)


def _compared(statement: ast.stmt) -> list[ast.Constant]:
    """Constants that can be changed in a literal which the statement says something equals."""
    sides: list[ast.expr] = []
    match statement:
        case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
            sides = [left, right]
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name), args=[left, right, *_])):
            sides = [left, right] if name in _EQUAL else []
    literals = [side for side in sides if _is_literal(side)]
    if len(literals) != 1:
        return []  # two would be a test of Python
    return [c for c in _constants(literals[0]) if others(c.value, 1, Random(0))]


def _is_literal(node: ast.expr) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return all(map(_is_literal, items))
        case ast.Dict(keys=keys, values=values):
            return all(k is not None and _is_literal(k) for k in keys) and all(
                map(_is_literal, values)
            )
    return False


def _constants(node: ast.expr) -> Iterator[ast.Constant]:
    """Constants whose change makes the literal another value; keys of dicts are left alone."""
    match node:
        case ast.Constant():
            yield node
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for item in items:
                yield from _constants(item)
        case ast.Dict(values=values):
            for value in values:
                yield from _constants(value)


def others(value: object, count: int, rng: Random) -> list[object]:
    """Up to `count` other values of the same look, none if there is none; in any order.

    Nothing in a set of them and the true one may tell which that is: numbers lie around it at
    random, and texts differ from each other as they differ from it, in one place.
    """
    match value:
        case bool():
            return [not value]
        case int() | float():
            below = rng.randrange(count + 1)
            if value >= 0:
                below = min(below, int(value))
            return [value + step for step in range(-below, count - below + 1) if step]
        case str():
            return list[object](_other_texts(value, count, rng))
        case bytes():
            return [
                text.encode("latin-1") for text in _other_texts(value.decode("latin-1"), count, rng)
            ]
    return []


def _other_texts(text: str, count: int, rng: Random) -> list[str]:
    """`text` with one digit, or else one letter, exchanged; always the same one."""
    for alphabets in ((string.digits,), (string.ascii_lowercase, string.ascii_uppercase)):
        places = [at for at, char in enumerate(text) if char in "".join(alphabets)]
        if places:
            at = rng.choice(places)
            alphabet = next(chars for chars in alphabets if text[at] in chars)
            chosen = rng.sample(alphabet.replace(text[at], ""), min(count, 9))
            return [text[:at] + char + text[at + 1 :] for char in chosen]
    return []


def _opposites(statement: ast.stmt, source: str, first: int) -> Iterator[_Edit]:
    """The opposite of what the statement claims, or an error of another class to wait for.

    Of what is equal to something, that it equals another thing too: an object that equals
    everything keeps the opposite.
    """
    match statement:
        case ast.Assert(test=ast.Compare(left=left, ops=[op], comparators=[right]) as test):
            signs = {ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in", ast.NotIn: "in"}
            signs |= {ast.Is: "is not", ast.IsNot: "is"}
            if sign := signs.get(type(op)):
                one, other = (_segment(source, side, first) for side in (left, right))
                yield _Edit(test, f"{one} {sign} {other}")
                if isinstance(op, ast.Eq):
                    yield _Edit(test, f"{one} == ({other},)")
            else:
                yield _Edit(test, f"not ({_segment(source, test, first)})")
        case ast.Assert(test=ast.UnaryOp(op=ast.Not(), operand=operand) as test):
            yield _Edit(test, _segment(source, operand, first))
        case ast.Assert(test=test):
            yield _Edit(test, f"not ({_segment(source, test, first)})")
        case ast.Expr(value=ast.Call(func=ast.Attribute() as called, args=[_, *rest])):
            if called.attr in _OPPOSITE:
                owner = _segment(source, called.value, first)
                yield _Edit(called, f"{owner}.{_OPPOSITE[called.attr]}")
                if called.attr in _EQUAL and rest:
                    yield _Edit(rest[0], f"({_segment(source, rest[0], first)},)")
            else:
                yield from _other_errors(statement.value)
        case ast.With(items=[ast.withitem(context_expr=context)]):
            yield from _other_errors(context)


def _other_errors(call: ast.expr) -> list[_Edit]:
    match call:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[error, *_]):
            return [_Edit(error, _STRANGE)] if name in _RAISES else []
    return []


def _segment(source: str, node: ast.expr, first: int) -> str:
    start, end = _span(source, node, first)
    return source.encode()[start:end].decode()


def _replaced(source: str, edits: list[_Edit], first: int) -> str:
    """`source` with all of `edits`, which do not overlap."""
    data = source.encode()
    spans = [(*_span(source, edit.node, first), edit.text) for edit in edits]
    for start, end, text in sorted(spans, reverse=True):
        data = data[:start] + text.encode() + data[end:]
    return data.decode()


def _span(source: str, node: ast.expr, first: int) -> tuple[int, int]:
    """Where a node stands in `source`, in bytes."""
    lengths = [len(line.encode()) + 1 for line in source.split("\n")]
    assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: PT018
    start = sum(lengths[: node.lineno - 1 - first]) + node.col_offset
    return start, sum(lengths[: node.end_lineno - 1 - first]) + node.end_col_offset
