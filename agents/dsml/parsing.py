"""Replies read back from text, at once or piece by piece; how the text is cut changes nothing.

The grammar is followed to the letter: a reply that leaves it raises `FormatError`. A call inside the
grammar that cannot be carried out (a value that is no JSON, a parameter given twice) is a
`MalformedCall`, which the agent loop answers.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from pydantic_core import from_json

from agents.chat import MalformedCall
from agents.dsml import markup
from agents.dsml.guard import read_name
from data.task import JsonObject, ToolCall

FORBIDDEN = (markup.BOS, markup.THINK, markup.DSML)
"""What may occur in neither reasoning nor content."""
MAX_QUOTED = 120
"""Characters of an unreadable value that the model is shown again."""

_Steps = Generator[None, None, str]
"""Runs until more text is needed, then goes on; gives what ended it."""


class FormatError(ValueError):
    """The text is no reply; the message tells the model why, in one sentence."""


class Part(StrEnum):
    REASONING = "reasoning"
    CONTENT = "content"


class Text(NamedTuple):
    """A piece of reasoning or content, as it arrives."""

    part: Part
    text: str


Event = Text | ToolCall | MalformedCall


class Parsed(NamedTuple):
    reasoning: str = ""
    content: str = ""
    calls: tuple[ToolCall | MalformedCall, ...] = ()


def parse(text: str, thinking: bool) -> Parsed:
    """The reply that `text` is, from after the prompt to the end token, which may be missing.

    Raises `FormatError`.
    """
    parser = StreamParser(thinking)
    parser.feed(text)
    return parser.finish()


@dataclass
class StreamParser:
    """One reply. After a `FormatError` it is of no more use, but `parsed` has what came before."""

    thinking: bool
    _buffer: str = ""
    _ended: bool = False
    _events: list[Event] = field(default_factory=list)
    _words: dict[Part, list[str]] = field(default_factory=lambda: {part: [] for part in Part})
    _calls: list[ToolCall | MalformedCall] = field(default_factory=list)
    _steps: Generator[None, None, None] | None = None

    def feed(self, text: str) -> list[Event]:
        """What `text` adds: words as soon as they cannot be markup, calls when they are whole."""
        self._buffer += text
        self._run()
        events, self._events = self._events, []
        return events

    def finish(self) -> Parsed:
        """The whole reply; nothing can be fed after this."""
        self._ended = True
        self._run()
        return self.parsed

    @property
    def parsed(self) -> Parsed:
        reasoning, content = ("".join(self._words[part]) for part in Part)
        return Parsed(reasoning, content, tuple(self._calls))

    def _run(self) -> None:
        self._steps = self._steps or self._reply()
        next(self._steps, None)

    def _reply(self) -> Generator[None, None, None]:
        if self.thinking:
            stops: tuple[str, ...] = (markup.END_THINK, markup.EOS, *FORBIDDEN)
            stop = yield from self._words_until(Part.REASONING, stops)
            if stop != markup.END_THINK:
                raise FormatError(f"the reasoning has no {markup.END_THINK} before {_named(stop)}")
        block = "\n\n" + markup.CALLS
        stops = (markup.EOS, block, markup.END_THINK, *FORBIDDEN)
        stop = yield from self._words_until(Part.CONTENT, stops)
        if stop == block:
            yield from self._block()
            stop = yield from self._one_of((markup.EOS,), or_end=True)
        elif stop not in ("", markup.EOS):
            raise FormatError(f"the text holds {_named(stop)} where it may not stand")
        while not self._ended and not self._buffer:
            yield
        if self._buffer:
            raise FormatError("there is text after the end of the reply")

    def _words_until(self, part: Part, stops: tuple[str, ...]) -> _Steps:
        while True:
            text, stop = self._cut(stops)
            if text:
                self._words[part].append(text)
                self._events.append(Text(part, text))
            if stop or self._ended:
                return stop
            yield

    def _cut(self, stops: tuple[str, ...]) -> tuple[str, str]:
        """Takes the text before the first stop, and the stop, which is empty while it is not there.

        What may still become a stop is left in the buffer, and holds back those inside it.
        """
        found = _any_of(stops).search(self._buffer)
        open_at = self._open_at(stops)
        if found and found.start() <= open_at:
            self._buffer = self._buffer[found.end() :]
            return found.string[: found.start()], found[0]
        text, self._buffer = self._buffer[:open_at], self._buffer[open_at:]
        return text, ""

    def _open_at(self, stops: tuple[str, ...]) -> int:
        """Where the buffer ends in the beginning of a stop; its length if it does not."""
        size = len(self._buffer)
        for start in range(max(0, size - max(map(len, stops)) + 1), 0 if self._ended else size):
            if any(stop.startswith(self._buffer[start:]) for stop in stops):
                return start
        return size

    def _block(self) -> Generator[None, None, None]:
        options: tuple[str, ...] = (markup.INVOKE,)
        while (yield from self._one_of(options)) == markup.INVOKE:
            call = yield from self._invoke()
            self._calls.append(call)
            self._events.append(call)
            options = (markup.INVOKE, markup.END_CALLS)

    def _invoke(self) -> Generator[None, None, ToolCall | MalformedCall]:
        name = read_name((yield from self._until('">\n', "the name of a call")))
        arguments: JsonObject = {}
        problem = ""
        empty = "\n" + markup.END_INVOKE
        options: tuple[str, ...] = (markup.PARAMETER, markup.END_INVOKE, empty)
        while (yield from self._one_of(options)) == markup.PARAMETER:
            options = (markup.PARAMETER, markup.END_INVOKE)
            key = read_name((yield from self._until(markup.STRING, "the name of a parameter")))
            flag = yield from self._one_of(('true">', 'false">'))
            value = yield from self._until(markup.END_PARAMETER, f"parameter {key!r}")
            yield from self._one_of(("\n",))
            problem = problem or _set(arguments, key, value, raw=flag.startswith("true"))
        if problem:
            return MalformedCall(name=name, problem=f"{name}: {problem}")
        return ToolCall(name=name, arguments=arguments)

    def _until(self, stop: str, what: str) -> _Steps:
        """Text up to `stop`; a name ends on its own line, a value may hold no other tag."""
        wrong = markup.DSML if stop == markup.END_PARAMETER else "\n"
        pieces: list[str] = []
        while True:
            text, found = self._cut((stop, wrong, markup.EOS))
            pieces.append(text)
            if found == stop:
                return "".join(pieces)
            if found or self._ended:
                raise FormatError(f"{what} has no {_named(stop)}")
            yield

    def _one_of(self, options: tuple[str, ...], or_end: bool = False) -> _Steps:
        """The option that stands here; none is the beginning of another."""
        while True:
            for option in options:
                if self._buffer.startswith(option):
                    self._buffer = self._buffer[len(option) :]
                    return option
            if self._ended and or_end and not self._buffer:
                return ""
            possible = any(option.startswith(self._buffer) for option in options)
            if self._ended or not possible:
                expected = " or ".join(map(_named, options))
                raise FormatError(f"the tool call block lacks {expected}")
            yield


@cache
def _any_of(stops: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, stops)))


def _named(markup_: str) -> str:
    return repr(markup_.strip()) if markup_.strip() else "a line break" if markup_ else "the end"


def _set(arguments: JsonObject, name: str, written: str, raw: bool) -> str:
    """Sets an argument; gives what is wrong with it, or an empty string."""
    if name in arguments:
        return f"parameter {name!r} is given twice"
    try:
        arguments[name] = written if raw else from_json(written, allow_inf_nan=False)
    except ValueError as e:
        quoted = written if len(written) <= MAX_QUOTED else written[:MAX_QUOTED] + "..."
        return f'parameter {name!r} has string="false" but is not JSON ({e}): {quoted}'
    return ""
