"""Runs a transcript once more in fresh sandboxes, on its own or other data: for verifiers.

Synchronous and safe to call from any thread. Nothing of the episode is reused. A rerun has the
same shell, packages and limits as a kernel, but no messages in between, so it costs a fork instead
of a kernel; `rerun_many` keeps all cores busy and is the way to run thousands.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from typing import IO, NamedTuple, TypeVar

from pydantic import Field, JsonValue, ValidationError

from data.errors import EnvironmentFault
from data.record import Record
from data.task import JsonObject
from envs.interpreter.connection import IOPUB_FD, SHELL_FD
from envs.interpreter.files import build_files
from envs.interpreter.kernel import PROGRAM
from envs.interpreter.outputs import Outputs
from envs.interpreter.service import service, wait_for
from envs.interpreter.world import Cell, CellLimits, Ended, Parameters
from envs.sandbox.base import Exit, Sandbox

TIMEOUT_S = 60.0
SETUP_S = 60.0
"""For opening a job's sandbox and filling it, on a busy machine."""


class Job(NamedTuple):
    """Cells to run in order, in a working folder that holds `files`."""

    files: tuple[tuple[str, bytes], ...]
    cells: tuple[str, ...]
    variable: str = ""
    """Name of the variable to bring back when the last cell has ended; none if empty."""
    limits: CellLimits = CellLimits()
    timeout_s: float = TIMEOUT_S
    """For all cells together; cells that there is no time left for are not run."""


class Rerun(NamedTuple):
    """What a job gave."""

    cells: tuple[Cell, ...]
    """How each cell ended; shorter than the job's if time ran out or a limit was met."""
    texts: tuple[str, ...]
    """What the agent would have been shown of each cell in `cells`."""
    value: JsonValue
    """The variable as JSON: numbers, text, booleans, dates (ISO 8601), lists, sets (as sorted
    lists), dicts, numpy and pandas values; a Series is {"index": [...], "values": [...]}, a table
    is {"columns": [...], "index": [...], "rows": [[...]]}; a matplotlib figure is
    {"axes": [...]}, see `envs.interpreter.inside.figures`; NaN, NaT and None are null."""
    problem: str
    """Why there is no value, in one line for a person; empty if there is one."""


def rerun(
    parameters: Parameters,
    cells: Sequence[str],
    *,
    variable: str = "",
    timeout_s: float = TIMEOUT_S,
) -> Rerun:
    """One rerun on the files of `parameters`; raises `EnvironmentFault` if none can be made."""
    files = tuple(build_files(parameters))
    job = Job(files, tuple(cells), variable, parameters.limits, timeout_s)
    return rerun_many([job])[0]


def rerun_many(jobs: Sequence[Job]) -> list[Rerun]:
    """All of `jobs`, several at a time, results in their order; raises as `rerun` does."""
    if not jobs:
        return []
    patience_s = sum(job.timeout_s + SETUP_S for job in jobs)
    return wait_for(_all(jobs), patience_s)


async def _all(jobs: Sequence[Job]) -> list[Rerun]:
    pool = await service().pool()
    slots = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(job: Job) -> Rerun:
        async with slots, pool.sandbox(job.limits) as sandbox:
            try:
                await sandbox.put(dict(job.files))
            except OSError as error:
                raise EnvironmentFault(f"the data files cannot be written: {error}") from error
            return await _Rerunning(sandbox, job).run()

    tasks = [asyncio.create_task(one(job)) for job in jobs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


_R = TypeVar("_R", bound=Record)


class _Line(Record):
    """What the program writes when a cell has ended."""

    error: str = Field(max_length=200)
    interrupted: bool
    records: list[tuple[str, JsonObject]]


class _Last(Record):
    """What it writes at the end, of the variable."""

    value: JsonValue = None
    problem: str = Field(default="", max_length=1000)


_FORGED: dict[type[Record], JsonObject] = {
    _Line: {"error": "MalformedOutput", "interrupted": False, "records": []},
    _Last: {"problem": "the variable cannot be read"},
}


class _Rerunning:
    """A job in its sandbox: a process for its cells, and another after each one that dies."""

    def __init__(self, sandbox: Sandbox, job: Job) -> None:
        self._sandbox = sandbox
        self._job = job
        self._cells: list[Cell] = []
        self._texts: list[str] = []
        self._num_kernels = 0

    async def run(self) -> Rerun:
        until = asyncio.get_running_loop().time() + self._job.timeout_s
        problem = f"not done within {self._job.timeout_s:g} s"
        while (left_s := until - asyncio.get_running_loop().time()) > 0:
            lines, end = await self._process(left_s)
            last = self._take(lines, end)
            if last is not None:
                return Rerun(tuple(self._cells), tuple(self._texts), last.value, last.problem)
            if end is not None and len(self._cells) >= len(self._job.cells):
                problem = "the kernel died in the last cell"
                break
        return Rerun(tuple(self._cells), tuple(self._texts), None, problem)

    async def _process(self, timeout_s: float) -> tuple[list[bytes], Exit | None]:
        """Runs what cells are left; the lines that came, and how the process ended by itself."""
        job = {
            "cells": self._job.cells[len(self._cells) :],
            "cell_timeout_s": self._job.limits.cell_timeout_s,
            "variable": self._job.variable,
        }
        with tempfile.TemporaryFile() as given, _memory_file() as written:
            given.write(json.dumps(job).encode())
            given.seek(0)
            fds = {SHELL_FD: given.fileno(), IOPUB_FD: written.fileno()}
            process = await self._sandbox.spawn([f"@{PROGRAM}", "rerun"], fds=fds)
            end = await process.wait(timeout_s)
            if end is None:
                await process.kill()
            written.seek(0)
            content = written.read()
        # A line without its end was not finished.
        return content.split(b"\n")[:-1], end

    def _take(self, lines: list[bytes], end: Exit | None) -> _Last | None:
        """Notes the cells that ended; what was said of the variable, if it came to that."""
        self._num_kernels += 1
        wanted = len(self._job.cells) - len(self._cells)
        for line in lines[:wanted]:
            read = _read(_Line, line)
            ended = Ended.ERROR if read.error else Ended.OK
            self._note(Ended.INTERRUPTED if read.interrupted else ended, read.error, read.records)
        if len(lines) > wanted:
            return _read(_Last, lines[wanted])
        if end is not None and len(self._cells) < len(self._job.cells):
            self._note(Ended.DIED, "", [])
        return None

    def _note(self, ended: Ended, error: str, records: list[tuple[str, JsonObject]]) -> None:
        code = self._job.cells[len(self._cells)]
        outputs = Outputs(len(self._cells) + 1)
        for kind, content in records:
            outputs.add(kind, content)
        name = error if error.isidentifier() else error and "Error"
        self._cells.append(Cell(code=code, ended=ended, error=name, kernel=self._num_kernels))
        self._texts.append(outputs.text(self._job.limits.max_output_chars))


def _memory_file() -> IO[bytes]:
    """A file in memory, as large as the sandbox's limit on files lets it become."""
    return os.fdopen(os.memfd_create("rerun", os.MFD_CLOEXEC), "w+b", buffering=0)


def _read(form: type[_R], line: bytes) -> _R:
    """A line in its form; one that code of strangers has forged reads as an error."""
    try:
        return form.model_validate_json(line)
    except ValidationError:
        return form.model_validate(_FORGED[form])
