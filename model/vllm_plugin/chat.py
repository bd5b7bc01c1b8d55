"""OpenAI's chat messages as text in DeepSeek-V3.2's encoding, by way of `agents.dsml`.

Text from outside is guarded, so no message can forge another. Nothing here knows vLLM.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agents.dsml import Assistant, Developer, System, ToolResult, User, encode, guarded
from agents.dsml.messages import DsmlMessage
from data.errors import UserError
from data.task import JsonObject, ToolCall, ToolSpec


def prompt_of(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]], thinking: bool
) -> str:
    """The prompt of the next reply. Raises `UserError` for what the encoding cannot say."""
    found = [_message(message, number) for number, message in enumerate(messages)]
    specs = tuple(_tool(tool) for tool in tools)
    if specs:
        found = _with_tools(found, specs)
    if not found or not isinstance(found[-1], User | Developer | ToolResult):
        raise UserError("the last message must come from the user or from a tool")
    return encode(found, thinking)


def is_thinking(template_kwargs: Mapping[str, Any] | None) -> bool:
    """Whether the reply begins with reasoning: yes, unless a request says otherwise."""
    given = template_kwargs or {}
    return bool(given.get("enable_thinking", given.get("thinking", True)))


def _with_tools(found: list[DsmlMessage], specs: tuple[ToolSpec, ...]) -> list[DsmlMessage]:
    """Tools stand behind the first system message, or in an empty one before everything."""
    for number, message in enumerate(found):
        if isinstance(message, System):
            return [*found[:number], message._replace(tools=specs), *found[number + 1 :]]
    return [System("", specs), *found]


def _message(message: Mapping[str, Any], number: int) -> DsmlMessage:
    role, content = message.get("role"), guarded(_text(message.get("content"), number))
    if role == "system":
        return System(content)
    if role == "developer":
        return Developer(content)
    if role == "user":
        return User(content)
    if role == "tool":
        return ToolResult(content)
    if role == "assistant":
        reasoning = message.get("reasoning") or message.get("reasoning_content") or ""
        calls = tuple(_call(call, number) for call in message.get("tool_calls") or ())
        return Assistant(content, guarded(str(reasoning)), calls)
    raise UserError(
        f"message {number} has role {role!r}; known are system, developer, user, assistant, tool"
    )


def _text(content: object, number: int) -> str:
    """A message's text; parts of text are joined by line breaks."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = [p.get("text") for p in content if isinstance(p, Mapping)]
        if len(parts) == len(content) and all(isinstance(text, str) for text in parts):
            return "\n".join(text for text in parts if isinstance(text, str))
    raise UserError(f"message {number} holds something other than text")


def _call(call: Mapping[str, Any], number: int) -> ToolCall:
    function = call.get("function") or {}
    return ToolCall(
        name=str(function.get("name")), arguments=_arguments(function.get("arguments"), number)
    )


def _arguments(given: object, number: int) -> JsonObject:
    if isinstance(given, str):
        try:
            given = json.loads(given or "{}")
        except ValueError as error:
            raise UserError(
                f"message {number} calls a tool with arguments that are not JSON"
            ) from error
    if not isinstance(given, dict):
        raise UserError(f"message {number} calls a tool with arguments that are no JSON object")
    return given


def _tool(tool: Mapping[str, Any]) -> ToolSpec:
    function = tool.get("function") or {}
    return ToolSpec(
        name=str(function.get("name")),
        description=function.get("description") or "",
        parameters=function.get("parameters") or {"type": "object", "properties": {}},
    )
