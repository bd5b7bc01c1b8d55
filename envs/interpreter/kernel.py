"""One ipykernel in a sandbox of its own: runs cells, interrupts, kills, starts again.

What happens to the kernel while it runs a cell is the cell's doing and is told as the cell's end; a
sandbox that is lost altogether raises `EnvironmentFault`.
"""

import asyncio
import contextlib
import signal
from enum import Enum, auto
from typing import NamedTuple

import zmq.asyncio

from data.errors import EnvironmentFault
from envs.interpreter.connection import Connection, Malformed
from envs.interpreter.outputs import Outputs
from envs.interpreter.world import Cell, CellLimits, Ended
from envs.sandbox.base import Exit, Limits, Process, Sandbox

PROGRAM = "notebook"
"""Name under which providers load `inside`."""
START_S = 60.0
"""Longest start of a kernel, on a machine that is busy with others."""
INTERRUPT_S = 3.0
"""What an interrupted cell has to end by itself."""
REPLY_S = 5.0
"""Between the last output of a cell and the reply that says how it ended."""
DRAIN_S = 0.5
"""For what a kernel published before it died."""
MAX_MESSAGES = 10_000
"""Of one cell; a cell that goes on is interrupted."""
OVERHEAD_MIB = 128
"""Memory of the kernel itself, beyond what its cells may use."""
AFTER_DEATH = (
    "A new kernel has been started: variables and imports are lost, files and the outputs of "
    "earlier cells stand."
)


class Run(NamedTuple):
    """What came of one cell."""

    cell: Cell
    outputs: Outputs


class _Stop(Enum):
    """Why waiting for a cell stopped."""

    DONE = auto()
    TIMEOUT = auto()
    FLOOD = auto()
    MALFORMED = auto()
    DEATH = auto()


