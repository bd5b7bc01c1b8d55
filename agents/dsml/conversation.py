"""The agent's conversation as messages of the encoding."""

from collections.abc import Sequence

from agents.chat import Conversation
from agents.dsml.guard import guarded
from agents.dsml.messages import Assistant, DsmlMessage, System, ToolResult, User
from data.errors import UserError
from data.task import Message, Role, ToolSpec


def from_conversation(conversation: Conversation, tools: Sequence[ToolSpec]) -> list[DsmlMessage]:
    """`conversation` with the tools in its first system message, or in an empty one before it.

    All text is guarded: neither a page that was read nor a task can forge a message.
    """
    messages: list[DsmlMessage] = []
    left = tuple(tools)
    for item in conversation:
        if not isinstance(item, Message):
            messages.append(Assistant(guarded(item.content), guarded(item.reasoning), item.calls))
            messages += [ToolResult(guarded(seen.text)) for seen in item.observations]
        elif item.role is Role.SYSTEM:
            messages.append(System(guarded(item.content), left))
            left = ()
        elif item.role is Role.USER:
            messages.append(User(guarded(item.content)))
        elif item.role is Role.ASSISTANT:
            messages.append(Assistant(guarded(item.content)))
        else:
            raise UserError("a tool message has no call; give the turn that made it instead")
    return [System("", left), *messages] if left else messages
