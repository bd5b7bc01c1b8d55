"""A chat model that replies from a list: for tests, examples and demonstrations."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agents.chat import Conversation, Reply
from data.errors import ModelFault
from data.task import JsonObject, Message, ToolSpec
from data.trajectory import Turn


class Request(NamedTuple):
    conversation: tuple[Message | Turn, ...]
    tools: tuple[ToolSpec, ...]


class ScriptedModel:
    """Gives its replies in order, and keeps what it was asked in `requests`."""

    def __init__(self, replies: Iterable[Reply], name: str = "scripted") -> None:
        self.name = name
        self.requests: list[Request] = []
        self._replies = tuple(replies)

    @property
    def settings(self) -> JsonObject:
        return {"model": self.name}

    async def complete(self, conversation: Conversation, tools: Sequence[ToolSpec]) -> Reply:
        """The next reply. Raises `ModelFault` when the list is used up."""
        asked = len(self.requests)
        if asked >= len(self._replies):
            raise ModelFault(
                f"model {self.name!r} was asked for reply {asked + 1} of {len(self._replies)}; "
                "give it one more, or let the last one make no calls"
            )
        self.requests.append(Request(tuple(conversation), tuple(tools)))
        return self._replies[asked]
