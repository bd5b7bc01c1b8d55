"""The stub endpoint, with faults: which one an episode meets follows from its number alone.

    python -m benchmarks.faulty_endpoint [--every 100]

Of every hundred episodes each kind of fault strikes one, in the middle of it; in every second
hundred it lasts however often the request is sent, in the others only the first request meets it.
"""

import argparse
import asyncio
import json
import re
import socket
import struct
from enum import StrEnum

from benchmarks.stub_endpoint import Connection, answer, serve

STEP = 4
"""The model step at which an endpoint fails."""
MILLION = 1_000_000
GIANT_BYTES = 3 * 2**20
LONG = 100_000
"""Words of the reply that is said to have a million tokens."""
EVERY = 100


class Injected(StrEnum):
    """Kinds of faults. Those after `giant_body` are not the endpoint's."""

    HTTP_429 = "http_429"
    HTTP_500 = "http_500"
    TIMEOUT = "timeout"
    """Never answers."""
    HALF_OPEN = "half_open"
    """Half an answer, then silence; the connection stays."""
    RESET = "reset"
    HTML = "html"
    GARBAGE = "garbage"
    GARBAGE_STREAM = "garbage_stream"
    CUT_CALL = "cut_call"
    """A stream that stops in the middle of a call."""
    NO_CHOICES = "no_choices"
    MILLION_TOKENS = "million_tokens"
    GIANT_BODY = "giant_body"
    DEAD_TOOL = "dead_tool"
    HUNG_TOOL = "hung_tool"
    DEAD_WORLD = "dead_world"
    BROKEN_VERIFIER = "broken_verifier"
    DEAD_WORKER = "dead_worker"


KINDS = list(Injected)
ENDPOINT = KINDS[: KINDS.index(Injected.GIANT_BODY) + 1]


def injected(number: int, every: int = EVERY) -> Injected | None:
    """What strikes episode `number`; one of `every` episodes meets each kind."""
    place = number % every
    return KINDS[place] if place < len(KINDS) else None


def lasting(number: int, every: int = EVERY) -> bool:
    """Whether the fault strikes every time; too many tokens always do, as they are no fault."""
    endless = injected(number, every) is Injected.MILLION_TOKENS
    return endless or (number // every) % 2 == 1


CALL_STREAM = (
    b'data: {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}\n\n'
    b'data: {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c", '
    b'"function": {"name": "look", "arguments": "{\\"place\\": \\"sh"}}]}}]}\n\n'
)
PLAIN = {
    Injected.HTTP_429: (429, b'{"error": {"message": "slow down"}}'),
    Injected.HTTP_500: (500, b"Internal Server Error"),
    Injected.HTML: (200, b"<html><body>It works!</body></html>"),
    Injected.GARBAGE: (200, b"\x00\xff\xfe{]" * 40),
    Injected.GARBAGE_STREAM: (200, b"data: {not json}\n\ndata: \xff\xfe\n\n"),
    Injected.CUT_CALL: (200, CALL_STREAM),
    Injected.NO_CHOICES: (200, b'{"id": "1", "choices": []}'),
}


class Faulty(Connection):
    every = EVERY
    struck: set[int] = set()

    def reply(self, body: bytes) -> None:
        request = json.loads(body)
        number = int(re.findall(r"cabinet (\d+)", body.decode())[0])
        kind, step = injected(number, self.every), _step(request)
        if (
            kind in ENDPOINT
            and step == STEP
            and (lasting(number, self.every) or self._first(number))
        ):
            self._strike(kind, answer(request))
        else:
            self.send(200, answer(request))

    def _first(self, number: int) -> bool:
        new = number not in self.struck
        self.struck.add(number)
        return new

    def _strike(self, kind: Injected | None, honest: bytes) -> None:
        match kind:
            case Injected.TIMEOUT:
                return
            case Injected.HALF_OPEN:
                self.send(200, honest[: len(honest) // 2], promised=len(honest))
            case Injected.RESET:
                self.send(200, honest[: len(honest) // 2], promised=len(honest))
                linger = struct.pack("ii", 1, 0)
                raw = self.transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.transport.abort()
            case Injected.MILLION_TOKENS:
                self.send(200, _million(honest))
            case Injected.GIANT_BODY:
                self.send(200, b" " * GIANT_BYTES)
            case _:
                assert kind in PLAIN, kind
                self.send(*PLAIN[kind])


def _step(request: dict[str, object]) -> int:
    messages = request["messages"]
    assert isinstance(messages, list)
    return sum(message["role"] == "assistant" for message in messages)


def _million(honest: bytes) -> bytes:
    reply = json.loads(honest)
    reply["choices"][0]["message"]["content"] = "lamp " * LONG
    reply["usage"] = {"prompt_tokens": 9, "completion_tokens": MILLION, "total_tokens": MILLION + 9}
    return json.dumps(reply).encode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=EVERY)
    Faulty.every = parser.parse_args().every
    asyncio.run(serve(Faulty))
