"""The messages that the encoding knows. They are what the text says, without ids or metadata."""

from typing import NamedTuple

from data.task import JsonObject, ToolCall, ToolSpec


class System(NamedTuple):
    content: str
    tools: tuple[ToolSpec, ...] = ()
    response_format: JsonObject | None = None
    """JSON Schema that replies must follow; None for free text."""


class User(NamedTuple):
    content: str


class Developer(NamedTuple):
    """A user message that brings its own tools; the published encoding uses it for search."""

    content: str
    tools: tuple[ToolSpec, ...] = ()
    response_format: JsonObject | None = None


class Assistant(NamedTuple):
    content: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()


class ToolResult(NamedTuple):
    """What one call gave; results follow their assistant message in the order of its calls."""

    content: str


DsmlMessage = System | User | Developer | Assistant | ToolResult
