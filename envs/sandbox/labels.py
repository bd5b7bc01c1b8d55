"""Names of what has to be found again if this process dies: who owns it, and whether that lives."""

import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envs.sandbox.base import LABEL

MAX_FOLDERS_CHARS = 40

_numbers = itertools.count(1)
_PATTERN = re.compile(rf"{LABEL}-(\d+)-(\d+)-(\d+)-(\d+)")


def new_label() -> str:
    """A name nobody else has: our process namespace, number and start time, and a counter."""
    return f"{LABEL}-{_namespace()}-{os.getpid()}-{_started(os.getpid())}-{next(_numbers)}"


def is_orphan(label: str) -> bool:
    """Whether `label` names something of ours whose owner has ended.

    Owners in other process namespaces cannot be looked at from here and count as alive.
    """
    found = _PATTERN.fullmatch(label)
    if found is None or found[1] != _namespace():
        return False
    return _started(int(found[2])) != found[3]


def new_folder() -> Path:
    """A new folder that only this user can enter, named by a new label."""
    folder = folders() / new_label()
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def private_folder() -> Iterator[Path]:
    """`new_folder`, removed on every way out."""
    folder = new_folder()
    try:
        yield folder
    finally:
        remove_folder(folder)


def orphan_folders() -> Iterator[Path]:
    for folder in folders().glob(f"{LABEL}-*"):
        if is_orphan(folder.name) and folder.is_dir() and not folder.is_symlink():
            yield folder


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def folders() -> Path:
    """Where folders go: a short path, because names of sockets hold at most 107 bytes."""
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) <= MAX_FOLDERS_CHARS else "/tmp")


def _namespace() -> str:
    """Number of the process namespace in which process numbers of ours mean something."""
    return re.sub(r"\D", "", str(Path("/proc/self/ns/pid").readlink()))


def _started(pid: int) -> str:
    """Start time of a process in clock ticks since boot; empty if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
