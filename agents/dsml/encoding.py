"""Messages to text, in segments that say which words are the model's own.

Thinking mode shows the reasoning that came after the newest user or developer message and no older
one; calls and results always stay. Where this differs from the official encoder, which fails:

* a developer message before the newest user message is kept, as its `drop_thinking=False` does;
* an assistant message in thinking mode without reasoning and calls gets an empty reasoning;
* tool results that stop short are left open at the end of the text only; elsewhere, and for
  results without a call or assistant text with special tokens, `UserError` says what is wrong.
"""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agents.dsml import markup
from agents.dsml.guard import is_safe, written_name, written_value
from agents.dsml.messages import Assistant, Developer, DsmlMessage, System, ToolResult, User
from data.errors import UserError
from data.task import JsonObject, ToolCall, ToolSpec


class Segment(NamedTuple):
    text: str
    number: int
    """Of the message it belongs to."""
    by_model: bool
    """True for what the model itself writes: reasoning, content, calls and the end token."""


def encode(messages: Sequence[DsmlMessage], thinking: bool, start: int = 0) -> str:
    """The text of `messages` from number `start` on, those before it being context.

    The text opens with the token of beginning if `start` is 0. A conversation that ends with a user
    message or complete tool results is the prompt of a reply.
    """
    return "".join(segment.text for segment in segments(messages, thinking, start))


def segments(messages: Sequence[DsmlMessage], thinking: bool, start: int = 0) -> list[Segment]:
    """`encode` in parts."""
    newest = max((i for i, m in enumerate(messages) if isinstance(m, User | Developer)), default=-1)
    found = [Segment(markup.BOS, 0, by_model=False)] if start == 0 else []
    asked = answered = 0
    for index, message in enumerate(messages):
        if isinstance(message, ToolResult):
            answered += 1
            if answered > asked:
                raise UserError(f"message {index} is result {answered} of {asked} calls")
        elif answered < asked and answered:
            raise UserError(f"message {index} comes after {answered} results of {asked} calls")
        else:
            asked, answered = len(message.calls) if isinstance(message, Assistant) else 0, 0
        if index < start:
            continue
        match message:
            case System():
                found.append(Segment(message.content + _annex(message), index, by_model=False))
            case User() | Developer():
                mode = markup.THINK if thinking and index == newest else markup.END_THINK
                text = f"{markup.USER}{_request(message)}{markup.ASSISTANT}{mode}"
                found.append(Segment(text, index, by_model=False))
            case Assistant():
                found.append(_reply(message, index, thinking and index > newest))
            case ToolResult():
                reasons = thinking and index > newest
                text = _result(message.content, answered, asked, reasons)
                found.append(Segment(text, index, by_model=False))
    return found


def _request(message: User | Developer) -> str:
    if isinstance(message, User):
        return message.content
    return f"{_annex(message)}\n\n# The user's message is: {message.content}"


def _annex(message: System | Developer) -> str:
    """What follows a message about the tools and the form of replies."""
    text = ""
    if message.tools:
        text += "\n\n" + markup.TOOLS % _tools(message.tools)
    if message.response_format is not None:
        text += "\n\n" + markup.RESPONSE_FORMAT % _json(message.response_format)
    return text


def _tools(tools: Sequence[ToolSpec]) -> str:
    return "\n".join(
        _json({"name": t.name, "description": t.description, "parameters": t.parameters})
        for t in tools
    )


def _json(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _reply(message: Assistant, index: int, reasons: bool) -> Segment:
    text = message.content
    if reasons:
        text = f"{message.reasoning}{markup.END_THINK}{text}"
    shown = [message.content, message.reasoning] if reasons else [message.content]
    if not all(map(is_safe, shown)):
        raise UserError(f"assistant message {index} holds a special token in its text")
    if message.calls:
        invokes = "".join(map(_invoke, message.calls))
        text += f"\n\n{markup.CALLS}{invokes}{markup.END_CALLS}"
    return Segment(text + markup.EOS, index, by_model=True)


def _invoke(call: ToolCall) -> str:
    # A call without arguments has an empty line, as in the official text.
    parameters = "".join(_parameters(call.arguments)) or "\n"
    return f'{markup.INVOKE}{written_name(call.name)}">\n{parameters}{markup.END_INVOKE}'


def _parameters(arguments: JsonObject) -> Iterator[str]:
    for name, value in arguments.items():
        raw, text = written_value(value)
        flag = "true" if raw else "false"
        head = f'{markup.PARAMETER}{written_name(name)}{markup.STRING}{flag}">'
        yield f"{head}{text}{markup.END_PARAMETER}\n"


def _result(content: str, number: int, of: int, reasons: bool) -> str:
    text = f"\n<result>{content}</result>"
    if number == 1:
        text = markup.RESULTS + text
    if number == of:
        text += markup.END_RESULTS + (markup.THINK if reasons else markup.END_THINK)
    return text
