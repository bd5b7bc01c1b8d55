"""From two traces of a failing test to the few lines that show its bug.

The test ran on the fixed and on the buggy tree; the first call whose end differs is the symptom.
Sliced backwards to what it needs, the calls before it become a script that a person could have
typed. What the script prints on both trees is found by running it, not by believing the trace.
"""

import json
import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from pydantic import Field, ValidationError

from data.record import Record

MAX_LINES = 8
MAX_LINE_CHARS = 400
_HEX = re.compile(r"0x[0-9a-fA-F]+|\b[0-9A-F]{8,}\b")
_UNARY = {"__len__": "len", "__str__": "str", "__repr__": "repr", "__bool__": "bool"}
_UNARY |= {"__iter__": "list", "__hash__": "hash", "__int__": "int", "__float__": "float"}
_BINARY = {"__eq__": "==", "__ne__": "!=", "__lt__": "<", "__le__": "<=", "__gt__": ">"}
_BINARY |= {"__ge__": ">=", "__add__": "+", "__sub__": "-", "__mul__": "*", "__truediv__": "/"}
_BINARY |= {"__and__": "&", "__or__": "|", "__mod__": "%", "__xor__": "^", "__floordiv__": "//"}


class Value(Record):
    """An argument: an expression, or what an earlier call gave."""

    code: str = ""
    imports: tuple[str, ...] = ()
    ref: int | None = None
    path: str = ""


class Call(Record):
    """One call of a trace, as the tracer wrote it."""

    kind: Literal["function", "new", "method", "property", "class"]
    name: str
    target: str = ""
    on: Value | None = None
    arguments: tuple[tuple[str | None, Value], ...] = ()
    opaque: str = ""
    """Why the call cannot be written down; empty if it can."""
    result: str | None = None
    returns: str = ""
    yielded: tuple[str, ...] | None = None
    raised: tuple[str, str] | None = None

    @property
    def end(self) -> tuple[object, ...]:
        """How it ended, without what differs between any two runs."""
        shown = _HEX.sub("", self.result) if self.result is not None else None
        return shown, self.returns, self.yielded, self.raised

    @property
    def needs(self) -> Iterator[Value]:
        if self.on:
            yield self.on
        for _, value in self.arguments:
            yield value


class Trace(Record):
    test: str
    calls: tuple[Call, ...] = Field(max_length=1000)


class Script(Record):
    """Lines to run; the last is an expression whose value is printed."""

    lines: tuple[str, ...]
    imports: tuple[str, ...]

    @property
    def text(self) -> str:
        """As a person would write it in an issue."""
        heads = [f"import {name}" for name in self.imports]
        return "\n".join([*heads, *([""] if heads else []), *self.lines])

    @property
    def program(self) -> str:
        """Prints the value of the last line, as `repr`, or the error that ends it."""
        heads = [f"import {name}" for name in self.imports]
        return "\n".join([*heads, *self.lines[:-1], f"print(repr({self.lines[-1]}))"])


def read_traces(lines: str) -> dict[str, Trace]:
    """Traces by test id; a line that is no trace is left out, for it comes from a sandbox."""
    found: dict[str, Trace] = {}
    for line in lines.splitlines():
        try:
            trace = Trace.model_validate(json.loads(line))
        except (ValueError, ValidationError):
            continue
        found[trace.test] = trace
    return found


def scripts(fixed: Trace, buggy: Trace) -> Iterator[Script]:
    """Scripts that should behave differently on the two trees, the likeliest first."""
    for number, (right, wrong) in enumerate(zip(fixed.calls, buggy.calls, strict=False)):
        if (right.kind, right.name, right.target) != (wrong.kind, wrong.name, wrong.target):
            return
        if right.end == wrong.end:
            continue
        needed = _needed(fixed.calls, number)
        script = _script(fixed.calls, needed, number) if needed else None
        if script:
            yield script


def _needed(calls: Sequence[Call], last: int) -> list[int]:
    """Numbers of the calls that the last one depends on, itself included; none if one is opaque.

    A call on an object that is needed may have changed it, so it is needed as well.
    """
    needed = {last}
    objects = {value.ref for value in calls[last].needs if value.ref is not None}
    for number in range(last - 1, -1, -1):
        call = calls[number]
        touched = call.on is not None and call.on.ref in objects and call.kind != "property"
        if number in objects or (touched and not call.name.startswith("__")):
            needed.add(number)
            objects |= {value.ref for value in call.needs if value.ref is not None}
    if len(needed) > MAX_LINES or any(calls[number].opaque for number in needed):
        return []
    return sorted(needed)


def _script(calls: Sequence[Call], needed: Sequence[int], last: int) -> Script | None:
    names: dict[int, str] = {}
    lines: list[str] = []
    imports: set[str] = set()
    used = {v.ref for n in needed for v in calls[n].needs if v.ref is not None}
    for number in needed:
        call = calls[number]
        text = _expression(call, names)
        if text is None or len(text) > MAX_LINE_CHARS:
            return None
        imports |= _imports(call)
        if number != last and number in used:
            names[number] = _variable(call, names.values())
            text = f"{names[number]} = {text}"
        lines.append(text)
    return Script(lines=tuple(lines), imports=tuple(sorted(imports)))


def _imports(call: Call) -> set[str]:
    found = {name for value in call.needs for name in value.imports}
    if call.target:
        # A class is imported with its module: the path up to the first capital, or the last dot.
        parts = call.target.split(".")
        tail = 2 if call.kind == "class" else 1
        module = parts[:-tail] or parts[:1]
        while len(module) > 1 and module[-1][:1].isupper():
            module = module[:-1]
        found.add(".".join(module))
    return {name for name in found if name and name != "builtins"}


def _expression(call: Call, names: dict[int, str]) -> str | None:
    given = [_value(value, names) for _, value in call.arguments]
    if any(text is None for text in given):
        return None
    arguments = ", ".join(
        f"{name}={text}" if name else str(text)
        for (name, _), text in zip(call.arguments, given, strict=True)
    )
    if call.kind in ("function", "new", "class"):
        text = f"{call.target}({arguments})"
        return f"list({text})" if call.yielded is not None else text
    on = _value(call.on, names) if call.on else None
    if on is None:
        return None
    if call.kind == "property":
        return f"{on}.{call.name}"
    if not call.name.startswith("__"):
        text = f"{on}.{call.name}({arguments})"
        return f"list({text})" if call.yielded is not None else text
    return _special(call.name, on, [str(text) for text in given])


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
    return None


def _value(value: Value, names: dict[int, str]) -> str | None:
    if value.ref is None:
        return value.code
    return f"{names[value.ref]}{value.path}" if value.ref in names else None


def _variable(call: Call, taken: Iterable[str]) -> str:
    """A name for what a call gave: after its class, or after the function."""
    word = call.returns.rpartition(".")[2] if call.kind == "new" else call.name
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower().strip("_")
    plain = re.sub(r"^(get|make|create|build|new|parse|load|from)_", "", plain) or "result"
    if plain in ("list", "tuple", "dict", "parse", "load", "loads", "get") or keyword.iskeyword(
        plain
    ):
        plain = "result"
    taken = set(taken)
    number = 2
    name = plain if plain.isidentifier() else "result"
    while name in taken:
        name = f"{plain}_{number}"
        number += 1
    return name
