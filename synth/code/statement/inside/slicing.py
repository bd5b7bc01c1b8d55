"""From two traces of a failing test to the few lines that show its bug.

The test ran on the fixed and on the buggy tree; a call whose end differs is a symptom. Sliced
backwards to what it needs, the calls before it become a script that a person could have typed. What
the script does on both trees is found by running it, not by believing the trace.
"""

import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

MAX_LINES = 10
MAX_LINE_CHARS = 2_000
_HEX = re.compile(r"0x[0-9a-fA-F]+|\b[0-9A-F]{8,}\b")
_UNARY = {"__len__": "len", "__str__": "str", "__repr__": "repr", "__bool__": "bool"}
_UNARY |= {"__iter__": "list", "__hash__": "hash", "__int__": "int", "__float__": "float"}
_UNARY |= {"__next__": "next", "__abs__": "abs", "__bytes__": "bytes", "__reversed__": "reversed"}
_BINARY = {"__eq__": "==", "__ne__": "!=", "__lt__": "<", "__le__": "<=", "__gt__": ">"}
_BINARY |= {"__ge__": ">=", "__add__": "+", "__sub__": "-", "__mul__": "*", "__truediv__": "/"}
_BINARY |= {"__and__": "&", "__or__": "|", "__mod__": "%", "__xor__": "^", "__floordiv__": "//"}
_VAGUE = frozenset({"list", "tuple", "dict", "set", "str", "int", "parse", "load", "loads", "get"})

Call = dict[str, Any]
"""As the tracer writes it: kind, name, target, on, arguments, opaque, result, returns, ..."""


def scripts(fixed: Sequence[Call], buggy: Sequence[Call]) -> Iterator[str]:
    """Scripts that should behave differently on the two trees; the last statement prints."""
    for number, (right, wrong) in enumerate(zip(fixed, buggy, strict=False)):
        if any(right.get(key) != wrong.get(key) for key in ("kind", "name", "target")):
            return
        if _end(right) == _end(wrong):
            continue
        needed = _needed(fixed, number)
        script = _script(fixed, needed, number) if needed else None
        if script:
            yield script


def _end(call: Call) -> tuple[object, ...]:
    """How it ended, without what differs between any two runs."""
    shown = _HEX.sub("", call["result"]) if call.get("result") is not None else None
    return shown, call.get("returns"), call.get("yielded"), call.get("raised")


def _needs(call: Call) -> Iterator[dict[str, Any]]:
    if call.get("on"):
        yield call["on"]
    for _, value in call.get("arguments", ()):
        yield value


def _refs(call: Call) -> set[int]:
    return {value["ref"] for value in _needs(call) if value.get("ref") is not None}


def _needed(calls: Sequence[Call], last: int) -> list[int]:
    """Numbers of the calls that the last one depends on, itself included; none if one is opaque.

    A call on an object that is needed may have changed it, so it is needed as well.
    """
    needed = {last}
    objects = _refs(calls[last])
    for number in range(last - 1, -1, -1):
        call = calls[number]
        on = (call.get("on") or {}).get("ref")
        touched = on is not None and on in objects and call["kind"] != "property"
        if number in objects or (touched and not call["name"].startswith("__")):
            needed.add(number)
            objects |= _refs(call)
    if len(needed) > MAX_LINES or any(calls[number].get("opaque") for number in needed):
        return []
    return sorted(needed)


def _script(calls: Sequence[Call], needed: Sequence[int], last: int) -> str | None:
    names: dict[int, str] = {}
    lines: list[str] = []
    imports: set[str] = set()
    used = {ref for number in needed for ref in _refs(calls[number])}
    for number in needed:
        call = calls[number]
        text = _expression(call, names)
        if text is None or len(text) > MAX_LINE_CHARS:
            return None
        imports |= _imports(call)
        if number == last:
            text = f"print({text})"
        elif number in used:
            names[number] = _variable(call, names.values())
            text = f"{names[number]} = {text}"
        lines.append(text)
    return "\n".join([*(f"import {name}" for name in sorted(imports)), *lines])


def _imports(call: Call) -> set[str]:
    found = {name for value in _needs(call) for name in value.get("imports", ())}
    if call.get("target"):
        # A class is imported with its module: the path up to the first capital, or the last dot.
        parts = call["target"].split(".")
        tail = 2 if call["kind"] == "class" else 1
        found.add(".".join(parts[:-tail] or parts[:1]))
    return {_module(name) for name in found if name and name != "builtins"}


def _module(path: str) -> str:
    """`a.b` of `a.b.Class`: what can be imported."""
    parts = path.split(".")
    while len(parts) > 1 and parts[-1][:1].isupper():
        parts = parts[:-1]
    return ".".join(parts)


def _expression(call: Call, names: dict[int, str]) -> str | None:
    given = [value_text(value, names) for _, value in call["arguments"]]
    if any(text is None for text in given):
        return None
    arguments = ", ".join(
        f"{name}={text}" if name else str(text)
        for (name, _), text in zip(call["arguments"], given, strict=True)
    )
    if call["kind"] in ("function", "new", "class"):
        text = f"{call['target']}({arguments})"
        return f"list({text})" if call.get("yielded") is not None else text
    on = value_text(call["on"], names) if call.get("on") else None
    if on is None:
        return None
    if call["kind"] == "property":
        return f"{on}.{call['name']}"
    if not call["name"].startswith("__"):
        text = f"{on}.{call['name']}({arguments})"
        return f"list({text})" if call.get("yielded") is not None else text
    return _special(call["name"], on, [str(text) for text in given])


def _special(name: str, on: str, given: list[str]) -> str | None:
    """A special method as it is written: `len(x)`, `x == y`, `x[y]`."""
    match name, given:
        case "__call__", _:
            return f"{on}({', '.join(given)})"
        case "__getitem__", [key]:
            return f"{on}[{key}]"
        case "__contains__", [item]:
            return f"{item} in {on}"
        case _, [] if name in _UNARY:
            return f"{_UNARY[name]}({on})"
        case _, [other] if name in _BINARY:
            return f"{on} {_BINARY[name]} {other}"
        case _:
            return None


def value_text(value: dict[str, Any], names: dict[int, str]) -> str | None:
    """The expression for an argument; None where it stems from a call that has no name."""
    if value.get("ref") is None:
        return str(value["code"])
    return f"{names[value['ref']]}{value['path']}" if value["ref"] in names else None


def _variable(call: Call, taken: Iterable[str]) -> str:
    """A name for what a call gave: after its class, or after the function."""
    word = call["returns"].rpartition(".")[2] if call["kind"] == "new" else call["name"]
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower().strip("_")
    plain = re.sub(r"^(get|make|create|build|new|parse|load|from)_", "", plain) or "result"
    if plain in _VAGUE or keyword.iskeyword(plain) or not plain.isidentifier():
        plain = "result"
    # A name that hides the function it stems from would break the next call of it.
    if call["kind"] == "function" and plain == call.get("target"):
        plain = "result"
    taken = set(taken)
    name, number = plain, 2
    while name in taken:
        name = f"{plain}{number}"
        number += 1
    return name
