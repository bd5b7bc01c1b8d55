"""Scripts that are a little smaller: each takes one thing away, or says it more directly.

Whether a smaller script still shows what the larger one did is found out by running both.
"""

import re
from collections.abc import Iterator

from tree_sitter import Node

from synth.code.ecmascript.text import Cut, Program, declared, needed, walk

_LOOPS = frozenset({"for_in_statement", "for_statement", "while_statement"})
_ITEMS = frozenset({"array", "object"})
_DECLARATIONS = frozenset({"lexical_declaration", "variable_declaration"})


def smaller(text: str) -> list[str]:
    """Scripts with one thing less, those that lose most first."""
    try:
        program = Program(text)
    except SyntaxError:
        return []
    found: dict[str, None] = {}
    for cuts in _reductions(program):
        try:
            made = needed(program.applied(cuts))
        except SyntaxError:
            continue
        if made != text and len(made) < len(text) + 20 and "console.log(" in made:
            found.setdefault(made)
    return sorted(found, key=len)


def _reductions(program: Program) -> Iterator[list[Cut]]:
    for node in walk(program.root):
        above = node.parent
        if above is None:
            continue
        if above.type in ("program", "statement_block") and node.is_named:
            # Imports go by themselves when nothing uses them.
            loads = node.type == "import_statement" or "require(" in program.source(node)
            if node.type != "comment" and not loads:
                yield [program.lines_of(node)]
        if above.type in _ITEMS and node.is_named and len(above.named_children) > 1:
            yield [_with_comma(program, node)]
        if node.type in _ITEMS and len(node.named_children) > 2:
            yield from _halves(program, node)
        if (
            above.type in ("arguments",)
            and node.is_named
            and _is_last(node)
            and _droppable(program, above)
        ):
            yield [_with_comma(program, node)]
        if node.type == "for_in_statement":
            yield from _first_round(program, node)
        if node.type in _DECLARATIONS:
            yield from _inlined(program, node)
        if node.type == "string_fragment" and len(program.source(node)) > 12:
            yield from _shorter(program, node)
        if node.type == "if_statement":
            then = node.child_by_field_name("consequence")
            if then is not None:
                yield [Cut(node.start_byte, node.end_byte, _inside(program, then))]


def _halves(program: Program, node: Node) -> Iterator[list[Cut]]:
    """Half of the items of a literal; and one alone."""
    items = [item for item in node.named_children if item.type != "comment"]
    half = len(items) // 2
    for kept in (items[:half], items[half:], *([item] for item in items)):
        if kept and len(kept) < len(items):
            inner = ", ".join(program.source(item) for item in kept)
            ends = "[]" if node.type == "array" else "{}"
            yield [Cut(node.start_byte, node.end_byte, f"{ends[0]}{inner}{ends[1]}")]


def _is_last(node: Node) -> bool:
    above = node.parent
    return above is not None and above.named_children[-1] == node


def _droppable(program: Program, arguments: Node) -> bool:
    """Arguments that may be left out: not the only one of what is printed."""
    call = arguments.parent
    called = call.child_by_field_name("function") if call is not None else None
    name = program.source(called) if called is not None else ""
    return len(arguments.named_children) > 1 and name not in ("require",)


def _with_comma(program: Program, node: Node) -> Cut:
    start, end = node.start_byte, node.end_byte
    after = re.match(rb"\s*,\s*", program.data[end:])
    if after:
        return Cut(start, end + after.end())
    before = re.search(rb",\s*$", program.data[:start])
    return Cut(before.start() if before else start, end)


def _first_round(program: Program, loop: Node) -> Iterator[list[Cut]]:
    """A loop over a literal of one item becomes what it does with that item."""
    left, right, body = (loop.child_by_field_name(f) for f in ("left", "right", "body"))
    if left is None or right is None or body is None or right.type != "array":
        return
    for item in right.named_children:
        names = _matched(program, left, item)
        if names is not None:
            text = _inside(program, body)
            for name, value in names.items():
                text = re.sub(rf"(?<![\w$.]){re.escape(name)}(?![\w$])", lambda _: value, text)  # noqa: B023
            yield [Cut(loop.start_byte, loop.end_byte, text)]


def _matched(program: Program, pattern: Node, value: Node) -> dict[str, str] | None:
    """What each name of a pattern stands for; None where that is not plain."""
    if pattern.type == "identifier":
        return {program.source(pattern): program.source(value)}
    if pattern.type != "array_pattern" or value.type != "array":
        return None
    found: dict[str, str] = {}
    for inner, item in zip(pattern.named_children, value.named_children, strict=False):
        names = _matched(program, inner, item)
        if names is None:
            return None
        found |= names
    return found


def _inlined(program: Program, declaration: Node) -> Iterator[list[Cut]]:
    """A name that is used once gives way to its value."""
    names = declared(declaration)
    parts = declaration.named_children
    value = parts[0].child_by_field_name("value") if len(parts) == 1 else None
    name = parts[0].child_by_field_name("name") if len(parts) == 1 else None
    if value is None or name is None or name.type != "identifier" or len(names) != 1:
        return
    text = program.source(value)
    if "require(" in text or "\n" in text or len(text) > 60:
        return
    [word] = names
    places = [
        node
        for node in walk(program.root)
        if node.type == "identifier"
        and program.source(node) == word
        and not (declaration.start_byte <= node.start_byte < declaration.end_byte)
    ]
    if len(places) == 1 and value.type not in ("arrow_function", "function_expression"):
        place = places[0]
        wrapped = text if re.fullmatch(r"[\w$.]+(\(.*\))?|['\"\[].*|\d.*", text) else f"({text})"
        yield [program.lines_of(declaration), Cut(place.start_byte, place.end_byte, wrapped)]


def _shorter(program: Program, node: Node) -> Iterator[list[Cut]]:
    """Half of a long text, by words and by lines."""
    words = re.split(r"(\s|\\n|[&;,])", program.source(node))
    half = len(words) // 2
    if half:
        for kept in (words[:half], words[half:]):
            yield [Cut(node.start_byte, node.end_byte, "".join(kept))]


def _inside(program: Program, body: Node) -> str:
    text = program.source(body)
    return text[1:-1].strip() if body.type == "statement_block" else text
