"""Scripts out of the text of a failing test: what it does up to one claim, whose subject is printed.

Groups and loops around the test are unfolded, what the framework needs is left out, types are taken
off. Which of the scripts show anything is found out by running them.
"""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from envs.code.tree import Tree
from synth.code.ecmascript.text import needed
from verifiers.code.ecmascript import GROUPS, SUFFIXES, TESTS, Suite, TestCall

MAX_CLAIMS = 12
"""Of one test that are tried."""
_HOOKS = frozenset({"before", "beforeEach", "beforeAll"})
_AFTER = frozenset({"after", "afterEach", "afterAll"})
_FRAMEWORKS = re.compile(
    r"""['"](node:test|test|tape|tap|mocha|chai|should|expect|expect\.js|vitest|@jest/globals|sinon"""
    r"""|(node:)?assert(/strict)?|uvu(/assert)?|ava|power-assert)['"]"""
)
_THROWING = frozenset({"throws", "doesNotThrow", "rejects", "doesNotReject"})
_TO_THROW = re.compile(r"\.(toThrow\w*|throws?|throwError|throwException|rejectedWith)\b")
_RELATIVE = re.compile(r"""(['"])(\.{1,2}(?:/[^'"\n]*)?)\1""")
_TYPES = frozenset(
    {"type_annotation", "type_arguments", "type_parameters", "asserts_annotation"}
    | {"interface_declaration", "type_alias_declaration", "accessibility_modifier", "readonly"}
    | {"override_modifier"}
)
_CASTS = frozenset({"as_expression", "satisfies_expression", "non_null_expression"})


def scripts(tree: Tree, path: str, test: TestCall, suite: Suite) -> Iterator[str]:
    """For each claim of a test a script, without what it does not need.

    Behind these the same ones with what earlier claims call, for a call may change what comes later.
    """
    claims = list(suite.claims(test.body))[:MAX_CLAIMS]
    for acting in (False, True):
        for claim in claims:
            text = _Excerpt(suite, test, claim, acting).text()
            if text is None:
                continue
            text = _with_paths(tree, path, text)
            try:
                yield needed(text)
            except SyntaxError:
                continue


