"""What passes between the loop and a model: a conversation in, one reply out.

A conversation is messages and turns. A turn already holds the model's words with the observations
of its calls, so a chat format, or a context manager, works on the same records that are stored.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from pydantic import Field

from data.record import Record
from data.task import JsonObject, Message, ToolCall, ToolSpec
from data.trajectory import TokenRecord, Turn

Conversation = Sequence[Message | Turn]


class MalformedCall(Record):
    """A tool call that cannot be read; the loop answers it with `problem` and runs nothing."""

    name: str
    problem: str
    """One sentence for the model, e.g. why its arguments are not a JSON object."""
    id: str = ""

    def recorded(self) -> ToolCall:
        """How the call stands in a turn: its arguments are lost, the observation quotes them."""
        return ToolCall(name=self.name, arguments={}, id=self.id)


class FinishReason(StrEnum):
    STOP = "stop"
    """The model ended its turn."""
    LENGTH = "length"
    """The reply was cut."""
    OVERFLOW = "overflow"
    """There is no reply: the conversation does not fit the model's window."""


class Usage(Record):
    """Tokens of one request, as the endpoint counts them; 0 where it does not."""

    num_prompt_tokens: int = Field(default=0, ge=0)
    num_completion_tokens: int = Field(default=0, ge=0)


class Reply(Record):
    """One model turn. No calls means that `content` is the final message."""

    content: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall | MalformedCall, ...] = ()
    usage: Usage = Usage()
    tokens: TokenRecord | None = None
    """None when the endpoint reports no token ids."""
    finish_reason: FinishReason = FinishReason.STOP
    seconds: float = Field(default=0.0, ge=0)
    """What the model took. Waits for a busy or failing endpoint are not the agent's time."""
    setbacks: tuple[str, ...] = ()
    """Transient faults of the endpoint that were retried before, oldest first."""

    def turn(self) -> Turn:
        """The turn this reply opens; the observations of its calls are still to come."""
        return Turn(
            content=self.content,
            reasoning=self.reasoning,
            calls=tuple(c.recorded() if isinstance(c, MalformedCall) else c for c in self.calls),
            num_prompt_tokens=self.usage.num_prompt_tokens,
            num_completion_tokens=self.usage.num_completion_tokens,
            tokens=self.tokens,
            setbacks=self.setbacks,
        )


class ChatModel(Protocol):
    @property
    def name(self) -> str:
        """Tells this model with its settings from any other; attempts are stored under it."""

    @property
    def settings(self) -> JsonObject:
        """The model and how it is sampled, e.g. `{"model": "tiny", "sampling": {...}}`."""

    async def complete(self, conversation: Conversation, tools: Sequence[ToolSpec]) -> Reply:
        """The model's next turn. Raises `ModelFault` when there is none to be had."""
