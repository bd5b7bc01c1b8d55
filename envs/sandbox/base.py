"""The contract of a sandbox: a place for hostile code, without network and with limits.

A `Provider` is one technology (namespaces, Docker); it opens sandboxes, each for one use. Whatever
the technology, a supervisor that no code inside can kill runs as process 1, speaks to us over a
private socket and does what `Sandbox` says. What a technology does not protect against stands in
its module's docstring.

Code inside that misbehaves gives results (`Completed`, `Exit`, an `OSError` that names the path);
`EnvironmentFault` means that the sandbox itself is lost.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from pydantic import Field

from data.record import Record

HOME = "/home/agent"
"""The working folder, and with /tmp and /dev/shm the only places that can be written."""
LABEL = "palaestra"
"""Every container, cgroup and folder of ours starts with this, so that leftovers can be reaped."""

MAX_ENTRIES = 100_000
MAX_DEPTH = 1_000
NO_MOUNTS: Mapping[str, Path] = MappingProxyType({})
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Limits(Record):
    """What all processes of one sandbox may use together, unless a line says otherwise."""

    memory_mib: int = Field(default=1024, ge=32)
    """Anonymous memory and files in the writable folders."""
    pids: int = Field(default=64, ge=4)
    """Processes and threads."""
    cpus: float = Field(default=1.0, gt=0)
    """Share of the processor's cores; enforced where cgroups are."""
    file_mib: int = Field(default=256, ge=1)
    """Size of one file."""
    disk_mib: int = Field(default=256, ge=1)
    """Size of each writable folder."""
    open_files: int = Field(default=256, ge=64)
    """File descriptors of one process."""


class Completed(NamedTuple):
    """How a command ended. A stream that was cut ends with a line that says so."""

    status: int
    """Exit status; minus the signal's number if one ended it; 126 and 127 as a shell gives them."""
    stdout: bytes
    stderr: bytes
    timed_out: bool = False
    truncated: bool = False
    oom: bool = False
    """Something in the sandbox was killed for want of memory while the command ran."""


class Exit(NamedTuple):
    """How a process that was spawned ended; fields as in `Completed`."""

    status: int
    oom: bool = False


class Entry(NamedTuple):
    """One name in a folder."""

    kind: str
    """`file`, `folder`, `link`, or `other`: pipes, sockets, devices."""
    size_bytes: int
    changed_ns: int
    """Time of the last change of anything about it, which code inside cannot set."""


class Process(Protocol):
    """A process that `Sandbox.spawn` started."""

    async def signal(self, number: int, *, group: bool = False) -> None:
        """Sends a signal to the process, or to its whole process group; nothing once it ended."""

    async def wait(self, timeout_s: float) -> Exit | None:
        """How it ended; None if it still runs after `timeout_s`."""

    async def kill(self) -> Exit:
        """Kills it and everything it started, and waits until they are gone."""


class Sandbox(Protocol):
    """One sandbox. Files left in it and processes started in it end with `close`."""

    async def exec(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: str = HOME,
        max_output_bytes: int = 1 << 20,
    ) -> Completed:
        """Runs one command; nothing that it started outlives it.

        `env` adds to the sandbox's own few variables. Each stream is cut at `max_output_bytes`.
        """

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str = HOME,
        fds: Mapping[int, int] | None = None,
    ) -> Process:
        """Starts a process that stays; it leads a process group of its own.

        `fds` maps its descriptors to ours, which stay ours to close; 0, 1 and 2 are /dev/null if
        not given. An `argv[0]` of "@name" is a program of the provider, forked instead of started.
        """

    async def put(self, files: Mapping[str, bytes]) -> None:
        """Writes files as the agent would; relative paths start at `HOME`, folders are made.

        Raises `OSError` of the fitting class with the path.
        """

    async def get(self, paths: Sequence[str], *, max_bytes: int = 1 << 24) -> dict[str, bytes]:
        """Contents of files as the agent can read them; links are resolved inside.

        Raises `OSError` of the fitting class with the path; EFBIG above `max_bytes` together.
        """

    async def walk(
        self, path: str, *, max_entries: int = MAX_ENTRIES, max_depth: int = MAX_DEPTH
    ) -> dict[str, Entry]:
        """`path` (as "") and everything below it that can be seen, by path relative to it.

        `max_depth`: levels of folders to look into. Links are not followed. Names that are no UTF-8 hold lone surrogates. Raises `OSError` of
        the fitting class with the path; E2BIG above `max_entries`.
        """

    async def close(self) -> None:
        """Ends everything inside, within seconds; may be called twice."""


class Program(NamedTuple):
    """Python source that a provider runs once, before it opens sandboxes, to fork from it.

    It becomes the module `name`, which later programs can import. `main(arguments: list[str])`, if
    it defines that, runs in the forked process.
    """

    name: str
    source: str


class Reaped(NamedTuple):
    """What a dead process had left behind and `reap` removed."""

    containers: int = 0
    cgroups: int = 0
    folders: int = 0


class Provider(Protocol):
    """One technology. Closing it closes all its sandboxes; it dies with this process."""

    name: str

    def open(
        self, limits: Limits, mounts: Mapping[str, Path] = NO_MOUNTS
    ) -> AbstractAsyncContextManager[Sandbox]:
        """A fresh sandbox; raises `EnvironmentFault` with what to do if none can be had.

        `mounts`: folders of this machine by the paths at which they appear inside, read-only; see
        `envs.sandbox.mounts` for the paths that may be.
        """

    async def close(self) -> None: ...

    def reap(self) -> Reaped:
        """Removes what processes that no longer live left behind."""
