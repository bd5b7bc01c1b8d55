"""Writes a script as a person would: short imports, double quotes, long texts over several lines."""

import ast
import re
from collections.abc import Iterator, Sequence

MIN_BLOCK_LINES = 3


def shown(script: str, use_repr: bool) -> str:
    """Every `print` of one value with or without `repr`."""

    class Print(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            self.generic_visit(node)
            if isinstance(node.func, ast.Name) and node.func.id == "print" and len(node.args) == 1:
                value = node.args[0]
                if isinstance(value, ast.Call) and ast.unparse(value.func) == "repr":
                    value = value.args[0]
                if use_repr:
                    value = ast.Call(ast.Name("repr", ast.Load()), [value], [])
                node.args = [value]
            return node

    return ast.unparse(ast.fix_missing_locations(Print().visit(ast.parse(script))))


def silent(script: str) -> str:
    """The script without its last `print`; what that was to show is still worked out."""
    tree = ast.parse(script)
    match tree.body[-1]:
        case ast.Expr(ast.Call(ast.Name("print"), [value], [])):
            tree.body[-1] = ast.Expr(value)
    return ast.unparse(ast.fix_missing_locations(tree))


def written(script: str) -> str:
    """The script as it stands in a statement; it does the same."""
    tree = _short_imports(ast.parse(script))
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    rest = [node for node in tree.body if node not in imports]
    heads = sorted({_text(node) for node in _used(imports, rest)}, key=_import_order)
    blocks = []
    for node in rest:
        text = _text(node)
        is_block = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        blocks.append(f"\n{text}\n" if is_block else text)
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(blocks).strip("\n"))
    return "\n".join([*heads, *([""] if heads else []), body]) + "\n"


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _used(imports: Sequence[ast.stmt], rest: list[ast.stmt]) -> Iterator[ast.stmt]:
    names = {n.id for node in rest for n in ast.walk(node) if isinstance(n, ast.Name)}
    names |= {
        ast.unparse(n) for node in rest for n in ast.walk(node) if isinstance(n, ast.Attribute)
    }
    for node in imports:
        assert isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names:
            name = alias.asname or alias.name
            needed = name in names or (
                name.partition(".")[0] in names and not _bound(name, imports)
            )
            if alias.name == "*" or needed:
                if isinstance(node, ast.Import):
                    yield ast.Import([alias])
                else:
                    yield ast.ImportFrom(node.module, [alias], node.level)


def _bound(name: str, imports: Sequence[ast.stmt]) -> bool:
    """Whether another import gives the first part of a dotted name."""
    root = name.partition(".")[0]
    return "." in name and any(
        alias.name == root
        for node in imports
        if isinstance(node, ast.Import)
        for alias in node.names
    )


def _short_imports(tree: ast.Module) -> ast.Module:
    """`from a.b import f` in place of `import a.b` and `a.b.f`, where no name is taken twice."""
    bound = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    bound |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    bound |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    modules = [
        alias.name
        for node in tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
        if "." in alias.name and not alias.asname
    ]
    for module in sorted(modules, key=len, reverse=True):
        uses = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == module
        ]
        names = {node.attr for node in uses}
        if not names or names & bound:
            continue
        bound |= names
        tree = _Shorter(module).visit(tree)
        line = ast.parse(f"from {module} import {', '.join(sorted(names))}").body
        tree.body[:0] = line
    return ast.fix_missing_locations(tree)


class _Shorter(ast.NodeTransformer):
    def __init__(self, module: str) -> None:
        self._module = module

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if ast.unparse(node.value) == self._module:
            return ast.Name(node.attr, node.ctx)
        self.generic_visit(node)
        return node


class _Texts(ast.NodeTransformer):
    """Puts a name in place of every text, so that the text can be written in our own way."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, str):
            return node
        name = f"__text_{len(self.found)}__"
        self.found[name] = _quoted(node.value)
        return ast.Name(name, ast.Load())


def _text(node: ast.stmt) -> str:
    texts = _Texts()
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        node.body = [s for s in node.body if not _is_docstring(s)] or [ast.Pass()]
    text = ast.unparse(ast.fix_missing_locations(texts.visit(node)))
    for name, quoted in texts.found.items():
        text = text.replace(name, quoted, 1)
    return text


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _quoted(text: str) -> str:
    lines = text.split("\n")
    plain = all(line == line.rstrip() for line in lines) and '"""' not in text and "\\" not in text
    printable = all(c.isprintable() for c in text.replace("\n", ""))
    if len(lines) >= MIN_BLOCK_LINES and plain and printable and not text.endswith('"'):
        return f'"""\\\n{text}"""' if not text.startswith("\n") else f'"""{text}"""'
    single = repr(text)
    if single.startswith("'") and '"' not in text:
        return '"' + single[1:-1].replace("\\'", "'") + '"'
    return single
