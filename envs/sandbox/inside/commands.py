"""Commands with their streams, and processes that stay: how process 1 starts them."""

import contextlib
import errno
import fcntl
import os
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from . import confine
from .frames import Frame

BLOCK_BYTES = 1 << 16
FIRST_FREE_FD = 32
"""Descriptors for a new process are parked from here on before they get their final numbers."""
FIRST_TO_GO = "500"
"""When memory runs out, code goes before its supervisor."""
CANNOT_RUN, NOT_FOUND = 126, 127


class Output:
    """One output stream of a command: its first `limit_bytes`, and a count of the rest."""

    def __init__(self, fd: int, limit_bytes: int) -> None:
        self._fd = fd
        self._limit_bytes = limit_bytes
        self._kept = bytearray()
        self._num_bytes = 0
        self._open = True
        os.set_blocking(fd, False)

    @property
    def truncated(self) -> bool:
        return self._num_bytes > len(self._kept)

    def content(self) -> bytes:
        """What was kept; if that is not all, a last line says so."""
        if not self.truncated:
            return bytes(self._kept)
        mark = f"\n[cut: the first {len(self._kept)} of {self._num_bytes} bytes are shown]\n"
        return bytes(self._kept) + mark.encode()

    def register(self, selector: selectors.BaseSelector) -> None:
        selector.register(self._fd, selectors.EVENT_READ, lambda: self._step(selector))

    def drain(self, selector: selectors.BaseSelector, until: float) -> None:
        """Takes what is left, until the other end is closed or the time is up, and closes."""
        while self._open and time.monotonic() < until:
            with selectors.DefaultSelector() as own:
                own.register(self._fd, selectors.EVENT_READ)
                if own.select(max(0.0, until - time.monotonic())):
                    self._step(selector)
        self._close(selector)

    def _step(self, selector: selectors.BaseSelector) -> None:
        try:
            block = os.read(self._fd, BLOCK_BYTES)
        except BlockingIOError:
            return
        self._num_bytes += len(block)
        self._kept += block[: self._limit_bytes - len(self._kept)]
        if not block:
            self._close(selector)

    def _close(self, selector: selectors.BaseSelector) -> None:
        if self._open:
            self._open = False
            selector.unregister(self._fd)
            os.close(self._fd)


class Input:
    """What a command reads on its stdin."""

    def __init__(self, fd: int, data: bytes) -> None:
        self._fd = fd
        self._left = memoryview(data)
        self._open = True
        os.set_blocking(fd, False)

    def register(self, selector: selectors.BaseSelector) -> None:
        selector.register(self._fd, selectors.EVENT_WRITE, lambda: self._step(selector))

    def drain(self, selector: selectors.BaseSelector, _until: float) -> None:
        if self._open:
            self._open = False
            selector.unregister(self._fd)
            os.close(self._fd)

    def _step(self, selector: selectors.BaseSelector) -> None:
        try:
            self._left = self._left[os.write(self._fd, self._left[:BLOCK_BYTES]) :]
        except BrokenPipeError:
            self._left = self._left[:0]  # the command does not read on
        except BlockingIOError:
            return
        if not self._left:
            self.drain(selector, 0.0)


@dataclass
class Child:
    """A process that was asked for."""

    pid: int
    request_id: int
    """Of the request that started it, and its name from then on."""
    oom_kills_before: int = 0


@dataclass
class Command(Child):
    """One whose end is the answer to its request."""

    deadline: float = 0.0
    stdin: Input = field(kw_only=True)
    stdout: Output = field(kw_only=True)
    stderr: Output = field(kw_only=True)
    timed_out: bool = False

    @property
    def streams(self) -> tuple[Input | Output, ...]:
        return (self.stdin, self.stdout, self.stderr)


class Refused(NamedTuple):
    """Why a command was not started, with the exit status that a shell gives."""

    status: int
    reason: str


