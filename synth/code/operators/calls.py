"""Operators on calls and objects: arguments, look-alike methods, copies, keys, order, inheritance."""

import ast
from itertools import pairwise

from synth.code.operators.comparisons import Found
from synth.code.operators.module import Edit, Function, Module

_METHODS = {
    "lstrip": "rstrip",
    "rstrip": "lstrip",
    "startswith": "endswith",
    "endswith": "startswith",
    "split": "rsplit",
    "rsplit": "split",
    "partition": "rpartition",
    "rpartition": "partition",
    "find": "rfind",
    "rfind": "find",
    "lower": "upper",
    "upper": "lower",
    "append": "extend",
    "union": "intersection",
    "intersection": "union",
    "difference": "intersection",
    "match": "search",
    "fullmatch": "match",
    "search": "match",
    "setdefault": "get",
    "popleft": "pop",
    "appendleft": "append",
    "isdigit": "isalnum",
    "isalpha": "isalnum",
}
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil"}
_TYPED = ("isinstance", "issubclass", "getattr", "setattr", "hasattr")
"""Their arguments cannot change places without an error that says so."""
_COPIES = ("list", "dict", "set", "tuple", "copy", "deepcopy")


def swap_method(module: Module) -> Found:
    """A look-alike is called: `rstrip` for `lstrip`, `max` for `min`."""
    for node in module.of(ast.Call):
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in _METHODS:
            if module.source(func.value).endswith("path"):
                continue
            end = module.end(func)
            name = _METHODS[func.attr]
            yield node, (Edit(end - len(func.attr), end, name),)
        elif isinstance(func, ast.Name) and func.id in _FUNCTIONS:
            yield node, (module.replace(func, _FUNCTIONS[func.id]),)


