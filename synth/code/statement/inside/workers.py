"""Runs small scripts on one tree, each in a forked process, and tells what they really did.

A worker imports the package once and forks for every script, so that a script costs milliseconds
and leaves nothing behind for the next.
"""

import io
import json
import os
import re
import resource
import select
import signal
import struct
import sys
import tempfile
import traceback
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from typing import Any, NamedTuple

SCRIPT_S = 2.0
"""A script that runs for longer hangs."""
MAX_OUT_CHARS = 6_000
MAX_MEMORY = 1 << 30
NAME = "example.py"
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]+")


class Outcome(NamedTuple):
    """What a script did. Addresses in memory are `0x...`."""

    out: str
    """All that it printed."""
    error: str = ""
    """Class of the error that ended it, as a traceback names it; `hang` if it did not end."""
    message: str = ""
    lines: tuple[int, ...] = ()
    """Lines of the script in the traceback, outermost first."""
    deepest: str = ""
    """Function in which the error was raised."""

    @property
    def kind(self) -> str:
        return self.error or "ok"


class Worker:
    """One side. Scripts run in an empty folder with `path` in front of the import path."""

    def __init__(self, path: list[str], modules: list[str]) -> None:
        ours, theirs = os.pipe(), os.pipe()
        self._pid = os.fork()
        if not self._pid:
            os.close(ours[1])
            os.close(theirs[0])
            _serve(path, modules, ours[0], theirs[1])
            os._exit(0)
        os.close(ours[0])
        os.close(theirs[1])
        self._out, self._in = ours[1], theirs[0]

    def ask(self, scripts: list[str]) -> None:
        _send(self._out, scripts)

    def answer(self) -> list[Outcome]:
        return [
            Outcome(**{**fields, "lines": tuple(fields["lines"])}) for fields in _take(self._in)
        ]

    def close(self) -> None:
        # A later worker holds this pipe open as well, so its end alone would not tell.
        _send(self._out, None)
        os.close(self._out)
        os.close(self._in)
        os.waitpid(self._pid, 0)


def _send(to: int, value: Any) -> None:
    data = json.dumps(value).encode()
    data = struct.pack(">I", len(data)) + data
    while data:
        data = data[os.write(to, data) :]


def _take(source: int) -> Any:
    size = struct.unpack(">I", _read(source, 4))[0]
    return json.loads(_read(source, size))


def _read(source: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(source, size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _serve(path: list[str], modules: list[str], source: int, to: int) -> None:
    sys.path[:0] = path
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    for name in modules:
        # A module that cannot be imported shows in every script that needs it.
        with suppress(BaseException):
            import_module(name)
    while True:
        scripts = _take(source)
        if scripts is None:
            return
        _send(to, [_outcome(script)._asdict() for script in scripts])


def _outcome(script: str) -> Outcome:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        os.setpgid(0, 0)
        with suppress(BaseException):
            _send(write, _run(script)._asdict())
        os._exit(0)
    os.close(write)
    try:
        ready, _, _ = select.select([read], [], [], 2 * SCRIPT_S)
        fields = _take(read) if ready else {}
    except EOFError:
        fields = {"out": "", "error": "exit"}
    finally:
        os.close(read)
        with suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        with suppress(OSError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return Outcome(**fields) if fields else Outcome("", "hang")


class _TooLong(BaseException):
    pass


def _stop(*_: object) -> None:
    raise _TooLong


def _run(script: str) -> Outcome:
    shown = io.StringIO()
    error: BaseException | None = None
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, SCRIPT_S)
    try:
        code = compile(script, NAME, "exec")
        with redirect_stdout(shown), redirect_stderr(io.StringIO()):
            exec(code, {"__name__": "__main__"})
    except BaseException as raised:  # noqa: BLE001 - whatever ends a stranger's code
        error = raised
    signal.setitimer(signal.ITIMER_REAL, 0)
    out = _ADDRESS.sub("0x...", shown.getvalue())[:MAX_OUT_CHARS]
    if error is None:
        return Outcome(out)
    if isinstance(error, _TooLong):
        return Outcome(out, "hang")
    return _ended(out, error)


def _ended(out: str, error: BaseException) -> Outcome:
    frames = traceback.extract_tb(error.__traceback__)
    lines = tuple(frame.lineno or 0 for frame in frames if frame.filename == NAME)
    last = traceback.format_exception_only(error)[-1].strip()
    name, _, message = last.partition(": ")
    inner = frames[-1].name if frames and frames[-1].filename != NAME else ""
    return Outcome(
        out,
        name.strip(),
        _ADDRESS.sub("0x...", message)[:MAX_OUT_CHARS],
        lines,
        inner,
    )


def ended(out: str, err: str) -> dict[str, Any]:
    """Fields of an outcome from what a program of its own wrote."""
    lines = [int(n) for n in re.findall(rf'File ".*{NAME}", line (\d+)', err)]
    outcome = Outcome(_ADDRESS.sub("0x...", out)[:MAX_OUT_CHARS])
    if "Traceback (most recent call last)" in err or "SyntaxError" in err:
        last = re.split(r"\n(?=\S)", err.strip())[-1]
        name, _, message = last.partition(": ")
        outcome = outcome._replace(
            error=name.strip(),
            message=_ADDRESS.sub("0x...", message).strip()[:MAX_OUT_CHARS],
            lines=tuple(lines),
        )
    return outcome._asdict()
