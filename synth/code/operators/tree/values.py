"""Operators on values: arithmetic, constants, positions, texts, sizes."""

import re

from tree_sitter import Node

from synth.code.operators.module import Edit
from synth.code.operators.tree.comparisons import Found
from synth.code.operators.tree.module import TreeModule

_OTHER = {
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "%": "/",
    "&": "|",
    "|": "&",
    "^": "&",
    "<<": ">>",
    ">>": "<<",
}
_ASSIGNED = {f"{operator}=": f"{other}=" for operator, other in _OTHER.items()}
_ORDERED = ("-", "/", "%", "<<", ">>")
"""Operators whose sides cannot change places without a change of meaning."""
_STRINGS = ("string", "template_string", "encapsed_string", "char_literal", "raw_string_literal")
_BEFORE_QUANTIFIER = re.compile(r"(?<=[\])\w.])([+*?])(?![?+*])")
_UNSIGNED = {"size_t": "int", "uint32_t": "int32_t", "uint64_t": "int64_t", "uint8_t": "int8_t"}
_FIXED = ("case", "label", "enumerator", "array_declarator", "array_type", "preproc", "import")
"""Words in the types of nodes whose constants are not for changing."""


def change_operator(module: TreeModule) -> Found:
    """`+` becomes `-`, `*` becomes `/`, `&` becomes `|`; not between texts."""
    for match in module.of("binary"):
        text = _OTHER.get(module.source(match["operator"]))
        if text and not _has_text(match["left"]) and not _has_text(match["right"]):
            yield match.node, (module.replace(match["operator"], text),)


def swap_operands(module: TreeModule) -> Found:
    """`a - b` becomes `b - a`, where order matters."""
    for match in module.of("binary"):
        left, right = match["left"], match["right"]
        simple = not module.is_binary(left) and not module.is_binary(right)
        if module.source(match["operator"]) in _ORDERED and simple:
            texts = module.source(left), module.source(right)
            if texts[0] != texts[1]:
                yield match.node, (module.replace(left, texts[1]), module.replace(right, texts[0]))


def drop_operand(module: TreeModule) -> Found:
    """`a + b` becomes `a`."""
    for match in module.of("binary"):
        known = module.source(match["operator"]) in _OTHER
        if known and not module.is_binary(match.node.parent) and not _has_text(match["left"]):
            yield match.node, (Edit(module.end(match["left"]), module.end(match.node), ""),)


def change_constant(module: TreeModule) -> Found:
    """A whole number grows or shrinks by one."""
    for match in module.of("integer"):
        text = module.source(match.node)
        if not text.isdigit() or _is_fixed(match.node) or (text[0] == "0" and len(text) > 1):
            continue
        for other in (int(text) + 1, int(text) - 1):
            if other >= 0:
                yield match.node, (module.replace(match.node, str(other)),)


def swap_assignment(module: TreeModule) -> Found:
    """`x += y` becomes `x -= y`."""
    for match in module.of("augmented"):
        text = _ASSIGNED.get(module.source(match["operator"]))
        if text and not _has_text(match["right"]):
            yield match.node, (module.replace(match["operator"], text),)


def overwrite(module: TreeModule) -> Found:
    """`x += y` becomes `x = y`."""
    for match in module.of("augmented"):
        if module.source(match["operator"]) not in ("=", ":="):
            yield match.node, (module.replace(match["operator"], "="),)


def swap_step(module: TreeModule) -> Found:
    """`x++` becomes `x--`; not the step of a loop, which would not end."""
    for match in module.of("update"):
        parent = match.node.parent
        if parent is not None and parent.type not in ("for_statement", "for_clause"):
            text = {"++": "--", "--": "++"}[module.source(match["operator"])]
            yield match.node, (module.replace(match["operator"], text),)


def shift_index(module: TreeModule) -> Found:
    """`a[n - 1]` becomes `a[n]`, `a[i]` becomes `a[i + 1]`, and slices end one too early."""
    for match in module.of("index"):
        index = match["index"]
        if module.is_binary(index):
            left, right = index.child_by_field_name("left"), index.child_by_field_name("right")
            if left is not None and right is not None and module.source(right) == "1":
                yield index, (module.replace(index, module.source(left)),)
        elif module.source(index).isdigit() or index.type == "identifier":
            yield index, (module.replace(index, f"{module.source(index)} + 1"),)
    for match in module.of("slice"):
        for bound in (match.get("start"), match.get("end")):
            if bound is not None:
                yield bound, (module.replace(bound, f"{module.source(bound)} - 1"),)


