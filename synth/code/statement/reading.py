"""What has to be read out of scripts and their output to speak of them; one module a language."""

from importlib import import_module
from typing import Any, Protocol, cast

_MODULES = {
    "python": "synth.code.statement.python",
    "node": "synth.code.ecmascript.reading",
}


class Reading(Protocol):
    FENCE: str
    """How a block of such code is marked."""
    NOTHING: str
    """What is printed for a value that is none."""
    RAISE: str
    """The verb for errors."""

    def value(self, text: str) -> Any:
        """What a printed literal is, as a value of Python; raises `ValueError`."""

    def shown(self, found: Any) -> str:
        """A part of such a value, as it would be printed."""

    def key(self, found: Any) -> str:
        """A key of such a value, as one names it."""

    def type_name(self, found: Any) -> str: ...

    def call(self, script: str) -> tuple[str, tuple[str, ...]]:
        """The call that a script is about, as written, and its keyword arguments."""

    def expression(self, script: str) -> str:
        """The printed expression, if nothing but imports comes before it; else empty."""

    def trace(self, script: str, lines: tuple[int, ...]) -> list[str]:
        """What comes before an error's last line, as far as it is the user's."""


def reading(language: str) -> Reading:
    """Of a toolchain's scripts."""
    return cast(Reading, import_module(_MODULES[language]))
