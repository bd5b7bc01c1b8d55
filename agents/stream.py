"""Replies that come in pieces: server-sent events put together to one chat completion.

The whole stream is read before it is looked at, as nobody watches it. A stream that ends before
the model's turn does is refused, in mid-call or anywhere else.
"""

from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from data.errors import ModelFault

DONE = b"[DONE]"
MARKS = (b"data:", b"event:", b"id:", b"retry:", b":")
MAX_SHOWN = 120


def is_stream(body: bytes) -> bool:
    """Whether `body` is a stream of events, as some endpoints send without being asked."""
    return body.lstrip().startswith(MARKS)


def joined(body: bytes) -> dict[str, Any]:
    """The completion that the events of `body` make up; raises `ModelFault` if they make none."""
    try:
        return _joined(body)
    except (AttributeError, KeyError, TypeError) as error:
        raise ModelFault(f"the stream holds a piece of no known shape: {error}") from error


def _joined(body: bytes) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    parts = _Parts()
    for event in _events(body):
        if event.get("error"):
            raise ModelFault(f"the stream broke off with an error: {event['error']}")
        for key in ("prompt_token_ids", "usage"):
            if event.get(key) is not None:
                whole[key] = event[key]
        for choice in event.get("choices") or ():
            if choice.get("index", 0) == 0:
                parts.add(choice)
    if parts.finish_reason is None:
        raise ModelFault("the stream ends before the reply does")
    return {**whole, "choices": [parts.choice()]}


def _events(body: bytes) -> Iterator[dict[str, Any]]:
    for line in body.splitlines():
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == DONE:
            return
        try:
            event = from_json(data)
        except ValueError as error:
            raise ModelFault(f"the stream holds no JSON: {_shown(data)}") from error
        if not isinstance(event, dict):
            raise ModelFault(f"the stream holds no events but {_shown(data)}")
        yield event


def _shown(data: bytes) -> str:
    return data[:MAX_SHOWN].decode(errors="replace")


class _Parts:
    """What the deltas of the first choice add up to. Their shape is checked with the whole."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self._texts: dict[str, list[str]] = {}
        self._calls: dict[int, dict[str, Any]] = {}
        self._token_ids: list[int] | None = None
        self._logprobs: list[Any] | None = None

    def add(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta") or {}
        for key in ("content", "reasoning_content", "reasoning"):
            if delta.get(key):
                self._texts.setdefault(key, []).append(delta[key])
        for call in delta.get("tool_calls") or ():
            self._call(call)
        if choice.get("token_ids") is not None:
            self._token_ids = self._token_ids or []
            self._token_ids += choice["token_ids"]
        if choice.get("logprobs") is not None:
            self._logprobs = self._logprobs or []
            self._logprobs += choice["logprobs"].get("content") or ()
        self.finish_reason = choice.get("finish_reason") or self.finish_reason

    def _call(self, piece: dict[str, Any]) -> None:
        call = self._calls.setdefault(piece.get("index", 0), {"id": None, "name": "", "text": []})
        function = piece.get("function") or {}
        call["id"] = piece.get("id") or call["id"]
        call["name"] += function.get("name") or ""
        call["text"].append(function.get("arguments") or "")

    def choice(self) -> dict[str, Any]:
        calls = [self._calls[index] for index in sorted(self._calls)]
        message: dict[str, Any] = {key: "".join(texts) for key, texts in self._texts.items()}
        message["tool_calls"] = [
            {"id": c["id"], "function": {"name": c["name"], "arguments": "".join(c["text"])}}
            for c in calls
        ]
        choice: dict[str, Any] = {"message": message, "finish_reason": self.finish_reason}
        if self._token_ids is not None:
            choice["token_ids"] = self._token_ids
        if self._logprobs is not None:
            choice["logprobs"] = {"content": self._logprobs}
        return choice
