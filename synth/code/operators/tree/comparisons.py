"""Operators on comparisons and truth: the checks that a program makes before it acts."""

from collections.abc import Callable, Iterator

from tree_sitter import Node

from synth.code.operators.module import Edit
from synth.code.operators.tree.module import Match, TreeModule

Found = Iterator[tuple[Node, tuple[Edit, ...]]]
"""What an operator yields: the node it changes, and the edits."""
Operator = Callable[[TreeModule], Found]

_FLIPPED = {
    "==": "!=",
    "!=": "==",
    "===": "!==",
    "!==": "===",
    "<": ">",
    ">": "<",
    "<=": ">=",
    ">=": "<=",
}
_SHIFTED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_CONNECTIVES = {"&&": "||", "||": "&&"}
_LOOSE = {"===": "==", "!==": "!="}
NOTHING = ("null", "nil", "NULL", "nullptr", "undefined")


def _other(module: TreeModule, to: dict[str, str]) -> Found:
    for match in module.of("binary"):
        text = to.get(module.source(match["operator"]))
        if text:
            yield match.node, (module.replace(match["operator"], text),)


def flip_comparison(module: TreeModule) -> Found:
    """`==` becomes `!=`, `<` becomes `>`."""
    return _other(module, _FLIPPED)


def shift_boundary(module: TreeModule) -> Found:
    """`<` becomes `<=` and back: the value at the boundary falls on the other side."""
    return _other(module, _SHIFTED)


def compare_loosely(module: TreeModule) -> Found:
    """`===` becomes `==`: values of other types are taken for equal."""
    for match in module.of("binary"):
        sides = (module.source(match["left"]), module.source(match["right"]))
        # What `typeof` gives is a text already, so that both comparisons mean the same.
        if not any(side.startswith("typeof ") for side in sides):
            text = _LOOSE.get(module.source(match["operator"]))
            if text:
                yield match.node, (module.replace(match["operator"], text),)


def compare_identity(module: TreeModule) -> Found:
    """`a.equals(b)` becomes `a == b`, which asks whether both are the same object."""
    for match in module.of("method"):
        arguments = match["arguments"].named_children
        if module.source(match["name"]) == "equals" and len(arguments) == 1:
            text = f"{module.source(match['receiver'])} == {module.source(arguments[0])}"
            negated = match.node.parent is not None and match.node.parent.type == "unary_expression"
            yield match.node, (module.replace(match.node, f"({text})" if negated else text),)


def swap_connective(module: TreeModule) -> Found:
    """`a && b` becomes `a || b`, and back, where no other connective is near."""
    for match in module.of("binary"):
        text = _CONNECTIVES.get(module.source(match["operator"]))
        near = (match.node.parent, match["left"], match["right"])
        if text and not any(_is_connective(module, node) for node in near):
            yield match.node, (module.replace(match["operator"], text),)


def drop_condition(module: TreeModule) -> Found:
    """`a && b` becomes `a` or `b`: a case is no longer told apart."""
    for match in module.of("binary"):
        if module.source(match["operator"]) not in _CONNECTIVES:
            continue
        for kept in (match["left"], match["right"]):
            yield match.node, (module.replace(match.node, module.source(kept)),)


def drop_not(module: TreeModule) -> Found:
    """`!x` becomes `x`."""
    for match in module.of("not"):
        yield match.node, (Edit(module.start(match.node), module.start(match["argument"]), ""),)


def negate_condition(module: TreeModule) -> Found:
    """`if (x)` becomes `if (!x)`; comparisons are flipped by another operator."""
    for match in module.of("if"):
        condition = match["condition"]
        if condition.type in _PLAIN:
            yield condition, (Edit(module.start(condition), module.start(condition), "!"),)


def negate_boolean(module: TreeModule) -> Found:
    """`true` becomes `false`, and back."""
    for match in module.of("boolean"):
        text = module.source(match.node)
        other = {"true": "false", "false": "true"}.get(text.lower())
        if other and not _is_endless(match.node):
            yield match.node, (module.replace(match.node, other),)


def drop_null_check(module: TreeModule) -> Found:
    """The check for a missing value is gone, and with it what was done about it."""
    for match in module.of("if"):
        if is_null_check(module, match) and not match.get("clause"):
            edit = None if match.get("initializer") else module.removal(match.node)
            if edit:
                yield match.node, (edit,)


def is_null_check(module: TreeModule, match: Match) -> bool:
    """Whether the condition of an `if` asks for a missing value, and for nothing else."""
    condition = match["condition"]
    if module.is_binary(condition):
        sides = (condition.child_by_field_name("left"), condition.child_by_field_name("right"))
        return any(side is not None and module.source(side) in NOTHING for side in sides)
    text = module.source(condition)
    return text.startswith(("is_null(", "!isset(", "isset("))


def _is_connective(module: TreeModule, node: Node | None) -> bool:
    while node is not None and node.type == "parenthesized_expression":
        node = (
            node.parent if node.parent is None or not node.named_children else node.named_child(0)
        )
    operator = node.child_by_field_name("operator") if node is not None else None
    return operator is not None and module.source(operator) in _CONNECTIVES


def _is_endless(node: Node) -> bool:
    """Whether a literal is the condition of a loop: `while (false)` is no mistake people make."""
    parent = node.parent
    while parent is not None and parent.type in ("parenthesized_expression", "condition_clause"):
        parent = parent.parent
    return parent is not None and parent.type in (
        "while_statement",
        "do_statement",
        "for_statement",
    )


_PLAIN = frozenset(
    {
        "identifier",
        "variable_name",
        "call_expression",
        "method_invocation",
        "function_call_expression",
        "member_call_expression",
        "scoped_call_expression",
        "member_expression",
        "member_access_expression",
        "selector_expression",
        "field_access",
        "field_expression",
    }
)
