"""Sandboxes made of Linux namespaces: bubblewrap builds a nursery, which forks one in milliseconds.

The nursery (`inside.nursery`) sees /usr, Python and the chosen packages read-only, has no network,
and dies with this process. Each sandbox forked from it has its own process, mount, network, IPC,
host name and user namespaces, empty writable folders in memory, no capability, no-new-privileges, a
system call filter, and a user of its own that owns nothing outside.

Limits: the processes and the size of files, folders and memory of one process hold everywhere (by
resource limits and the size of the folders). Where cgroups can be made (root, as a rule) they limit
memory, processes and CPU of a whole sandbox. Elsewhere its supervisor adds up the memory of all its
processes ten times a second and kills the largest one above the limit, so that a sandbox may for an
instant use more; and CPU is not limited.

What this does not protect against: holes of the kernel, which all sandboxes share with this
machine; timing and cache side channels; a sandbox that reads /usr, where this machine may have
programs or files of its own; memory addresses that all sandboxes of one nursery share; and, without
cgroups, a neighbour that is slow because another takes all CPU.
"""

import array
import asyncio
import logging
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

from data.errors import EnvironmentFault
from envs.sandbox import cgroups, view
from envs.sandbox.base import NO_MOUNTS, NO_VARIABLES, Limits, Program, Reaped
from envs.sandbox.channel import Channel
from envs.sandbox.inside.confine import users
from envs.sandbox.inside.frames import Frame, Reader, packed, rights
from envs.sandbox.labels import new_label, orphan_folders, remove_folder
from envs.sandbox.mounts import checked, detached, take_aside
from envs.sandbox.porter import Porter

log = logging.getLogger(__name__)

START_S = 60.0
"""Longest wait for a nursery, which may have much to load."""
HATCH_S = 20.0
END_S = 10.0
CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "SETUID", "SETGID", "SETPCAP")
"""What a nursery that runs as root needs to make namespaces; sandboxes have none of them."""
NURSERY_TMP_BYTES = 64 << 20
FIRST_UID = 1 << 30
UIDS_PER_PROCESS = 512
STDERR_SHOWN_CHARS = 500


_uids: set[int] = set()
"""Users of the sandboxes that are open, whichever provider of this process they are of."""
_uids_lock = threading.Lock()


class _Hello(NamedTuple):
    frame: Frame
    pid: int
    """Number, as seen from here, of the process that sent it."""


class Namespaces:
    """A provider; implements `envs.sandbox.base.Provider`. For one event loop."""

    name = "namespace"

    def __init__(
        self,
        packages: Sequence[str] = (),
        programs: Sequence[Program] = (),
        variables: Mapping[str, str] = NO_VARIABLES,
    ) -> None:
        self._packages = tuple(packages)
        self._variables = dict(variables)
        self._programs = {program.name: program.source for program in programs}
        self._starting = asyncio.Lock()
        self._nursery: _Nursery | None = None
        self._open: set[Channel] = set()
        self._porter = Porter()
        self._take_aside = take_aside if _privileged() else self._porter.take_aside

    @asynccontextmanager
    async def open(
        self, limits: Limits, mounts: Mapping[str, Path] = NO_MOUNTS
    ) -> AsyncIterator[Channel]:
        wanted = checked(mounts)
        async with self._starting:
            if self._nursery is not None and self._nursery.ended:
                await self._nursery.stop()
                self._nursery = None
            if self._nursery is None:
                self._nursery = await _Nursery.start(
                    self._packages, self._programs, self._variables
                )
        uid = self._take_uid()
        try:
            channel = await self._nursery.hatch(limits, uid, wanted, self._take_aside)
            self._open.add(channel)
            try:
                yield channel
            finally:
                self._open.discard(channel)
                await asyncio.shield(channel.close())
        finally:
            with _uids_lock:
                _uids.discard(uid)

    async def close(self) -> None:
        for channel in tuple(self._open):
            await channel.close()
        if self._nursery is not None:
            await self._nursery.stop()
        self._nursery = None
        self._porter.stop()

    def reap(self) -> Reaped:
        groups = folders = 0
        for group in cgroups.leftovers():
            with suppress(OSError):
                group.rmdir()
                groups += 1
        for folder in orphan_folders():
            remove_folder(folder)
            folders += 1
        return Reaped(cgroups=groups, folders=folders)

    def _take_uid(self) -> int:
        """A user that no other sandbox of this machine has, for as long as this one lives."""
        if not _privileged():
            return 0  # as the nursery sees this user
        first = FIRST_UID + os.getpid() * UIDS_PER_PROCESS
        with _uids_lock:
            uid = next((u for u in range(first, first + UIDS_PER_PROCESS) if u not in _uids), 0)
            _uids.update({uid} - {0})
        if not uid:
            raise EnvironmentFault(f"{UIDS_PER_PROCESS} sandboxes are open; close some")
        return uid


