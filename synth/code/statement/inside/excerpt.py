"""From a failing test's source to a script: its body up to the assertion that failed, on its own feet.

Parameters become assignments, fixtures and module-level names that it needs are copied in, and the
assertion becomes a `print` of what it looked at. This reaches what a trace of calls cannot write
down: classes and callbacks of the test, attributes, context managers, coroutines. Most of what is
copied is not needed; shrinking takes it out again.
"""

import ast
import builtins
import copy
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from synth.code.statement.inside.asserts import Shower, is_text
from synth.code.statement.inside.slicing import value_text

MAX_DEPTH = 40
"""Names that are copied in for one script."""
MAX_FIXTURES = 5
"""Fixtures that need one another."""
_FOLDERS = frozenset({"tmp_path", "tmpdir"})


class Unreadable(Exception):
    """The test cannot stand alone; says why."""


class _Module(NamedTuple):
    path: Path
    tree: ast.Module


def scripts(report: dict[str, Any], root: str) -> Iterator[str]:
    """Scripts for a test that failed as `report` of the buggy tree says, the likeliest first."""
    failure = report["failure"]
    if not failure or "::" in report["function"]:
        return
    frames = [f for f in failure["frames"] if f[0].startswith(root)]
    at = next((f for f in frames if f[2] == report["function"]), None)
    if at is None:
        return
    deeper = {(name, number) for name, number, _, _ in frames}
    for other, values in ((False, at[3]), (False, {}), (True, at[3])):
        try:
            yield _Excerpt(report, root, at[1], deeper, other, values).script()
        except (Unreadable, SyntaxError, OSError, UnicodeDecodeError):
            continue


@cache
def _parsed(path: Path) -> ast.Module:
    """Shared by all excerpts, which copy what they change."""
    return ast.parse(path.read_text(encoding="utf-8"))


