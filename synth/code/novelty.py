"""Tells fixes from features: does a test ask for a name, or a text, that only the fix brings?

A bug can be described by what a program does. A name that does not exist yet cannot be guessed, nor
can the words of a new message, so a task that is graded by one is unfair.
"""

import ast
import re
from collections.abc import Iterable, Iterator

MIN_TEXT_CHARS = 12
"""Shorter texts are keys and formats, which behaviour shows."""
_OPTION = re.compile(r"--[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_FIELD = re.compile(r"\{[^{}]*\}|%(?:\(\w+\))?[-+#0]*[\d.]*[a-z]")
"""What a message is filled in at."""
_NAMED = re.compile(
    r"cannot import name '(\w+)'|No module named '([\w.]+)'|has no attribute '(\w+)'"
    r"|unexpected keyword argument '(\w+)'|name '(\w+)' is not defined|fixture '(\w+)' not found"
)


def names(text: str) -> set[str]:
    """All identifiers of a module, those inside texts included; empty where it is no Python."""
    return set(re.findall(r"[A-Za-z_]\w*", text))


def brought(old: Iterable[str], new: Iterable[str]) -> tuple[set[str], set[str]]:
    """Names that can be asked for from outside, and texts, of `new` modules that no `old` one has."""
    before = list(old)
    known = set[str]().union(*(names(text) for text in before))
    whole = "\n".join(before)
    defined: set[str] = set()
    texts: set[str] = set()
    for text in new:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        defined |= set(_defined(tree))
        said = {part for text in _texts(tree) for part in _parts(text)}
        texts |= {t for t in said if len(t) >= MIN_TEXT_CHARS and t not in whole}
        texts |= {option for option in _options(tree) if option not in whole}
    return defined - known, texts


def asked(test: str, failure: str, defined: set[str], texts: set[str], known: set[str]) -> str:
    """Why a test, whose source is `test`, cannot be met by who has not seen the fix; '' if it can.

    `failure` is how it fails without the fix; `known` are the names of the old modules and tests.
    """
    for groups in _NAMED.findall(failure):
        for name in filter(None, groups):
            if not set(name.split(".")) <= known:
                return f"new_api: {name}"
    used = set(_used(test))
    if new := sorted(used & defined):
        return f"new_api: {new[0]}"
    try:
        tree = ast.parse(test)
        said = [*_texts(tree), *_options(tree)]
    except (SyntaxError, ValueError):
        said = []
    for text in sorted(texts):
        for words in said:
            if text.startswith("--") and text in words.split():
                return f"new_api: {text}"
            if not text.startswith("--") and (
                text in words or (len(words) >= MIN_TEXT_CHARS and words in text)
            ):
                return "hidden_text: the test expects a new message"
    return ""


def source_of(test_id: str, module: str) -> str:
    """The function in the text of a test module that a test of this id runs; '' if not found."""
    classname, _, name = test_id.partition("::")
    name = name.partition("[")[0]
    try:
        tree = ast.parse(module)
    except (SyntaxError, ValueError):
        return ""
    owner = classname.rpartition(".")[2]
    fallback = ""
    for node, parent in _functions(tree):
        if node.name == name:
            text = ast.get_source_segment(module, node) or ""
            if parent == owner:
                return "".join(f"{_decorator(module, d)}\n" for d in node.decorator_list) + text
            fallback = fallback or text
    return fallback


def _decorator(module: str, node: ast.expr) -> str:
    return f"@{ast.get_source_segment(module, node)}"


def _functions(
    tree: ast.AST, parent: str = ""
) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node, parent
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, node.name)
        else:
            yield from _functions(node, parent)


def _defined(tree: ast.AST) -> Iterator[str]:
    """Functions, classes, parameters, attributes, and names of modules and classes."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
            arguments = node.args
            every = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
            yield from (a.arg for a in every)
        elif isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        body = node.body if isinstance(node, (ast.Module, ast.ClassDef)) else []
        for statement in body:
            if isinstance(statement, (ast.Assign, ast.AnnAssign)):
                targets = (
                    statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                )
                yield from (t.id for t in targets if isinstance(t, ast.Name))


def _used(test: str) -> Iterator[str]:
    """Names that a test takes from elsewhere: attributes, keywords, imports, names it does not set."""
    try:
        tree = ast.parse(test)
    except (SyntaxError, ValueError):
        return
    own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")
        elif isinstance(node, ast.Name) and node.id not in own:
            yield node.id


def _parts(text: str) -> Iterator[str]:
    """A text, and what of it stays the same whatever it is filled in with."""
    yield text
    yield from (stripped for part in _FIELD.split(text) if " " in (stripped := part.strip()))


def _options(tree: ast.AST) -> Iterator[str]:
    """Long options of a command line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (word for word in node.value.split() if _OPTION.fullmatch(word))


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value.strip()
