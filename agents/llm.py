"""A chat model behind an OpenAI-compatible endpoint: vLLM, SGLang, llama.cpp, a hosted service.

Named transient faults are retried within limits (`agents/transport.py`); anything else is a
`ModelFault` of one line. The wire format is read and written in `agents/wire.py`.
"""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from pydantic import Field
from pydantic_core import to_json
from yarl import URL

from agents import wire
from agents.chat import Conversation, FinishReason, Reply
from agents.transport import KEY_VARIABLES, Endpoint, Response, Transport, explained, session_for
from data.errors import ModelFault, UserError
from data.hashing import canonical_json
from data.record import Record
from data.task import JsonObject, ToolSpec
from data.trajectory import Turn

MAX_TOOLSETS = 1024
"""Sets of tools whose text is kept; the tasks of a kind share theirs."""


class Sampling(Record):
    """How replies are drawn; None leaves a setting to the endpoint."""

    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    """Most tokens of one reply."""
    return_tokens: bool = False
    """Ask for token ids and log-probabilities; vLLM and what is built on it give them."""
    extra: JsonObject = {}
    """Further fields of the request, e.g. `{"top_k": 20}`."""

    def body(self) -> JsonObject:
        named: JsonObject = self.model_dump(
            include={"temperature", "top_p", "max_tokens"}, exclude_none=True
        )
        # vLLM gives no log-probability at all where the number of alternatives is null.
        tokens: JsonObject = {"return_token_ids": True, "logprobs": True, "top_logprobs": 0}
        return {**self.extra, **named, **(tokens if self.return_tokens else {})}


class OpenAIChat:
    """One model of one endpoint; shares its session between any number of attempts.

    Made by `connect`, which owns the session.
    """

    route = "chat/completions"

    def __init__(self, endpoint: Endpoint, model: str, sampling: Sampling) -> None:
        self.model = model
        self.sampling = sampling
        self._endpoint = endpoint
        self._reasoning_field = wire.REASONING_FIELDS[0]
        self._head = to_json(_head(model, sampling, stream=endpoint.limits.stream))
        self._texts = wire.Texts()
        self._tools: dict[int, tuple[Sequence[ToolSpec], bytes]] = {}

    @property
    def name(self) -> str:
        """The model, then every setting that differs from the default and bears on replies."""
        changed = self.sampling.model_dump(exclude_defaults=True, exclude={"return_tokens"})
        settings = (f"{key}={canonical_json(value)}" for key, value in changed.items())
        return " ".join([self.model, *settings])

    @property
    def settings(self) -> JsonObject:
        return {"model": self.model, "sampling": self.sampling.model_dump(mode="json")}

    async def complete(self, conversation: Conversation, tools: Sequence[ToolSpec]) -> Reply:
        def read(response: Response) -> Reply:
            return self._read(response, conversation)

        return await self._endpoint.ask(self.route, self._body(conversation, tools), read)

    def _body(self, conversation: Conversation, tools: Sequence[ToolSpec]) -> bytes:
        messages = self._texts.messages(conversation, self._reasoning_field)
        parts = [self._head[:-1], b',"messages":', messages]
        if tools:
            parts += [b',"tools":', self._tools_text(tools)]
        return b"".join([*parts, b"}"])

    def _tools_text(self, tools: Sequence[ToolSpec]) -> bytes:
        """The tools as JSON. Records cannot be keys, so the very object is; holding it keeps it."""
        held = self._tools.get(id(tools))
        if held is None:
            if len(self._tools) >= MAX_TOOLSETS:
                self._tools.clear()
            held = self._tools[id(tools)] = (tools, to_json(wire.tools(tools)))
        return held[1]

    def _read(self, response: Response, conversation: Conversation) -> Reply:
        if response.status == 200:
            return self._reply(response)
        detail = wire.error_text(response.body)
        # The first prompt not fitting is a wrong set-up; later it is the agent that filled it.
        if wire.is_overflow(detail) and any(isinstance(item, Turn) for item in conversation):
            return Reply(finish_reason=FinishReason.OVERFLOW, seconds=response.seconds)
        raise ModelFault(explained(response.status, detail))

    def _reply(self, response: Response) -> Reply:
        """What a response of status 200 says; raises `ModelFault` if that is no reply."""
        received = wire.read_reply(response.body, response.seconds, response.setbacks)
        # Endpoints disagree on the name; each gets its reasoning back under its own.
        self._reasoning_field = received.reasoning_field or self._reasoning_field
        return received.reply


def _head(model: str, sampling: Sampling, *, stream: bool) -> JsonObject:
    """All of a request but its messages and tools."""
    extra = {k: v for k, v in sampling.body().items() if k not in ("messages", "tools")}
    streaming: JsonObject = {"stream": True, "stream_options": {"include_usage": True}}
    return {**extra, **(streaming if stream else {}), "model": model}


@asynccontextmanager
async def connect(
    url: str,
    model: str = "",
    sampling: Sampling | None = None,
    transport: Transport | None = None,
    api_key: str | None = None,
    chat_type: Callable[[Endpoint, str, Sampling], OpenAIChat] = OpenAIChat,
) -> AsyncIterator[OpenAIChat]:
    """The model called `model` at `url`; without a name, the only one served there.

    `api_key` None takes the first of `KEY_VARIABLES` that is set; "" sends none. Raises `UserError`
    if `url` is not one, or if it serves no model or several and none is named.
    """
    base = base_url(url)
    limits = transport or Transport()
    key = environment_key() if api_key is None else api_key
    async with session_for(limits) as session:
        endpoint = Endpoint(session, base, limits, key, seed=model)
        endpoint.model = model or _only(await endpoint.ask("models", None, _names), endpoint)
        yield chat_type(endpoint, endpoint.model, sampling or Sampling())


def _names(response: Response) -> list[str]:
    if response.status != 200:
        raise ModelFault(explained(response.status, wire.error_text(response.body)))
    return wire.model_names(response.body)


def base_url(url: str) -> URL:
    """`url` up to its version, e.g. `http://host:8000` and its chat route give `.../v1`."""
    try:
        parsed = URL(url.strip().rstrip("/").removesuffix("/chat/completions"))
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise ValueError("no http(s) URL")
    except ValueError as e:
        raise UserError(
            f"no model endpoint at {url!r} ({e}); give a URL such as http://127.0.0.1:8000/v1"
        ) from e
    return parsed / "v1" if parsed.path in {"", "/"} else parsed


def environment_key() -> str:
    """The API key of the first variable in `KEY_VARIABLES` that is set, else ""."""
    return next((key for name in KEY_VARIABLES if (key := os.environ.get(name))), "")


def _only(names: list[str], endpoint: Endpoint) -> str:
    if len(names) == 1:
        return names[0]
    served = ", ".join(names) or "none"
    raise UserError(f"no model name given and {endpoint} serves {len(names)}: {served}; name one")
