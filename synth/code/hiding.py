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

from envs.code.tree import Tree
from synth.code.draft import Rejected, text_of
from synth.code.intake import in_module
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
    gone = [node for node in found if node is not None]
    if len(gone) < len(found):
        return None
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


def _removal(module: Module, node: Function) -> Edit | None:
    """With its decorators, and the empty lines before it."""
    edit = module.removal(node)
    if edit is None or edit.text:
        # Alone in its class, it leaves a `pass` behind.
        first = min((d.lineno for d in node.decorator_list), default=node.lineno)
        start = module.offset(first, 0)
        indent = module.indent(node)
        return Edit(start, module.end(node), f"{indent}pass") if edit else None
    first = min((d.lineno for d in node.decorator_list), default=node.lineno)
    start = module.offset(first, 0)
    before = module.text[:start]
    return Edit(len(before.rstrip("\n")) + 1 if before.strip() else 0, edit.end, "")


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
    wanted = re.compile(rb"^[ \t]*(from|import)[ \t].*\b%s\b" % re.escape(stem).encode(), re.MULTILINE)
    return any(
        wanted.search(file.content)
        for other, file in tree.items()
        if other.endswith(".py") and other != path
    )
