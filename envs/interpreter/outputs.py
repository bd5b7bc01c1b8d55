"""What a cell puts out, from messages to the text that an agent is shown.

Messages come from a process that runs other people's code: anything may be missing, of the wrong
type, or too much. What has no sensible form is left out.
"""

import base64
import binascii
import re
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import JsonValue

from data.task import JsonObject

MAX_KEPT_CHARS = 1_000_000
"""Of one cell's text; the rest is counted and dropped."""
MAX_IMAGES = 16
"""Of one cell; more are counted and dropped."""
FIGURES = "figures"
"""Folder, in the working folder, for images."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg"}
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


class Image(NamedTuple):
    path: str
    """In the working folder."""
    content: bytes


@dataclass
class Outputs:
    """Everything that one cell put out, in order."""

    cell: int
    """Number of the cell in its episode, for the names of its images."""
    images: list[Image] = field(default_factory=list)
    error: str = ""
    """Name of the exception that ended the cell, which the owner of the kernel says."""
    _parts: list[str] = field(default_factory=list)
    _num_chars: int = 0
    _num_images: int = 0

    def add(self, kind: str, content: JsonObject) -> None:
        """One message of type `kind`; others than outputs are ignored."""
        match kind:
            case "stream":
                self._write(_text(content.get("text")))
            case "execute_result" | "display_data":
                data = content.get("data")
                self._show(data if isinstance(data, dict) else {})
            case "error":
                lines = content.get("traceback")
                self._block("\n".join(map(_text, lines if isinstance(lines, list) else [])))

    def note(self, text: str) -> None:
        """A line of ours, in square brackets."""
        self._block(f"[{text}]")

    def text(self, max_chars: int) -> str:
        """All of it as the agent sees it; what is too long keeps its beginning and its end."""
        if self._num_chars > MAX_KEPT_CHARS:
            self.note(f"{self._num_chars - MAX_KEPT_CHARS} more characters were not kept")
        if self._num_images > MAX_IMAGES:
            self.note(f"{self._num_images - MAX_IMAGES} more images were not kept")
        return shortened(clean("".join(self._parts)).strip("\n"), max_chars)

    def truncated(self, max_chars: int) -> bool:
        return self._num_chars > min(MAX_KEPT_CHARS, max_chars)

    def _write(self, text: str) -> None:
        kept = text[: max(0, MAX_KEPT_CHARS - self._num_chars)]
        self._num_chars += len(text)
        if kept:
            self._parts.append(kept)

    def _block(self, text: str) -> None:
        """Text that starts on a line of its own."""
        if self._parts and not self._parts[-1].endswith("\n"):
            self._parts.append("\n")
        self._parts.append(f"{text[:MAX_KEPT_CHARS]}\n")

    def _show(self, data: dict[str, JsonValue]) -> None:
        for kind, suffix in _SUFFIXES.items():
            content = _decoded(data.get(kind))
            if content:
                self._num_images += 1
                if self._num_images <= MAX_IMAGES:
                    self._keep(content, suffix)
                return
        text = _text(data.get("text/plain"))
        self._num_chars += len(text)
        if text and self._num_chars <= MAX_KEPT_CHARS:
            self._block(text)

    def _keep(self, content: bytes, suffix: str) -> None:
        path = f"{FIGURES}/cell-{self.cell}-{self._num_images}.{suffix}"
        self.images.append(Image(path, content))
        self.note(f"image{_size(content)} saved as {path}")


def clean(text: str) -> str:
    """`text` without colours, overwritten parts of lines and other control characters."""
    text = _ANSI.sub("", text)
    if "\r" in text:
        lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
        text = "\n".join(lines)
    return _CONTROLS.sub("", text)


def shortened(text: str, max_chars: int) -> str:
    """`text`, or its beginning and its end around a mark that says how much is missing."""
    over = len(text) - max_chars
    if over <= 0:
        return text
    head = max_chars * 2 // 3
    return f"{text[:head]}\n[... {over} characters are left out ...]\n{text[head + over :]}"


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


def _decoded(value: JsonValue) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=False)
    except (binascii.Error, ValueError):
        return b""


def _size(content: bytes) -> str:
    """Width and height, of a PNG file."""
    if not content.startswith(_PNG_HEAD) or len(content) < len(_PNG_HEAD) + 8:
        return ""
    width, height = struct.unpack_from(">II", content, len(_PNG_HEAD))
    return f" of {width} x {height} pixels"