def swap_arguments(module: Module) -> Found:
    """Two neighbouring arguments of a call change places."""
    for node in module.of(ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in _TYPED:
            continue
        for left, right in pairwise(node.args):
            names = isinstance(left, _PLAIN) and isinstance(right, _PLAIN)
            first, second = module.source(left), module.source(right)
            if names and first != second:
                yield node, (module.replace(left, second), module.replace(right, first))


def drop_keyword(module: Module) -> Found:
    """A keyword argument is not passed on: the callee falls back to its default."""
    for node in module.of(ast.Call):
        for keyword in node.keywords:
            if keyword.arg is None:
                continue
            before = [*node.args, *(k.value for k in node.keywords)]
            ends = [module.end(v) for v in before if module.end(v) < module.end(keyword.value)]
            start = max(ends, default=-1)
            if start >= 0 and "#" not in module.text[start : module.start(keyword.value)]:
                yield node, (Edit(start, module.end(keyword.value), ""),)


def share_state(module: Module) -> Found:
    """A copy is not made: whoever holds the original sees the changes."""
    for node in module.of(ast.Call):
        func, arguments = node.func, node.args
        if isinstance(func, ast.Attribute) and func.attr == "copy" and not arguments:
            yield node, (Edit(module.end(func.value), module.end(node), ""),)
        name = func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")
        if name in _COPIES and len(arguments) == 1 and isinstance(arguments[0], _PLAIN):
            yield node, (module.replace(node, module.source(arguments[0])),)


def mutable_default(module: Module) -> Found:
    """`x=None` with `if x is None: x = []` becomes `x=[]`: calls share one object."""
    for node in module.functions():
        named = [*node.args.posonlyargs, *node.args.args]
        defaults = dict(zip((a.arg for a in named[::-1]), node.args.defaults[::-1], strict=False))
        for statement in node.body:
            found = _made_when_none(statement)
            if found is None or found[0] not in defaults:
                continue
            default = defaults[found[0]]
            edit = module.removal(statement)
            if isinstance(default, ast.Constant) and default.value is None and edit:
                yield statement, (module.replace(default, module.source(found[1])), edit)


def _made_when_none(node: ast.stmt) -> tuple[str, ast.expr] | None:
    """Name and value of `if name is None: name = []`."""
    if not isinstance(node, ast.If) or node.orelse or len(node.body) != 1:
        return None
    test, made = node.test, node.body[0]
    if not (isinstance(test, ast.Compare) and isinstance(test.left, ast.Name)):
        return None
    if not isinstance(test.ops[0], ast.Is) or not isinstance(made, ast.Assign):
        return None
    empty = isinstance(made.value, ast.List | ast.Dict | ast.Set | ast.Call)
    target = made.targets[0]
    same = isinstance(target, ast.Name) and target.id == test.left.id
    return (test.left.id, made.value) if empty and same else None


def narrow_key(module: Module) -> Found:
    """A key made of several values loses one: entries of a cache or a table collide."""
    for node in module.of(ast.Tuple):
        parent = module.parent(node)
        in_subscript = isinstance(parent, ast.Subscript) and parent.slice is node
        names = [t.id for t in getattr(parent, "targets", []) if isinstance(t, ast.Name)]
        as_key = isinstance(parent, ast.Assign) and any("key" in name.lower() for name in names)
        in_lambda = isinstance(parent, ast.Lambda)
        hashed = isinstance(parent, ast.Call) and module.source(parent.func) == "hash"
        if not (in_subscript or as_key or in_lambda or hashed) or len(node.elts) < 2:
            continue
        for at in range(len(node.elts)):
            rest = [module.source(e) for i, e in enumerate(node.elts) if i != at]
            plain = not any(isinstance(e, ast.Slice | ast.Starred) for e in node.elts)
            if plain and isinstance(node.ctx, ast.Load):
                text = f"({', '.join(rest)},)" if len(rest) == 1 else f"({', '.join(rest)})"
                yield node, (module.replace(node, text),)


def change_order(module: Module) -> Found:
    """`sorted` or `sort` loses its key or its direction; `reversed` is gone."""
    for node in module.of(ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name == "reversed" and len(node.args) == 1:
            yield node, (module.replace(node, f"list({module.source(node.args[0])})"),)
        if name not in ("sorted", "sort"):
            continue
        has_direction = any(keyword.arg == "reverse" for keyword in node.keywords)
        if not has_direction and (node.args or node.keywords):
            end = module.end(node) - 1
            comma = "" if module.text[:end].rstrip().endswith(",") else ", "
            yield node, (Edit(end, end, f"{comma}reverse=True"),)
        if name == "sorted" and isinstance(module.parent(node), ast.For):
            yield node, (module.replace(node, module.source(node.args[0])),)


def forget_super(module: Module) -> Found:
    """`super().method(...)` is not called."""
    for node in module.of(ast.Expr):
        call = node.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        inner = call.func.value
        known = isinstance(inner, ast.Call) and module.source(inner.func) == "super"
        if known and (edit := module.removal(node)):
            yield node, (edit,)


def swap_returned(module: Module) -> Found:
    """Two returned or yielded values change places."""
    found: list[ast.Return | ast.Yield] = [*module.of(ast.Return), *module.of(ast.Yield)]
    for node in found:
        value = node.value
        if isinstance(value, ast.Tuple) and len(value.elts) == 2:
            left, right = value.elts
            first, second = module.source(left), module.source(right)
            if first != second:
                yield node, (module.replace(left, second), module.replace(right, first))


def drop_method(module: Module) -> Found:
    """A method that overrides another is gone: the inherited one is used."""
    for kind in ast.walk(module.tree):
        if not isinstance(kind, ast.ClassDef) or not kind.bases:
            continue
        for node in kind.body:
            overrides = isinstance(node, Function) and node.name in _INHERITED
            edit = module.removal(node) if overrides else None
            if edit and not getattr(node, "decorator_list", []):
                yield node, (edit,)


_PLAIN = (ast.Name, ast.Attribute, ast.Constant, ast.Subscript)
_INHERITED = frozenset(
    ["__eq__", "__ne__", "__hash__", "__repr__", "__str__", "__contains__", "__len__", "__iter__"]
    + ["__bool__", "__enter__", "__exit__", "__copy__", "__deepcopy__", "__lt__", "__getattr__"]
)
