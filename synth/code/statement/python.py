"""How scripts in Python and what they print are read; see `synth.code.statement.reading`."""

import ast
import sys
from typing import Any

MAX_EXPRESSION_CHARS = 60
_CALLS_OF_NO_INTEREST = frozenset({"print", "repr", "list", "len", "str", "set", "dict", "tuple"})
_CALLS_OF_NO_INTEREST |= {"sorted", "bool", "int", "type", "next", "iter", "run", "main", "super"}

FENCE = "python"
NOTHING = "None"
RAISE = "raise"


def value(text: str) -> Any:
    """What a printed literal is; raises `ValueError`."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("no literal") from error


def shown(found: Any) -> str:
    """A part of such a value, as it would be printed."""
    return repr(found)


def key(found: Any) -> str:
    return repr(found)


def type_name(found: Any) -> str:
    return type(found).__name__


def trace(script: str, lines: tuple[int, ...]) -> list[str]:
    """What comes before an error's last line, as far as it is the user's."""
    text = script.splitlines()
    frames = [
        line
        for number in lines
        if 0 < number <= len(text)
        for line in (f'  File "example.py", line {number}', f"    {text[number - 1].strip()}")
    ]
    return ["Traceback (most recent call last):", *frames, "  ..."] if frames else []


def call(script: str) -> tuple[str, tuple[str, ...]]:
    """The call that the script is about: the last one of something that is not built in."""
    tree = ast.parse(script)
    foreign = _CALLS_OF_NO_INTEREST | _defined(tree)
    for statement in reversed(tree.body):
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call):
                continue
            name = _dotted(node.func)
            ends = name.partition(".")[0], name.rpartition(".")[2]
            if name and not foreign & set(ends):
                options = tuple(
                    f"{k.arg}={ast.unparse(k.value)}"
                    if isinstance(k.value, ast.Constant)
                    else k.arg
                    for k in node.keywords
                    if k.arg is not None
                )
                return name, options
    return "", ()


def _defined(tree: ast.Module) -> set[str]:
    """Names of the script's own functions and of the standard library."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inner = (n for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.ClassDef))
            found |= {each.name for each in inner}
        elif isinstance(node, ast.Import):
            found |= {
                a.asname or a.name.partition(".")[0] for a in node.names if _is_standard(a.name)
            }
        elif isinstance(node, ast.ImportFrom) and _is_standard(node.module or ""):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _dotted(node: ast.expr) -> str:
    """`a.b` as written; for a method of what an expression gives its name alone: `.get`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        on = _dotted(node.value) if isinstance(node.value, ast.Name | ast.Attribute) else ""
        return f"{on}.{node.attr}"
    return ""


def expression(script: str) -> str:
    """The printed expression, if nothing but imports comes before it."""
    tree = ast.parse(script)
    *before, last = tree.body
    if not all(isinstance(node, ast.Import | ast.ImportFrom) for node in before):
        return ""
    call = last.value if isinstance(last, ast.Expr) else None
    if not isinstance(call, ast.Call) or not call.args or _dotted(call.func) != "print":
        return ""
    value = call.args[0]
    if isinstance(value, ast.Call) and _dotted(value.func) == "repr":
        value = value.args[0]
    text = ast.get_source_segment(script, value) or ""
    fits = len(text) <= MAX_EXPRESSION_CHARS and "\n" not in text and "`" not in text
    return text if fits else ""
