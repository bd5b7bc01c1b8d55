"""Makes a script smaller while two trees still differ over it in the same way.

Statements, list items, keyword arguments, lines and words are left out as long as both sides end as
before: no error becomes another, nothing that printed something prints nothing. Words stay whole,
for what is left has to be read.
"""

import ast
import copy
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from synth.code.statement.inside.workers import Outcome

_IMPORTS = (ast.Import, ast.ImportFrom)
BATCH = 8
SHORT_TEXT, LONG_WORD = 10, 40
MAX_INLINE_CHARS = 72
MAX_GROWTH = 40
"""Characters by which what is printed may grow."""
DULL = frozenset({"", "None", "[]", "{}", "()", "''", '""', "set()", "0", "[[]]"})


class Pair(NamedTuple):
    """What a script did on both trees."""

    script: str
    fixed: Outcome
    buggy: Outcome

    @property
    def differs(self) -> bool:
        return (self.fixed.out, self.fixed.kind) != (self.buggy.out, self.buggy.kind) or (
            self.fixed.message != self.buggy.message
        )

    def record(self) -> dict[str, Any]:
        # A statement does not say in which function of the package an error arose.
        sides = {"fixed": self.fixed, "buggy": self.buggy}
        fields = {side: outcome._replace(deepest="")._asdict() for side, outcome in sides.items()}
        return {"script": self.script, **fields}


class Spent(Exception):
    """Too many scripts did not come to their end; there is no time for more."""


class Evaluate(Protocol):
    """Runs scripts on both trees; raises `Spent`."""

    def __call__(self, scripts: Sequence[str], *, together: bool = False) -> list[Pair]:
        """`together`: in one process, which is faster; what one leaves the next may meet."""


Change = Callable[[ast.Module], ast.Module | None]


def smallest(start: Pair, evaluate: Evaluate, budget: int) -> tuple[Pair, list[Pair]]:
    """The smallest script found with `budget` evaluations, and all that was evaluated."""
    best, seen = start, [start]
    known = {start.script}
    for step in _STEPS:
        found: Pair | None = best
        while found:
            found = None
            fresh = (s for s in _scripts(best.script, step) if s not in known)
            while not found and (chunk := list(dict.fromkeys(islice(fresh, BATCH)))):
                if len(seen) >= budget:
                    return best, seen
                known.update(chunk)
                try:
                    pairs = evaluate(chunk, together=True)
                    seen += pairs
                    found = _confirmed(start, pairs, evaluate)
                except Spent:
                    return best, seen
            best = found or best
    return best, seen


def _confirmed(start: Pair, pairs: Sequence[Pair], evaluate: Evaluate) -> Pair | None:
    """The first that shows what `start` showed, when it is run by itself as well."""
    for pair in pairs:
        if _alike(start, pair):
            [again] = evaluate([pair.script])
            if _alike(start, again):
                return again
    return None


def _alike(start: Pair, pair: Pair) -> bool:
    """Whether `pair` shows what `start` showed."""
    if not pair.differs:
        return False
    for old, new in ((start.fixed, pair.fixed), (start.buggy, pair.buggy)):
        if (old.kind, old.deepest) != (new.kind, new.deepest):
            return False
        if len(new.out) > len(old.out) + MAX_GROWTH:
            return False
        if new.kind == "ok" and new.out.strip() in DULL and old.out.strip() not in DULL:
            return False
    return True


def _scripts(script: str, step: Callable[[ast.Module], Iterator[Change]]) -> Iterator[str]:
    tree = ast.parse(script)
    for change in step(tree):
        changed = change(copy.deepcopy(tree))
        if changed is not None:
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text != script:
                yield text


def _bodies(tree: ast.Module) -> list[list[ast.stmt]]:
    found = []
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                found.append(block)
    return found


def _slices(size: int) -> Iterator[tuple[int, int]]:
    """Halves first, then quarters, down to single places; the last ones first."""
    width = size
    while width >= 1:
        for start in range(size - width, -1, -width):
            yield start, start + width
        width //= 2


def _statements(tree: ast.Module) -> Iterator[Change]:
    for number, block in enumerate(_bodies(tree)):
        kept = 1 if block is tree.body else 0
        for start, end in _slices(len(block) - kept):

            def change(
                copied: ast.Module, number: int = number, start: int = start, end: int = end
            ) -> ast.Module | None:
                body = _bodies(copied)[number]
                # Workers have loaded the modules already, so imports seem to be of no use.
                gone = [s for s in body[start:end] if not isinstance(s, _IMPORTS)]
                if len(gone) in (0, len(body)):
                    return None
                body[:] = [s for s in body if s not in gone]
                return copied

            yield change


def _unwrapped(tree: ast.Module) -> Iterator[Change]:
    """The body in place of a `with`, `if`, `for` or `try`."""
    for number, block in enumerate(_bodies(tree)):
        for at, node in enumerate(block):
            if isinstance(node, ast.With | ast.If | ast.For | ast.Try):

                def change(
                    copied: ast.Module, number: int = number, at: int = at
                ) -> ast.Module | None:
                    body = _bodies(copied)[number]
                    inner = body[at]
                    assert isinstance(inner, ast.With | ast.If | ast.For | ast.Try)
                    body[at : at + 1] = inner.body
                    return copied

                yield change


def _lists(node: ast.AST) -> list[list[ast.AST]]:
    """What can be left out of a node: items, keyword arguments, last arguments."""
    match node:
        case ast.List() | ast.Tuple() | ast.Set():
            return [node.elts]  # type: ignore[list-item]
        case ast.Call():
            return [node.keywords, node.args]  # type: ignore[list-item]
        case ast.ClassDef() | ast.FunctionDef():
            return [node.decorator_list]  # type: ignore[list-item]
        case _:
            return []


