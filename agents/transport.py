"""HTTP to one endpoint: bounded answers, and another try where a fault may pass.

Nothing here knows what is asked. Whatever cannot be answered within the limits is a `ModelFault` of
one line that names the model and never shows the key.
"""

import asyncio
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeVar

import aiohttp
from pydantic import Field
from yarl import URL

from agents import wire
from data.errors import ModelFault
from data.hashing import derive_rng
from data.record import Record

TRANSIENT_STATUS = frozenset({408, 409, 425, 429})
"""Retried, as is every 5xx."""

KEY_VARIABLES = ("PALAESTRA_API_KEY", "OPENAI_API_KEY")

KEEPALIVE_S = (30, 10, 3)
"""Silence before the first probe of a connection, between probes, and probes until it is lost."""

T = TypeVar("T")


class Transport(Record):
    """Limits of the connection."""

    timeout_s: float = Field(default=600.0, gt=0)
    """Longest wait for one whole response."""
    connect_timeout_s: float = Field(default=10.0, gt=0)
    silence_s: float | None = Field(default=None, gt=0)
    """Longest wait for the next piece of a response. None allows a whole `timeout_s`, as an answer
    that is not streamed comes at once, after all of it is made."""
    stream: bool = False
    """Ask for replies in pieces: proxies that cut silent connections then leave them alone."""
    max_response_bytes: int = Field(default=32 * 2**20, gt=0)
    max_connections: int = Field(default=512, gt=0)
    max_retries: int = Field(default=5, ge=0)
    max_garbled: int = Field(default=2, ge=0)
    """Retries, out of those, after an answer that cannot be read."""
    backoff_s: float = Field(default=0.5, ge=0)
    """Wait before the first retry; doubles each time, less a random part."""
    max_backoff_s: float = Field(default=30.0, ge=0)
    """Longest wait between two tries, whatever the endpoint asks for."""


class Response(NamedTuple):
    status: int
    body: bytes
    seconds: float
    setbacks: tuple[str, ...] = ()
    """Why earlier tries failed, oldest first."""


class _Setback(NamedTuple):
    """A try that failed in a way that may pass."""

    reason: str
    retry_after_s: float = 0.0


class Endpoint:
    """One base URL; `session_for` makes and owns the session."""

    def __init__(
        self, session: aiohttp.ClientSession, base: URL, limits: Transport, api_key: str, seed: str
    ) -> None:
        self.model = ""
        """Named in faults, once it is known."""
        self.limits = limits
        self.base = base
        self._session = session
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._secret = api_key
        self._rng = derive_rng("backoff", seed)
        self._urls: dict[str, URL] = {}

    async def ask(self, path: str, body: bytes | None, read: Callable[[Response], T]) -> T:
        """What `read` makes of the first response that it can read.

        Posts `body` if there is one. `read` raises `ModelFault` for an answer that is none.
        """
        setbacks: list[str] = []
        num_garbled = 0
        while True:
            found = await self._try(path, body)
            if isinstance(found, Response):
                try:
                    return read(found._replace(setbacks=tuple(setbacks)))
                except ModelFault as error:
                    num_garbled += 1
                    if num_garbled > self.limits.max_garbled or found.status != 200:
                        raise self.fault(str(error)) from error
                    found = _Setback(str(error))
            if len(setbacks) == self.limits.max_retries:
                tries = len(setbacks) + 1
                raise self.fault(f"{found.reason}; gave up at try {tries} of {tries}")
            await asyncio.sleep(self._wait_s(len(setbacks), found.retry_after_s))
            setbacks.append(self._line(found.reason)[: wire.MAX_DETAIL])

    def _wait_s(self, num_tries: int, retry_after_s: float) -> float:
        backoff_s = self.limits.backoff_s * 2.0**num_tries * (1 - self._rng.random() / 2)
        return min(max(backoff_s, retry_after_s), self.limits.max_backoff_s)

    async def _try(self, path: str, body: bytes | None) -> Response | _Setback:
        started = time.monotonic()
        url = self._urls.get(path) or self._urls.setdefault(path, self.base / path)
        try:
            # A redirected POST would arrive as a GET, and carry the key to another host.
            async with self._session.request(
                "GET" if body is None else "POST",
                url,
                data=body,
                headers=self._headers,
                allow_redirects=False,
            ) as response:
                content = await self._bounded(response)
                if response.status in TRANSIENT_STATUS or response.status >= 500:
                    reason = explained(response.status, wire.error_text(content))
                    return _Setback(reason, _retry_after_s(response.headers.get("Retry-After")))
                return Response(response.status, content, time.monotonic() - started)
        except ssl.SSLError as e:
            raise self.fault(f"no trusted connection ({e})") from e
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as e:
            return _Setback(f"connection failed ({e or type(e).__name__})")
        except TimeoutError:
            return _Setback(f"no response within {self.limits.timeout_s:g} s")
        except aiohttp.ClientError as e:
            return _Setback(f"no valid HTTP response ({e or type(e).__name__})")

    async def _bounded(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self.limits.max_response_bytes
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > limit:
                response.close()
                raise self.fault(f"the response is longer than {limit} bytes; gave up reading")
        return bytes(content)

    def fault(self, what: str) -> ModelFault:
        where = f"model {self.model!r} at {self}" if self.model else str(self)
        return ModelFault(self._line(f"{where}: {what}"))

    def _line(self, text: str) -> str:
        line = " ".join(text.split())
        return line.replace(self._secret, "***") if self._secret else line

    def __str__(self) -> str:
        return str(self.base.with_user(None).with_query(None))


@asynccontextmanager
async def session_for(limits: Transport) -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(
        total=limits.timeout_s, sock_connect=limits.connect_timeout_s, sock_read=limits.silence_s
    )
    connector = aiohttp.TCPConnector(limit=limits.max_connections, socket_factory=_socket)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield session


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that finds out by itself that the other machine is gone."""
    made = socket.socket(*address[:3])
    if sys.platform == "linux":
        idle_s, interval_s, probes = KEEPALIVE_S
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle_s)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval_s)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, probes)
    return made


def explained(status: int, detail: str) -> str:
    """An answer that is no success, with what to do about it."""
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
