"""Where a person plays: a prompt with completion on a terminal, plain lines from a pipe.

What the person reads goes to stdout, or to stderr where stdout is kept for records.
"""

import sys
from collections.abc import Iterable, Iterator

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.shortcuts import CompleteStyle
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from agents.person import COMMANDS, Tone
from data.task import PublicTask, ToolSpec

PROMPT = "> "
STYLES = {
    Tone.QUESTION: "bold",
    Tone.CALL: "cyan",
    Tone.OBSERVATION: "",
    Tone.ERROR: "red",
    Tone.NOTE: "dim",
}
FRAMED = frozenset({Tone.QUESTION, Tone.OBSERVATION})


class Desk:
    """Asks for lines and shows text; `quiet` keeps stdout free."""

    def __init__(self, task: PublicTask, *, quiet: bool) -> None:
        self._console = Console(stderr=quiet, highlight=False)
        self._session = None
        if sys.stdin.isatty() and self._console.is_terminal:
            self._session = PromptSession[str](
                completer=Words(task.tools),
                complete_while_typing=False,
                complete_style=CompleteStyle.READLINE_LIKE,
            )

    async def ask(self) -> str | None:
        """The next line; None at the end of the input or after Ctrl-D."""
        if self._session is None:
            line = sys.stdin.readline()
            return line.rstrip("\n") if line else None
        try:
            return await self._session.prompt_async(PROMPT)
        except EOFError:
            return None

    def show(self, text: str, tone: Tone) -> None:
        body = Text(text, STYLES[tone])
        if tone in FRAMED and self._console.is_terminal:
            self._console.print(Panel(body, border_style="dim"))
        else:
            self._console.print(body, soft_wrap=True)


class Words(Completer):
    """Commands and tools as the first word, then the names of the tool's parameters."""

    def __init__(self, tools: Iterable[ToolSpec]) -> None:
        self._parameters = {tool.name: _parameters(tool) for tool in tools}

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        first, space, _ = document.text_before_cursor.lstrip().partition(" ")
        word = document.get_word_before_cursor(WORD=True)
        known = self._parameters.get(first, []) if space else [*self._parameters, *COMMANDS]
        for name in known:
            if name.startswith(word):
                yield Completion(name, start_position=-len(word))


def _parameters(tool: ToolSpec) -> list[str]:
    properties = tool.parameters.get("properties")
    return [f"{name}=" for name in properties] if isinstance(properties, dict) else []
