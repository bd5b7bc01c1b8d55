"""A bash that stays: what one command sets, the next one finds.

Commands go to bash over a socket of ours, and it answers over the same how each one ended, with a
mark that is new each time and that it reads only then. While a command runs the socket is closed for
all that it starts, so no output, however it looks, and no program can end a command. What bash
itself is made to do by its own builtins only deceives the agent that did it.
"""

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import Coroutine, Mapping
from typing import Any, NamedTuple

from data.errors import EnvironmentFault
from envs.code.printed import Output, Printed
from envs.sandbox.base import Exit, Process, Sandbox

BASH = "/bin/bash"
CONTROL = 9
INTERRUPT_S = 2.0
"""What an interrupted command has to end by itself."""
END_S = 10.0
BLOCK_BYTES = 1 << 16
MAX_PRINTED_BYTES = 64 << 20
"""Of one command; one that goes on is interrupted."""
MAX_COMMAND_CHARS = 50_000

# One line, so that bash counts the lines of a command from 1. Its own doings are silent even under
# `set -x`; builtins are named as such, because a command may define functions of their names; `trap`
# keeps the shell alive when a command is interrupted.
_LOOP = (
    "exec 8>&2 2>/dev/null; builtin trap : INT; __ended() { return $1; }; __status=0; "
    f"while builtin read -r -d '' -u {CONTROL} __command; do "
    "__ended $__status; "
    f'builtin eval "$__command" 2>&8 8>&- {CONTROL}>&- </dev/null; '
    "__status=$?; "
    f"builtin read -r -d '' -u {CONTROL} __mark && "
    f"builtin printf '%s %s\\0' \"$__mark\" $__status >&{CONTROL}; "
    "done"
)


class Ended(NamedTuple):
    """How a command ended, with what was printed since the one before."""

    printed: Printed
    status: int | None
    """Exit status; None where the shell ended with the command, or the command was stopped."""
    note: str = ""
    """What has to be said of it beyond the status."""


class Shell:
    """For one event loop, one command at a time. Whoever opened the sandbox closes it after `close`."""

    def __init__(
        self, sandbox: Sandbox, cwd: str, env: Mapping[str, str], max_output_chars: int
    ) -> None:
        self._sandbox = sandbox
        self._cwd = cwd
        self._env = dict(env)
        self._max_output_chars = max_output_chars
        self._bash: _Bash | None = None

    async def start(self) -> None:
        await self.close()
        self._bash = await _Bash.start(self._sandbox, self._cwd, self._env, self._max_output_chars)

    async def run(self, command: str, timeout_s: float) -> Ended:
        """Runs a command to whichever end; afterwards there is a shell again.

        Raises `EnvironmentFault` if the sandbox is lost.
        """
        bash = self._bash
        assert bash is not None, "start comes first"
        if bash.ending.done():
            note = f"{_cause(bash.ending.result())} after the last command; this one was not run"
            return await self._anew(bash, note)
        status = await bash.run(command, timeout_s)
        if status is not None:
            return Ended(bash.output.take(), status)
        if bash.ending.done():
            return await self._anew(bash, _cause(bash.ending.result()))
        what = f"ran longer than {timeout_s:g} s"
        if bash.flooded:
            what = f"printed more than {MAX_PRINTED_BYTES >> 20} MiB"
        if await bash.interrupt() is not None:
            return Ended(bash.output.take(), None, f"[the command {what} and was interrupted]")
        await bash.kill()
        note = f"the command {what}, went on when interrupted, and was killed with its shell"
        return await self._anew(bash, note)

    async def _anew(self, bash: "_Bash", note: str) -> Ended:
        """Another shell in the place of one that ended."""
        printed = bash.output.take()
        await self.start()
        lost = "variables, functions and background jobs are lost, files stand"
        return Ended(printed, None, f"[{note}. A new shell starts in {self._cwd}: {lost}]")

    async def close(self) -> None:
        bash, self._bash = self._bash, None
        if bash is not None:
            await bash.close()


def _cause(end: Exit) -> str:
    if end.oom:
        return "the shell ended: out of memory"
    if end.status < 0:
        known = {number.value: number.name for number in signal.Signals}
        return f"the shell was ended by {known.get(-end.status, f'signal {-end.status}')}"
    return f"the shell ended with exit status {end.status}"


