"""Takes away from the agent's copy the tests that would name its bug.

Tests are cut out of their modules as whole functions, so that the rest of the suite stays to be run.
Where a function cannot be told from its name, or other code of the module needs it, the whole
module goes; where another module needs that, the bug is of no use.
"""

import ast
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from envs.code.junit import in_module
from envs.code.tree import Tree
from synth.code.draft import Rejected, text_of
from synth.code.operators import Edit, Module, applied
from synth.code.operators.module import Function


class Hidden(NamedTuple):
    cut: dict[str, str | None]
    """Test modules without the hidden tests."""
    removed: tuple[str, ...]
    """Test modules that are hidden altogether."""


def hide(tree: Tree, modules: Sequence[str], tests: Sequence[str]) -> Hidden:
    """Hides `tests` (ids) of `modules` in `tree`; raises `Rejected`."""
    cut: dict[str, str | None] = {}
    removed: list[str] = []
    for path in modules:
        inside = [test for test in tests if in_module(test, path)]
        text = text_of(tree, path) if inside else None
        if not inside or path not in tree:
            continue
        rest = _without(text, [_names(test, path) for test in inside]) if text else None
        if rest is not None:
            cut[path] = rest
        elif _is_needed(tree, path):
            raise Rejected("tests_entangled")
        else:
            removed.append(path)
    return Hidden(cut, tuple(removed))


def _names(test: str, path: str) -> tuple[str, ...]:
    """Classes and function of a test, from its id."""
    dotted = path.removesuffix(".py").replace("/", ".")
    classname, _, name = test.partition("::")
    inner = classname[len(dotted) :].strip(".")
    return (*(inner.split(".") if inner else ()), name.partition("[")[0])


def _without(text: str, tests: Sequence[tuple[str, ...]]) -> str | None:
    """The module without these functions; None where one is not found, or needed by the rest."""
    try:
        module = Module(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    found = [_function(module.tree.body, names) for names in dict.fromkeys(tests)]
    if None in found:
        return None
    gone = _with_emptied(module.tree, [node for node in found if node is not None])
    names = {node.name for node in gone}
    edits = [edit for node in gone if (edit := _removal(module, node))]
    rest = applied(text, edits)
    try:
        after = Module(rest)
    except (SyntaxError, ValueError):
        return None
    return None if len(edits) < len(gone) or _mentions(after.tree, names) else rest


def _function(body: Sequence[ast.stmt], names: tuple[str, ...]) -> Function | None:
    """The one function of this name; None if there are several, as with branches."""
    for name in names[:-1]:
        inner = [node for node in body if isinstance(node, ast.ClassDef) and node.name == name]
        if len(inner) != 1:
            return None
        body = inner[0].body
    last = [node for node in body if isinstance(node, Function) and node.name == names[-1]]
    return last[0] if len(last) == 1 else None


def _with_emptied(tree: ast.Module, nodes: Sequence[Function]) -> list[Function | ast.ClassDef]:
    """`nodes`, or the classes around them where nothing would be left of these."""
    gone: list[Function | ast.ClassDef] = list(nodes)
    for kind in tree.body:
        if isinstance(kind, ast.ClassDef) and all(s in gone or _is_text(s) for s in kind.body):
            gone = [node for node in gone if node not in kind.body] + [kind]
    return gone


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _removal(module: Module, node: Function | ast.ClassDef) -> Edit | None:
    """With its decorators and the empty lines before it; alone in a block, it leaves a `pass`."""
    edit = module.removal(node)
    if edit is None:
        return None
    first = min((decorator.lineno for decorator in node.decorator_list), default=node.lineno)
    start = module.offset(first, 0)
    if edit.text:
        return Edit(start, edit.end, f"{module.indent(node)}{edit.text}")
    before = module.text[:start].rstrip()
    return Edit(len(before) + 1 if before else 0, edit.end, "")


def _mentions(tree: ast.Module, names: set[str]) -> bool:
    """Whether code names what is gone: a test that others build on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names:
            return True
        if isinstance(node, ast.Attribute) and node.attr in names:
            return True
    return False


def _is_needed(tree: Tree, path: str) -> bool:
    """Whether another file imports the module."""
    stem = PurePosixPath(path).stem
    wanted = re.compile(
        rb"^[ \t]*(from|import)[ \t].*\b%s\b" % re.escape(stem).encode(), re.MULTILINE
    )
    return any(
        wanted.search(file.content)
        for other, file in tree.items()
        if other.endswith(".py") and other != path
    )
