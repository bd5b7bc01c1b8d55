"""Scripts as trees: parsed, edited by spans, sliced to the statements that a result depends on."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

DECLARING = frozenset(
    {"lexical_declaration", "variable_declaration", "function_declaration", "class_declaration"}
    | {"import_statement", "generator_function_declaration"}
)
_LOADS = re.compile(r"import\b|(const|let|var)\b[^=]*=\s*require\(")
_NAMES = frozenset({"identifier", "shorthand_property_identifier", "type_identifier"})
_PATTERNS = frozenset({"identifier", "shorthand_property_identifier_pattern"})


class Cut(NamedTuple):
    """Bytes [start, end) become `text`."""

    start: int
    end: int
    text: str = ""


class Program:
    """A script; raises `SyntaxError` for what is none."""

    def __init__(self, text: str) -> None:
        self.data = text.encode()
        parser = Parser(Language(tree_sitter_javascript.language()))
        self.root = parser.parse(self.data).root_node
        if self.root.has_error:
            raise SyntaxError("no JavaScript")

    def source(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode()

    @property
    def statements(self) -> list[Node]:
        return [node for node in self.root.named_children if node.type != "comment"]

    def applied(self, cuts: Iterable[Cut]) -> str:
        data = self.data
        for cut in sorted(cuts, reverse=True):
            data = data[: cut.start] + cut.text.encode() + data[cut.end :]
        return data.decode()

    def lines_of(self, node: Node) -> Cut:
        """Takes a statement away, with its line where it has that for itself."""
        start = self.data.rfind(b"\n", 0, node.start_byte) + 1
        end = self.data.find(b"\n", node.end_byte)
        end = len(self.data) if end < 0 else end + 1
        around = self.data[start : node.start_byte] + self.data[node.end_byte : end]
        if not around.strip():
            return Cut(start, end)
        blanks = len(self.data[node.end_byte : end]) - len(
            self.data[node.end_byte : end].lstrip(b" ")
        )
        return Cut(node.start_byte, node.end_byte + blanks)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the text."""
    waiting = [node]
    while waiting:
        at = waiting.pop()
        yield at
        waiting.extend(reversed(at.children))


def used(node: Node) -> set[str]:
    """Names that stand below a node, declared or not."""
    return {(n.text or b"").decode() for n in walk(node) if n.type in _NAMES | _PATTERNS}


def declared(statement: Node) -> set[str]:
    """Names that a statement gives to what comes after it."""
    if statement.type not in DECLARING:
        return set()
    if statement.type in ("lexical_declaration", "variable_declaration"):
        names = [n.child_by_field_name("name") for n in statement.named_children]
        return {text for n in names if n is not None for text in _bound(n)}
    if statement.type == "import_statement":
        return {
            (n.text or b"").decode()
            for n in walk(statement)
            if n.type == "identifier" and not _renamed_import(n)
        }
    name = statement.child_by_field_name("name")
    return {(name.text or b"").decode()} if name is not None else set()


def _bound(pattern: Node) -> Iterator[str]:
    for node in walk(pattern):
        if node.type in _PATTERNS:
            yield (node.text or b"").decode()


def _renamed_import(node: Node) -> bool:
    above = node.parent
    return (
        above is not None
        and above.type == "import_specifier"
        and above.child_by_field_name("alias") is not None
        and above.child_by_field_name("name") == node
    )


def needed(text: str) -> str:
    """A script without declarations at its top that nothing after uses, and without comments."""
    program = Program(text)
    wanted: set[str] = set()
    for first in program.statements[:1]:
        if program.source(first).strip(";")[1:-1] == "use strict":
            return needed(program.applied([program.lines_of(first)]))
    cuts = [program.lines_of(n) for n in walk(program.root) if n.type == "comment"]
    for statement in reversed(program.statements):
        names = declared(statement)
        if names and not names & wanted and not _acts(statement):
            cuts.append(program.lines_of(statement))
            continue
        wanted |= used(statement) - names
        if statement.type in ("function_declaration", "class_declaration"):
            continue
        if len(names - wanted) and (cut := _without(program, statement, wanted)):
            cuts.append(cut)
    merged = [
        c for c in cuts if not any(o != c and o.start <= c.start and c.end <= o.end for o in cuts)
    ]
    return re.sub(r"\n{3,}", "\n\n", program.applied(dict.fromkeys(merged))).strip() + "\n"


def _without(program: Program, statement: Node, wanted: set[str]) -> Cut | None:
    """Takes unused names out of `const { a, b } = ...` and `import { a, b } from ...`."""
    for node in walk(statement):
        if node.type not in ("object_pattern", "named_imports"):
            continue
        parts = node.named_children
        kept = [part for part in parts if part.type == "comment" or used(part) & wanted]
        if kept and len(kept) < len(parts):
            inner = ", ".join(program.source(part) for part in kept)
            return Cut(node.start_byte, node.end_byte, f"{{ {inner} }}")
        return None
    return None


def _acts(statement: Node) -> bool:
    """Whether a declaration calls something other than `require`, and so may do more than declare."""
    if statement.type not in ("lexical_declaration", "variable_declaration"):
        return False
    return any(
        node.type == "new_expression"
        or (node.type == "call_expression" and not (node.text or b"").startswith(b"require"))
        for node in walk(statement)
    )


_INDENTING = frozenset(
    {"statement_block", "array", "object", "arguments", "class_body", "object_pattern"}
    | {
        "array_pattern",
        "formal_parameters",
        "named_imports",
        "switch_body",
        "parenthesized_expression",
    }
)


def laid_out(text: str) -> str:
    """A script with its lines indented by what they stand in; texts of several lines stay."""
    program = Program(text)
    depths: dict[int, int] = {}
    fixed: set[int] = set()
    for node in walk(program.root):
        first, last = node.start_point.row, node.end_point.row
        if node.type in ("template_string", "comment"):
            fixed |= set(range(first + 1, last + 1))
        if node.type in _INDENTING:
            # Brackets that open on one line indent once.
            outer = node.parent
            while outer is not None and outer.type not in _INDENTING:
                outer = outer.parent
            if outer is not None and outer.start_point.row == first:
                continue
            for row in range(first + 1, last):
                depths[row] = depths.get(row, 0) + 1
    lines = text.splitlines()
    shown = [
        line if row in fixed else "  " * depths.get(row, 0) + line.strip()
        for row, line in enumerate(lines)
    ]
    loads = [node for node in program.statements if _LOADS.match(program.source(node))]
    if loads and loads[-1].end_point.row < len(shown) - 1:
        shown[loads[-1].end_point.row] += "\n"
    joined = "\n".join(line.rstrip(" ") for line in shown)
    return re.sub(r"\n\s*\n(?=\s*[})\]])", "\n", re.sub(r"\n{3,}", "\n\n", joined)).strip() + "\n"
