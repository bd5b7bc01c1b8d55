"""Process 1 of a sandbox: runs commands, keeps processes, reads and writes files, kills trees.

It has the rights of the code that it runs and no others, and answers frames on one socket; when
that closes, it ends and everything in its process namespace with it. Code inside can neither signal
process 1 nor read or change it.
"""

import errno
import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from . import confine
from .commands import Child, Command, Refused, start_command, start_process
from .files import get, put, walk
from .frames import Frame, Reader, packed
from .processes import kill_strays, largest, memory_bytes

WATCH_S = 0.1
"""Between two looks at the memory in use, where nothing else limits it."""
DRAIN_S = 1.0
"""Longest wait for the last output of a command whose processes are all dead."""

Main = Callable[[list[str]], None]


class Supervisor:
    """`serve` is all; it returns when the other side hangs up."""

    def __init__(
        self,
        control: socket.socket,
        environment: Mapping[str, str],
        programs: Mapping[str, Main],
        watched_bytes: int = 0,
    ) -> None:
        """`watched_bytes`: limit on the memory of all processes; 0 if something else limits it."""
        self._control = control
        self._environment = dict(environment)
        self._programs = programs
        self._watched_bytes = watched_bytes
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, Child] = {}
        self._oom_kills = 0

    def serve(self) -> None:
        wake, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # As process 1, signals without a handler do not reach it at all.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self._selector.register(wake, selectors.EVENT_READ, lambda: os.read(wake, 512))
        reader = Reader()
        self._selector.register(self._control, selectors.EVENT_READ, None)
        while True:
            for key, _ in self._selector.select(self._patience()):
                if key.data is not None:
                    key.data()
                elif not reader.receive(self._control):
                    return
                else:
                    while frame := reader.next():
                        self._answer(frame)
            self._reap()
            self._expire()
            self._watch()

    def _patience(self) -> float | None:
        """Seconds until something has to be looked at."""
        now = time.monotonic()
        times = [
            child.deadline
            for child in self._children.values()
            if isinstance(child, Command) and not child.timed_out
        ]
        if self._watched_bytes and self._children:
            times.append(now + WATCH_S)
        return max(0.0, min(times) - now) if times else None

    def _answer(self, frame: Frame) -> None:
        request = frame.header
        operations: dict[str, Callable[[Frame], None]] = {
            "exec": self._exec,
            "spawn": self._spawn,
            "signal": self._signal,
            "put": lambda f: self._reply(f, body=put(f.header["files"], f.body)),
            "get": self._get,
            "walk": self._walk,
        }
        try:
            operations[request["op"]](frame)
        except OSError as error:
            self._reply(frame, errno=error.errno, message=error.strerror, path=error.filename)
        except ValueError as error:  # a name that no file can have
            self._reply(frame, errno=errno.EINVAL, message=str(error), path=None)
        finally:
            for fd in frame.fds:
                os.close(fd)

    def _reply(self, frame: Frame, body: bytes = b"", **fields: Any) -> None:
        self._send({"id": frame.header["id"], **fields}, body)

    def _send(self, header: dict[str, Any], body: bytes = b"") -> None:
        try:
            self._control.sendall(packed(header, body))
        except OSError:
            os._exit(0)  # nobody listens any more

    def _exec(self, frame: Frame) -> None:
        command = start_command(frame, self._environment)
        if isinstance(command, Refused):
            self._complete(frame.header["id"], command.status, err=command.reason.encode())
            return
        self._adopt(command)
        for stream in command.streams:
            stream.register(self._selector)

    def _spawn(self, frame: Frame) -> None:
        self._adopt(start_process(frame, self._environment, self._programs))
        self._reply(frame)

    def _adopt(self, child: Child) -> None:
        child.oom_kills_before = self._oom_kills
        self._children[child.pid] = child

    def _signal(self, frame: Frame) -> None:
        request, number = frame.header["process"], frame.header["signal"]
        for child in list(self._children.values()):
            if child.request_id == request and number == signal.SIGKILL:
                self._kill_tree(child.pid)
            elif child.request_id == request:
                send = os.killpg if frame.header["group"] else os.kill
                send(child.pid, number)
        self._reply(frame)

    def _get(self, frame: Frame) -> None:
        sizes, body = get(frame.header["paths"], frame.header["max_bytes"])
        self._reply(frame, body, sizes=sizes)

    def _walk(self, frame: Frame) -> None:
        request = frame.header
        found = walk(request["path"], request["max_entries"], request["max_depth"])
        self._reply(frame, json.dumps(found).encode())

    def _reap(self) -> None:
        """Collects every process that ended, ours or orphaned."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            child = self._children.pop(pid, None)
            if child is not None:
                self._finish(child, os.waitstatus_to_exitcode(status))

    def _finish(self, child: Child, status: int) -> None:
        kill_strays(self._children)
        oom = self._oom_kills > child.oom_kills_before
        if not isinstance(child, Command):
            self._send({"event": "exit", "process": child.request_id, "status": status, "oom": oom})
            return
        until = time.monotonic() + DRAIN_S
        for stream in child.streams:
            stream.drain(self._selector, until)
        self._complete(
            child.request_id,
            status,
            child.stdout.content(),
            child.stderr.content(),
            timed_out=child.timed_out,
            truncated=child.stdout.truncated or child.stderr.truncated,
            oom=oom,
        )

    def _complete(
        self,
        request: int,
        status: int,
        out: bytes = b"",
        err: bytes = b"",
        *,
        timed_out: bool = False,
        truncated: bool = False,
        oom: bool = False,
    ) -> None:
        ended = {"status": status, "timed_out": timed_out, "truncated": truncated, "oom": oom}
        self._send({"id": request, **ended, "stdout_bytes": len(out)}, out + err)

    def _expire(self) -> None:
        now = time.monotonic()
        for pid, child in list(self._children.items()):
            if isinstance(child, Command) and child.deadline <= now and not child.timed_out:
                child.timed_out = True
                self._kill_tree(pid)

    def _kill_tree(self, pid: int) -> None:
        """Kills a child of ours and all that came of it; it is reaped as usual."""
        kill_strays(self._children.keys() - {pid})

    def _watch(self) -> None:
        if not self._watched_bytes or not self._children:
            return
        if memory_bytes(self._watched_bytes) <= self._watched_bytes:
            return
        victim = largest()
        if victim:
            self._oom_kills += 1
            os.kill(victim, signal.SIGKILL)


def run(
    control: socket.socket,
    environment: Mapping[str, str],
    programs: Mapping[str, Main],
    watched_bytes: int,
) -> None:
    """Serves until the other side hangs up; never returns."""
    confine.hide()
    os.environ.clear()
    os.environ.update(environment)
    control.sendall(packed({"event": "ready"}))
    Supervisor(control, environment, programs, watched_bytes).serve()
    os._exit(0)
