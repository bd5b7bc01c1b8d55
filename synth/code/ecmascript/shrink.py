"""Scripts that are a little smaller: each takes one thing away, or says it more directly.

Whether a smaller script still shows what the larger one did is found out by running both.
"""

import re
from collections.abc import Callable, Iterator

from tree_sitter import Node

from synth.code.ecmascript.text import Cut, Program, declared, needed, walk

LONG_TEXT = 12
"""Characters of a text that is worth cutting."""
LARGE = 16
_COUNTER = re.compile(r"(?:let|var)\s+(\w+)\s*=\s*(\d+);?")
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
        if node.parent is not None:
            yield from _removals(program, node, node.parent)
            if make := _REWRITES.get(node.type):
                yield from make(program, node)


def _removals(program: Program, node: Node, above: Node) -> Iterator[list[Cut]]:
    """A statement, an item of a literal or the last argument goes."""
    if not node.is_named or node.type == "comment":
        return
    if above.type in ("program", "statement_block"):
        # Imports go by themselves when nothing uses them.
        if node.type != "import_statement" and "require(" not in program.source(node):
            yield [program.lines_of(node)]
    elif (above.type in _ITEMS and len(above.named_children) > 1) or (
        above.type == "arguments"
        and above.named_children[-1] == node
        and _droppable(program, above)
    ):
        yield [_with_comma(program, node)]


def _halves(program: Program, node: Node) -> Iterator[list[Cut]]:
    """Half of the items of a literal; and one alone."""
    if len(node.named_children) <= 2:
        return
    items = [item for item in node.named_children if item.type != "comment"]
    half = len(items) // 2
    for kept in (items[:half], items[half:], *([item] for item in items)):
        if kept and len(kept) < len(items):
            inner = ", ".join(program.source(item) for item in kept)
            ends = "[]" if node.type == "array" else "{}"
            yield [Cut(node.start_byte, node.end_byte, f"{ends[0]}{inner}{ends[1]}")]


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


def _first_count(program: Program, loop: Node) -> Iterator[list[Cut]]:
    """A loop that counts becomes what it does with one of its first numbers."""
    begin, body = loop.child_by_field_name("initializer"), loop.child_by_field_name("body")
    found = _COUNTER.fullmatch(program.source(begin)) if begin is not None else None
    if found is None or body is None:
        return
    for number in range(int(found[2]), int(found[2]) + 3):
        text = re.sub(
            rf"(?<![\w$.]){re.escape(found[1])}(?![\w$])", str(number), _inside(program, body)
        )
        text = re.sub(r"\b(\d+) ([-+]) (\d+)\b(?! *[*/])", _sum, text)
        yield [Cut(loop.start_byte, loop.end_byte, text)]


def _sum(found: re.Match[str]) -> str:
    first, second = int(found[1]), int(found[3])
    return str(first + second if found[2] == "+" else first - second)


def _item(program: Program, node: Node) -> Iterator[list[Cut]]:
    """An item of a literal that has a name, instead of the name and its number."""
    owner, index = node.child_by_field_name("object"), node.child_by_field_name("index")
    if owner is None or index is None or index.type != "number":
        return
    for statement in program.statements:
        if statement.type in _DECLARATIONS and declared(statement) == {program.source(owner)}:
            value = statement.named_children[0].child_by_field_name("value")
            items = value.named_children if value is not None and value.type == "array" else []
            number = program.source(index)
            if number.isdecimal() and int(number) < len(items):
                yield [Cut(node.start_byte, node.end_byte, program.source(items[int(number)]))]


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
        above = place.parent
        plain = re.fullmatch(r"[\w$.]+(\(.*\))?|['\"\[].*|\d.*", text)
        bare = plain or (above is not None and above.type == "arguments")
        wrapped = text if bare else f"({text})"
        yield [program.lines_of(declaration), Cut(place.start_byte, place.end_byte, wrapped)]


def _shorter(program: Program, node: Node) -> Iterator[list[Cut]]:
    """Half of a long text, by words and by lines."""
    words = re.split(r"(\s|\\n|[&;,])", program.source(node))
    half = len(words) // 2
    if half and len(program.source(node)) > LONG_TEXT:
        for kept in (words[:half], words[half:]):
            yield [Cut(node.start_byte, node.end_byte, "".join(kept))]


def _fewer(program: Program, node: Node) -> Iterator[list[Cut]]:
    """A smaller number, e.g. of rounds or of items."""
    text = program.source(node)
    if text.isdecimal() and int(text) >= LARGE:
        for number in (int(text) // 8, int(text) // 2):
            yield [Cut(node.start_byte, node.end_byte, str(number))]


def _branch(program: Program, node: Node) -> Iterator[list[Cut]]:
    """What a condition leads to, without the condition."""
    then = node.child_by_field_name("consequence")
    if then is not None:
        yield [Cut(node.start_byte, node.end_byte, _inside(program, then))]


def _inside(program: Program, body: Node) -> str:
    text = program.source(body)
    return text[1:-1].strip() if body.type == "statement_block" else text


_REWRITES: dict[str, Callable[[Program, Node], Iterator[list[Cut]]]] = {
    "array": _halves,
    "object": _halves,
    "for_in_statement": _first_round,
    "for_statement": _first_count,
    "lexical_declaration": _inlined,
    "variable_declaration": _inlined,
    "subscript_expression": _item,
    "string_fragment": _shorter,
    "if_statement": _branch,
    "number": _fewer,
}