class _Excerpt:
    def __init__(
        self,
        report: dict[str, Any],
        root: str,
        line: int,
        deeper: set[tuple[str, int]],
        other: bool,
        values: dict[str, str],
    ) -> None:
        """`values`: what the test's variables were; in place of the loops that set them."""
        self._values = values
        self._report = report
        self._root = Path(root)
        self._line = line
        self._deeper = deeper
        self._other = other
        self._modules: dict[Path, _Module] = {}
        self._imports: list[ast.stmt] = []
        self._definitions: list[ast.stmt] = []
        self._known: set[str] = set(dir(builtins))

    def script(self) -> str:
        module = self._module(Path(self._report["file"]))
        owners = self._owners()
        scope = owners or [(module, module.tree)]
        function = _find([within for _, within in scope], self._report["function"])
        shower = Shower(self._line, self._other, len(self._deeper) > 1, self._values)
        body = shower.block([*self._set_up(owners), *function.body])
        if not shower.done:
            raise Unreadable("the line that failed is not in the test")
        body = [*self._arguments(function), *body]
        block = ast.Module(body=body, type_ignores=[])
        if owners:
            block = self._without_self(block, owners)
        self._need(block, module)
        statements = [*self._imports, *self._definitions]
        if isinstance(function, ast.AsyncFunctionDef):
            statements = [ast.parse("import asyncio").body[0], *statements]
            main = ast.parse("async def main(): pass\nasyncio.run(main())").body
            assert isinstance(main[0], ast.AsyncFunctionDef)
            main[0].body = block.body
            statements += main
        else:
            statements += block.body
        found = ast.Module(statements, type_ignores=[])
        return ast.unparse(ast.fix_missing_locations(_Renamed().visit(found)))

    def _module(self, path: Path) -> _Module:
        if path not in self._modules:
            self._modules[path] = _Module(path, _parsed(path))
        return self._modules[path]

    def _owners(self) -> list[tuple[_Module, ast.AST]]:
        """The class of the test and its bases, as far as they are written in the tests."""
        found: list[tuple[_Module, ast.AST]] = []
        for path, name in self._report["owners"]:
            if path.startswith(str(self._root)):
                module = self._module(Path(path))
                classes = (n for n in ast.walk(module.tree) if isinstance(n, ast.ClassDef))
                found += [(module, node) for node in classes if node.name == name][:1]
        return found

    def _set_up(self, owners: list[tuple[_Module, ast.AST]]) -> list[ast.stmt]:
        for name in ("setUp", "setup_method"):
            with suppress(Unreadable):
                return list(_find([within for _, within in owners], name).body)
        return []

    def _arguments(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
        """Assignments for the parameters and fixtures of a test."""
        lines: list[ast.stmt] = []
        for argument in function.args.args + function.args.kwonlyargs:
            if argument.arg != "self":
                lines += self._argument(argument.arg, 0)
        return lines

    def _argument(self, name: str, depth: int) -> list[ast.stmt]:
        values = self._report["values"]
        if name in values:
            for path in values[name].get("imports", ()):
                self._imports += ast.parse(f"import {path}").body
                self._known.add(path.partition(".")[0])
            return ast.parse(f"{name} = {value_text(values[name], {})}").body
        if name in _FOLDERS:
            self._imports += ast.parse("import pathlib, tempfile").body
            self._known |= {"pathlib", "tempfile"}
            return ast.parse(f"{name} = pathlib.Path(tempfile.mkdtemp())").body
        found = self._report["fixtures"].get(name)
        if not found or not found[0].startswith(f"{self._root}/") or depth > MAX_FIXTURES:
            raise Unreadable(f"the fixture {name}")
        module = self._module(Path(found[0]))
        fixture = _find([module.tree], found[1])
        lines = []
        for inner in fixture.args.args:
            if inner.arg == "request":
                raise Unreadable(f"the fixture {name}")
            if inner.arg != "self":
                lines += self._argument(inner.arg, depth + 1)
        body, value = _made_by(fixture)
        assign = ast.Assign(targets=[ast.Name(name, ast.Store())], value=value, lineno=0)
        block = ast.Module(body=[*body, assign], type_ignores=[])
        self._need(block, module)
        return [*lines, *block.body]

    def _without_self(self, block: ast.Module, owners: list[tuple[_Module, ast.AST]]) -> ast.Module:
        """`self.x` as `x`, with what the class says `x` is."""
        plain = _Plain()
        block = plain.visit(block)
        done: set[str] = set()
        while missing := sorted(plain.names - done):
            name = missing[0]
            done.add(name)
            for module, within in owners:
                assert isinstance(within, ast.ClassDef)
                node = next((n for n in within.body if name in _names(n)), None)
                if isinstance(node, ast.FunctionDef | ast.Assign):
                    copied = plain.visit(self._showing(copy.deepcopy(node), module))
                    if isinstance(copied, ast.FunctionDef):
                        copied.args.args = [a for a in copied.args.args if a.arg != "self"]
                        copied.decorator_list = []
                    self._define(copied, module)
                    break
        return block

    def _define(self, node: ast.stmt, module: _Module) -> None:
        self._known |= _names(node)
        inner = ast.Module(body=[node], type_ignores=[])
        self._need(inner, module)
        self._definitions += inner.body

    def _need(self, block: ast.Module, module: _Module) -> None:
        """Copies in what `block` needs of its module, and what that needs."""
        wanted = {n.id for n in ast.walk(block) if isinstance(n, ast.Name)}
        stored = {
            n.id
            for n in ast.walk(block)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        for name in sorted(
            wanted - self._known - stored | (wanted & stored & self._global(module))
        ):
            if name in self._known:
                continue
            self._known.add(name)
            if len(self._known) > len(dir(builtins)) + MAX_DEPTH:
                raise Unreadable("it needs too much of its module")
            self._copy(name, module)

    def _global(self, module: _Module) -> set[str]:
        return {name for node in module.tree.body for name in _names(node)}

    def _copy(self, name: str, module: _Module) -> None:
        for node in module.tree.body:
            if name not in _names(node):
                continue
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node, name, module)
                return
            copied = self._showing(copy.deepcopy(node), module)
            inner = ast.Module(body=[copied], type_ignores=[])
            self._need(inner, module)
            self._definitions += inner.body
            return

    def _showing(self, node: ast.stmt, module: _Module) -> ast.stmt:
        """A function of the tests without its assertions; the one that failed prints."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = [
                line
                for path, line in self._deeper
                if path == str(module.path) and node.lineno <= line <= (node.end_lineno or 0)
            ]
            node.body = Shower(max(lines, default=0), self._other).block(node.body)
        return node

    def _import(self, node: ast.Import | ast.ImportFrom, name: str, module: _Module) -> None:
        alias = next(a for a in node.names if (a.asname or a.name).split(".")[0] == name)
        if isinstance(node, ast.ImportFrom):
            near = self._beside(node, module)
            if near is not None:
                self._copy(alias.name, near)
                return
            if node.level:
                raise Unreadable("it imports from beside the tests")
            found: ast.stmt = ast.ImportFrom(node.module, [alias], 0)
        else:
            found = ast.Import(
                [a for a in node.names if (a.asname or a.name).split(".")[0] == name]
            )
        if "pytest" not in ast.unparse(found) and "unittest" not in ast.unparse(found):
            self._imports.append(found)

    def _beside(self, node: ast.ImportFrom, module: _Module) -> _Module | None:
        """The test module that an import names; None where it is none."""
        parts = (node.module or "").split(".") if node.module else []
        folder = module.path.parent
        for _ in range(max(0, node.level - 1)):
            folder = folder.parent
        bases = [folder] if node.level else [folder, self._root]
        for base in bases:
            path = base.joinpath(*parts).with_suffix(".py") if parts else base
            if path.is_file() and "test" in str(path.relative_to(self._root)):
                return self._module(path)
        return None


def _find(scopes: Iterable[ast.AST], name: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """A copy of the first function of that name."""
    for scope in scopes:
        for node in ast.walk(scope):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                return copy.deepcopy(node)
    raise Unreadable(f"{name} is made elsewhere")


def _names(node: ast.stmt) -> set[str]:
    """What a statement of a module defines."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {node.name}
        case ast.Import() | ast.ImportFrom():
            return {(a.asname or a.name).split(".")[0] for a in node.names}
        case ast.Assign() | ast.AnnAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        case ast.Try() | ast.If():
            return {name for inner in node.body for name in _names(inner)}
        case _:
            return set()


def _made_by(fixture: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[list[ast.stmt], ast.expr]:
    """What a fixture does before it gives its value, and the value."""
    for at, statement in enumerate(fixture.body):
        body = fixture.body[:at]
        if any(isinstance(node, ast.Return) for s in body for node in ast.walk(s)):
            break
        given: ast.expr | None = None
        if isinstance(statement, ast.Return):
            given = statement.value
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield):
            # What follows a `yield` cleans up; a script ends anyhow.
            given = statement.value.value
        if given is not None:
            return [s for s in body if not is_text(s)], given
    raise Unreadable(f"the fixture {fixture.name}")


class _Renamed(ast.NodeTransformer):
    """Functions of the tests under names that do not say where they come from."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.name = _untested(node.name)
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = _untested(node.id)
        return node


def _untested(name: str) -> str:
    return "check" if re.search(r"(^|_)test(_|$)", name) or name.startswith("assert") else name


class _Plain(ast.NodeTransformer):
    """`self.x` as `x`."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            self.names.add(node.attr)
            return ast.Name(node.attr, node.ctx)
        return node