class _Bash:
    """One process from its start to its end."""

    def __init__(
        self, process: Process, control: socket.socket, printing: int, output: Output
    ) -> None:
        """Owns `control` and the descriptor `printing`."""
        self._process = process
        self._control = control
        self._printing = printing
        self._loop = asyncio.get_running_loop()
        self._mark = b""
        self._answers = bytearray()
        self._flood = self._loop.create_future()
        self.output = output
        self.ending = asyncio.create_task(self._end())
        self._listen()

    @classmethod
    async def start(
        cls, sandbox: Sandbox, cwd: str, env: Mapping[str, str], max_output_chars: int
    ) -> "_Bash":
        control, theirs = socket.socketpair()
        printing, printer = os.pipe2(os.O_CLOEXEC)
        # Programs open /dev/stdout and the like as the user that they are.
        os.fchmod(printer, 0o666)
        os.set_blocking(printing, False)
        control.setblocking(False)
        argv = [BASH, "--noprofile", "--norc", "-c", _LOOP, "bash"]
        fds = {1: printer, 2: printer, CONTROL: theirs.fileno()}
        try:
            process = await sandbox.spawn(argv, env=env, cwd=cwd, fds=fds)
        except BaseException as error:
            control.close()
            os.close(printing)
            if isinstance(error, OSError):
                raise EnvironmentFault(f"a shell does not start in {cwd}: {error}") from error
            raise
        finally:
            theirs.close()
            os.close(printer)
        return cls(process, control, printing, Output(max_output_chars))

    @property
    def flooded(self) -> bool:
        return self._flood.done()

    async def run(self, command: str, timeout_s: float) -> int | None:
        """The exit status; None if the shell ended, or the time did, or the room for output."""
        self._mark = secrets.token_hex(8).encode()
        self._listen()
        request = b"%s\0%s\0" % (command.encode(), self._mark)
        return await self._first(self._ask(request), timeout_s)

    async def interrupt(self) -> int | None:
        """Interrupts the command; its status if it ended by that."""
        await self._process.signal(signal.SIGINT, group=True)
        self._listen()
        return await self._first(self._ask(b""), INTERRUPT_S)

    async def kill(self) -> None:
        """Ends the shell and everything that it started."""
        await self._process.kill()
        await asyncio.wait({self.ending}, timeout=END_S)
        self._read()

    async def close(self) -> None:
        self.ending.cancel()
        self._flood.cancel()
        await asyncio.wait({self.ending})
        if not self.ending.cancelled():
            self.ending.exception()  # that the sandbox is lost was told before, or does not matter
        self._loop.remove_reader(self._printing)
        self._control.close()
        os.close(self._printing)

    async def _end(self) -> Exit:
        end = await self._process.wait(float("inf"))
        assert end is not None, "it was waited for without limit"
        return end

    async def _first(
        self, asking: Coroutine[None, None, int | None], timeout_s: float
    ) -> int | None:
        """The answer, unless something else comes first."""
        until = self._loop.time() + timeout_s
        asked = asyncio.create_task(asking)
        others: set[asyncio.Future[Any]] = {self.ending, self._flood}
        try:
            await asyncio.wait(
                {asked, *others}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if asked.done() and asked.result() is None:
                # Another program runs in the place of the shell, which cannot answer any more.
                left_s = max(0.0, until - self._loop.time())
                await asyncio.wait(others, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if self.ending.done():
                self.ending.result()
            self._read()
            return asked.result() if asked.done() else None
        finally:
            asked.cancel()
            await asyncio.wait({asked})

    async def _ask(self, request: bytes) -> int | None:
        """Sends a request and waits for the answer that has its mark; None if none can come."""
        try:
            await self._loop.sock_sendall(self._control, request)
            while True:
                while b"\0" in self._answers:
                    answer, _, rest = bytes(self._answers).partition(b"\0")
                    self._answers[:] = rest
                    mark, _, status = answer.partition(b" ")
                    if mark == self._mark and status.isdigit():
                        return int(status)
                block = await self._loop.sock_recv(self._control, BLOCK_BYTES)
                if not block or len(self._answers) > BLOCK_BYTES:
                    return None
                self._answers += block
        except OSError:
            return None

    def _listen(self) -> None:
        """Takes what is printed, up to a limit that starts anew."""
        if self._flood.done():
            self._flood = self._loop.create_future()
        self._room = MAX_PRINTED_BYTES
        self._loop.add_reader(self._printing, self._read)

    def _read(self) -> None:
        """Takes what is there: all of it, because a pipe holds no more than a block."""
        try:
            block = os.read(self._printing, BLOCK_BYTES)
        except BlockingIOError:
            return
        self.output.add(block)
        self._room -= len(block)
        if not block or self._room < 0:
            self._loop.remove_reader(self._printing)
        if self._room < 0 and not self._flood.done():
            self._flood.set_result(None)
