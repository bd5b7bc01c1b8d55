"""The near end of a sandbox: requests to its supervisor, over one socket.

What the supervisor says is only trusted to be about its own sandbox; anything malformed, or the end
of the stream, makes every request fail with `EnvironmentFault`.
"""

import asyncio
import contextlib
import errno
import itertools
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from data.errors import EnvironmentFault
from envs.sandbox.base import HOME, MAX_DEPTH, MAX_ENTRIES, Completed, Entry, Exit
from envs.sandbox.inside.frames import Frame, Reader, packed, rights

BLOCK_BYTES = 1 << 18
PATIENCE_S = 30.0
"""Longest wait for an answer, beyond the time that the request itself allows."""
DEFAULT_OUTPUT_BYTES = 1 << 20


class Channel:
    """One open sandbox; implements `envs.sandbox.base.Sandbox`. For one event loop."""

    def __init__(
        self,
        control: socket.socket,
        on_close: Callable[[], Awaitable[None]],
        num_oom_kills: Callable[[], int] = lambda: 0,
    ) -> None:
        """Owns `control`; `on_close` ends what runs behind it, after the socket is closed.

        `num_oom_kills` counts what was killed from outside for want of memory.
        """
        control.setblocking(False)
        self._control = control
        self._on_close = on_close
        self.num_oom_kills = num_oom_kills
        self._loop = asyncio.get_running_loop()
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Frame]] = {}
        self._processes: dict[int, Remote] = {}
        self._sending = asyncio.Lock()
        self._lost = ""
        self._listening = asyncio.create_task(self._listen())

    @property
    def lost(self) -> bool:
        """Whether the supervisor hung up."""
        return bool(self._lost)

    async def exec(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: str = HOME,
        max_output_bytes: int = DEFAULT_OUTPUT_BYTES,
    ) -> Completed:
        _check_argv(argv)
        kills_before = self.num_oom_kills()
        reply = await self._request(
            "exec",
            stdin,
            patience_s=timeout_s + PATIENCE_S,
            argv=list(argv),
            timeout_s=timeout_s,
            env=dict(env or {}),
            cwd=cwd,
            max_output_bytes=max_output_bytes,
        )
        fields, split = reply.header, reply.header["stdout_bytes"]
        return Completed(
            status=fields["status"],
            stdout=reply.body[:split],
            stderr=reply.body[split:],
            timed_out=fields["timed_out"],
            truncated=fields["truncated"],
            oom=fields["oom"] or self.num_oom_kills() > kills_before,
        )

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str = HOME,
        fds: Mapping[int, int] | None = None,
    ) -> "Remote":
        _check_argv(argv)
        given, number = dict(fds or {}), next(self._ids)
        self._processes[number] = process = Remote(self, number)
        try:
            await self._request(
                "spawn",
                fds=list(given.values()),
                number=number,
                argv=list(argv),
                env=dict(env or {}),
                cwd=cwd,
                numbers=list(given),
            )
        except OSError:
            del self._processes[number]
            raise
        return process

    async def put(self, files: Mapping[str, bytes]) -> None:
        sizes = [(name, len(content)) for name, content in files.items()]
        await self._request("put", b"".join(files.values()), files=sizes)

    async def get(self, paths: Sequence[str], *, max_bytes: int = 1 << 24) -> dict[str, bytes]:
        reply = await self._request("get", paths=list(paths), max_bytes=max_bytes)
        ends = list(itertools.accumulate(reply.header["sizes"], initial=0))
        return {
            path: reply.body[start:end]
            for path, (start, end) in zip(paths, itertools.pairwise(ends), strict=True)
        }

    async def walk(
        self, path: str, *, max_entries: int = MAX_ENTRIES, max_depth: int = MAX_DEPTH
    ) -> dict[str, Entry]:
        reply = await self._request("walk", path=path, max_entries=max_entries, max_depth=max_depth)
        return {name: Entry(*entry) for name, entry in json.loads(reply.body).items()}

    async def close(self) -> None:
        self._lose("it was closed")
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        # The loop must have let go of the descriptor before its number is used again.
        await asyncio.wait({self._listening})
        async with self._sending:
            self._control.close()
        await self._on_close()

    async def signal(self, process: int, signal_number: int, *, group: bool) -> None:
        await self._request("signal", process=process, signal=signal_number, group=group)

    async def _request(
        self,
        op: str,
        body: bytes = b"",
        *,
        fds: Sequence[int] = (),
        patience_s: float = PATIENCE_S,
        number: int = 0,
        **fields: Any,
    ) -> Frame:
        """One request and its answer; an error of the system that it reports is raised here."""
        number = number or next(self._ids)
        self._waiting[number] = answer = self._loop.create_future()
        try:
            async with asyncio.timeout(patience_s):
                await self._send(packed({"id": number, "op": op, **fields}, body, fds), fds)
                reply: Frame = await answer
        except TimeoutError as error:
            self._lose(f"no answer to {op} within {patience_s:.0f} s")
            raise self.fault() from error
        finally:
            del self._waiting[number]
        if "errno" in reply.header:
            code = reply.header["errno"] or errno.EIO
            raise OSError(code, reply.header["message"] or os.strerror(code), reply.header["path"])
        return reply

    async def _send(self, data: bytes, fds: Sequence[int]) -> None:
        async with self._sending:
            if self._lost:
                raise self.fault()
            try:
                sent = await self._send_first(data, fds) if fds else 0
                await self._loop.sock_sendall(self._control, memoryview(data)[sent:])
            except OSError as error:
                self._lose(f"it does not listen: {error.strerror}")
                raise self.fault() from error

    async def _send_first(self, data: bytes, fds: Sequence[int]) -> int:
        """Sends the beginning of a frame with its descriptors; the number of bytes sent."""
        while True:
            try:
                return self._control.sendmsg([data], rights(fds))
            except BlockingIOError:
                writable = self._loop.create_future()
                self._loop.add_writer(self._control, writable.set_result, None)
                try:
                    await writable
                finally:
                    self._loop.remove_writer(self._control)

    async def _listen(self) -> None:
        reader = Reader()
        why = "its supervisor ended"
        try:
            while data := await self._loop.sock_recv(self._control, BLOCK_BYTES):
                reader.feed(data)
                while frame := reader.next():
                    self._sort(frame)
        except (OSError, ValueError) as error:
            why = f"its supervisor cannot be heard: {error}"
        self._lose(why)

    def _sort(self, frame: Frame) -> None:
        if "failed" in frame.header:
            self._lose(frame.header["failed"])
        elif frame.header.get("event") == "exit":
            process = self._processes.pop(frame.header["process"], None)
            if process is not None:
                process.finish(frame.header["status"], frame.header["oom"])
        else:
            answer = self._waiting.get(frame.header.get("id", 0))
            if answer is not None and not answer.done():
                answer.set_result(frame)

    def _lose(self, why: str) -> None:
        """Nothing more will be heard: fails every wait."""
        self._lost = self._lost or why
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(self.fault())
        for process in self._processes.values():
            if not process.ended.done():
                process.ended.cancel()

    def fault(self) -> EnvironmentFault:
        return EnvironmentFault(f"the sandbox is lost: {self._lost}")


