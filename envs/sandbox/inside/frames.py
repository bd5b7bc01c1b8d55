"""Frames on a stream socket: a JSON header, bytes, and descriptors that travel along.

A frame is two 32-bit lengths (network order), the header, the body. The descriptors of a frame
arrive with its first byte; the header's `fds` says how many are its own.
"""

import array
import json
import socket
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

LENGTHS = struct.Struct("!II")
MAX_HEADER_BYTES = 1 << 20
MAX_BODY_BYTES = 1 << 28
MAX_FDS = 16
BLOCK_BYTES = 1 << 18


class Frame(NamedTuple):
    header: dict[str, Any]
    body: bytes = b""
    fds: tuple[int, ...] = ()


def packed(header: dict[str, Any], body: bytes = b"", fds: Sequence[int] = ()) -> bytes:
    """The bytes of a frame; its descriptors are sent beside them, see `rights`."""
    assert len(fds) <= MAX_FDS
    text = json.dumps({**header, "fds": len(fds)}).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


def rights(fds: Sequence[int]) -> list[tuple[int, int, bytes]]:
    """Ancillary data that carries `fds` over a unix socket."""
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds).tobytes())] if fds else []


class Reader:
    """Cuts what arrives at a socket into frames; raises `ValueError` for what is none."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._fds: list[int] = []

    def receive(self, source: socket.socket) -> bool:
        """Takes what is there, waiting for at least a byte; False at the end of the stream."""
        size = array.array("i").itemsize * MAX_FDS
        # Descriptors that a program inherited would be a way to speak in our name.
        room, flags = socket.CMSG_SPACE(size), socket.MSG_CMSG_CLOEXEC
        data, ancillary, _, _ = source.recvmsg(BLOCK_BYTES, room, flags)
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received = array.array("i")
                received.frombytes(content[: len(content) - len(content) % received.itemsize])
                self._fds += received
        self._pending += data
        return bool(data)

    def feed(self, data: bytes) -> None:
        """Takes bytes that came without descriptors."""
        self._pending += data

    def next(self) -> Frame | None:
        """The next complete frame, if there is one."""
        if len(self._pending) < LENGTHS.size:
            return None
        header_size, body_size = LENGTHS.unpack_from(self._pending)
        if header_size > MAX_HEADER_BYTES or body_size > MAX_BODY_BYTES:
            raise ValueError(f"a frame of {header_size} + {body_size} bytes")
        end = LENGTHS.size + header_size + body_size
        if len(self._pending) < end:
            return None
        text = bytes(self._pending[LENGTHS.size : LENGTHS.size + header_size])
        body = bytes(self._pending[LENGTHS.size + header_size : end])
        del self._pending[:end]
        header = json.loads(text)
        if not isinstance(header, dict):
            raise ValueError("a frame's header is no object")
        count = header.pop("fds", 0)
        if not isinstance(count, int) or not 0 <= count <= len(self._fds):
            raise ValueError("a frame without its descriptors")
        fds = tuple(self._fds[:count])
        del self._fds[:count]
        return Frame(header, body, fds)
