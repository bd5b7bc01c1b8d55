"""Runs the tests of a tree, or a script on it, in fresh sandboxes: for proofs and for verdicts.

Synchronous, and safe to call from any thread. What the code of a tree does, hang, crash, flood or
forge, gives a `Run` that says so; only a lost sandbox raises.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from data.errors import EnvironmentFault
from envs.code.junit import MAX_REPORT_BYTES, ReportError, Result, read_report
from envs.code.service import service
from envs.code.spec import REPOSITORY
from envs.code.stream import Stream
from envs.code.toolchains import toolchain_module
from envs.code.toolchains.base import NOTES, STREAM_FD, Plan, RunRequest
from envs.sandbox.base import Completed, Exit, Sandbox

SETUP_S = 60.0
"""For opening a sandbox and filling it, on a busy machine."""
MAX_OUTPUT_BYTES = 1 << 18
"""What is kept of the output."""
MAX_PRINTED_BYTES = 1 << 25
"""A run of tests that prints more than this is a flood."""
MAX_NOTES_BYTES = 32 << 20
MAX_ERROR_CHARS = 500
_TESTS_RAN = (0, 1, 5)
"""Exit status of pytest: all passed, some failed, there were none."""

__all__ = ["Ended", "Run", "RunRequest", "run_many"]


class Ended(StrEnum):
    """How a run came to its end; all but the first have a `Run.problem`."""

    WELL = "well"
    """Tests may have failed."""
    BROKEN = "broken"
    """Some modules did not load; the tests of the others ran."""
    LATE = "late"
    """The time was up."""
    OUT_OF_MEMORY = "out of memory"
    CRASHED = "crashed"
    """A signal ended it, or a status that no framework gives."""
    EARLY = "early"
    """The process ended before its tests did."""
    FORGED = "forged"
    """What it told breaks the rules of `envs.code.stream`, or its report says other things."""
    REFUSED = "refused"
    """The framework could not run the tests at all."""
    FLOODED = "flooded"


class _Trouble(NamedTuple):
    ended: Ended
    problem: str


_NONE = _Trouble(Ended.WELL, "")


class Run(NamedTuple):
    """What a run gave; nothing in it is more than a claim of the code that ran."""

    results: dict[str, Result]
    """By id, in the order in which the tests ended."""
    problem: str
    """What went wrong beside tests that fail, in one line; empty if nothing did."""
    output: str
    """What was printed, cut; of a script its stdout and, if one ended it, the error's last line."""
    seconds: float
    """From the start of the tests to their end."""
    ended: Ended = Ended.WELL
    notes: str = ""
    """What the request's plug-in wrote to `NOTES`."""


def run_many(requests: Sequence[RunRequest]) -> list[Run]:
    """All of `requests`, as many at a time as there are cores; results in their order.

    Raises `EnvironmentFault` if a sandbox cannot be had, or is lost.
    """
    if not requests:
        return []
    mounts = [toolchain_module(r.toolchain.name).mounts(r.toolchain) for r in requests]
    patience_s = sum(request.limits.tests_s + SETUP_S for request in requests)
    return service().wait_for(_all(requests, mounts), patience_s)


async def _all(requests: Sequence[RunRequest], mounts: Sequence[Mapping[str, Path]]) -> list[Run]:
    tasks = [
        asyncio.create_task(_one(request, folders))
        for request, folders in zip(requests, mounts, strict=True)
    ]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _one(request: RunRequest, mounts: Mapping[str, Path]) -> Run:
    module = toolchain_module(request.toolchain.name)
    plan = (module.script if request.script else module.tests)(request, mounts)
    serving, limits = service(), request.limits.sandbox
    async with serving.slots, serving.provider(plan.hashes).open(limits, mounts) as sandbox:
        await _write(sandbox, request, plan)
        running = _Running(sandbox, plan, request.limits.tests_s)
        run = await running.run()
        notes = await _text(sandbox, NOTES, MAX_NOTES_BYTES) if request.plugin else b""
        return run._replace(notes=notes.decode(errors="replace"))


