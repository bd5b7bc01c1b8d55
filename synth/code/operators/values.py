"""Operators on values: arithmetic, constants, positions, defaults, texts."""

import ast
import re
from collections.abc import Callable

from synth.code.operators.comparisons import Found
from synth.code.operators.module import Edit, Module

_OTHER: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "//",
    ast.Div: "*",
    ast.FloorDiv: "/",
    ast.Mod: "//",
    ast.BitAnd: "|",
    ast.BitOr: "&",
    ast.LShift: ">>",
    ast.RShift: "<<",
}
_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift)
_ENCODINGS = {"utf-8": "latin-1", "utf8": "latin-1", "latin-1": "utf-8", "ascii": "utf-8"}
_BEFORE_QUANTIFIER = re.compile(r"(?<=[\])\w.])([+*?])(?![?+*])")


def change_operator(module: Module) -> Found:
    """`+` becomes `-`, `/` becomes `*`, `&` becomes `|`; not between texts."""
    for node in module.of(ast.BinOp):
        other = _OTHER.get(type(node.op))
        start, end = module.between(node.left, node.right)
        plain = not set(module.text[start:end]) & set("()#\\\n")
        if other and plain and not _is_text(node.left) and not _is_text(node.right):
            yield node, (Edit(start, end, f" {other} "),)


def swap_operands(module: Module) -> Found:
    """`a - b` becomes `b - a`, where order matters."""
    for node in module.of(ast.BinOp):
        simple = isinstance(node.left, _SIMPLE) and isinstance(node.right, _SIMPLE)
        if isinstance(node.op, _ORDERED) and simple and not _is_text(node.left):
            left, right = module.source(node.left), module.source(node.right)
            if left != right:
                yield node, (module.replace(node.left, right), module.replace(node.right, left))


def drop_operand(module: Module) -> Found:
    """`a + b` becomes `a`."""
    for node in module.of(ast.BinOp):
        in_chain = isinstance(module.parent(node), ast.BinOp)
        if isinstance(node.left, _SIMPLE) and not in_chain and not _is_text(node.left):
            yield node, (Edit(module.end(node.left), module.end(node), ""),)


def change_constant(module: Module) -> Found:
    """A whole number grows or shrinks by one."""
    for node in module.of(ast.Constant):
        if type(node.value) is not int or not module.source(node).isdigit():
            continue
        if isinstance(module.parent(node), ast.UnaryOp | ast.keyword | ast.arguments):
            continue
        for text in (str(node.value + 1), str(node.value - 1)):
            if not text.startswith("-"):
                yield node, (module.replace(node, text),)


def shift_position(module: Module) -> Found:
    """First and last are taken for each other, and slices end one too early or late."""
    for node in module.of(ast.Subscript):
        index = node.slice
        text = module.source(index)
        if text in ("0", "-1") and isinstance(node.ctx, ast.Load):
            yield node, (module.replace(index, {"0": "-1", "-1": "0"}[text]),)
        if isinstance(index, ast.Slice) and index.step is None:
            for bound in (index.lower, index.upper):
                if bound is None or isinstance(bound, ast.Constant | ast.UnaryOp):
                    continue
                yield node, (module.replace(bound, f"{module.source(bound)} + 1"),)
            if index.upper is not None and module.source(index.upper) == "-1":
                yield node, (module.replace(index.upper, ""),)


def shorten_range(module: Module) -> Found:
    """`range(n)` leaves its last number out, or begins one too late."""
    for node in module.of(ast.Call):
        if not (isinstance(node.func, ast.Name) and node.func.id == "range") or node.keywords:
            continue
        if len(node.args) == 1:
            text = module.source(node.args[0])
            yield node, (module.replace(node.args[0], f"1, {text}"),)
        if len(node.args) in (1, 2) and isinstance(node.args[-1], _SIMPLE):
            last = node.args[-1]
            yield node, (module.replace(last, f"{module.source(last)} - 1"),)


def change_default(module: Module) -> Found:
    """The default of a parameter is another: True for False, one more."""
    for node in module.functions():
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if not isinstance(default, ast.Constant):
                continue
            if isinstance(default.value, bool):
                yield default, (module.replace(default, str(not default.value)),)
            elif isinstance(default.value, int) and default.value >= 0:
                yield default, (module.replace(default, str(default.value + 1)),)


def drop_fallback(module: Module) -> Found:
    """`d.get(key, fallback)` gives None again."""
    for node in module.of(ast.Call):
        named = isinstance(node.func, ast.Attribute) and node.func.attr == "get"
        if named and len(node.args) == 2 and not node.keywords:
            yield node, (Edit(module.end(node.args[0]), module.end(node.args[1]), ""),)


def change_encoding(module: Module) -> Found:
    """Text is encoded or decoded as something else."""
    for node in module.of(ast.Constant):
        if not isinstance(node.value, str) or node.value.lower() not in _ENCODINGS:
            continue
        if isinstance(module.parent(node), ast.Call | ast.keyword | ast.arguments):
            yield node, (module.replace(node, f'"{_ENCODINGS[node.value.lower()]}"'),)


def change_pattern(module: Module) -> Found:
    """A regular expression repeats differently, or is no longer anchored."""
    for node in module.of(ast.Call):
        func = node.func
        known = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name)
        if not known or func.value.id != "re" or not node.args:  # type: ignore[attr-defined]
            continue
        pattern = node.args[0]
        text = module.source(pattern)
        if not (isinstance(pattern, ast.Constant) and isinstance(pattern.value, str)):
            continue
        for changed in _patterns(text):
            if _compiles(changed):
                yield node, (module.replace(pattern, changed),)


def _patterns(text: str) -> list[str]:
    """Other spellings of a pattern literal, quotes included."""
    other = {"+": "*", "*": "+", "?": ""}
    found = [
        text[: match.start()] + other[match[1]] + text[match.end() :]
        for match in _BEFORE_QUANTIFIER.finditer(text)
    ]
    return [*found, *(text.replace(anchor, "", 1) for anchor in ("$", r"\b") if anchor in text)]


def _compiles(literal: str) -> bool:
    try:
        re.compile(ast.literal_eval(literal))
    except (re.error, SyntaxError, ValueError, OverflowError, RecursionError):
        return False
    return True


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


_SIMPLE = (ast.Name, ast.Attribute, ast.Constant, ast.Call, ast.Subscript)
Operator = Callable[[Module], Found]
