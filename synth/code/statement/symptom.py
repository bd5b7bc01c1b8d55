"""What is wrong, told from what a script printed on both trees: the facts that words are put to."""

import ast
import re
import sys
from enum import StrEnum
from os.path import commonprefix
from typing import Any, NamedTuple

from synth.code.statement.evidence import Outcome, Reproduction

MAX_ITEM_CHARS = 40
MAX_EXPRESSION_CHARS = 60
_CALLS_OF_NO_INTEREST = frozenset({"print", "repr", "list", "len", "str", "set", "dict", "tuple"})
_CALLS_OF_NO_INTEREST |= {"sorted", "bool", "int", "type", "next", "iter", "run", "main", "super"}


class Sort(StrEnum):
    CRASH = "crash"
    NO_ERROR = "no_error"
    HANG = "hang"
    OTHER_ERROR = "other_error"
    OTHER_MESSAGE = "other_message"
    NOTHING = "nothing"
    """None where something is expected."""
    TRUTH = "truth"
    TYPE = "type"
    MISSING = "missing"
    EXTRA = "extra"
    ORDER = "order"
    ENTRY = "entry"
    """Another value for a key or at a position."""
    NUMBER = "number"
    SPACE = "space"
    CASE = "case"
    TEXT = "text"
    VALUE = "value"


class Symptom(NamedTuple):
    """Facts about one reproduction."""

    sort: Sort
    call: str
    """What was called, as the script writes it, e.g. `xmltodict.parse`; may be empty."""
    options: tuple[str, ...]
    """Keyword arguments of the call, as written."""
    expression: str
    """What is printed, if it is short and stands on its own."""
    expected: str
    actual: str
    """What was printed, on one line if it is one."""
    item: str = ""
    """What is missing, too much, or the key of the entry; the text that is missing."""
    other: str = ""
    """The text that is there instead."""
    number: int = 0
    """How many items are missing or too many."""


def symptom(found: Reproduction) -> Symptom:
    call, options = _call(found.script)
    good, bad = found.fixed, found.buggy
    base = Symptom(
        Sort.VALUE,
        call,
        options,
        _expression(found.script),
        good.out.rstrip("\n"),
        bad.out.rstrip("\n"),
    )
    return _of_errors(base, good, bad) or _of_values(base, good.out, bad.out)


def _of_errors(base: Symptom, good: Outcome, bad: Outcome) -> Symptom | None:
    if bad.error == "hang":
        return base._replace(sort=Sort.HANG)
    if bad.error and not good.error:
        return base._replace(sort=Sort.CRASH, actual=bad.last_line, other=bare(bad.error))
    if good.error and not bad.error:
        return base._replace(sort=Sort.NO_ERROR, expected=good.last_line, item=bare(good.error))
    if not good.error:
        return None
    sort = Sort.OTHER_MESSAGE if good.error == bad.error else Sort.OTHER_ERROR
    return base._replace(
        sort=sort,
        expected=good.last_line,
        actual=bad.last_line,
        item=bare(good.error),
        other=bare(bad.error),
    )


def bare(error: str) -> str:
    """`TOMLKitError` of `tomlkit.exceptions.TOMLKitError`."""
    return error.rpartition(".")[2]


def _of_values(base: Symptom, good: str, bad: str) -> Symptom:
    if bad.strip() == "None":
        return base._replace(sort=Sort.NOTHING)
    try:
        right, wrong = ast.literal_eval(good.strip()), ast.literal_eval(bad.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _of_texts(base, good, bad)
    if isinstance(right, bool) and isinstance(wrong, bool):
        return base._replace(sort=Sort.TRUTH)
    if isinstance(right, int | float) and isinstance(wrong, int | float):
        off = int(abs(right - wrong) == 1 and isinstance(right, int))
        return base._replace(sort=Sort.NUMBER, number=off)
    if type(right) is not type(wrong):
        item, other = type(right).__name__, type(wrong).__name__
        return base._replace(sort=Sort.TYPE, item=item, other=other)
    if isinstance(right, str):
        return _of_texts(base, right, wrong)
    if isinstance(right, dict):
        return _of_dicts(base, right, wrong)
    if isinstance(right, list | tuple | set):
        return _of_items(base, list(right), list(wrong), ordered=not isinstance(right, set))
    return base


def _of_dicts(base: Symptom, right: dict[Any, Any], wrong: dict[Any, Any]) -> Symptom:
    missing = [key for key in right if key not in wrong]
    extra = [key for key in wrong if key not in right]
    if missing and not extra:
        return base._replace(sort=Sort.MISSING, item=_item(missing[0]), number=len(missing))
    if extra and not missing:
        return base._replace(sort=Sort.EXTRA, item=_item(extra[0]), number=len(extra))
    changed = [key for key in right if key in wrong and right[key] != wrong[key]]
    if not missing and not extra and len(changed) == 1:
        [key] = changed
        inner = right[key], wrong[key]
        if all(isinstance(value, dict) for value in inner):
            deeper = _of_dicts(base, *inner)
            if deeper.sort is not Sort.VALUE:
                return deeper
        return base._replace(sort=Sort.ENTRY, item=_item(key))
    if not missing and not changed:
        return base._replace(sort=Sort.ORDER)
    return base


def _of_items(base: Symptom, right: list[Any], wrong: list[Any], ordered: bool) -> Symptom:
    missing, extra = _left(right, wrong), _left(wrong, right)
    if missing and not extra and wrong:
        return base._replace(sort=Sort.MISSING, item=_item(missing[0]), number=len(missing))
    if extra and not missing:
        return base._replace(sort=Sort.EXTRA, item=_item(extra[0]), number=len(extra))
    if not missing and not extra and ordered:
        return base._replace(sort=Sort.ORDER)
    return base


def _left(items: list[Any], others: list[Any]) -> list[Any]:
    rest = list(others)
    found = []
    for item in items:
        if item in rest:
            rest.remove(item)
        else:
            found.append(item)
    return found


def _item(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_ITEM_CHARS and "`" not in text else ""


def _of_texts(base: Symptom, good: str, bad: str) -> Symptom:
    if "".join(good.split()) == "".join(bad.split()):
        return base._replace(sort=Sort.SPACE)
    if good.casefold() == bad.casefold():
        return base._replace(sort=Sort.CASE)
    if re.sub(r"\W+", "", good) and sorted(good.splitlines()) == sorted(bad.splitlines()):
        return base._replace(sort=Sort.ORDER)
    start = len(commonprefix([good, bad]))
    end = len(commonprefix([good[start:][::-1], bad[start:][::-1]]))
    while start and (good[start - 1].isalnum() or good[start - 1] == "_"):
        start -= 1
    while end and (good[len(good) - end].isalnum() or good[len(good) - end] == "_"):
        end -= 1
    gone, came = good[start : len(good) - end], bad[start : len(bad) - end]
    short = max(len(gone), len(came)) <= MAX_ITEM_CHARS and (gone + came).isprintable()
    if short and "`" not in gone + came and (gone + came).strip():
        return base._replace(sort=Sort.TEXT, item=gone.strip(), other=came.strip())
    return base._replace(sort=Sort.TEXT)


def _call(script: str) -> tuple[str, tuple[str, ...]]:
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


def _expression(script: str) -> str:
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