def shorten_loop(module: TreeModule) -> Found:
    """A counting loop leaves its last turn out, or makes one too many."""
    for match in module.of("bound"):
        right, operator = match["right"], module.source(match["operator"])
        if not module.is_binary(right):
            yield right, (module.replace(right, f"{module.source(right)} - 1"),)
        yield right, (module.replace(match["operator"], {"<": "<=", "<=": "<"}[operator]),)


def mistype(module: TreeModule) -> Found:
    """Two neighbouring letters of a text change places; not in what names a file or module."""
    for match in module.of("string"):
        text = module.source(match["content"])
        word = re.search(r"[a-zA-Z]{4,}", text)
        if word is None or _is_fixed(match.node) or "\\" in text or _is_message(match.node):
            continue
        at = word.start() + 1
        pairs = (i for i in range(at, word.end() - 1) if text[i] != text[i + 1])
        first = next(pairs, None)
        if first is not None:
            changed = text[:first] + text[first + 1] + text[first] + text[first + 2 :]
            yield match.node, (module.replace(match["content"], changed),)


def change_pattern(module: TreeModule) -> Found:
    """A regular expression repeats differently, is no longer anchored, or loses a flag."""
    for match in module.of("pattern"):
        text = module.source(match["content"])
        other = {"+": "*", "*": "+", "?": ""}
        for found in _BEFORE_QUANTIFIER.finditer(text):
            changed = text[: found.start()] + other[found[1]] + text[found.end() :]
            yield match.node, (module.replace(match["content"], changed),)
        for anchor in ("^", "$"):
            if text.startswith(anchor) or text.endswith(anchor):
                rest = text.replace(anchor, "", 1) if anchor == "^" else text[:-1]
                if rest and len(rest) == len(text) - 1:
                    yield match.node, (module.replace(match["content"], rest),)
        flags = match.get("flags")
        for flag in module.source(flags) if flags is not None else "":
            if flags is not None and flag in "gim":
                kept = module.source(flags).replace(flag, "")
                yield match.node, (module.replace(flags, kept),)


def drop_cast(module: TreeModule) -> Found:
    """`(double) x` becomes `x`: a division of whole numbers, or a number that is a text."""
    for match in module.of("cast"):
        yield match.node, (Edit(module.start(match.node), module.start(match["argument"]), ""),)


def change_sign(module: TreeModule) -> Found:
    """A variable without sign gets one, or is too small."""
    for match in module.of("unsigned"):
        text = module.source(match["type"])
        other = _UNSIGNED.get(text) or ("int" if text.startswith("unsigned") else "")
        if other:
            yield match["type"], (module.replace(match["type"], other),)


def shrink_size(module: TreeModule) -> Found:
    """`strlen(s) + 1` forgets the end of a text, `sizeof(*p)` becomes the size of a pointer."""
    for match in module.of("size"):
        rest, part = match["rest"], match["part"]
        if part.type == "pointer_expression":
            yield part, (module.replace(part, module.source(rest)),)
        elif module.source(rest).startswith("strlen(") and module.source(part) == "1":
            yield part, (Edit(module.end(rest), module.end(part), ""),)


def _has_text(node: Node) -> bool:
    """Whether a side of an operator is a text, so that `+` joins."""
    if any(word in node.type for word in _STRINGS):
        return True
    sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
    return any(side is not None and _has_text(side) for side in sides)


def _is_fixed(node: Node) -> bool:
    """Whether a constant belongs to a place that must stay as it is."""
    parent = node.parent
    if parent is None or "unary" in parent.type:
        return True
    return any(word in parent.type for word in _FIXED)


def _is_message(node: Node) -> bool:
    """Whether a text goes into an error, where a wrong letter hurts nobody."""
    at: Node | None = node
    for _ in range(6):
        if at is None:
            return False
        if at.type.startswith("throw") or "import" in at.type or "require" in at.type:
            return True
        at = at.parent
    return False
