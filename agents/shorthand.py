"""Tool calls as a person types them: a tool's name, then its arguments by place or by name.

    open f-123 2          find f-123 some words          search query="red dog" top_k=20
    open {"doc_id": "f-123"}

Everything follows from the tool's JSON Schema. What does not fit it is left as typed: the world
answers it in the words that any agent gets.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple, cast

from pydantic import JsonValue

from data.errors import UserError
from data.task import JsonObject, ToolCall, ToolSpec
from envs.tools import argument_errors

_TOKEN = re.compile(r'(?:(?P<name>\w+)=)?(?:"(?P<quoted>(?:[^"\\]|\\.)*)"(?=\s|$)|(?P<bare>\S+))')


class Word(NamedTuple):
    text: str
    name: str = ""
    """What stands before `=`; empty for a word without."""

    @property
    def whole(self) -> str:
        return f"{self.name}={self.text}" if self.name else self.text


def words(text: str) -> list[Word]:
    """`text` at its spaces, except inside double quotes."""
    return [_word(match) for match in _TOKEN.finditer(text)]


def _word(match: re.Match[str]) -> Word:
    quoted = match["quoted"]
    text = match["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return Word(text, match["name"] or "")


def read_call(line: str, tools: Sequence[ToolSpec]) -> ToolCall:
    """The call that `line` means; raises `UserError` if it names no tool or breaks off."""
    name, _, rest = line.strip().partition(" ")
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        known = ", ".join(tool.name for tool in tools)
        raise UserError(f"no command or tool {name!r}; tools are {known}; help lists all commands")
    if rest.strip().startswith("{"):
        return ToolCall(name=name, arguments=_json_object(rest))
    return ToolCall(name=name, arguments=_arguments(tool, rest))


def _json_object(text: str) -> JsonObject:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UserError(f"the arguments are no JSON object: {error}") from error
    return cast(JsonObject, value)


def _arguments(tool: ToolSpec, text: str) -> JsonObject:
    properties = cast(dict[str, JsonObject], tool.parameters.get("properties", {}))
    named: JsonObject = {}
    plain: list[str] = []
    for word in words(text):
        if word.name in properties:
            named[word.name] = _value(properties[word.name], word.text)
        else:
            plain.append(word.whole)
    free = [name for name in properties if name not in named]
    if len(plain) <= len(free):
        placed = {n: _value(properties[n], text) for n, text in zip(free, plain, strict=False)}
        if not argument_errors(tool, named | placed):
            return named | placed
    return named | _spread(tool, free, plain)


def _spread(tool: ToolSpec, free: Sequence[str], plain: Sequence[str]) -> JsonObject:
    """One word for each required argument, and all that are left for the last of them."""
    properties = cast(dict[str, JsonObject], tool.parameters.get("properties", {}))
    required = cast(list[str], tool.parameters.get("required", []))
    places = [name for name in free if name in required] or list(free[:1])
    if not places or not plain:
        return {}
    last = len(places) - 1
    texts = [*plain[:last], " ".join(plain[last:])]
    return {n: _value(properties[n], t) for n, t in zip(places, texts, strict=False) if t}


def _value(schema: JsonObject, text: str) -> JsonValue:
    """`text` as the schema's type; as it stands where it is not of that type."""
    if schema.get("type") == "string":
        return text
    try:
        return cast(JsonValue, json.loads(text))
    except ValueError:
        return text
