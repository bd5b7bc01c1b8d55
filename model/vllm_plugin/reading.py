"""Replies read as they arrive, by `agents.dsml.StreamParser`; what leaves the grammar stays text.

Calls that were whole before the fault stand. Nothing here knows vLLM.
"""

import json
from typing import NamedTuple

from agents.dsml import FormatError, StreamParser
from agents.dsml.parsing import Event, Part, Text
from data.task import ToolCall


class Call(NamedTuple):
    name: str
    arguments: str
    """JSON as the model is quoted to a client; a JSON string says what is wrong with a bad call."""


class Piece(NamedTuple):
    """What one piece of text added."""

    content: str = ""
    calls: tuple[Call, ...] = ()


class ContentReader:
    """Content and calls of one reply, from after its reasoning."""

    def __init__(self) -> None:
        self._parser = StreamParser(thinking=False)
        self._seen = ""
        self._num_given = 0
        self._num_calls = 0
        self._broken = False

    def feed(self, text: str) -> Piece:
        self._seen += text
        if self._broken:
            return self._verbatim()
        try:
            return self._piece(self._parser.feed(text))
        except FormatError:
            return self._leave()

    def finish(self) -> Piece:
        """What was held back because it might have become markup."""
        if self._broken:
            return Piece()
        before = len(self._parser.parsed.content)
        try:
            parsed = self._parser.finish()
        except FormatError:
            return self._leave()
        return Piece(parsed.content[before:])

    def _piece(self, events: list[Event]) -> Piece:
        content, calls = "", []
        for event in events:
            if isinstance(event, Text):
                content += event.text
            elif isinstance(event, ToolCall):
                arguments = json.dumps(event.arguments, ensure_ascii=False)
                calls.append(Call(event.name, arguments))
            else:
                calls.append(Call(event.name, json.dumps(event.problem, ensure_ascii=False)))
        self._num_given += len(content)
        self._num_calls += len(calls)
        return Piece(content, tuple(calls))

    def _leave(self) -> Piece:
        """From the fault on the reply is text, unless whole calls already say what it is."""
        self._broken = True
        parsed = self._parser.parsed
        # A fault hides the events that came before it in the same piece.
        content = Text(Part.CONTENT, parsed.content[self._num_given :])
        calls = parsed.calls[self._num_calls :]
        return self._piece([content, *calls]) if parsed.calls else self._verbatim()

    def _verbatim(self) -> Piece:
        if self._num_calls:
            return Piece()
        content, self._num_given = self._seen[self._num_given :], len(self._seen)
        return Piece(content)
