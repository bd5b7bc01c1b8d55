"""The processes of a sandbox, as its process 1 sees them in /proc."""

import os
import signal
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MAX_ROUNDS = 200
"""Rounds of killing; a tree that outruns them takes everything in the sandbox along."""


class _Stat(NamedTuple):
    state: str
    parent: int


def strays(spared: Collection[int]) -> dict[int, bool]:
    """Processes that neither are one of `spared` nor descend from one, and whether each still runs."""
    tree = {pid: stat for pid in _pids() if (stat := _stat(pid))}
    found = {}
    for pid, stat in tree.items():
        at = pid
        while at in tree and at not in spared:
            at = tree[at].parent
        if at not in spared:
            found[pid] = stat.state not in "ZX"
    return found


def kill_strays(spared: Collection[int]) -> None:
    """Kills whatever descends from none of `spared`; reaping it is the caller's."""
    before: dict[int, bool] | None = None
    for _ in range(MAX_ROUNDS):
        if not spared:
            break
        found = strays(spared)
        # One that ended while it was looked at may have left a child that was not yet there.
        if found == before and not any(found.values()):
            return
        before = found
        for pid, runs in found.items():
            if runs:
                _kill(pid)
    # One call for all of them: no process can fork its way out of it.
    _kill(-1)


def memory_bytes(precise_above: int) -> int:
    """Memory of all processes here; a quick upper bound unless that is above `precise_above`.

    The bound counts shared pages once a process; the precise value shares them out.
    """
    page = os.sysconf("SC_PAGE_SIZE")
    bound = sum(int(_read(pid, "statm", "0 0").split()[1]) for pid in _pids()) * page
    return bound if bound <= precise_above else sum(map(_proportional_bytes, _pids()))


def largest() -> int:
    """The process that holds most memory; 0 if there is none."""
    return max(_pids(), key=_proportional_bytes, default=0)


def _pids() -> list[int]:
    """All processes here but process 1."""
    return sorted(
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and entry.name != "1"
    )


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _stat(pid: int) -> _Stat | None:
    """None once it ended. A name in brackets, which may hold anything, stands before the fields."""
    fields = _read(pid, "stat", "").rpartition(")")[2].split()
    return _Stat(fields[0], int(fields[1])) if fields else None


def _read(pid: int, name: str, otherwise: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace") or otherwise
    except OSError:
        return otherwise


def _proportional_bytes(pid: int) -> int:
    wanted = ("Pss_Anon:", "Pss_Shmem:")
    lines = _read(pid, "smaps_rollup", "").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(wanted)) << 10