class Remote:
    """A process in the sandbox; implements `envs.sandbox.base.Process`."""

    def __init__(self, channel: Channel, number: int) -> None:
        self._channel = channel
        self._number = number
        self._kills_before = channel.num_oom_kills()
        self.ended: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()

    def finish(self, status: int, oom: bool) -> None:
        oom = oom or self._channel.num_oom_kills() > self._kills_before
        if not self.ended.done():  # the channel may have been closed meanwhile
            self.ended.set_result(Exit(status, oom))

    async def signal(self, number: int, *, group: bool = False) -> None:
        if not self.ended.done():
            await self._channel.signal(self._number, number, group=group)

    async def wait(self, timeout_s: float) -> Exit | None:
        done, _ = await asyncio.wait({self.ended}, timeout=timeout_s)
        if not done:
            return None
        if self.ended.cancelled():
            raise self._channel.fault()
        return self.ended.result()

    async def kill(self) -> Exit:
        await self.signal(signal.SIGKILL)
        end = await self.wait(PATIENCE_S)
        if end is None:
            raise EnvironmentFault(f"a killed process does not end within {PATIENCE_S:.0f} s")
        return end


def _check_argv(argv: Sequence[str]) -> None:
    """A text with a null byte cannot be an argument; that is told as the system would."""
    if not argv or any("\0" in word for word in argv):
        raise OSError(errno.EINVAL, "a command is at least one word, without null bytes")
