"""The chat-completions format: conversations written, replies read.

Nothing here waits or connects. A reply outside the format raises `ModelFault`; what the model got
wrong inside it, such as arguments that are not JSON, becomes a `MalformedCall`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import from_json, to_json

from agents import stream
from agents.chat import Conversation, FinishReason, MalformedCall, Reply, Usage
from data.errors import ModelFault
from data.task import JsonObject, Message, Role, ToolCall, ToolSpec
from data.trajectory import TokenRecord, Turn

REASONING_FIELDS = ("reasoning_content", "reasoning")
"""Names under which endpoints give a reply's reasoning, the commonest first."""

MAX_DETAIL = 300
"""Characters of an endpoint's own error text that a fault repeats."""

MAX_TEXT_BYTES = 4096
"""Of an error response that is no JSON, so many are looked at."""

MAX_QUOTED = 120
"""Characters of unreadable arguments that the model is shown again."""

MAX_HELD_BYTES = 32 * 2**20
"""Text of turns that is kept for the requests to come; then all of it is written anew."""

OVERFLOW_WORDS = ("context length", "context size", "context window", "maximum model length")

NO_LOGPROB = -9999.0
"""What vLLM writes in the place of a log-probability it does not have."""

CUT = frozenset({"length", "max_tokens", "model_length"})
BROKEN_OFF = frozenset({"abort", "error", "content_filter"})
"""Ends that are the endpoint's doing and not the model's."""


class _Wire(BaseModel):
    """Part of a response; endpoints add fields of their own, which are left aside."""

    model_config = ConfigDict(allow_inf_nan=False)


class _Function(_Wire):
    name: str | None = None
    arguments: JsonValue = None


class _Call(_Wire):
    id: str | None = None
    function: _Function


class _Said(_Wire):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None


class _Logprob(_Wire):
    logprob: float


class _Logprobs(_Wire):
    content: list[_Logprob] | None = None


class _Choice(_Wire):
    message: _Said
    finish_reason: str | None = None
    token_ids: list[int] | None = None
    logprobs: _Logprobs | None = None


class _Usage(_Wire):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class _Completion(_Wire):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None
    prompt_token_ids: list[int] | None = None


class _Model(_Wire):
    id: str


class _Models(_Wire):
    data: list[_Model]


_W = TypeVar("_W", bound=_Wire)


class Received(NamedTuple):
    reply: Reply
    reasoning_field: str
    """The name that the reasoning came under; empty if there was none."""


def tools(specs: Sequence[ToolSpec]) -> list[JsonValue]:
    return [{"type": "function", "function": spec.model_dump()} for spec in specs]


def messages(conversation: Conversation, reasoning_field: str) -> list[JsonValue]:
    """The conversation as messages; reasoning before the newest user message is left out."""
    items = enumerate(_with_fields(conversation, reasoning_field))
    return [message for i, (item, field) in items for message in _item(item, i, field)]


def _with_fields(
    conversation: Conversation, reasoning_field: str
) -> Iterator[tuple[Message | Turn, str]]:
    """Every item with the name that its reasoning goes under; empty if it is left out."""
    newest = max(
        (i for i, m in enumerate(conversation) if isinstance(m, Message) and m.role is Role.USER),
        default=-1,
    )
    for i, item in enumerate(conversation):
        yield item, reasoning_field if i > newest else ""


def _item(item: Message | Turn, index: int, reasoning_field: str) -> list[JsonValue]:
    if isinstance(item, Message):
        return [{"role": item.role.value, "content": item.content}]
    return _turn(item, index, reasoning_field)


class Texts:
    """`messages` as JSON text, for many conversations that grow: each turn is written once.

    Records cannot be keys, so the very objects are; holding them keeps their places theirs.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[int, int, str], tuple[Message | Turn, bytes]] = {}
        self._num_bytes = 0

    def messages(self, conversation: Conversation, reasoning_field: str) -> bytes:
        items = enumerate(_with_fields(conversation, reasoning_field))
        return b"[" + b",".join(self._text(item, i, field) for i, (item, field) in items) + b"]"

    def _text(self, item: Message | Turn, index: int, reasoning_field: str) -> bytes:
        key = id(item), index, reasoning_field
        held = self._held.get(key)
        if held is None:
            if self._num_bytes > MAX_HELD_BYTES:
                self._held.clear()
                self._num_bytes = 0
            held = self._held[key] = item, to_json(_item(item, index, reasoning_field))[1:-1]
            self._num_bytes += len(held[1])
        return held[1]


def _turn(turn: Turn, index: int, reasoning_field: str) -> list[JsonValue]:
    said: JsonObject = {"role": "assistant", "content": turn.content}
    if turn.reasoning and reasoning_field:
        said[reasoning_field] = turn.reasoning
    ids = _call_ids(turn, index)
    if turn.calls:
        said["tool_calls"] = [_call(id, call) for id, call in zip(ids, turn.calls, strict=True)]
    results: list[JsonValue] = [
        {"role": "tool", "tool_call_id": id, "content": observation.text}
        for id, observation in zip(ids, turn.observations, strict=True)
    ]
    return [said, *results]


def _call(id: str, call: ToolCall) -> JsonObject:
    # With the spaces that models write: a template that takes the text as it is then gives the model
    # its own tokens again.
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {"id": id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _call_ids(turn: Turn, index: int) -> list[str]:
    """The model's own ids if they tell its calls apart, else ids made from the position."""
    ids = [call.id for call in turn.calls]
    if all(ids) and len(set(ids)) == len(ids):
        return ids
    return [f"call_{index}_{i}" for i in range(len(ids))]


