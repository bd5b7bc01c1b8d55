"""A file in any language of `grammars` as operators see it: its text, matches of roles, and edits.

The twin of `synth.code.operators.module`, with a concrete syntax tree in place of Python's. Offsets
are characters, so that edits of both kinds are the same.
"""

import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from tree_sitter import Node, Parser, QueryCursor

from synth.code.operators.module import Edit
from synth.code.operators.tree import grammars

MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Match:
    """One place where a role is found."""

    node: Node
    parts: Mapping[str, list[Node]]

    def __getitem__(self, name: str) -> Node:
        return self.parts[name][0]

    def get(self, name: str) -> Node | None:
        found = self.parts.get(name)
        return found[0] if found else None


class TreeModule:
    """Raises `SyntaxError` where `text` is nothing of `language`, or is too long.

    A file with places that the grammar does not know (macros, as a rule) is taken; functions that
    have such places are left alone.
    """

    def __init__(self, text: str, language: str) -> None:
        self.text = text
        self.language = language
        self.grammar = grammars.GRAMMARS[language]
        self._bytes = text.encode()
        if len(self._bytes) > MAX_BYTES:
            raise SyntaxError(f"it has {len(self._bytes)} bytes, more than {MAX_BYTES}")
        self.root = Parser(grammars.language(language)).parse(self._bytes).root_node
        if self.root.type == "ERROR":
            raise SyntaxError(f"it is no {language}")

    @cached_property
    def _characters(self) -> list[int]:
        """Byte offset at which each character begins; empty for plain ASCII."""
        if self.text.isascii():
            return []
        return [0, *accumulate(len(character.encode()) for character in self.text)]

    def _character(self, byte: int) -> int:
        return bisect.bisect_left(self._characters, byte) if self._characters else byte

    def start(self, node: Node) -> int:
        return self._character(node.start_byte)

    def end(self, node: Node) -> int:
        return self._character(node.end_byte)

    def source(self, node: Node) -> str:
        return self.text[self.start(node) : self.end(node)]

    def replace(self, node: Node, text: str) -> Edit:
        return Edit(self.start(node), self.end(node), text)

    def line(self, node: Node) -> int:
        """Number of the line where `node` begins; 1 is the first."""
        return node.start_point.row + 1

    def indent(self, node: Node) -> str:
        row = self.text[self._line_start(self.start(node)) : self.start(node)]
        return row[: len(row) - len(row.lstrip())]

    def of(self, role: str) -> Iterator[Match]:
        """Where a role is found inside functions, in the order of the text."""
        query = grammars.query(self.language, role)
        if query is None:
            return
        found = [
            Match(parts["node"][0], parts) for _, parts in QueryCursor(query).matches(self.root)
        ]
        for match in sorted(found, key=lambda m: (m.node.start_byte, -m.node.end_byte)):
            if self._innermost(match.node) is not None:
                yield match

    def is_binary(self, node: Node | None) -> bool:
        return node is not None and node.type == "binary_expression"

    def in_block(self, node: Node) -> bool:
        """Whether `node` is one of several statements, not the whole body of an `if` or a loop."""
        return node.parent is not None and node.parent.type in self.grammar.blocks

    def removal(self, node: Node) -> Edit | None:
        """Deletes a statement with its lines; None where it has company on them, or is alone in its
        block: an empty one would show where the bug is.
        """
        if not self.in_block(node) or self._is_alone(node):
            return None
        start, end = self.start(node), self.end(node)
        first, last = self._line_start(start), self._line_end(end)
        after = self.text[end:last].strip()
        if self.text[first:start].strip() or (after and not after.startswith("//")):
            return None
        return Edit(first, min(last + 1, len(self.text)), "")

    def _is_alone(self, node: Node) -> bool:
        siblings = node.parent.named_children if node.parent is not None else []
        return not any(s != node and "comment" not in s.type for s in siblings)

    def unwrapped(self, block: Node, indent: str) -> str | None:
        """The statements of a block in braces, indented anew; None where lines of texts would move."""
        inner = self.source(block)
        if not (inner.startswith("{") and inner.endswith("}")) or "`" in inner or '"""' in inner:
            return None
        first, _, rest = inner[1:-1].partition("\n")
        if not rest:
            return first.strip() or None
        lines = rest.rstrip().split("\n")
        own = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
        if first.strip() or not all(line.startswith(own) for line in lines if line.strip()):
            return None
        moved = (indent + line[len(own) :] if line.strip() else line for line in lines)
        return "\n".join(moved).strip() or None

    def function(self, node: Node) -> str:
        """Qualified name of the innermost named function around `node`; '' outside of any."""
        at = self._innermost(node)
        return self._functions[at][2] if at is not None else ""

    def declarator(self, node: Node) -> str:
        """Text of the innermost function's head, up to its body."""
        at = self._innermost(node)
        text = (
            "" if at is None else self.text[slice(*map(self._character, self._functions[at][:2]))]
        )
        return text.partition("{")[0]

    def spans(self) -> list[tuple[int, int, str]]:
        """Named functions: first line, from 1, last line and qualified name."""
        lines = [
            (self._bytes.count(b"\n", 0, start), self._bytes.count(b"\n", 0, end), name)
            for start, end, name in self._functions
        ]
        return [(first + 1, last + 1, name) for first, last, name in lines]

    def bodies(self) -> dict[str, int]:
        """By qualified name of a function: the character behind the brace that opens its body."""
        found: dict[str, int] = {}
        for start, end, name in self._functions:
            node = self.root.descendant_for_byte_range(start, end - 1)
            while node is not None and (node.start_byte, node.end_byte) != (start, end):
                node = node.parent
            for inner in _walk(node) if node is not None else ():
                if inner.type in self.grammar.blocks and inner.start_byte > start:
                    found.setdefault(name, self._character(inner.start_byte) + 1)
                    break
        return found

    def _line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def _line_end(self, offset: int) -> int:
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found

    @cached_property
    def _functions(self) -> list[tuple[int, int, str]]:
        """Named functions that parse without error: first byte, end, qualified name."""
        named = self._named("function")
        around = [*named, *self._named("class")]
        found = []
        for start, end, _, broken in named:
            outer = sorted((s, e, n) for s, e, n, _ in around if s <= start and end <= e)
            if not broken:
                found.append((start, end, ".".join(n for *_, n in outer)))
        return sorted(found)

    def _named(self, role: str) -> list[tuple[int, int, str, bool]]:
        query = grammars.query(self.language, role)
        if query is None:
            return []
        return [
            (
                parts["node"][0].start_byte,
                parts["node"][0].end_byte,
                " ".join(self.source(parts["name"][0]).split()),
                parts["node"][0].has_error,
            )
            for _, parts in QueryCursor(query).matches(self.root)
        ]

    def _innermost(self, node: Node) -> int | None:
        """Index of the smallest function that holds `node` and is not `node` itself."""
        best, size = None, len(self._bytes) + 1
        for at, (start, end, _) in enumerate(self._functions):
            if start > node.start_byte:
                break
            if node.end_byte <= end and end - start < size and (start, end) != node.byte_range:
                best, size = at, end - start
        return best

    @cached_property
    def tokens(self) -> list[str]:
        """The text without comments and white space, token by token."""
        return list(_tokens(self.root))

    @cached_property
    def num_errors(self) -> int:
        return sum(1 for node in _walk(self.root) if node.is_error or node.is_missing)


def _walk(root: Node) -> Iterator[Node]:
    """All nodes, without recursion: trees of real files are deep."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _tokens(root: Node) -> Iterator[str]:
    for node in _walk(root):
        if node.child_count == 0 and "comment" not in node.type:
            yield (node.text or b"").decode(errors="replace")
