"""Test files of JavaScript and TypeScript: which calls are tests, what they claim, what stands around.

A test is a call with a title and a function (`test("adds", () => { ... })`), below calls that group
(`describe`). Ids of all runners begin with the file's path and end with the title, so that a test is
found by its id. Offsets are bytes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

from envs.code.junit import in_module

SUFFIXES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
TESTS = frozenset({"test", "it", "specify"})
GROUPS = frozenset({"describe", "suite", "context"})
BLOCKS = frozenset({"program", "statement_block"})
_FUNCTIONS = ("arrow_function", "function_expression", "function")
_CHAIN = re.compile(
    r"^to(Be|Equal|Strict|Have|Contain|Match|Throw)|^(equal|equals|eql|eq|be|throw)s?$"
)
_TITLE = frozenset({"string", "template_string"})


class TestCall(NamedTuple):
    titles: tuple[str, ...]
    """Of the groups around it, outermost first, and its own, as the source has them, with quotes."""
    call: Node
    title: Node
    body: Node
    """The block of its function, or the expression that it is."""


TestCall.__test__ = False  # type: ignore[attr-defined]
"""Its name is what it is about; it is no test."""


class Suite:
    """A parsed test file; raises `SyntaxError` for one that is no JavaScript or TypeScript."""

    def __init__(self, text: str, path: str) -> None:
        self.data = text.encode()
        self.root = Parser(_language(path)).parse(self.data).root_node
        if self.root.has_error:
            raise SyntaxError(f"{path} cannot be parsed")

    def source(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode()

    @cached_property
    def tests(self) -> tuple[TestCall, ...]:
        return tuple(self._tests(self.root, ()))

    def named(self, titles: Sequence[str]) -> TestCall | None:
        """The one test of these titles; None where there is none, or several."""
        found = [test for test in self.tests if test.titles == tuple(titles)]
        return found[0] if len(found) == 1 else None

    def by_id(self, path: str, ids: Iterable[str]) -> dict[TestCall, list[str]]:
        """Tests with those of `ids` that they give; an id that two tests account for alike is left out."""
        found: dict[TestCall, list[str]] = {}
        patterns = [(test, _pattern(test.titles[-1])) for test in self.tests]
        for name in ids:
            if not in_module(name, path):
                continue
            fitting = [t for t, pattern in patterns if pattern.search(name) and _below(t, name)]
            closest = max(map(_told, fitting), default=(0, 0))
            fitting = [test for test in fitting if _told(test) == closest]
            if len(fitting) == 1:
                found.setdefault(fitting[0], []).append(name)
        return found

    def _tests(self, node: Node, titles: tuple[str, ...]) -> Iterator[TestCall]:
        for child in node.named_children:
            inner = titles
            if child.type == "call_expression" and (found := self._titled(child)):
                inner = (*titles, self.source(found.title))
                if found.sort in TESTS:
                    yield TestCall(inner, child, found.title, found.body)
            yield from self._tests(child, inner)

    def _titled(self, call: Node) -> "_Titled | None":
        """The parts of a call with a title and a function."""
        called, given = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        if called is None or given is None:
            return None
        if called.type == "member_expression":
            owner = called.child_by_field_name("object")
            called = called.child_by_field_name("property")
            if owner is None or owner.type != "identifier" or called is None:
                return None
        sort, arguments = self.source(called), given.named_children
        if sort not in TESTS | GROUPS or len(arguments) < 2:
            return None
        title, function = arguments[0], arguments[-1]
        body = function.child_by_field_name("body")
        if title.type not in _TITLE or function.type not in _FUNCTIONS or body is None:
            return None
        return _Titled(sort, title, body)

    def claims(self, node: Node) -> Iterator[Node]:
        """Expressions that claim something, in the order of the text; none of tests further inside."""
        for child in node.named_children:
            if child.type == "call_expression" and self._titled(child):
                continue
            if child.type == "expression_statement" or node.type == "arrow_function":
                inner = _awaited(child.named_children[0] if child.named_children else child)
                if self.sort(inner):
                    yield inner
                    continue
            yield from self.claims(child)

    def sort(self, node: Node) -> str:
        """What an expression claims: the name of an assertion, `expect` or `should`; '' for none."""
        text = self.source(node)
        if re.match(r"expect\s*\(", text) and node.type in ("call_expression", "member_expression"):
            return "expect"
        if re.search(r"\.should\.", text) and node.type in ("call_expression", "member_expression"):
            return "should"
        called = node.child_by_field_name("function") if node.type == "call_expression" else None
        if called is None:
            return ""
        if called.type == "identifier":
            return "ok" if self.source(called) == "assert" else ""
        owner, name = (called.child_by_field_name(field) for field in ("object", "property"))
        if owner is None or name is None or owner.type not in ("identifier", "member_expression"):
            return ""
        word = self.source(name)
        return word if word in ASSERTIONS else ""

    def subject(self, claim: Node) -> Node | None:
        """What a claim is about: its first argument, or what `expect` is given."""
        sort = self.sort(claim)
        if sort == "should":
            return _owner_of(self, claim, "should")
        call = self.expected(claim) if sort == "expect" else claim
        given = call.child_by_field_name("arguments") if call else None
        return given.named_children[0] if given and given.named_children else None

    def expected(self, claim: Node) -> Node | None:
        """The call of `expect` itself."""
        node: Node | None = claim
        while node is not None:
            called = node.child_by_field_name("function")
            if called is not None and self.source(called) == "expect":
                return node
            node = called or node.child_by_field_name("object")
        return None


def without_comments(text: str, path: str) -> str:
    """The code of a file; all of it where it cannot be parsed."""
    data = text.encode(errors="replace")
    root = Parser(_language(path)).parse(data).root_node
    if root.has_error:
        return text
    waiting, spans = [root], []
    while waiting:
        node = waiting.pop()
        if node.type == "comment":
            spans.append(node.byte_range)
        waiting.extend(node.children)
    for start, end in sorted(spans, reverse=True):
        data = data[:start] + b" " + data[end:]
    return data.decode(errors="replace")


OPPOSITES = {
    "equal": "notEqual",
    "strictEqual": "notStrictEqual",
    "deepEqual": "notDeepEqual",
    "deepStrictEqual": "notDeepStrictEqual",
    "looseEqual": "notLooseEqual",
    "deepLooseEqual": "notDeepLooseEqual",
    "same": "notSame",
    "strictSame": "strictNotSame",
    "equals": "notEquals",
    "isEqual": "isNotEqual",
    "strictEquals": "notStrictEquals",
    "deepEquals": "notDeepEquals",
    "is": "not",
    "throws": "doesNotThrow",
    "rejects": "doesNotReject",
    "match": "doesNotMatch",
    "include": "notInclude",
}
OPPOSITES |= {there: here for here, there in OPPOSITES.items()}
EQUAL = frozenset(
    {"equal", "strictEqual", "deepEqual", "deepStrictEqual", "looseEqual", "deepLooseEqual"}
    | {"same", "is", "strictSame", "equals", "isEqual", "strictEquals", "deepEquals"}
)
TRUTHS = frozenset(
    {"ok", "notOk", "true", "false", "isTrue", "isFalse", "truthy", "falsy", "assert"}
)
ASSERTIONS = frozenset(OPPOSITES) | TRUTHS | {"fail"}


class _Titled(NamedTuple):
    sort: str
    title: Node
    body: Node


def _language(path: str) -> Language:
    if path.endswith((".js", ".mjs", ".cjs", ".jsx")):
        return Language(tree_sitter_javascript.language())
    if path.endswith(".tsx"):
        return Language(tree_sitter_typescript.language_tsx())
    return Language(tree_sitter_typescript.language_typescript())


def _awaited(node: Node) -> Node:
    return node.named_children[0] if node.type == "await_expression" else node


def _owner_of(suite: Suite, claim: Node, name: str) -> Node | None:
    node: Node | None = claim
    while node is not None:
        called = node.child_by_field_name("property")
        if called is not None and suite.source(called) == name:
            return node.child_by_field_name("object")
        node = node.child_by_field_name("function") or node.child_by_field_name("object")
    return None


def _pattern(title: str) -> re.Pattern[str]:
    """What the end of an id with this title, a literal with its quotes, looks like."""
    parts = re.split(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", title[1:-1]) if title[0] == "`" else []
    parts = [_plain(part) for part in parts or [title[1:-1]]]
    return re.compile(f"(::| > ){'.*'.join(map(re.escape, parts))}$", re.DOTALL)


def _plain(text: str) -> str:
    """As runners show it: escapes as what they mean, white space as one blank."""
    text = re.sub(r"\\(.)", lambda found: {"n": " ", "t": " "}.get(found[1], found[1]), text)
    return re.sub(r"\s+", " ", text)


def _told(test: TestCall) -> tuple[int, int]:
    """How much of an id a test accounts for: groups, and characters of its title."""
    return len(test.titles), len(re.sub(r"\$\{[^}]*\}", "", test.titles[-1]))


def _below(test: TestCall, name: str) -> bool:
    """Whether an id names all groups around a test."""
    return all(_plain(title[1:-1]) in name for title in test.titles[:-1] if "${" not in title)