class _Running:
    """A plan in its sandbox, once."""

    def __init__(self, sandbox: Sandbox, plan: Plan, timeout_s: float) -> None:
        self._sandbox = sandbox
        self._plan = plan
        self._timeout_s = timeout_s
        self._clock = asyncio.get_running_loop().time

    async def run(self) -> Run:
        if self._plan.streamed:
            return await self._streamed()
        return await (self._forked() if self._plan.argv[0].startswith("@") else self._plain())

    async def _forked(self) -> Run:
        """A script of ours in a process of the provider."""
        started = self._clock()
        with _given(self._plan.stdin) as stdin, _memory_file() as printed:
            process = await self._sandbox.spawn(
                self._plan.argv, env=self._plan.env, cwd=REPOSITORY, fds={0: stdin, 1: printed}
            )
            end = await process.wait(self._timeout_s)
            if end is None:
                await process.kill()
            output = os.pread(printed, MAX_OUTPUT_BYTES, 0).decode(errors="replace")
        trouble = self._ending(end)
        seconds = self._clock() - started
        return Run({}, trouble.problem, output, seconds, trouble.ended)

    async def _plain(self) -> Run:
        """A command whose results, if it has any, stand in a report at its end."""
        started = self._clock()
        done = await self._sandbox.exec(
            self._plan.argv,
            timeout_s=self._timeout_s,
            stdin=self._plan.stdin,
            env=self._plan.env,
            cwd=REPOSITORY,
            max_output_bytes=MAX_OUTPUT_BYTES,
        )
        seconds = self._clock() - started
        late = done._replace(status=0) if self._plan.report else done
        trouble = self._ending(None if done.timed_out else late)
        if done.truncated and trouble is _NONE:
            trouble = _Trouble(Ended.FLOODED, f"it printed more than {MAX_OUTPUT_BYTES} bytes")
        output = done.stdout.decode(errors="replace")
        results: dict[str, Result] = {}
        if self._plan.report:
            results, wrong = await self._report()
            if wrong and trouble is _NONE:
                trouble = _Trouble(Ended.REFUSED, wrong)
            output += done.stderr.decode(errors="replace")
        elif done.status and not done.timed_out:
            output += _last_line(done.stderr)
        return Run(results, trouble.problem, output, seconds, trouble.ended)

    async def _streamed(self) -> Run:
        """A process that tells results as they happen; the report at its end must agree."""
        started = self._clock()
        stream = Stream()
        try:
            with _given(self._plan.stdin) as stdin, _memory_file() as printed:
                process = await self._sandbox.spawn(
                    self._plan.argv,
                    env=self._plan.env,
                    cwd=REPOSITORY,
                    fds={0: stdin, 1: printed, 2: printed, STREAM_FD: stream.far.fileno()},
                )
                stream.far.close()
                end = await process.wait(self._timeout_s)
                if end is None:
                    await process.kill()
                seconds = self._clock() - started
                stream.close()
                output = os.pread(printed, MAX_OUTPUT_BYTES, 0).decode(errors="replace")
                size = os.fstat(printed).st_size
        finally:
            stream.close()
        trouble = self._ending(end)
        if trouble is _NONE:
            trouble = _said(stream, size)
        if trouble is _NONE:
            trouble = _disagreement(stream.results, *await self._report())
        if trouble is _NONE and stream.broken:
            count = len(stream.broken)
            trouble = _Trouble(Ended.BROKEN, f"{count} modules do not load: {stream.broken[0]}")
        return Run(stream.results, trouble.problem, output, seconds, trouble.ended)

    def _ending(self, end: Completed | Exit | None) -> _Trouble:
        """What the end of a process tells; None if it was ended because the time was up."""
        if end is None:
            return _Trouble(Ended.LATE, f"not done within {self._timeout_s:g} s")
        if end.oom:
            return _Trouble(Ended.OUT_OF_MEMORY, "it used more memory than there is")
        if end.status < 0:
            return _Trouble(Ended.CRASHED, f"it was ended by signal {-end.status}")
        if end.status:
            return _Trouble(Ended.CRASHED, f"it ended with status {end.status}")
        return _NONE

    async def _report(self) -> tuple[dict[str, Result], str]:
        """The tests of the report, without modules that did not load; and what is wrong with it."""
        content = await _text(self._sandbox, self._plan.report, MAX_REPORT_BYTES)
        if not content:
            return {}, "there is no report"
        try:
            found = read_report(content)
        except ReportError as error:
            return {}, str(error)
        return {name: result for name, result in found.items() if not name.startswith("::")}, ""


def _said(stream: Stream, num_printed: int) -> _Trouble:
    """What is wrong with the results that a process told before it ended by itself."""
    if stream.forged:
        return _Trouble(Ended.FORGED, f"its results are not believed: {stream.forged}")
    if stream.done is None:
        where = stream.running or "none of them"
        return _Trouble(Ended.EARLY, f"it ended before its tests did, in {where}")
    if stream.done not in _TESTS_RAN and not stream.broken:
        return _Trouble(Ended.REFUSED, f"the test framework gave up with status {stream.done}")
    if num_printed > MAX_PRINTED_BYTES:
        return _Trouble(Ended.FLOODED, f"it printed more than {MAX_PRINTED_BYTES} bytes")
    return _NONE


def _disagreement(told: dict[str, Result], report: dict[str, Result], wrong: str) -> _Trouble:
    same = {n: r.status for n, r in told.items()} == {n: r.status for n, r in report.items()}
    if wrong or not same:
        return _Trouble(Ended.FORGED, wrong or "its report says other things than it told")
    return _NONE


async def _text(sandbox: Sandbox, path: str, max_bytes: int) -> bytes:
    """Contents of a file; nothing where there is none that can be read."""
    try:
        return (await sandbox.get([path], max_bytes=max_bytes))[path]
    except OSError:
        return b""


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    return f"{lines[-1][:MAX_ERROR_CHARS]}\n" if lines else ""


async def _write(sandbox: Sandbox, request: RunRequest, plan: Plan) -> None:
    contents = {f"{REPOSITORY}/{name}": file.content for name, file in request.tree.items()}
    programs = [f"{REPOSITORY}/{name}\0" for name, file in request.tree.items() if file.executable]
    try:
        await sandbox.put({**contents, **plan.files})
        if programs:
            names = "".join(programs).encode()
            argv = ("xargs", "-0", "chmod", "+x", "--")
            await sandbox.exec(argv, timeout_s=SETUP_S, stdin=names)
    except OSError as error:
        raise EnvironmentFault(f"a tree cannot be written: {error}") from error


@contextmanager
def _given(content: bytes) -> Iterator[int]:
    """A descriptor to read `content` from."""
    with _memory_file() as fd:
        os.write(fd, content)
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd


@contextmanager
def _memory_file() -> Iterator[int]:
    """A file in memory, as large as the sandbox's limit on files lets it become."""
    fd = os.memfd_create("run", os.MFD_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