class _Excerpt:
    """Renders the way from the top of a file down to one claim."""

    def __init__(self, suite: Suite, test: TestCall, claim: Node, acting: bool) -> None:
        """`acting`: what earlier claims call is called."""
        self._suite = suite
        self._acting = acting
        self._claim = claim
        self._path = {(node.start_byte, node.end_byte, node.type) for node in _above(claim)}
        self._given = _parameters(suite, test.body.parent)

    def text(self) -> str | None:
        text = self._block(self._suite.root)
        if "console.log" not in text:
            return None
        return _in_function(text) if re.search(r"\bawait\b", text) and "require(" in text else text

    def _on_path(self, node: Node) -> bool:
        return (node.start_byte, node.end_byte, node.type) in self._path

    def _block(self, block: Node) -> str:
        """The statements of a block up to the one that leads to the claim, that one unfolded."""
        parts: list[str] = []
        arrived = False
        for statement in block.named_children:
            if statement.type == "comment":
                continue
            if self._on_path(statement):
                parts.append(self._towards(statement))
                arrived = True
            elif not arrived or statement.type == "function_declaration":
                parts.append(self._beside(statement))
        return "\n".join(part for part in parts if part) + "\n"

    def _beside(self, statement: Node) -> str:
        """A statement before the claim: itself, what a hook does, or nothing."""
        text = self._plain(statement)
        if _FRAMEWORKS.search(text) and statement.type != "expression_statement":
            return ""
        inner = statement.named_children[0] if statement.named_children else None
        if statement.type == "expression_statement" and inner is not None:
            called = inner.child_by_field_name("function")
            name = self._suite.source(called) if called is not None else ""
            if name in _HOOKS:
                body = _function_body(inner)
                return "\n".join(map(self._beside, body.named_children)) if body else ""
            word = name.rpartition(".")[2]
            root = re.split(r"[.(\[]", name)[0]
            if name in _AFTER | GROUPS | TESTS or (word in TESTS | GROUPS and root in TESTS):
                return ""
            claim = inner.named_children[0] if inner.type == "await_expression" else inner
            if self._suite.sort(claim):
                return self._called(claim)
            if root in self._given or _claims(self._suite, inner):
                return ""
        if statement.type in ("for_in_statement", "for_statement") and _tests_inside(
            self._suite, statement
        ):
            return ""
        if _only_claims(self._suite, statement):
            return ""
        return text

    def _called(self, claim: Node) -> str:
        """What a claim before the one in question calls, if that is to be done."""
        subject = self._suite.subject(claim)
        if not self._acting or subject is None or "(" not in self._suite.source(subject):
            return ""
        if subject.type in ("arrow_function", "function_expression"):
            return ""
        return f"{self._plain(subject).lstrip('!')};"

    def _towards(self, node: Node) -> str:
        """A statement that holds the claim."""
        if _same(node, self._claim) or (
            node.type == "expression_statement" and self._is_claim(node.named_children[0])
        ):
            return self._printed()
        if node.type in ("statement_block", "program"):
            return self._block(node)
        call = _callback_call(self._suite, node, self._path)
        if call is not None:
            return self._around(node, *call)
        if node.type == "arrow_function":
            body = node.child_by_field_name("body")
            return self._towards(body) if body is not None else ""
        inner = [child for child in node.named_children if self._on_path(child)]
        if not inner:
            return self._plain(node)
        start = self._plain_span(node.start_byte, inner[0].start_byte)
        end = self._plain_span(inner[0].end_byte, node.end_byte)
        inside = self._towards(inner[0])
        if inner[0].type == "statement_block":
            inside = f"{{\n{inside}}}"
        elif node.type in ("for_in_statement", "for_statement", "if_statement", "while_statement"):
            inside = f"{{\n{inside}\n}}"
        if node.type in ("expression_statement", "await_expression"):
            return inside
        # What follows an `if` on the way is not run.
        return f"{start}{inside}" if node.type == "if_statement" else f"{start}{inside}{end}"

    def _around(self, node: Node, body: Node, name: str) -> str:
        """What a call with a function around the claim becomes: the function's body, or itself."""
        inside = self._towards(body) if body.type != "statement_block" else self._block(body)
        if name in TESTS | GROUPS:
            return inside
        start = self._plain_span(node.start_byte, body.start_byte)
        return f"{start}{{\n{inside}}}{self._plain_span(body.end_byte, node.end_byte)}"

    def _is_claim(self, node: Node) -> bool:
        inner = node.named_children[0] if node.type == "await_expression" else node
        return _same(inner, self._claim)

    def _printed(self) -> str:
        """The claim's subject, printed; of one that a function throws, what the function does."""
        subject = self._suite.subject(self._claim)
        if subject is None:
            return ""
        sort = self._suite.sort(self._claim)
        named = self._claim.child_by_field_name("function")
        chain = self._suite.source(named if named is not None else self._claim)
        throwing = chain.rpartition(".")[2] in _THROWING or _TO_THROW.search(chain)
        waited = "await " if re.search(r"rejects|resolves|doesNotReject", chain) else ""
        if throwing and subject.type in ("arrow_function", "function_expression"):
            body = subject.child_by_field_name("body")
            if body is None:
                return ""
            if body.type != "statement_block":
                return f"console.log({waited}{self._plain(body)});"
            return self._last_printed(body, waited)
        if waited and subject.type in ("arrow_function", "function_expression"):
            return f"console.log(await ({self._plain(subject)})());"
        text = self._plain(subject)
        if throwing and sort:
            return f"console.log({waited}{text}());"
        while (
            text.startswith("!")
            and not text.startswith("!=")
            and subject.type == "unary_expression"
        ):
            subject = subject.named_children[0]
            text = self._plain(subject)
        if subject.type == "parenthesized_expression":
            text = self._plain(subject.named_children[0])
        return f"console.log({waited}{text});"

    def _last_printed(self, body: Node, waited: str) -> str:
        lines = [self._plain(n) for n in body.named_children if n.type != "comment"]
        if not lines:
            return ""
        last = re.sub(r"^(return\s+|await\s+)+", "", lines[-1]).rstrip(";")
        if body.named_children[-1].type in ("expression_statement", "return_statement"):
            lines[-1] = f"console.log({waited}{last});"
        return "\n".join(lines)

    def _plain(self, node: Node) -> str:
        return untyped(self._suite.data, node)

    def _plain_span(self, start: int, end: int) -> str:
        return self._suite.data[start:end].decode()


def untyped(data: bytes, node: Node) -> str:
    """The text of a node without types; nothing is changed where there are none."""
    cuts: list[tuple[int, int]] = []
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at.type in _TYPES:
            cuts.append(at.byte_range)
            continue
        if at.type in _CASTS and at.named_children:
            cuts.append((at.named_children[0].end_byte, at.end_byte))
        if at.type == "import_statement" and re.match(rb"import\s+type\b", at.text or b""):
            cuts.append(at.byte_range)
            continue
        waiting.extend(at.children)
    text, base = data[node.start_byte : node.end_byte], node.start_byte
    for start, end in sorted(cuts, reverse=True):
        text = text[: start - base] + text[end - base :]
    return text.decode()


