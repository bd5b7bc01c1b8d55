"""Control groups, version 1 or 2, where this process may make them: limits of all processes at once.

A group is made by the process that owns its sandbox, named after it, and removed with it; `reap`
removes those of owners that no longer live.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from data.errors import EnvironmentFault
from envs.sandbox.base import LABEL, Limits
from envs.sandbox.labels import is_orphan

ROOT = Path("/sys/fs/cgroup")
PERIOD_US = 100_000
CONTROLLERS = ("memory", "pids", "cpu")


class Hierarchy(NamedTuple):
    """Where groups can be made: one folder in version 2, one a controller in version 1."""

    version: int
    folders: tuple[Path, ...]


@cache
def hierarchy() -> Hierarchy | None:
    """The place for our groups; None where none can be made, or not with all controllers."""
    if (ROOT / "cgroup.controllers").exists():
        return _version_2()
    folders = []
    for controller in CONTROLLERS:
        folder = ROOT / controller
        if not (folder / "cgroup.procs").exists():
            return None
        folders.append(folder / _path(controller).lstrip("/"))
    return Hierarchy(1, tuple(folders)) if all(map(_can_hold_groups, folders)) else None


def _version_2() -> Hierarchy | None:
    folder = ROOT / _path("").lstrip("/")
    # A group with processes of its own cannot hand out controllers; the one above it can.
    for place in (folder, *folder.parents):
        if not place.is_relative_to(ROOT):
            return None
        control = place / "cgroup.subtree_control"
        with suppress(OSError):
            control.write_text(" ".join(f"+{name}" for name in CONTROLLERS))
            if set(CONTROLLERS) <= set(control.read_text().split()) and _can_hold_groups(place):
                return Hierarchy(2, (place,))
    return None


def _path(controller: str, process: int | str = "self") -> str:
    """The group of a process in the hierarchy of `controller`; empty means version 2."""
    for line in Path(f"/proc/{process}/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return path
    return "/"


def _can_hold_groups(folder: Path) -> bool:
    probe = folder / f"{LABEL}-{os.getpid()}-probe"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    return True


class Group:
    """One group; processes are put into it by number, their children are born in it."""

    def __init__(self, label: str, limits: Limits) -> None:
        """Raises `EnvironmentFault` if it cannot be made after all."""
        place = hierarchy()
        assert place is not None, "there is a place for groups"
        self._version = place.version
        self._folders = tuple(folder / label for folder in place.folders)
        try:
            for folder in self._folders:
                folder.mkdir()
            for name, value in self._settings(limits).items():
                self._file(name).write_text(value)
            for name, value in self._swap(limits).items():
                if self._file(name).exists():  # only where the kernel accounts for swap
                    self._file(name).write_text(value)
        except OSError as error:
            self.remove()
            raise EnvironmentFault(f"cannot limit a sandbox by its cgroup: {error}") from error

    def add(self, pid: int) -> None:
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def num_oom_kills(self) -> int:
        """Processes killed so far because the group was out of memory."""
        return _num_oom_kills(self._folders[0])

    def remove(self) -> None:
        """Removes the group, whose processes have ended; a group that is busy is left to `reap`."""
        for folder in self._folders:
            with suppress(OSError):
                folder.rmdir()

    def _settings(self, limits: Limits) -> dict[str, str]:
        memory, quota = limits.memory_mib << 20, int(limits.cpus * PERIOD_US)
        if self._version == 2:
            return {
                "memory.max": str(memory),
                "memory.oom.group": "0",
                "pids.max": str(limits.pids),
                "cpu.max": f"{quota} {PERIOD_US}",
            }
        return {
            "memory.limit_in_bytes": str(memory),
            "pids.max": str(limits.pids),
            "cpu.cfs_quota_us": str(quota),
        }

    def _swap(self, limits: Limits) -> dict[str, str]:
        """Memory that is swapped out counts as memory."""
        if self._version == 2:
            return {"memory.swap.max": "0"}
        return {"memory.memsw.limit_in_bytes": str(limits.memory_mib << 20)}

    def _file(self, name: str) -> Path:
        at = 0 if self._version == 2 else CONTROLLERS.index(name.split(".")[0])
        return self._folders[at] / name


def oom_counter(pid: int) -> Callable[[], int]:
    """Counts processes killed for want of memory in the group of `pid`, which others made.

    Always 0 where that group cannot be seen from here.
    """
    try:
        two = (ROOT / "cgroup.controllers").exists()
        folder = ROOT / ("" if two else "memory") / _path("" if two else "memory", pid).lstrip("/")
    except OSError:
        return lambda: 0
    return lambda: _num_oom_kills(folder)


def _num_oom_kills(folder: Path) -> int:
    """Of the group at `folder`; 0 if it is gone."""
    text = ""
    for name in ("memory.events", "memory.oom_control"):
        with suppress(OSError):
            text += (folder / name).read_text()
    found = re.search(r"^oom_kill (\d+)$", text, re.MULTILINE)
    return int(found[1]) if found else 0


def leftovers() -> Iterator[Path]:
    """Groups whose owners no longer live."""
    place = hierarchy()
    for folder in place.folders if place else ():
        yield from (group for group in folder.glob(f"{LABEL}-*") if is_orphan(group.name))
