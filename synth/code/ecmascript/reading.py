"""How scripts in JavaScript and what `console.log` prints are read; see `statement.reading`."""

import re
from typing import Any

from tree_sitter import Node

from synth.code.ecmascript.text import Program, walk

FENCE = "javascript"
NOTHING = "undefined"
RAISE = "throw"
MAX_EXPRESSION_CHARS = 60
MAX_DEPTH = 40
_OWN = frozenset({"console.log", "require", "JSON.stringify", "String", "Number", "Object.keys"})
_OWN |= {"Array.from", "Promise.all", "Object.entries", "Object.assign", "Symbol", "push", "map"}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?(?:\d+\.?\d*(?:e[+-]?\d+)?|Infinity)|NaN)\b"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`\\]|\\.)*`)"
    r"|(?P<word>[A-Za-z_$][\w$]*)|(?P<sign>[\[\]{},:]))"
)
_WORDS = {"true": True, "false": False, "null": None}


class _Undefined:
    def __repr__(self) -> str:
        return "undefined"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Undefined)

    def __hash__(self) -> int:
        return 0


def value(text: str) -> Any:
    """What a printed literal is; raises `ValueError`. A text by itself has no quotes, so is none."""
    if text[:1] in "'\"`":
        raise ValueError("a text")
    tokens = _Tokens(text)
    found = tokens.read(MAX_DEPTH)
    if tokens.rest.strip():
        raise ValueError("more than a literal")
    return found


class _Tokens:
    def __init__(self, text: str) -> None:
        self.rest = text

    def take(self) -> re.Match[str]:
        found = _TOKEN.match(self.rest)
        if found is None:
            raise ValueError("no literal")
        self.rest = self.rest[found.end() :]
        return found

    def sees(self, sign: str) -> bool:
        if self.rest.lstrip().startswith(sign):
            self.rest = self.rest.lstrip()[len(sign) :]
            return True
        return False

    def read(self, depth: int) -> Any:
        found = self.take()
        if depth == 0:
            raise ValueError("too deep")
        if found["number"] is not None:
            text = found["number"]
            return int(text) if re.fullmatch(r"-?\d+", text) else float(text.replace("NaN", "nan"))
        if found["text"] is not None:
            return _unquoted(found["text"])
        if found["word"] in _WORDS:
            return _WORDS[found["word"]]
        if found["word"] == NOTHING:
            return _Undefined()
        if found["sign"] == "[":
            return self._items(depth)
        if found["sign"] == "{":
            return self._pairs(depth)
        raise ValueError("no literal")

    def _items(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while not self.sees("]"):
            items.append(self.read(depth - 1))
            if not self.sees(","):
                if not self.sees("]"):
                    raise ValueError("no literal")
                break
        return items

    def _pairs(self, depth: int) -> dict[Any, Any]:
        pairs: dict[Any, Any] = {}
        while not self.sees("}"):
            found = self.take()
            key = found["word"] or found["number"] or (found["text"] and _unquoted(found["text"]))
            if key is None or not self.sees(":"):
                raise ValueError("no literal")
            pairs[key] = self.read(depth - 1)
            if not self.sees(","):
                if not self.sees("}"):
                    raise ValueError("no literal")
                break
        return pairs


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda f: {"n": "\n", "t": "\t"}.get(f[1], f[1]), text[1:-1])


def shown(found: Any) -> str:
    """A part of such a value, as it would be printed."""
    if found is None or isinstance(found, bool):
        return next(word for word, known in _WORDS.items() if known is found)
    if isinstance(found, list):
        return f"[ {', '.join(map(shown, found))} ]" if found else "[]"
    if isinstance(found, dict):
        inner = ", ".join(f"{key}: {shown(inner)}" for key, inner in found.items())
        return f"{{ {inner} }}" if inner else "{}"
    return repr(found)


def key(found: Any) -> str:
    """Without quotes where it needs none."""
    return str(found)


def type_name(found: Any) -> str:
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array"}
    if found is None:
        return "null"
    return repr(found) if isinstance(found, _Undefined) else names.get(type(found), "object")


def call(script: str) -> tuple[str, tuple[str, ...]]:
    """The call that a script is about: the last one of something of the package."""
    program = Program(script)
    for statement in reversed(program.statements):
        for node in walk(statement):
            if node.type == "new_expression":
                called = node.child_by_field_name("constructor")
            elif node.type == "call_expression":
                called = node.child_by_field_name("function")
            else:
                continue
            name = _dotted(program, called)
            if name and name not in _OWN and name.rpartition(".")[2] not in _OWN:
                return name, ()
    return "", ()


def _dotted(program: Program, node: Node | None) -> str:
    """`a.b` as written; for a method of what an expression gives its name alone: `.get`."""
    if node is None:
        return ""
    if node.type == "identifier":
        return program.source(node)
    if node.type == "member_expression":
        owner = node.child_by_field_name("object")
        name = node.child_by_field_name("property")
        plain = owner is not None and owner.type in ("identifier", "member_expression")
        return f"{_dotted(program, owner) if plain else ''}.{program.source(name)}" if name else ""
    return ""


def expression(script: str) -> str:
    """The printed expression, if nothing but imports comes before it; else empty."""
    program = Program(script)
    *before, last = program.statements
    loads = (program.source(node) for node in before)
    if not all(re.match(r"import\b|(const|let|var)\b[^=]*=\s*require\(", text) for text in loads):
        return ""
    found = re.fullmatch(r"console\.log\((.*)\);?", program.source(last), re.DOTALL)
    text = found[1] if found else ""
    fits = len(text) <= MAX_EXPRESSION_CHARS and "\n" not in text and "`" not in text
    return text if fits else ""


def trace(script: str, lines: tuple[int, ...]) -> list[str]:
    """Nothing: frames of Node.js name files of the package."""
    return []