def read_reply(body: bytes, seconds: float, setbacks: tuple[str, ...] = ()) -> Received:
    """The reply in a response of status 200, streamed or not, that came after `setbacks`."""
    if stream.is_stream(body):
        completion = _checked(_Completion, lambda: _streamed(body), body)
    else:
        completion = _parsed(_Completion, body)
    choice = completion.choices[0]
    said, usage = choice.message, completion.usage or _Usage()
    given = zip(REASONING_FIELDS, (said.reasoning_content, said.reasoning), strict=True)
    field, reasoning = next(((name, text) for name, text in given if text), ("", ""))
    reply = Reply(
        content=said.content or "",
        reasoning=reasoning,
        calls=tuple(_read_call(call) for call in said.tool_calls or ()),
        usage=Usage(
            num_prompt_tokens=usage.prompt_tokens, num_completion_tokens=usage.completion_tokens
        ),
        tokens=_tokens(completion, choice),
        finish_reason=_finish_reason(choice.finish_reason),
        seconds=seconds,
        setbacks=setbacks,
    )
    return Received(reply, field)


def _streamed(body: bytes) -> _Completion:
    return _Completion.model_validate(stream.joined(body))


def _read_call(call: _Call) -> ToolCall | MalformedCall:
    name, id = call.function.name or "", call.id or ""
    given = call.function.arguments
    try:
        return ToolCall(name=name, arguments=_arguments(given), id=id)
    except ValidationError:
        problem = "not a JSON object with finite numbers"
    except ValueError as e:
        problem = f"not JSON ({e})"
    quoted = given if isinstance(given, str) else to_json(given).decode()
    quoted = quoted if len(quoted) <= MAX_QUOTED else quoted[:MAX_QUOTED] + "..."
    return MalformedCall(name=name, id=id, problem=f"{name}: the arguments are {problem}: {quoted}")


def _arguments(given: JsonValue) -> Any:
    """What `given` holds, not yet checked; some models call without arguments by "" or null."""
    if given is None or (isinstance(given, str) and not given.strip()):
        return {}
    return from_json(given) if isinstance(given, str) else given


def _finish_reason(given: str | None) -> FinishReason:
    if given in BROKEN_OFF:
        raise ModelFault(f"the endpoint broke the reply off ({given})")
    return FinishReason.LENGTH if given in CUT else FinishReason.STOP


def _tokens(completion: _Completion, choice: _Choice) -> TokenRecord | None:
    """Token ids as vLLM reports them; None unless prompt, reply and log-probabilities are there."""
    logprobs = choice.logprobs.content if choice.logprobs else None
    if completion.prompt_token_ids is None or choice.token_ids is None or logprobs is None:
        return None
    if len(choice.token_ids) != len(logprobs):
        raise ModelFault(
            f"{len(choice.token_ids)} token ids came with {len(logprobs)} log-probabilities"
        )
    if any(entry.logprob <= NO_LOGPROB for entry in logprobs):
        return None
    return TokenRecord(
        prompt_ids=tuple(completion.prompt_token_ids),
        completion_ids=tuple(choice.token_ids),
        completion_logprobs=tuple(entry.logprob for entry in logprobs),
    )


def model_names(body: bytes) -> list[str]:
    """Names in an answer to `GET models`."""
    return [model.id for model in _parsed(_Models, body).data]


def _parsed(shape: type[_W], body: bytes) -> _W:
    return _checked(shape, lambda: shape.model_validate_json(body), body)


def _checked(shape: type[_W], parse: Callable[[], _W], body: bytes) -> _W:
    try:
        return parse()
    except ValidationError as e:
        wrong = e.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, wrong["loc"])) or "body"
        raise ModelFault(
            f"the response is no {shape.__name__[1:].lower()} ({place}: {wrong['msg']}); "
            f"it says: {error_text(body)[:MAX_DETAIL] or 'nothing'}"
        ) from e


def error_text(body: bytes) -> str:
    """What an error response says, whichever of the usual shapes it has; else its raw text."""
    try:
        found: Any = from_json(body)
    except ValueError:
        return body[:MAX_TEXT_BYTES].decode(errors="replace").strip()
    for key in ("error", "message", "detail"):
        if isinstance(found, dict) and key in found:
            found = found[key]
    return found if isinstance(found, str) else to_json(found).decode()


def is_overflow(detail: str) -> bool:
    """Whether an error says that the conversation no longer fits the model's window."""
    plain = detail.lower().replace("_", " ")
    return any(words in plain for words in OVERFLOW_WORDS)
