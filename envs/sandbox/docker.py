"""Sandboxes that are containers of a Docker engine (or of a Podman that speaks for one) on this machine.

The image is made here, from nothing: an almost empty root file system, named by its content and
imported once. What a sandbox sees beyond it is mounted read-only from this machine, the same as in
sandboxes of namespaces. Process 1 is our supervisor; it reaches us over a socket in a folder that is
mounted into its container alone. A container has no network, no capability, no-new-privileges, the
engine's system call filter and ours, a read-only root, an unprivileged user, and limits on memory,
processes, CPU and the size of files and writable folders.

What this does not protect against: holes of the kernel and of the engine, which runs as root;
timing and cache side channels; reading /usr of this machine. The engine must see this machine's
files: one that runs elsewhere cannot be used. Users are those of the machine unless the engine
remaps them, so processes of user 1000 outside could meet a container's only by their shared number.
"""

# The SDK has no types.
# mypy: disable-error-code="import-untyped, no-any-return"

import asyncio
import hashlib
import io
import logging
import os
import socket
import tarfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from data.errors import EnvironmentFault
from envs.sandbox import cgroups, view
from envs.sandbox.base import HOME, LABEL, NO_MOUNTS, NO_VARIABLES, Limits, Program, Reaped
from envs.sandbox.channel import Channel
from envs.sandbox.inside.confine import NODES_PER_MIB, UID
from envs.sandbox.inside.frames import Reader, packed
from envs.sandbox.labels import (
    is_orphan,
    new_label,
    orphan_folders,
    private_folder,
    remove_folder,
)
from envs.sandbox.mounts import checked

log = logging.getLogger(__name__)

REPOSITORY = "palaestra-sandbox"
CONTROL = "/run/palaestra"
"""Where the folder of the control socket is mounted."""
START_S = 60.0
"""Longest start of a container with its programs, on a busy machine."""
UNIX = "http+unix://"
ENGINE_S = 60
"""Longest answer of the engine."""
LOG_SHOWN_CHARS = 500


class Docker:
    """A provider; implements `envs.sandbox.base.Provider`. For one event loop."""

    name = "docker"

    def __init__(
        self,
        packages: Sequence[str] = (),
        programs: Sequence[Program] = (),
        variables: Mapping[str, str] = NO_VARIABLES,
    ) -> None:
        self._packages = tuple(packages)
        self._variables = dict(variables)
        self._programs = {program.name: program.source for program in programs}
        self._open: set[Channel] = set()

    @asynccontextmanager
    async def open(
        self, limits: Limits, mounts: Mapping[str, Path] = NO_MOUNTS
    ) -> AsyncIterator[Channel]:
        channel = await self._start(limits, checked(mounts))
        self._open.add(channel)
        try:
            yield channel
        finally:
            self._open.discard(channel)
            await asyncio.shield(channel.close())

    async def close(self) -> None:
        for channel in tuple(self._open):
            await channel.close()

    def reap(self) -> Reaped:
        containers = folders = 0
        for container in _engine().containers.list(all=True, filters={"label": LABEL}):
            if is_orphan(container.labels[LABEL]):
                _remove(container)
                containers += 1
        for folder in orphan_folders():
            remove_folder(folder)
            folders += 1
        return Reaped(containers=containers, folders=folders)

    async def _start(self, limits: Limits, mounts: Mapping[str, Path]) -> Channel:
        label, container = new_label(), None
        with private_folder() as folder, socket.socket(socket.AF_UNIX) as listener:
            (folder / "mounted").mkdir(mode=0o711)
            listener.bind(str(folder / "mounted" / "control"))
            (folder / "mounted" / "control").chmod(0o666)
            listener.listen(1)
            listener.setblocking(False)
            options = _options(
                label, limits, self._packages, self._variables, folder / "mounted", mounts
            )
            try:
                container = await asyncio.to_thread(_run, options)
                near = await self._meet(listener, limits)
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                said = await asyncio.to_thread(_last_words, container)
                raise EnvironmentFault(f"a container does not start: {said or error!r}") from error
            except BaseException:
                await _remove_aside(container)
                raise
        return Channel(near, lambda: _remove_aside(container), await _oom_counter(container))

    async def _meet(self, listener: socket.socket, limits: Limits) -> socket.socket:
        """The supervisor's connection, once it has said that it is ready."""
        loop, reader = asyncio.get_running_loop(), Reader()
        memory_bytes = limits.memory_mib << 20
        config = {
            "mode": "container",
            "environment": {**view.environment(), **self._variables},
            "programs": self._programs,
            "allowance": {
                "memory_bytes": memory_bytes,
                "pids": 0,
                "file_bytes": limits.file_mib << 20,
                "disk_bytes": limits.disk_mib << 20,
                "open_files": limits.open_files,
            },
            "watched_bytes": 0,
        }
        async with asyncio.timeout(START_S):
            near, _ = await loop.sock_accept(listener)
            try:
                await loop.sock_sendall(near, packed(config))
                while not reader.next():
                    data = await loop.sock_recv(near, 1 << 16)
                    if not data:
                        raise EOFError("it ended")
                    reader.feed(data)
            except BaseException:
                near.close()
                raise
        return near


@cache
def _engine() -> Any:
    """A client of the engine; raises `EnvironmentFault` if none answers."""
    import docker
    from docker.errors import DockerException
    from docker.utils import parse_host

    try:
        address = parse_host(os.environ.get("DOCKER_HOST"))
        if address.startswith(UNIX):
            # The library's own attempt would leave its socket open where nobody listens.
            with socket.socket(socket.AF_UNIX) as asking:
                asking.connect(address.removeprefix(UNIX))
        client = docker.from_env(timeout=ENGINE_S)
        client.ping()
    except (DockerException, OSError) as error:
        raise EnvironmentFault(
            f"no Docker engine answers ({error}); start one ('python scripts/docker_engine.py')"
        ) from error
    return client


