"""A chat model behind an OpenAI-compatible endpoint: vLLM, SGLang, llama.cpp, a hosted service.

Requests are not streamed. Named transient faults are retried within limits; anything else is a
`ModelFault` of one line. The wire format is read and written in `agents/wire.py`.
"""

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import aiohttp
from pydantic import Field
from pydantic_core import to_json
from yarl import URL

from agents import wire
from agents.chat import Conversation, FinishReason, Reply
from data.errors import ModelFault, UserError
from data.hashing import canonical_json, derive_rng
from data.record import Record
from data.task import JsonObject, ToolSpec
from data.trajectory import Turn

TRANSIENT_STATUS = frozenset({408, 409, 425, 429})
"""Retried, as is every 5xx."""

KEY_VARIABLES = ("PALAESTRA_API_KEY", "OPENAI_API_KEY")


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
        tokens: JsonObject = {"return_token_ids": True, "logprobs": True}
        return {**self.extra, **named, **(tokens if self.return_tokens else {})}


class Transport(Record):
    """Limits of the connection."""

    timeout_s: float = Field(default=600.0, gt=0)
    """Longest wait for one whole response."""
    connect_timeout_s: float = Field(default=10.0, gt=0)
    max_response_bytes: int = Field(default=32 * 2**20, gt=0)
    max_connections: int = Field(default=512, gt=0)
    max_retries: int = Field(default=5, ge=0)
    backoff_s: float = Field(default=0.5, ge=0)
    """Wait before the first retry; doubles each time, less a random part."""
    max_backoff_s: float = Field(default=30.0, ge=0)
    """Longest wait between two tries, whatever the endpoint asks for."""


class _Setback(NamedTuple):
    """A try that failed in a way that may pass."""

    reason: str
    retry_after_s: float = 0.0


class _Response(NamedTuple):
    status: int
    body: bytes
    seconds: float