class _Nursery:
    """A running nursery."""

    def __init__(self, child: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._child = child
        self._control = control
        self._hatching = asyncio.Lock()

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    @classmethod
    async def start(
        cls, packages: Sequence[str], programs: dict[str, str], variables: dict[str, str]
    ) -> "_Nursery":
        program = shutil.which("bwrap")
        if program is None:
            raise EnvironmentFault("bubblewrap is not installed; run 'apt-get install bubblewrap'")
        near, far = socket.socketpair()
        environment = {**view.environment(), **variables}
        config = {
            "mode": "nursery",
            "environment": environment,
            "programs": programs,
        }
        with far, tempfile.TemporaryFile() as said, _etc_files() as etc:
            child = subprocess.Popen(
                [
                    *(program, *_arguments(packages, etc), "--"),
                    *(view.python(), "-s", "-B", "-m", "inside", str(far.fileno())),
                ],
                env={**environment, "PYTHONPATH": f"{view.SUPERVISOR}:{view.PACKAGES}"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                pass_fds=[far.fileno(), *etc.values()],
                process_group=0,
            )
            far.close()
            try:
                near.setblocking(False)
                await asyncio.get_running_loop().sock_sendall(near, packed(config))
                await _hello(near, START_S)
            except (OSError, EOFError, TimeoutError) as error:
                near.close()
                child.kill()
                child.wait()
                raise EnvironmentFault(f"no sandbox can be made: {_reason(said, error)}") from error
        return cls(child, near)

    async def hatch(
        self, limits: Limits, uid: int, mounts: Mapping[str, Path], take: Callable[[Path], int]
    ) -> Channel:
        """A new sandbox, whose mounts `take` makes; raises `EnvironmentFault` if there is none."""
        grouped = cgroups.hierarchy() is not None
        group = cgroups.Group(new_label(), limits) if grouped else None
        near, far = socket.socketpair()
        hatching = _Hatching(near, group, uid)
        try:
            with far, detached(mounts, take) as taken:
                request = {**_request(limits, uid, grouped), "mounts": list(taken)}
                await self._send(request, [far.fileno(), *taken.values()])
            await hatching.settle()
        except (OSError, EOFError, TimeoutError) as error:
            raise EnvironmentFault(f"no sandbox can be made: {error!r}") from error
        finally:
            if not hatching.settled:
                near.close()
                await asyncio.shield(hatching.end())
        return Channel(near, hatching.end, group.num_oom_kills if group else lambda: 0)

    async def stop(self) -> None:
        self._control.close()
        if self._child.poll() is None:
            # Not in a thread: there are no new ones when the interpreter ends.
            await _end(os.pidfd_open(self._child.pid))
        self._child.wait(END_S)

    async def _send(self, request: dict[str, object], fds: Sequence[int]) -> None:
        """One request of a few hundred bytes, which fit the socket's buffer or wait for it."""
        loop, data = asyncio.get_running_loop(), packed(request, fds=fds)
        async with self._hatching, asyncio.timeout(HATCH_S):
            while True:
                with suppress(BlockingIOError):
                    sent = self._control.sendmsg([data], rights(fds))
                    break
                await asyncio.sleep(0.001)
            await loop.sock_sendall(self._control, data[sent:])


@contextmanager
def _etc_files() -> Iterator[dict[str, int]]:
    """Our files for /etc as descriptors to read them from, by name."""
    with ExitStack() as files:
        found = {}
        for name, content in view.ETC_FILES.items():
            file = files.enter_context(tempfile.TemporaryFile())
            file.write(content.encode())
            file.seek(0)
            found[name] = file.fileno()
        yield found


class _Hatching:
    """A sandbox on its way, and what ends it afterwards."""

    def __init__(self, near: socket.socket, group: cgroups.Group | None, uid: int) -> None:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        near.setblocking(False)
        self.settled = False
        self._near = near
        self._group = group
        self._uid = uid
        self._pidfd = -1

    async def settle(self) -> None:
        """Does what the sandbox asks for until it is ready."""
        while not self.settled:
            hello = await _hello(self._near, HATCH_S)
            if self._pidfd < 0:
                self._pidfd = os.pidfd_open(hello.pid)
            match hello.frame.header:
                case {"ask": "group"}:
                    if self._group:
                        self._group.add(hello.pid)
                case {"ask": "users"}:
                    for name, line in users(self._uid).items():
                        Path(f"/proc/{hello.pid}/{name}").write_text(line)
                case {"failed": why}:
                    raise EnvironmentFault(f"no sandbox can be made: {why}")
                case _:
                    self.settled = True
                    return
            self._near.send(b".")

    async def end(self) -> None:
        """Kills everything in the sandbox, and waits until it is gone. May be called twice."""
        pidfd, self._pidfd = self._pidfd, -1
        if pidfd >= 0:
            await _end(pidfd)
        if self._group:
            self._group.remove()


def _request(limits: Limits, uid: int, grouped: bool) -> dict[str, object]:
    memory_bytes = limits.memory_mib << 20
    allowance = {
        "memory_bytes": memory_bytes,
        "pids": limits.pids,
        "file_bytes": limits.file_mib << 20,
        "disk_bytes": limits.disk_mib << 20,
        "open_files": limits.open_files,
    }
    watched_bytes = 0 if grouped else memory_bytes
    return {
        "uid": uid,
        "privileged": _privileged(),
        "allowance": allowance,
        "watched_bytes": watched_bytes,
    }


def _privileged() -> bool:
    """Whether sandboxes can be users of their own; else all are this user, who is not root."""
    return os.geteuid() == 0


def _arguments(packages: Sequence[str], etc: Mapping[str, int]) -> Iterator[str]:
    """What bubblewrap is told; `etc` are descriptors of the files that /etc holds."""
    yield from ("--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net")
    yield from ("--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL")
    if _privileged():
        for name in CAPABILITIES:
            yield from ("--cap-add", f"CAP_{name}")
    else:
        # As root of a user namespace, which has rights in nothing but what is in there with it.
        yield from ("--unshare-user", "--uid", "0", "--gid", "0", "--cap-add", "ALL")
    binds = view.binds(packages)
    for folder in view.parents(binds):
        yield from ("--perms", "0755", "--dir", folder)
    for bind in binds:
        yield from ("--ro-bind", *bind)
    for folder in view.hidden():
        yield from ("--tmpfs", folder, "--remount-ro", folder)
    for link in view.links():
        yield from ("--symlink", *link)
    yield from ("--proc", "/proc", "--dev", "/dev")
    for folder in (*view.WRITABLE, "/run", "/var"):
        yield from ("--dir", folder)
    # Programs that the nursery loads may want to write; sandboxes mount their own over it.
    yield from ("--perms", "1777", "--size", str(NURSERY_TMP_BYTES), "--tmpfs", "/tmp")
    yield from ("--symlink", "../tmp", "/var/tmp")
    for name, fd in etc.items():
        yield from ("--perms", "0644", "--ro-bind-data", str(fd), f"/etc/{name}")
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/")


async def _hello(near: socket.socket, patience_s: float) -> _Hello:
    """The next frame with its sender. Raises `EOFError` where the other side hung up."""
    loop, reader, pid = asyncio.get_running_loop(), Reader(), 0
    async with asyncio.timeout(patience_s):
        while True:
            readable = asyncio.Event()
            loop.add_reader(near, readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(near)
            data, ancillary, _, _ = near.recvmsg(1 << 16, socket.CMSG_SPACE(12))
            if not data:
                raise EOFError("it ended")
            for level, kind, content in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                    pid = array.array("i", content)[0]
            reader.feed(data)
            if frame := reader.next():
                return _Hello(frame, pid)


async def _end(pidfd: int) -> None:
    """Kills a process 1, and with it all of its namespace; waits until they are gone."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(pidfd, ended.set)
    try:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        async with asyncio.timeout(END_S):
            await ended.wait()
    except TimeoutError:
        log.warning("a killed sandbox does not end within %.0f s", END_S)
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)


def _reason(said: IO[bytes], error: Exception) -> str:
    """The last words of a nursery that did not start."""
    said.seek(0)
    words = said.read().decode(errors="replace").strip()
    return words[-STDERR_SHOWN_CHARS:] or repr(error)