def _above(node: Node) -> Iterator[Node]:
    at: Node | None = node
    while at is not None:
        yield at
        at = at.parent


def _same(one: Node, other: Node) -> bool:
    return one.byte_range == other.byte_range and one.type == other.type


def _parameters(suite: Suite, function: Node | None) -> set[str]:
    """Names that the framework hands to a test: `t`, `done`."""
    found: set[str] = set()
    while function is not None:
        if function.type in ("arrow_function", "function_expression", "function"):
            given = function.child_by_field_name("parameters")
            given = given or function.child_by_field_name("parameter")
            if given is not None and function.parent is not None:
                call = function.parent.parent
                called = call.child_by_field_name("function") if call is not None else None
                word = suite.source(called).rpartition(".")[2] if called is not None else ""
                if word in TESTS | GROUPS:
                    found |= set(re.findall(r"[A-Za-z_$][\w$]*", suite.source(given)))
        function = function.parent
    return found


def _function_body(call: Node) -> Node | None:
    given = call.child_by_field_name("arguments")
    last = given.named_children[-1] if given is not None and given.named_children else None
    body = last.child_by_field_name("body") if last is not None else None
    return body if body is not None and body.type == "statement_block" else None


def _callback_call(
    suite: Suite, node: Node, path: set[tuple[int, int, str]]
) -> tuple[Node, str] | None:
    """Of the call below a statement whose function holds the claim: the body and the call's name."""
    inner = node.named_children[0] if node.named_children else None
    if node.type != "expression_statement" or inner is None:
        return None
    call = inner.named_children[0] if inner.type == "await_expression" else inner
    called, given = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if (
        called is None
        or given is None
        or (given.start_byte, given.end_byte, given.type) not in path
    ):
        return None
    for function in given.named_children:
        body = function.child_by_field_name("body")
        if body is not None and (body.start_byte, body.end_byte, body.type) in path:
            return body, suite.source(called).rpartition(".")[2]
    return None


def _claims(suite: Suite, node: Node) -> bool:
    return next(suite.claims(node), None) is not None


def _only_claims(suite: Suite, statement: Node) -> bool:
    """Whether a loop or a branch does nothing but claim."""
    compound = statement.type in ("for_in_statement", "for_statement", "if_statement")
    return compound and _claims(suite, statement)


def _tests_inside(suite: Suite, node: Node) -> bool:
    return any(
        node.start_byte <= test.call.start_byte and test.call.end_byte <= node.end_byte
        for test in suite.tests
    )


def _in_function(text: str) -> str:
    """CommonJS has no `await` at the top."""
    lines = text.splitlines()
    loading = [line for line in lines if re.match(r"(const|var|let)\b.*\brequire\(", line)]
    rest = [f"  {line}" for line in lines if line not in loading]
    return "\n".join([*loading, "(async () => {", *rest, "})();"]) + "\n"


def _with_paths(tree: Tree, path: str, text: str) -> str:
    """Relative imports of the test file as they are from the tree's top."""

    def moved(found: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(path), found[2]))
        if place.startswith(".."):
            return found[0]
        resolved = resolve(tree, place)
        return f"{found[1]}./{resolved}{found[1]}" if resolved is not None else found[0]

    return _RELATIVE.sub(moved, text)


def resolve(tree: Tree, place: str) -> str | None:
    """The file that an import of a path means, as JavaScript has it after types are stripped."""
    place = "" if place == "." else place
    plain = place.removesuffix(".js")
    tries = [place, *(plain + end for end in SUFFIXES), f"{place}.json"]
    tries += [f"{place}/index{end}".lstrip("/") for end in SUFFIXES]
    found = next((name for name in tries if name in tree), None)
    if not place and (main := _main(tree)):
        found = main
    if found is None:
        return None
    for typed, compiled in ((".mts", ".mjs"), (".cts", ".cjs"), (".tsx", ".js"), (".ts", ".js")):
        if found.endswith(typed):
            return found.removesuffix(typed) + compiled
    return found


def _main(tree: Tree) -> str | None:
    settings = manifest(tree)
    main = settings.get("main")
    return resolve(tree, posixpath.normpath(main)) if isinstance(main, str) and main else None


def manifest(tree: Tree) -> Mapping[str, object]:
    """What `package.json` says; nothing where there is none that can be read."""
    if "package.json" not in tree:
        return {}
    try:
        found = json.loads(tree["package.json"].content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