class OpenAIChat:
    """One model of one endpoint; shares its session between any number of attempts.

    Made by `connect`, which owns the session.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base: URL,
        model: str,
        sampling: Sampling,
        transport: Transport,
        api_key: str = "",
    ) -> None:
        self.model = model
        self.sampling = sampling
        self._session = session
        self._base = base
        self._transport = transport
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._secret = api_key
        self._rng = derive_rng("backoff", model)
        self._reasoning_field = wire.REASONING_FIELDS[0]

    @property
    def name(self) -> str:
        """The model, then every setting that differs from the default and bears on replies."""
        changed = self.sampling.model_dump(exclude_defaults=True, exclude={"return_tokens"})
        settings = (f"{key}={canonical_json(value)}" for key, value in changed.items())
        return " ".join([self.model, *settings])

    async def complete(self, conversation: Conversation, tools: Sequence[ToolSpec]) -> Reply:
        body = {
            **self.sampling.body(),
            "model": self.model,
            "messages": wire.messages(conversation, self._reasoning_field),
        }
        if tools:
            body["tools"] = wire.tools(tools)
        response = await self._exchange("POST", "chat/completions", to_json(body))
        if response.status == 200:
            return self._read(response)
        detail = wire.error_text(response.body)
        # The first prompt not fitting is a wrong set-up; later it is the agent that filled it.
        if wire.is_overflow(detail) and any(isinstance(item, Turn) for item in conversation):
            return Reply(finish_reason=FinishReason.OVERFLOW, seconds=response.seconds)
        raise self._fault(_explained(response.status, detail))

    async def models(self) -> list[str]:
        """Names the endpoint serves, in its order."""
        response = await self._exchange("GET", "models")
        if response.status != 200:
            raise self._fault(_explained(response.status, wire.error_text(response.body)))
        try:
            return wire.model_names(response.body)
        except ModelFault as e:
            raise self._fault(str(e)) from e

    def _read(self, response: _Response) -> Reply:
        try:
            received = wire.read_reply(response.body, response.seconds)
        except ModelFault as e:
            raise self._fault(str(e)) from e
        # Endpoints disagree on the name; each gets its reasoning back under its own.
        self._reasoning_field = received.reasoning_field or self._reasoning_field
        return received.reply

    async def _exchange(self, method: str, path: str, body: bytes | None = None) -> _Response:
        """The first response that is not a transient fault, within `max_retries` more tries."""
        limits, retry = self._transport, 0
        while isinstance(outcome := await self._try(method, path, body), _Setback):
            if retry == limits.max_retries:
                raise self._fault(f"{outcome.reason}; gave up at try {retry + 1} of {retry + 1}")
            backoff_s = limits.backoff_s * 2**retry * (1 - self._rng.random() / 2)
            wait_s = max(backoff_s, outcome.retry_after_s)
            await asyncio.sleep(min(wait_s, limits.max_backoff_s))
            retry += 1
        return outcome

    async def _try(self, method: str, path: str, body: bytes | None) -> _Response | _Setback:
        started = time.monotonic()
        try:
            # A redirected POST would arrive as a GET, and carry the key to another host.
            async with self._session.request(
                method, self._base / path, data=body, headers=self._headers, allow_redirects=False
            ) as response:
                content = await self._bounded(response)
                if response.status in TRANSIENT_STATUS or response.status >= 500:
                    reason = _explained(response.status, wire.error_text(content))
                    return _Setback(reason, _retry_after_s(response.headers.get("Retry-After")))
                return _Response(response.status, content, time.monotonic() - started)
        except ssl.SSLError as e:
            raise self._fault(f"no trusted connection ({e})") from e
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as e:
            return _Setback(f"connection failed ({e or type(e).__name__})")
        except TimeoutError:
            return _Setback(f"no response within {self._transport.timeout_s:g} s")
        except aiohttp.ClientError as e:
            raise self._fault(f"no valid HTTP response ({e or type(e).__name__})") from e

    async def _bounded(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self._transport.max_response_bytes
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > limit:
                response.close()
                raise self._fault(f"the response is longer than {limit} bytes; gave up reading")
        return bytes(content)

    def _fault(self, what: str) -> ModelFault:
        """A fault of one line that says which model, and never shows the key."""
        where = (
            f"model {self.model!r} at {_shown(self._base)}" if self.model else _shown(self._base)
        )
        line = " ".join(f"{where}: {what}".split())
        return ModelFault(line.replace(self._secret, "***") if self._secret else line)


@asynccontextmanager
async def connect(
    url: str,
    model: str = "",
    sampling: Sampling | None = None,
    transport: Transport | None = None,
    api_key: str | None = None,
    chat_type: Callable[..., OpenAIChat] = OpenAIChat,
) -> AsyncIterator[OpenAIChat]:
    """The model called `model` at `url`; without a name, the only one served there.

    `api_key` None takes the first of `KEY_VARIABLES` that is set; "" sends none. Raises `UserError`
    if `url` is not one, or if it serves no model or several and none is named.
    """
    base = base_url(url)
    transport = transport or Transport()
    key = environment_key() if api_key is None else api_key
    timeout = aiohttp.ClientTimeout(
        total=transport.timeout_s, sock_connect=transport.connect_timeout_s
    )
    connector = aiohttp.TCPConnector(limit=transport.max_connections)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        chat = chat_type(session, base, model, sampling or Sampling(), transport, key)
        chat.model = model or _only(await chat.models(), base)
        yield chat


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


def _only(names: list[str], base: URL) -> str:
    if len(names) == 1:
        return names[0]
    served = ", ".join(names) or "none"
    raise UserError(
        f"no model name given and {_shown(base)} serves {len(names)}: {served}; name one"
    )


def _shown(base: URL) -> str:
    return str(base.with_user(None).with_query(None))


def _explained(status: int, detail: str) -> str:
    what = f"HTTP {status}: {detail[: wire.MAX_DETAIL] or 'no text'}"
    match status:
        case 401 | 403:
            return f"{what}; the key was refused, set {' or '.join(KEY_VARIABLES)}"
        case 404:
            return f"{what}; check the URL and the model's name against GET models"
        case _ if 300 <= status < 400:
            return f"{what}; the endpoint has moved, give its new URL"
        case _:
            return what


def _retry_after_s(value: str | None) -> float:
    """Seconds a `Retry-After` header asks for, given as a number or a date; 0 if unreadable."""
    if value is None:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
