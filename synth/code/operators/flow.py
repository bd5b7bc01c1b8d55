"""Operators on the flow of a program: branches, loops, early ends, errors, clean-up, awaiting."""

import ast

from synth.code.operators.comparisons import Found
from synth.code.operators.module import Edit, Function, Module

_NEIGHBOURS = {
    "KeyError": "IndexError",
    "IndexError": "KeyError",
    "ValueError": "TypeError",
    "TypeError": "ValueError",
    "AttributeError": "KeyError",
    "OSError": "ValueError",
    "IOError": "ValueError",
    "FileNotFoundError": "PermissionError",
    "UnicodeDecodeError": "UnicodeEncodeError",
    "UnicodeEncodeError": "UnicodeDecodeError",
    "StopIteration": "IndexError",
    "ImportError": "AttributeError",
    "ZeroDivisionError": "OverflowError",
    "RuntimeError": "ValueError",
    "NotImplementedError": "RuntimeError",
}


def swap_branches(module: Module) -> Found:
    """The branches of `a if c else b` change places."""
    for node in module.of(ast.IfExp):
        body, orelse = module.source(node.body), module.source(node.orelse)
        if body != orelse and "\n" not in module.source(node):
            yield node, (module.replace(node.body, orelse), module.replace(node.orelse, body))


def drop_guard(module: Module) -> Found:
    """An `if` without `else` is gone, and with it the case that it handled."""
    for node in module.of(ast.If):
        parent = module.parent(node)
        chained = isinstance(parent, ast.If) and node in parent.orelse
        edit = module.removal(node)
        if not node.orelse and not chained and edit:
            yield node, (edit,)


def drop_else(module: Module) -> Found:
    """An `else` is gone: what it did for all other cases is not done."""
    for node in module.of(ast.If):
        if not node.orelse or isinstance(node.orelse[0], ast.If):
            continue
        start = module.end(node.body[-1])
        end = module.end(node.orelse[-1])
        if "#" not in module.text[start : module.start(node.orelse[0])]:
            yield node, (Edit(start, end, ""),)


def always_take_branch(module: Module) -> Found:
    """`if c: body` becomes `body`: what was meant for one case is done in all."""
    for node in module.of(ast.If):
        parent = module.parent(node)
        chained = isinstance(parent, ast.If) and node in parent.orelse
        ends = isinstance(node.body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)
        if node.orelse or chained or ends or not module.owns_its_lines(node):
            continue
        text = module.block(node.body, module.indent(node)).strip()
        if text and node.body[0].lineno > node.lineno:
            yield node, (module.replace(node, text),)


def stop_after_first(module: Module) -> Found:
    """A loop ends after its first turn."""
    loops: list[ast.For | ast.While] = [*module.of(ast.For), *module.of(ast.While)]
    for node in loops:
        last = node.body[-1]
        ends = isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break)
        if not ends and module.owns_its_lines(last):
            at = module.end(last)
            yield node, (Edit(at, at, f"\n{module.indent(node.body[0])}break"),)


def swap_break_continue(module: Module) -> Found:
    """`break` becomes `continue`, and back; a loop without end is told apart by its time."""
    for node in (*module.of(ast.Break), *module.of(ast.Continue)):
        yield node, (module.replace(node, "continue" if isinstance(node, ast.Break) else "break"),)


def drop_early_return(module: Module) -> Found:
    """A `return` or `raise` in the middle of a function is gone."""
    for node in (*module.of(ast.Return), *module.of(ast.Raise)):
        parent = module.parent(node)
        if isinstance(parent, Function):
            continue
        if edit := module.removal(node):
            yield node, (edit,)


def drop_statement(module: Module) -> Found:
    """An assignment or a call for its effect is gone."""
    for node in (*module.of(ast.AugAssign), *module.of(ast.Assign), *module.of(ast.Expr)):
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call | ast.Await):
            continue
        # A local name without a value crashes at once; an attribute or item shows later.
        plain = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Tuple)
        if not plain and (edit := module.removal(node)):
            yield node, (edit,)


def overwrite(module: Module) -> Found:
    """`x += y` becomes `x = y`."""
    for node in module.of(ast.AugAssign):
        start, end = module.end(node.target), module.start(node.value)
        if not set(module.text[start:end]) & set("()#\\\n"):
            yield node, (Edit(start, end, " = "),)


def change_error(module: Module) -> Found:
    """Another error is raised, or another one is caught."""
    found: list[ast.Raise | ast.ExceptHandler] = [
        *module.of(ast.Raise),
        *module.of(ast.ExceptHandler),
    ]
    for node in found:
        named = node.exc if isinstance(node, ast.Raise) else node.type
        if isinstance(named, ast.Call):
            named = named.func
        if isinstance(named, ast.Name) and named.id in _NEIGHBOURS:
            yield named, (module.replace(named, _NEIGHBOURS[named.id]),)


def drop_caught(module: Module) -> Found:
    """`except (A, B)` no longer catches one of them."""
    for node in module.of(ast.ExceptHandler):
        if not isinstance(node.type, ast.Tuple) or len(node.type.elts) < 2:
            continue
        kinds = [module.source(kind) for kind in node.type.elts]
        for at in range(len(kinds)):
            rest = kinds[:at] + kinds[at + 1 :]
            text = rest[0] if len(rest) == 1 else f"({', '.join(rest)})"
            yield node.type, (module.replace(node.type, text),)


def drop_cleanup(module: Module) -> Found:
    """A `finally` block or a call of `close`, `release` or `flush` is gone."""
    for node in module.of(ast.Try):
        if node.finalbody and node.handlers:
            start = module.end((node.orelse or node.handlers[-1].body)[-1])
            yield node, (Edit(start, module.end(node.finalbody[-1]), ""),)
    for statement in module.of(ast.Expr):
        call = statement.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            known = call.func.attr in ("close", "release", "flush", "unlock", "clear", "reset")
            if known and (edit := module.removal(statement)):
                yield statement, (edit,)


def keep_open(module: Module) -> Found:
    """`with open(...) as f:` becomes `f = open(...)`: nobody closes or flushes it."""
    for node in module.of(ast.With):
        item = node.items[0]
        call = item.context_expr
        if len(node.items) > 1 or not isinstance(item.optional_vars, ast.Name):
            continue
        if not (isinstance(call, ast.Call) and module.source(call.func).lower().endswith("open")):
            continue
        text = module.block(node.body, module.indent(node)).lstrip()
        if text and module.owns_its_lines(node) and node.body[0].lineno > node.lineno:
            head = f"{item.optional_vars.id} = {module.source(call)}"
            yield node, (module.replace(node, f"{head}\n{module.indent(node)}{text.rstrip()}"),)


def forget_await(module: Module) -> Found:
    """An awaited call for its effect is only started, or never run."""
    for node in module.of(ast.Expr):
        if isinstance(node.value, ast.Await):
            start = module.start(node.value)
            yield node, (Edit(start, module.start(node.value.value), ""),)


def unlock(module: Module) -> Found:
    """`async with lock:` or `with lock:` is gone around its body."""
    blocks: list[ast.With | ast.AsyncWith] = [*module.of(ast.With), *module.of(ast.AsyncWith)]
    for node in blocks:
        if any(item.optional_vars for item in node.items) or not module.owns_its_lines(node):
            continue
        text = module.block(node.body, module.indent(node)).strip()
        if text and node.body[0].lineno > node.lineno:
            yield node, (module.replace(node, text),)
