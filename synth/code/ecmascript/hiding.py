"""Takes tests out of test files of JavaScript and TypeScript; see `synth.code.hiding`."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from tree_sitter import Node

from envs.code.junit import in_module
from envs.code.tree import Tree
from synth.code.draft import Rejected
from synth.code.hiding import Hidden
from verifiers.code.ecmascript import BLOCKS, Suite, TestCall


def hide(tree: Tree, modules: Sequence[str], tests: Sequence[str]) -> Hidden:
    """Hides `tests` (ids) of `modules` in `tree`; raises `Rejected`."""
    cut: dict[str, str | None] = {}
    removed: list[str] = []
    for path in modules:
        inside = [test for test in tests if in_module(test, path)]
        if not inside or path not in tree:
            continue
        rest = _without(tree[path].content.decode(errors="replace"), path, inside)
        if rest is not None:
            cut[path] = rest
        elif _is_needed(tree, path):
            raise Rejected("tests_entangled")
        else:
            removed.append(path)
    return Hidden(cut, tuple(removed))


def _without(text: str, path: str, tests: Sequence[str]) -> str | None:
    """The file without these tests; None where one is not found, or no test would be left."""
    try:
        suite = Suite(text, path)
        found = suite.by_id(path, tests)
        if sum(map(len, found.values())) < len(tests):
            return None
        gone = _outermost([_statement(test) for test in found])
        if gone is None:
            return None
        data = suite.data
        for node in sorted(gone, key=lambda node: node.start_byte, reverse=True):
            start = len(data[: node.start_byte].rstrip(b" \t"))
            data = data[:start].rstrip(b"\n") + b"\n" + data[node.end_byte :].lstrip(b"; \t")
        rest = data.decode().lstrip("\n")
        return rest if Suite(rest, path).tests else None
    except SyntaxError:
        return None


def _statement(test: TestCall) -> Node | None:
    above = test.call.parent
    if above is None or above.type != "expression_statement":
        return None
    return above if above.parent is not None and above.parent.type in BLOCKS else None


def _outermost(statements: Iterable[Node | None]) -> list[Node] | None:
    """The statements, or the groups and loops around them where nothing would be left of these."""
    gone: list[Node] = []
    for statement in statements:
        if statement is None:
            return None
        gone.append(statement)
    while True:
        for node in gone:
            block = node.parent
            around = _around(block)
            if block is None or around is None:
                continue
            inner = [n for n in block.named_children if n.type != "comment"]
            if all(n in gone for n in inner):
                gone = [n for n in gone if n not in inner] + [around]
                break
        else:
            return [n for n in gone if not any(_holds(other, n) for other in gone if other != n)]


def _around(block: Node | None) -> Node | None:
    """The statement that a block belongs to, where that is the whole of it."""
    node = block
    while node is not None and node.type != "program":
        node = node.parent
        if node is not None and node.parent is not None and node.parent.type in BLOCKS:
            return node
    return None


def _holds(outer: Node, inner: Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _is_needed(tree: Tree, path: str) -> bool:
    """Whether another file loads this one."""
    stem = re.escape(PurePosixPath(path).name.partition(".")[0])
    wanted = re.compile(rf"""(require\s*\(|from|import)\s*\(?['"][^'"]*/{stem}['"./]""".encode())
    return any(
        wanted.search(file.content)
        for other, file in tree.items()
        if other != path
        and other.endswith((".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx"))
        and PurePosixPath(other).parent == PurePosixPath(path).parent
    )