def start_command(frame: Frame, environment: Mapping[str, str]) -> Command | Refused:
    """Starts the command of an `exec` request, or says why there is none."""
    request = frame.header
    deadline = time.monotonic() + request["timeout_s"]
    pipes = [os.pipe() for _ in range(3)]
    (in_read, in_write), (out_read, out_write), (err_read, err_write) = pipes
    given = {0: in_read, 1: out_write, 2: err_write}
    try:
        pid = _execute(request, environment, given)
    except OSError as error:
        for fd in (in_write, out_read, err_read):
            os.close(fd)
        status = NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN
        return Refused(status, f"{error.filename or request['argv'][0]}: {error.strerror}\n")
    finally:
        for fd in given.values():
            os.close(fd)
    return Command(
        pid,
        request["id"],
        deadline=deadline,
        stdin=Input(in_write, frame.body),
        stdout=Output(out_read, request["max_output_bytes"]),
        stderr=Output(err_read, request["max_output_bytes"]),
    )


def start_process(
    frame: Frame,
    environment: Mapping[str, str],
    programs: Mapping[str, Callable[[list[str]], None]],
) -> Child:
    """Starts the process of a `spawn` request; its descriptors stay the caller's to close.

    Raises `OSError` if it cannot be started.
    """
    request = frame.header
    given = dict(zip(request["numbers"], frame.fds, strict=True))
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        for number in range(3):
            given.setdefault(number, null)
        name = request["argv"][0]
        if name.startswith("@") and name[1:] in programs:
            pid = _fork(programs[name[1:]], request, given)
        else:
            pid = _execute(request, environment, given)
        return Child(pid, request["id"])
    finally:
        os.close(null)


def _execute(
    request: dict[str, Any], environment: Mapping[str, str], given: Mapping[int, int]
) -> int:
    """Starts a program with the descriptors `given` and no others; the number of its process.

    The process shares our memory until it is the program, so its start does not depend on how much
    that is.
    """
    argv, variables = request["argv"], {**environment, **request["env"]}
    parked = {n: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE_FD) for n, fd in given.items()}
    here = Path.cwd()
    try:
        os.chdir(request["cwd"])
        pid = os.posix_spawn(
            _found(argv[0], variables["PATH"]),
            argv,
            variables,
            file_actions=[(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in parked.items()],
            setsid=True,
            setsigdef=[signal.SIGPIPE],
        )
    finally:
        os.chdir(here)
        for fd in parked.values():
            os.close(fd)
    with contextlib.suppress(OSError):  # it may have ended
        Path(f"/proc/{pid}/oom_score_adj").write_text(FIRST_TO_GO)
    return pid


def _found(name: str, path: str) -> str:
    """Where the program is; raises `FileNotFoundError` if it is nowhere."""
    if "/" in name:
        return name
    for folder in path.split(":"):
        if os.access(place := Path(folder, name), os.X_OK) and place.is_file():
            return str(place)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)


def _fork(
    main: Callable[[list[str]], None], request: dict[str, Any], given: Mapping[int, int]
) -> int:
    """Runs a program that is loaded already, as if it had been started with `given`."""
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        _take(given)
        confine.show()
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
        os.environ.update(request["env"])
        os.chdir(request["cwd"])
        streams = {"stdin": "r", "stdout": "w", "stderr": "w"}
        for descriptor, (name, mode) in enumerate(streams.items()):
            stream = open(descriptor, mode, closefd=False)  # noqa: SIM115 - as long as the process
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        main(request["argv"][1:])
        os._exit(0)
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException:  # noqa: BLE001 - the last frame of a process that is not ours any more
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(CANNOT_RUN)


def _take(given: Mapping[int, int]) -> None:
    """Gives this process exactly the descriptors `given`, under their numbers."""
    parked = {n: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE_FD) for n, fd in given.items()}
    for number, fd in parked.items():
        os.dup2(fd, number, inheritable=True)
    confine.close_all_but(given)