def _parts(tree: ast.Module) -> Iterator[Change]:
    for number, node in enumerate(ast.walk(tree)):
        is_print = isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
        for which, items in enumerate(_lists(node) if not is_print else []):
            for start, end in _slices(len(items)):

                def drop(
                    copied: ast.Module,
                    number: int = number,
                    which: int = which,
                    start: int = start,
                    end: int = end,
                ) -> ast.Module | None:
                    found = list(ast.walk(copied))[number]
                    del _lists(found)[which][start:end]
                    return None if isinstance(found, ast.Set) and not found.elts else copied

                yield drop
        if isinstance(node, ast.Dict):
            for start, end in _slices(len(node.keys)):

                def drop_keys(
                    copied: ast.Module, number: int = number, start: int = start, end: int = end
                ) -> ast.Module:
                    found = list(ast.walk(copied))[number]
                    assert isinstance(found, ast.Dict)
                    del found.keys[start:end]
                    del found.values[start:end]
                    return copied

                yield drop_keys


def _pieces(text: str) -> list[str]:
    """Lines of a text of several, else its words with what follows them."""
    lines = text.splitlines(keepends=True)
    words = re.findall(r"\s*\S+\s*", text)
    if len(lines) > 1 or len(words) > 1:
        return lines if len(lines) > 1 else words
    return re.findall(r"\w+\W*|\W+", text) if len(text) > LONG_WORD else []


def _texts(tree: ast.Module) -> Iterator[Change]:
    for number, node in enumerate(ast.walk(tree)):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str | bytes):
            continue
        raw = node.value
        text = raw if isinstance(raw, str) else raw.decode("latin-1")
        if len(text) <= SHORT_TEXT:
            continue
        if "\n" in text and (even := textwrap.dedent(text).lstrip("\n")) != text:
            yield _replaced(number, even)
        pieces = _pieces(text)
        for start, end in _slices(len(pieces)):
            left = "".join(pieces[:start] + pieces[end:])
            if not left.strip():
                continue

            yield _replaced(number, left)


def _replaced(number: int, text: str) -> Change:
    """Another text in place of the one at a node."""

    def change(copied: ast.Module) -> ast.Module:
        found = list(ast.walk(copied))[number]
        assert isinstance(found, ast.Constant)
        found.value = text if isinstance(found.value, str) else text.encode("latin-1")
        return copied

    return change


def _plainer(tree: ast.Module) -> Iterator[Change]:
    """`{k: v}` for a dictionary that is made from pairs; the function's own text for its call."""
    for number, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            pairs = node.args[0]
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ("OrderedDict", "dict") and _are_pairs(pairs):
                yield _as_dict(number)
    for at, node in enumerate(tree.body):
        if isinstance(node, ast.FunctionDef) and len(node.body) == 1:
            yield _without_function(at)


def _are_pairs(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple) and all(
        isinstance(item, ast.List | ast.Tuple) and len(item.elts) == 2 for item in node.elts
    )


def _as_dict(number: int) -> Change:
    def change(copied: ast.Module) -> ast.Module:
        found = list(ast.walk(copied))[number]
        assert isinstance(found, ast.Call)
        pairs = [p.elts for p in found.args[0].elts]  # type: ignore[attr-defined]
        plain = ast.Dict([k for k, _ in pairs], [v for _, v in pairs])
        return _Swapped(found, plain).visit(copied)  # type: ignore[no-any-return]

    return change


def _without_function(at: int) -> Change:
    """The one statement of a function in place of its only call."""

    def change(copied: ast.Module) -> ast.Module | None:
        function = copied.body.pop(at)
        assert isinstance(function, ast.FunctionDef)
        uses = [n for n in ast.walk(copied) if isinstance(n, ast.Name) and n.id == function.name]
        calls = [n for n in ast.walk(copied) if isinstance(n, ast.Call) and n.func in uses]
        inner = function.body[0]
        names = [a.arg for a in function.args.args]
        if len(uses) != 1 or len(calls) != 1 or len(calls[0].args) != len(names):
            return None
        if calls[0].keywords or not isinstance(inner, ast.Return | ast.Expr) or not inner.value:
            return None
        value: ast.expr = inner.value
        for name, given in zip(names, calls[0].args, strict=True):
            value = _Put(name, given).visit(value)
        swapped = _Swapped(calls[0], value)
        return swapped.visit(copied)  # type: ignore[no-any-return]

    return change


class _Swapped(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.expr) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self._new if node is self._old else self.generic_visit(node)


def _inlined(tree: ast.Module) -> Iterator[Change]:
    """A variable that is used once, put where it is used."""
    for at, node in enumerate(tree.body[:-1]):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name = node.targets[0].id
        uses = [
            found
            for later in tree.body
            for found in ast.walk(later)
            if isinstance(found, ast.Name) and found.id == name
        ]
        if len(uses) != 2 or len(node.targets) > 1:
            continue

        def change(copied: ast.Module, at: int = at, name: str = name) -> ast.Module | None:
            assigned = copied.body.pop(at)
            assert isinstance(assigned, ast.Assign)
            for statement in copied.body[at:]:
                put = _Put(name, assigned.value)
                put.visit(statement)
                if put.done:
                    return copied if len(ast.unparse(statement)) <= MAX_INLINE_CHARS else None
            return None

        yield change


_STEPS = (
    _statements,
    _unwrapped,
    _plainer,
    _parts,
    _texts,
    _inlined,
    _plainer,
    _parts,
    _statements,
)


class _Put(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self._name, self._value = name, value
        self.done = False

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id != self._name:
            return node
        self.done = True
        return self._value

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        return node
