"""Messages to and from one kernel, over two unix sockets in a folder that no sandbox sees.

We listen on the sockets and hand the kernel the listening ends, so that it needs neither ports nor
files. Messages are those of Jupyter, signed with a key of this kernel alone. The kernel runs other
people's code: sizes and numbers are limited, and whatever is malformed is a `Malformed`.
"""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, cast

import zmq
import zmq.asyncio
from jupyter_client.session import Session
from pydantic import JsonValue

from data.task import JsonObject
from envs.sandbox.labels import new_folder, remove_folder

SHELL_FD, IOPUB_FD = 3, 4
"""Descriptors on which the kernel finds its sockets, as `inside` has them."""
MAX_MESSAGE_BYTES = 16 << 20
"""A kernel that sends a larger one is disconnected."""
MAX_WAITING = 16
"""Messages that wait here to be read; more wait in the kernel."""


class Malformed(Exception):
    """The kernel does not keep to the protocol."""


class Message(NamedTuple):
    kind: str
    parent: str
    """Id of the request that it belongs to."""
    content: JsonObject


class Connection:
    """To one kernel, from before its start to its end. For one event loop."""

    def __init__(self, context: zmq.asyncio.Context) -> None:
        self._folder = new_folder()
        self.key = secrets.token_hex(32)
        self._session = Session(key=self.key.encode())
        names = {SHELL_FD: "shell", IOPUB_FD: "iopub"}
        self._paths = {fd: str(self._folder / name) for fd, name in names.items()}
        self._listening = {fd: _listener(path) for fd, path in self._paths.items()}
        self._shell = self._connected(context, zmq.DEALER, SHELL_FD)
        self._iopub = self._connected(context, zmq.SUB, IOPUB_FD)
        self._iopub.subscribe(b"")

    @contextmanager
    def handed_over(self) -> Iterator[dict[int, int]]:
        """The kernel's descriptors and ours for them; ours are closed when the kernel has its own."""
        try:
            yield {number: listener.fileno() for number, listener in self._listening.items()}
        finally:
            for listener in self._listening.values():
                listener.close()

    def execute(self, code: str, *, silent: bool = False) -> str:
        """Asks for a cell to be run; the id of the request."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        sent = self._session.send(self._shell, "execute_request", content)
        assert sent is not None
        return str(sent["header"]["msg_id"])

    async def output(self) -> Message:
        """The next message that the kernel publishes."""
        return self._read(await self._iopub.recv_multipart())

    async def reply(self) -> Message:
        """The next answer to a request."""
        return self._read(await self._shell.recv_multipart())

    def close(self) -> None:
        for near in (self._shell, self._iopub):
            near.close(linger=0)
        for listener in self._listening.values():
            listener.close()
        remove_folder(self._folder)

    def _connected(
        self, context: zmq.asyncio.Context, kind: int, number: int
    ) -> zmq.asyncio.Socket:
        near = context.socket(kind)
        near.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        near.setsockopt(zmq.RCVHWM, MAX_WAITING)
        near.setsockopt(zmq.LINGER, 0)
        near.connect(f"ipc://{self._paths[number]}")
        return near

    def _read(self, frames: list[bytes]) -> Message:
        try:
            _, parts = self._session.feed_identities(frames)
            found = self._session.deserialize(parts)
            kind, parent = found["header"]["msg_type"], found["parent_header"].get("msg_id", "")
            content = cast(JsonValue, found["content"])
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as e:
            raise Malformed(f"a message that cannot be read: {type(e).__name__}") from e
        if (
            not isinstance(kind, str)
            or not isinstance(parent, str)
            or not isinstance(content, dict)
        ):
            raise Malformed("a message of the wrong form")
        return Message(kind, parent, content)


def _listener(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen()
    return listener
