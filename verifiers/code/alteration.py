"""Alters a test so that it fails wherever it passed: in one place that it surely reaches.

Such a place is a statement of the function's own body, not below a condition or a loop, after which
nothing has to be known: the claim that held is turned into one that cannot hold.
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
    if any(isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) for node in ast.walk(function)):
        return []
    constants = [found for statement in function.body for found in _compared(statement)]
    if constants:
        constant = rng.choice(constants)
        values = _others(constant.value, count, rng)
        return [_replaced(source, _Edit(constant, repr(value)), first) for value in values]
    places = [list(_opposites(statement, source, first)) for statement in function.body]
    places = [edits for edits in places if edits]
    edits = rng.choice(places) if places else []
    return [_replaced(source, edit, first) for edit in rng.sample(edits, min(count, len(edits)))]


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
    return [c for c in _constants(literals[0]) if _others(c.value, 1, Random(0))]


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


def _others(value: object, count: int, rng: Random) -> list[object]:
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


def _other_errors(call: ast.expr) -> Iterator[_Edit]:
    match call:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[error, *_]):
            if name in _RAISES:
                yield _Edit(error, _STRANGE)


def _segment(source: str, node: ast.expr, first: int) -> str:
    start, end = _span(source, node, first)
    return source.encode()[start:end].decode()


def _replaced(source: str, edit: _Edit, first: int) -> str:
    start, end = _span(source, edit.node, first)
    data = source.encode()
    return (data[:start] + edit.text.encode() + data[end:]).decode()


def _span(source: str, node: ast.expr, first: int) -> tuple[int, int]:
    """Where a node stands in `source`, in bytes."""
    lengths = [len(line.encode()) + 1 for line in source.split("\n")]
    assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: PT018
    start = sum(lengths[: node.lineno - 1 - first]) + node.col_offset
    return start, sum(lengths[: node.end_lineno - 1 - first]) + node.end_col_offset