def engine_version() -> str:
    """Of the engine that answers; raises `EnvironmentFault` if none does."""
    return f"version {_engine().version()['Version']}"


def _run(options: dict[str, Any]) -> Any:
    from docker.errors import DockerException

    try:
        return _engine().containers.run(image(), **options)
    except DockerException as error:
        raise EnvironmentFault(f"the engine starts no container: {error}") from error


def _remove(container: Any) -> None:
    from docker.errors import DockerException

    if container is not None:
        # It may be gone, or on its way: it removes itself when its supervisor ends.
        with suppress(DockerException):
            container.remove(force=True)


async def _remove_aside(container: Any) -> None:
    try:
        await asyncio.to_thread(_remove, container)
    except RuntimeError:  # there are no new threads when the interpreter ends
        _remove(container)


def _last_words(container: Any) -> str:
    """The end of what a container said, which is removed."""
    from docker.errors import DockerException

    if container is None:
        return ""
    try:
        said = container.logs().decode(errors="replace").strip()
    except DockerException:
        said = ""
    _remove(container)
    return said[-LOG_SHOWN_CHARS:]


async def _oom_counter(container: Any) -> Callable[[], int]:
    """Counts what was killed in the container for want of memory, as far as we may see it."""
    from docker.errors import DockerException

    with suppress(DockerException, KeyError):
        await asyncio.to_thread(container.reload)
        return cgroups.oom_counter(container.attrs["State"]["Pid"])
    return lambda: 0


def _options(
    label: str,
    limits: Limits,
    packages: Sequence[str],
    variables: Mapping[str, str],
    control: Path,
    mounts: Mapping[str, Path],
) -> dict[str, Any]:
    """What the engine is told of a container."""
    binds = {
        bind.source: {"bind": bind.target, "mode": "ro"}
        for bind in view.binds(packages)
        if bind.target not in mounts
    }
    binds[str(control)] = {"bind": CONTROL, "mode": "ro"}
    nodes = max(1024, limits.disk_mib * NODES_PER_MIB)
    writable = f"rw,exec,nosuid,nodev,size={limits.disk_mib}m,nr_inodes={nodes}"
    owned = f"{writable},uid={UID},gid={UID}"
    tmpfs = dict.fromkeys(view.WRITABLE, f"{owned},mode=1777")
    tmpfs[HOME] = f"{owned},mode=0700"
    tmpfs |= dict.fromkeys(view.hidden(), "ro,size=4k")
    return {
        "command": [view.python(), "-s", "-B", "-m", "inside", f"{CONTROL}/control"],
        "environment": {
            **view.environment(),
            **variables,
            "PYTHONPATH": f"{view.SUPERVISOR}:{view.PACKAGES}",
        },
        "name": label,
        "labels": {LABEL: label},
        "hostname": "sandbox",
        "user": f"{UID}:{UID}",
        "working_dir": "/",
        "network_mode": "none",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "volumes": binds,
        "mounts": [_mount(target, source) for target, source in mounts.items()],
        "tmpfs": tmpfs,
        "mem_limit": f"{limits.memory_mib}m",
        "memswap_limit": f"{limits.memory_mib}m",
        "pids_limit": limits.pids,
        "nano_cpus": int(limits.cpus * 1e9),
        "detach": True,
        "auto_remove": True,
    }


def _mount(target: str, source: Path) -> dict[str, Any]:
    """A read-only mount as the engine's interface has it; what lies mounted below stays out."""
    options = {"NonRecursive": True, "Propagation": "private"}
    kind = {"Type": "bind", "ReadOnly": True, "BindOptions": options}
    return {"Target": target, "Source": str(source), **kind}


@cache
def image() -> str:
    """Name of the image, which is imported if the engine does not have it."""
    from docker.errors import DockerException, ImageNotFound

    content = _root_file_system()
    name = f"{REPOSITORY}:{hashlib.sha256(content).hexdigest()[:16]}"
    try:
        _engine().images.get(name)
    except ImageNotFound:
        try:
            repository, tag = name.split(":")
            _engine().api.import_image_from_data(content, repository=repository, tag=tag)
        except DockerException as error:
            raise EnvironmentFault(f"the image of sandboxes cannot be imported: {error}") from error
    except DockerException as error:
        raise EnvironmentFault(f"the engine does not answer: {error}") from error
    return name


def _root_file_system() -> bytes:
    """A tar file of what is not mounted: folders, links and a few files; same bytes every time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        targets = [view.Bind("", CONTROL), *view.binds(())]
        folders = {*view.parents(targets), *view.WRITABLE, "/run", "/var", "/proc", "/dev", "/sys"}
        for folder in sorted(folders | {"/home", "/etc", "/usr", "/opt"}):
            _add(tar, folder, tarfile.DIRTYPE, mode=0o755)
        for link in [*view.links(), view.Link("../tmp", "/var/tmp")]:
            _add(tar, link.target, tarfile.SYMTYPE, link=link.source)
        for name, content in sorted(view.ETC_FILES.items()):
            _add(tar, f"/etc/{name}", tarfile.REGTYPE, content=content.encode())
    return buffer.getvalue()


def _add(
    tar: tarfile.TarFile,
    path: str,
    kind: bytes,
    *,
    mode: int = 0o644,
    link: str = "",
    content: bytes = b"",
) -> None:
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.type, entry.mode, entry.linkname, entry.size = kind, mode, link, len(content)
    tar.addfile(entry, io.BytesIO(content))
