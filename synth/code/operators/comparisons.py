"""Operators on comparisons and truth: the checks that a program makes before it acts."""

import ast
from collections.abc import Iterator

from synth.code.operators.module import Edit, Module

Found = Iterator[tuple[ast.expr | ast.stmt, tuple[Edit, ...]]]
"""What an operator yields: the node it changes, and the edits."""

_FLIPPED: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: ">",
    ast.Gt: "<",
    ast.LtE: ">=",
    ast.GtE: "<=",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
_SHIFTED: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
}


def _compared(module: Module, to: dict[type[ast.cmpop], str]) -> Found:
    for node in module.of(ast.Compare):
        sides = [node.left, *node.comparators]
        for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
            if type(op) in to and (edit := _operator(module, left, right, to[type(op)])):
                yield node, (edit,)


def _operator(module: Module, left: ast.expr, right: ast.expr, text: str) -> Edit | None:
    """Writes another operator between two operands that stand on one line, without brackets."""
    start, end = module.between(left, right)
    found = module.text[start:end]
    if set(found) & set("()#\\\n"):
        return None
    return Edit(start, end, f" {text} ")


def flip_comparison(module: Module) -> Found:
    """`==` becomes `!=`, `<` becomes `>`, `in` becomes `not in`."""
    return _compared(module, _FLIPPED)


def shift_boundary(module: Module) -> Found:
    """`<` becomes `<=` and back: the value at the boundary falls on the other side."""
    return _compared(module, _SHIFTED)


def swap_connective(module: Module) -> Found:
    """`a and b` becomes `a or b`, and back."""
    for node in module.of(ast.BoolOp):
        other = "or" if isinstance(node.op, ast.And) else "and"
        edits = [
            _operator(module, left, right, other)
            for left, right in zip(node.values, node.values[1:], strict=False)
        ]
        grouped = isinstance(module.parent(node), ast.BoolOp)
        nested = any(isinstance(value, ast.BoolOp) for value in node.values)
        if all(edits) and not grouped and not nested:
            yield node, tuple(edit for edit in edits if edit)


def drop_condition(module: Module) -> Found:
    """`a and b` becomes `a` or `b`: a case is no longer told apart."""
    for node in module.of(ast.BoolOp):
        for at, value in enumerate(node.values):
            rest = [module.source(v) for v in node.values if v is not value]
            nested = any(isinstance(v, ast.BoolOp | ast.NamedExpr) for v in node.values)
            if "\n" in module.source(node) or nested or not _unbracketed(module, node, at):
                continue
            word = " and " if isinstance(node.op, ast.And) else " or "
            yield node, (module.replace(node, word.join(rest)),)


def _unbracketed(module: Module, node: ast.BoolOp, at: int) -> bool:
    near = node.values[max(0, at - 1) : at + 2]
    pairs = zip(near, near[1:], strict=False)
    spaces = [module.text[slice(*module.between(left, right))] for left, right in pairs]
    return not any(set(space) & set("()") for space in spaces)


def drop_not(module: Module) -> Found:
    """`not x` becomes `x`."""
    for node in module.of(ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            # What follows the word may be a bracket, which is no part of the operand.
            start = module.start(node)
            word = module.text[start : start + 4]
            yield node, (Edit(start, start + len(word.rstrip("(")), ""),)


def negate_condition(module: Module) -> Found:
    """`if x` becomes `if not x`."""
    for node in module.of(ast.If):
        if isinstance(node.test, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            yield node.test, (Edit(module.start(node.test), module.start(node.test), "not "),)


def drop_type(module: Module) -> Found:
    """`isinstance(x, (A, B))` no longer knows one of the types."""
    for node in module.of(ast.Call):
        if not (isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass")):
            continue
        if len(node.args) != 2 or not isinstance(node.args[1], ast.Tuple):
            continue
        kinds = [module.source(kind) for kind in node.args[1].elts]
        for at in range(len(kinds)):
            rest = kinds[:at] + kinds[at + 1 :]
            text = rest[0] if len(rest) == 1 else f"({', '.join(rest)})"
            if rest:
                yield node, (module.replace(node.args[1], text),)


def empty_is_none(module: Module) -> Found:
    """`x is None` becomes `not x`: empty and zero are taken for missing, and the other way round."""
    for node in module.of(ast.Compare):
        if len(node.ops) != 1 or not isinstance(node.comparators[0], ast.Constant):
            continue
        if node.comparators[0].value is not None or not isinstance(node.left, ast.Name):
            continue
        name = module.source(node.left)
        if isinstance(node.ops[0], ast.Is):
            yield node, (module.replace(node, f"not {name}"),)
        elif isinstance(node.ops[0], ast.IsNot) and isinstance(module.parent(node), ast.If):
            yield node, (module.replace(node, name),)