def sandbox_limits(limits: CellLimits) -> Limits:
    """What a sandbox may use; files in all folders together leave memory for another kernel."""
    memory_mib = limits.memory_mib + OVERHEAD_MIB
    return Limits(memory_mib=memory_mib, pids=128, disk_mib=memory_mib // 8)


class Kernel:
    """For one event loop, one cell at a time. Whoever opened the sandbox closes it, after `close`."""

    def __init__(self, sandbox: Sandbox, context: zmq.asyncio.Context, limits: CellLimits) -> None:
        self.sandbox = sandbox
        self.limits = limits
        self._context = context
        self._num_cells = 0
        self._num_kernels = 0
        self._running: _Running | None = None

    async def start(self) -> None:
        """Starts an ipykernel and waits until it has run an empty cell."""
        await self.close()
        connection = Connection(self._context)
        try:
            with connection.handed_over() as fds:
                argv = [f"@{PROGRAM}", "kernel", connection.key]
                process = await self.sandbox.spawn(argv, fds=fds)
        except OSError as error:
            connection.close()
            raise EnvironmentFault(f"a kernel does not start: {error}") from error
        except BaseException:
            connection.close()
            raise
        self._running = running = _Running(connection, process)
        stop = await running.settle("", Outputs(0), START_S, silent=True)
        if stop is not _Stop.DONE:
            raise EnvironmentFault(f"a kernel does not start: {stop.name.lower()}")
        self._num_kernels += 1

    @property
    def alive(self) -> bool:
        return self._running is not None and not self._running.ending.done()

    async def run(self, code: str) -> Run:
        """Runs one cell to whichever end; afterwards there is a kernel again."""
        running = self._running
        assert running is not None, "start comes first"
        self._num_cells += 1
        number, outputs = self._num_kernels, Outputs(self._num_cells)
        if self.alive:
            ended = await self._run(running, code, outputs)
        else:
            cause = _cause(running.ending.result(), self.limits)
            outputs.note(f"The kernel {cause} after the last cell; this cell was not run.")
            ended = Ended.DIED
        if ended is Ended.DIED:
            await self.start()
            outputs.note(AFTER_DEATH)
        await self._save(outputs)
        cell = Cell(code=code, ended=ended, error=outputs.error, kernel=number)
        return Run(cell, outputs)

    async def close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            await running.close()

    async def _run(self, running: "_Running", code: str, outputs: Outputs) -> Ended:
        stop = await running.settle(code, outputs, self.limits.cell_timeout_s)
        if stop in (_Stop.TIMEOUT, _Stop.FLOOD):
            what = f"ran longer than {self.limits.cell_timeout_s:g} s"
            if stop is _Stop.FLOOD:
                what = f"put out more than {MAX_MESSAGES} pieces"
            if await running.interrupt(outputs):
                outputs.note(f"The cell {what} and was interrupted; variables are kept.")
                return Ended.INTERRUPTED
            await running.process.kill()
            outputs.note(f"The cell {what}, went on when interrupted, and its kernel was killed.")
            return Ended.DIED
        if stop is _Stop.MALFORMED:
            await running.process.kill()
            outputs.note("The cell broke its kernel, which was killed.")
            return Ended.DIED
        if stop is _Stop.DEATH:
            outputs.note(f"The kernel {_cause(running.ending.result(), self.limits)}.")
            return Ended.DIED
        return Ended.ERROR if outputs.error else Ended.OK

    async def _save(self, outputs: Outputs) -> None:
        """Writes the cell's images, as far as the sandbox has room for them."""
        try:
            await self.sandbox.put({image.path: image.content for image in outputs.images})
        except OSError as error:
            outputs.note(f"images could not be saved: {error.strerror}")


class _Running:
    """One ipykernel from its start to its end."""

    def __init__(self, connection: Connection, process: Process) -> None:
        self.connection = connection
        self.process = process
        self.ending = asyncio.create_task(self._end())
        self._request = ""
        self._welcome = False

    async def settle(
        self, code: str, outputs: Outputs, timeout_s: float, *, silent: bool = False
    ) -> _Stop:
        """Runs a cell until it is done or something else comes first."""
        collecting = asyncio.create_task(self._execute(code, outputs, silent))
        return await self._first(collecting, timeout_s)

    async def interrupt(self, outputs: Outputs) -> bool:
        """Interrupts the cell; whether it ended by itself. What it put out last is kept."""
        await self.process.signal(signal.SIGINT)
        collecting = asyncio.create_task(self._collect(outputs, 2 * MAX_MESSAGES))
        return await self._first(collecting, INTERRUPT_S) is _Stop.DONE

    async def close(self) -> None:
        self.ending.cancel()
        with contextlib.suppress(asyncio.CancelledError, EnvironmentFault):
            await self.ending
        self.connection.close()

    async def _end(self) -> Exit:
        end = await self.process.wait(float("inf"))
        assert end is not None, "it was waited for without limit"
        return end

    async def _first(self, collecting: "asyncio.Task[_Stop]", timeout_s: float) -> _Stop:
        first = asyncio.FIRST_COMPLETED
        try:
            await asyncio.wait({collecting, self.ending}, timeout=timeout_s, return_when=first)
            if self.ending.done():
                await asyncio.wait({collecting}, timeout=DRAIN_S)
            if collecting.done():
                return collecting.result()
            return _Stop.DEATH if self.ending.done() else _Stop.TIMEOUT
        finally:
            collecting.cancel()
            await asyncio.wait({collecting})

    async def _execute(self, code: str, outputs: Outputs, silent: bool) -> _Stop:
        while not self._welcome:
            # Before this, nobody may be listening to what the kernel publishes.
            self._welcome = (await self.connection.output()).kind == "iopub_welcome"
        self._request = self.connection.execute(code, silent=silent)
        return await self._collect(outputs, MAX_MESSAGES)

    async def _collect(self, outputs: Outputs, max_messages: int) -> _Stop:
        """Takes outputs until the cell is done; counts every message, whatever it is."""
        num_messages = 0
        try:
            while True:
                message = await self.connection.output()
                num_messages += 1
                if message.kind == "status" and message.parent == self._request:
                    if message.content.get("execution_state") == "idle":
                        break
                elif num_messages > max_messages:
                    return _Stop.FLOOD
                outputs.add(message.kind, message.content)
            async with asyncio.timeout(REPLY_S):
                while (reply := await self.connection.reply()).parent != self._request:
                    pass
        except (Malformed, TimeoutError):
            return _Stop.MALFORMED
        if reply.content.get("status") != "ok":
            name = reply.content.get("ename")
            outputs.error = name if isinstance(name, str) and name.isidentifier() else "Error"
        return _Stop.DONE


def _cause(end: Exit, limits: CellLimits) -> str:
    if end.oom:
        return f"ran out of memory (limit {limits.memory_mib} MiB) and died"
    if end.status < 0:
        known = {number.value: number.name for number in signal.Signals}
        return f"was ended by {known.get(-end.status, f'signal {-end.status}')}"
    return f"ended itself (exit status {end.status})"
