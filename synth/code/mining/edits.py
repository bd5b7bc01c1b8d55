"""What a fix does to the source: how much, whether it means anything, and which names it brings."""

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence

from envs.code.clone import Clone
from envs.code.spec import Files
from synth.code.mining.history import Change, Touched
from synth.code.mining.reasons import Reason

MAX_LINES = 250
"""Source lines removed and added by one fix."""
MAX_NEW_NAMES = 4
MAX_GONE_NAMES = 1
MAX_FILE_BYTES = 1 << 20
_WORD = re.compile(r"[A-Za-z_]\w+")


def texts(clone: Clone, files: Sequence[Touched]) -> tuple[Files, Files] | Reason:
    """The files before and after, as whole texts; None where there is none."""
    contents = clone.blobs(blob for file in files for blob in (file.old, file.new) if blob)
    before: Files = {}
    after: Files = {}
    for file in files:
        for blob, side in ((file.old, before), (file.new, after)):
            content = contents.get(blob)
            if content is None:
                side[file.path] = None
                continue
            try:
                side[file.path] = content.decode()
            except UnicodeDecodeError:
                return Reason.BINARY
            if b"\0" in content or len(content) > MAX_FILE_BYTES:
                return Reason.BINARY
    return before, after


def num_lines(clone: Clone, change: Change, paths: Iterable[str]) -> int:
    """Lines that the change removes from and adds to these files, renamed ones compared."""
    output = clone.run("diff-tree", "--numstat", "-r", "-M70%", "--no-ext-diff", "-z", change.base, change.commit)  # fmt: skip
    wanted, total = set(paths), 0
    parts = iter(output.decode(errors="replace").split("\0"))
    for part in parts:
        if not part:
            continue
        added, removed, path = part.split("\t", 2)
        if not path:
            next(parts)
            path = next(parts)
        if path in wanted and added.isdecimal() and removed.isdecimal():
            total += int(added) + int(removed)
    return total


def against(before: Files, after: Files) -> Reason | None:
    """What the edit of Python modules says against it; `after` holds the same paths as `before`."""
    modules = [path for path in after if path.endswith(".py")]
    try:
        old = {path: ast.parse(before.get(path) or "") for path in modules}
        new = {path: ast.parse(after[path] or "") for path in modules}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Reason.OTHER_SYNTAX
    only_modules = len(modules) == len(after)
    if only_modules and [_meaning(old[p]) for p in modules] == [_meaning(new[p]) for p in modules]:
        return Reason.NO_CODE_CHANGE
    known = {name for module in old.values() for name in _public(module)}
    named = {name for module in new.values() for name in _public(module)}
    if len(named - known) > MAX_NEW_NAMES:
        return Reason.ADDS_MUCH
    return Reason.REMOVES_NAMES if len(known - named) > MAX_GONE_NAMES else None


def added_lines(before: Files, after: Files) -> list[str]:
    """Lines of `after` that `before` has nowhere in the same file."""
    found = []
    for path, text in after.items():
        known = {line.strip() for line in (before.get(path) or "").splitlines()}
        found += [line.strip() for line in (text or "").splitlines() if line.strip() not in known]
    return found


def untold_names(
    before: Files, after: Files, tests: Iterable[str], sources: Iterable[str], told: str
) -> list[str]:
    """Names that the fix brings, that its tests use, and that nobody who has not seen it can know.

    `tests` are the lines that the tests get, `sources` the texts before, `told` the issue.
    """
    brought = _defined(after) - _defined(before)
    used = {word for line in tests for word in _code_words(line)} & brought
    if not used:
        return []
    known = set(_WORD.findall(told))
    for text in sources:
        known |= used & set(_WORD.findall(text))
    return sorted(used - known)


def untold_modules(before: Files, after: Files, tests: Files, told: str) -> list[str]:
    """Modules that the fix adds or moves, that its tests import, and that nobody else can name."""
    imported = {name for text in tests.values() if text for name in _imported(text)}
    found = []
    for path, text in after.items():
        if text is None or before.get(path) is not None or not path.endswith(".py"):
            continue
        dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        names = {name for name in imported if f".{dotted}".endswith(f".{name}")}
        found += sorted(name for name in names if name not in told)
    return found


def _imported(text: str) -> Iterator[str]:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _code_words(line: str) -> Iterator[str]:
    """Names in a line of Python; what stands in strings and comments is none."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(line).readline):
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                yield token.string
    except (tokenize.TokenError, SyntaxError):
        return


def _meaning(module: ast.Module) -> str:
    """The code without docstrings, annotations and layout."""
    plain = _Plain().visit(module)
    return ast.dump(plain)


class _Plain(ast.NodeTransformer):
    def visit(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [line for line in node.body if not _says_nothing(line)]
        return node


def _says_nothing(line: ast.stmt) -> bool:
    if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
        return True
    return isinstance(line, ast.AnnAssign) and line.value is None or isinstance(line, ast.Pass)


def _public(module: ast.Module, prefix: str = "") -> Iterator[str]:
    """Qualified names of functions, classes and methods that do not begin with an underscore."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                continue
            yield f"{prefix}{node.name}"
            if isinstance(node, ast.ClassDef):
                yield from _public(ast.Module(node.body, []), f"{prefix}{node.name}.")


def _defined(files: Mapping[str, str | None]) -> set[str]:
    """All names that Python modules define: functions, classes, parameters, attributes, constants."""
    found = set()
    for path, text in files.items():
        if not path.endswith(".py") or text is None:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.arg):
                found.add(node.arg)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
    return found
