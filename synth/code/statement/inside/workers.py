"""Runs small scripts on one tree, each in a forked process, and tells what they really did.

A worker is an interpreter of its own that has never heard of a test framework. It imports the
package once and forks for scripts, so that a script costs milliseconds and leaves nothing behind for
the next. Limits are on the time of the processor, which a busy machine does not change much.
"""

import gc
import io
import json
import os
import re
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from typing import Any, NamedTuple

SCRIPT_CPU_S = 1.0
"""A script that computes for longer hangs."""
SCRIPT_S = 10.0
"""One that neither computes nor ends, too."""
MAX_OUT_CHARS = 6_000
MAX_MEMORY = 1 << 30
NAME = "example.py"
HASH_SEED = 1
"""Of the strings' hashes while scripts are searched for; what is found is run with others as well."""
ADDRESS = "0x..."
"""What stands for an address in memory."""
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]+")
_START = "from synth.code.statement.inside.workers import main; main()"


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

    def __init__(self, path: Sequence[str], modules: Sequence[str], engine: str) -> None:
        """`engine` is the folder that this module can be imported from."""
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-P", "-c", _START],
            env={**os.environ, "PYTHONHASHSEED": str(HASH_SEED), "PYTHONPATH": engine},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._out, self._in = self._process.stdin.fileno(), self._process.stdout.fileno()
        _send(self._out, {"path": list(path), "modules": list(modules), "hidden": engine})

    def ask(self, scripts: Sequence[str], together: bool = False) -> None:
        """`together`: in one process, one after the other; what one leaves the next may meet."""
        _send(self._out, {"scripts": list(scripts), "together": together})

    def answer(self) -> list[Outcome]:
        return [
            Outcome(**{**fields, "lines": tuple(fields["lines"])}) for fields in _take(self._in)
        ]

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


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


def main() -> None:
    """The worker's process: orders come on descriptor 0, answers go to 1."""
    source, to = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    orders = _take(source)
    sys.path[:] = [*orders["path"], *(p for p in sys.path if p != orders["hidden"])]
    for name in [name for name in sys.modules if name.partition(".")[0] == "synth"]:
        del sys.modules[name]
    os.environ["PYTHONPATH"] = ":".join(orders["path"])
    sys.argv[:] = [NAME]
    os.chdir(tempfile.mkdtemp())
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    for name in orders["modules"]:
        # A module that cannot be imported shows in every script that needs it.
        with suppress(BaseException):
            import_module(name)
    gc.collect()
    gc.freeze()
    while True:
        with suppress(EOFError):
            asked = _take(source)
            _send(to, [o._asdict() for o in _outcomes(asked["scripts"], asked["together"])])
            continue
        return


def _outcomes(scripts: Sequence[str], together: bool) -> list[Outcome]:
    found: list[Outcome] = []
    while len(found) < len(scripts):
        left = scripts[len(found) :]
        found += _forked(left if together else left[:1])
    return found


def _forked(scripts: Sequence[str]) -> list[Outcome]:
    """What each of the scripts did in one process, up to the first that did not come to its end."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        os.setpgid(0, 0)
        with suppress(BaseException):
            for script in scripts:
                _send(write, _run(script)._asdict())
        os._exit(0)
    os.close(write)
    found: list[Outcome] = []
    try:
        while len(found) < len(scripts):
            ready, _, _ = select.select([read], [], [], SCRIPT_S)
            fields = _take(read) if ready else {"out": "", "error": "hang"}
            found.append(Outcome(**fields))
            if not ready:
                break
    except EOFError:
        found.append(Outcome("", "exit"))
    finally:
        os.close(read)
        with suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        with suppress(OSError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return found


class _TooLong(BaseException):
    pass


def _stop(*_: object) -> None:
    raise _TooLong


def _run(script: str) -> Outcome:
    shown = io.StringIO()
    error: BaseException | None = None
    signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, SCRIPT_CPU_S)
    try:
        code = compile(script, NAME, "exec")
        with redirect_stdout(shown), redirect_stderr(io.StringIO()):
            exec(code, {"__name__": "__main__"})
    except BaseException as raised:  # noqa: BLE001 - whatever ends a stranger's code
        error = raised
    signal.setitimer(signal.ITIMER_PROF, 0)
    out = _ADDRESS.sub(ADDRESS, shown.getvalue())[:MAX_OUT_CHARS]
    if error is None:
        return Outcome(out)
    if isinstance(error, _TooLong):
        return Outcome(out, "hang")
    return _ended(out, error)


def _last_words(error: BaseException) -> str:
    """Class and message as the interpreter shows them, its "Did you mean" included."""
    plain = traceback.format_exception_only(error)[-1].strip()
    shown = io.StringIO()
    with redirect_stderr(shown):
        sys.__excepthook__(type(error), error, error.__traceback__)
    whole = shown.getvalue()
    return whole[whole.rfind(plain) :].strip() if plain in whole else plain


def _ended(out: str, error: BaseException) -> Outcome:
    frames = traceback.extract_tb(error.__traceback__)
    lines = tuple(frame.lineno or 0 for frame in frames if frame.filename == NAME)
    last = _last_words(error)
    name, _, message = last.partition(": ")
    inner = frames[-1].name if frames and frames[-1].filename != NAME else ""
    return Outcome(
        out,
        name.strip(),
        _ADDRESS.sub(ADDRESS, message)[:MAX_OUT_CHARS],
        lines,
        inner,
    )
