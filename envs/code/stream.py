"""The near end of a stream of results: what a process of the sandbox says, and which process says it.

Messages are JSON objects, one a datagram, numbered from 0: `hello` first, then for each test
`start` and `end`, then `done`. The kernel tells who sent each one, so that nobody else's count. A
stream that breaks these rules is forged, or the run was; it gives what came until then.
"""

import array
import asyncio
import socket
from typing import Literal

from pydantic import Field, ValidationError

from data.record import Record
from envs.code.junit import MAX_ID_CHARS, MAX_MESSAGE_CHARS, MAX_TESTS, Result, Status

MAX_DATAGRAM_BYTES = 1 << 16
MAX_MESSAGES = 2 * MAX_TESTS + 1_000
MAX_AT_ONCE = 10_000
LOOK_S = 0.02
"""Between two looks. To wake up for each message would stop the tests each time."""


class _Message(Record):
    number: int
    hello: int | None = None
    broken: str | None = Field(default=None, max_length=4_000)
    start: str | None = Field(default=None, max_length=4_000)
    end: str | None = Field(default=None, max_length=4_000)
    done: int | None = None
    status: Literal["passed", "failed", "error", "skipped"] = "error"
    message: str = Field(default="", max_length=MAX_MESSAGE_CHARS)
    seconds: float = 0.0


class Stream:
    """Reads one stream in the running loop, until `close`; the fields say what came."""

    def __init__(self) -> None:
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        near.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        near.setblocking(False)
        self._near, self.far = near, far
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(LOOK_S, self._look)
        self._number = 0
        self._sender = 0
        self.results: dict[str, Result] = {}
        self.broken: list[str] = []
        """Modules that could not be loaded, each with the reason."""
        self.running = ""
        """Id of the test that started and has not ended."""
        self.forged = ""
        """Why what came is not believed; empty if it is in order."""
        self.done: int | None = None
        """The framework's exit status; None if it did not come to its end."""

    def close(self) -> None:
        """Takes what is there still, and no more."""
        self._timer.cancel()
        if self._near.fileno() >= 0:
            self._read()
            self._near.close()
            self.far.close()

    def _look(self) -> None:
        self._read()
        self._timer = self._loop.call_later(LOOK_S, self._look)

    def _read(self) -> None:
        """Everything that is there; of a flood as much as is there at once."""
        for _ in range(MAX_AT_ONCE):
            if not self._step():
                return

    def _step(self) -> bool:
        """Whether there may be more."""
        try:
            data, ancillary, flags, _ = self._near.recvmsg(
                MAX_DATAGRAM_BYTES, socket.CMSG_SPACE(12)
            )
        except (BlockingIOError, ConnectionError):
            return False
        if not data:
            return False
        if not self.forged:
            self.forged = self._take(data, flags, _sender(ancillary))
        return True

    def _take(self, data: bytes, flags: int, sender: int) -> str:
        """Notes one message; what is wrong with it."""
        try:
            said = _Message.model_validate_json(data)
        except ValidationError:
            return "a message that is none"
        if flags & socket.MSG_TRUNC or said.number != self._number:
            return "a message out of turn"
        if self._number == 0:
            self._sender = sender
        self._number += 1
        if (said.hello is not None) != (said.number == 0) or said.number > MAX_MESSAGES:
            return "a message out of turn"
        if sender != self._sender:
            return "a message of another process"
        if self.done is not None:
            return "a message after the end"
        self.done = said.done
        return self._note(said)

    def _note(self, said: _Message) -> str:
        if said.broken is not None:
            reason = " ".join(said.message.split())[-300:]
            self.broken.append(f"{said.broken[:MAX_ID_CHARS]}: {reason}")
        elif said.start is not None:
            if self.running or said.start in self.results:
                return "a test that starts twice"
            self.running = said.start[:MAX_ID_CHARS]
        elif said.end is not None:
            name = said.end[:MAX_ID_CHARS]
            if name != self.running or name in self.results or len(self.results) >= MAX_TESTS:
                return "a test that ends and did not start"
            self.results[name] = Result(Status(said.status), said.message, said.seconds)
            self.running = ""
        return ""


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return array.array("i", content)[0]
    return 0
