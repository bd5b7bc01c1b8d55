"""What a command printed, as text for the agent: its beginning and its end, whatever the bytes are."""

import codecs
import re
from typing import NamedTuple

MARK_CHARS = 100
"""Room for the line that says what is not shown."""
_ESCAPES = {n: f"\\x{n:02x}" for n in (*range(32), 127) if chr(n) not in "\n\t"}
_ESCAPES[13] = "\\r"
_INNER = re.compile(rb"\A[\x80-\xbf]{1,3}")
"""Bytes of a character whose beginning was cut away."""


class Printed(NamedTuple):
    text: str
    truncated: bool


class Output:
    """Takes a stream's bytes in order and keeps about `max_chars` of them, for as many characters."""

    def __init__(self, max_chars: int) -> None:
        self._half = max_chars // 2
        self._head = bytearray()
        self._tail = bytearray()
        self.num_bytes = 0

    def add(self, block: bytes) -> None:
        self.num_bytes += len(block)
        room = self._half - len(self._head)
        self._head += block[:room] if room > 0 else b""
        self._tail += block[max(room, 0) :]
        if len(self._tail) > 4 * self._half:
            del self._tail[: -self._half]

    def take(self) -> Printed:
        """What came since the last time."""
        head, tail = bytes(self._head), bytes(self._tail[-self._half :])
        num_cut = self.num_bytes - len(head) - len(tail)
        self._head.clear()
        self._tail.clear()
        self.num_bytes = 0
        if not num_cut:
            return self._fitted(shown(head + tail), False)
        start = codecs.getincrementaldecoder("utf-8")("replace").decode(head)
        end = _INNER.sub(b"", tail).decode(errors="replace")
        mark = f"[... {num_cut:,} bytes in the middle are not shown ...]"
        return self._fitted(_escaped(f"{start}\n{mark}\n{end}"), True)

    def _fitted(self, text: str, truncated: bool) -> Printed:
        """Control characters take more room when they are spelt out."""
        num_cut = len(text) - 2 * self._half - MARK_CHARS
        if num_cut <= 0:
            return Printed(text, truncated)
        mark = f"[... {num_cut:,} characters in the middle are not shown ...]"
        return Printed(f"{text[: self._half]}\n{mark}\n{text[-self._half :]}", True)


def shown(content: bytes) -> str:
    """Bytes as text: what is no UTF-8 is replaced, and control characters are spelt out."""
    return _escaped(content.decode(errors="replace"))


def _escaped(text: str) -> str:
    return text.replace("\r\n", "\n").translate(_ESCAPES)
