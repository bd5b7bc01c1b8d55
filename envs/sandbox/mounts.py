"""Folders of this machine that appear in a sandbox, read-only: which may, where, and how they get there.

A mount is taken aside here (`detached`) and handed to the sandbox that is being made as a
descriptor, so nothing in there ever sees the folder's surroundings, and nothing is left of the mount
when the sandbox ends.
"""

import ctypes
import errno
import os
import re
import stat
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from data.errors import EnvironmentFault

MAX_MOUNTS = 8
MAX_PATH_CHARS = 200
TOP = ("/etc", "/opt", "/usr")
"""Below these a mount covers a folder that is there; directly in the first two it may be a new name."""
KEPT = ("/etc/passwd", "/opt/packages", "/opt/supervisor")
"""What the sandbox itself stands on."""
_PATH = re.compile(r"(/[A-Za-z0-9][A-Za-z0-9._+-]*)+")

# Numbers that x86_64 and aarch64 share.
OPEN_TREE, MOUNT_SETATTR = 428, 442
AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
RDONLY, NOSUID, NODEV = 1, 2, 4
MS_PRIVATE = 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


def checked(mounts: Mapping[str, Path]) -> dict[str, Path]:
    """`mounts` with absolute folders, in the order of their paths inside.

    Raises `EnvironmentFault` that names the first that cannot be.
    """
    if len(mounts) > MAX_MOUNTS:
        raise EnvironmentFault(f"{len(mounts)} mounts in one sandbox; {MAX_MOUNTS} are the most")
    found: dict[str, Path] = {}
    for target, source in sorted(mounts.items()):
        if problem := _target_problem(target, list(found)) or _source_problem(source):
            raise EnvironmentFault(f"cannot mount {str(source)!r} at {target!r}: {problem}")
        found[target] = source.resolve()
    return found


def _target_problem(target: str, others: list[str]) -> str:
    if len(target) > MAX_PATH_CHARS or not _PATH.fullmatch(target):
        return "the path inside has to be absolute and plain, such as /opt/site"
    place = PurePosixPath(target)
    if not any(place.is_relative_to(top) for top in TOP):
        return f"it has to lie in one of {', '.join(TOP)}"
    kept = [PurePosixPath(path) for path in KEPT]
    if any(place.is_relative_to(path) or path.is_relative_to(place) for path in kept):
        return "the sandbox needs what is there"
    if any(place.is_relative_to(other) for other in others):
        return "it lies in another mount"
    return ""


def _source_problem(source: Path) -> str:
    try:
        mode = source.stat().st_mode
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    if not stat.S_ISDIR(mode):
        return "it is no folder"
    # Sandboxes of root have users of their own, those of others have that user's rights.
    open_to_it = (
        mode & 0o005 == 0o005 if os.geteuid() == 0 else os.access(source, os.R_OK | os.X_OK)
    )
    if not open_to_it:
        return "a sandbox may not read it; give others rights ('chmod o+rx')"
    return ""


@contextmanager
def detached(mounts: Mapping[str, Path], take: Callable[[Path], int]) -> Iterator[dict[str, int]]:
    """Descriptors of mounts that are nowhere yet, by their paths inside, each made by `take`.

    Raises `EnvironmentFault` where the kernel refuses.
    """
    found: dict[str, int] = {}
    try:
        for target, source in mounts.items():
            try:
                found[target] = take(source)
            except OSError as error:
                raise EnvironmentFault(
                    f"cannot mount {str(source)!r} at {target!r}: {error.strerror}"
                ) from error
        yield found
    finally:
        for fd in found.values():
            os.close(fd)


def take_aside(source: Path) -> int:
    """A read-only mount of `source`, as a descriptor; what lies mounted below it is left out.

    Takes the right to mount. Raises `OSError`.
    """
    flags = ctypes.c_uint(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)
    fd = _libc.syscall(OPEN_TREE, AT_FDCWD, os.fsencode(source), flags)
    if fd < 0:
        raise _error("open_tree", "5.2")
    attributes = struct.pack("4Q", RDONLY | NOSUID | NODEV, 0, MS_PRIVATE, 0)
    if _libc.syscall(MOUNT_SETATTR, fd, b"", AT_EMPTY_PATH, attributes, len(attributes)) < 0:
        error = _error("mount_setattr", "5.12")
        os.close(fd)
        raise error
    return int(fd)


def _error(call: str, since: str) -> OSError:
    code = ctypes.get_errno()
    what = f"Linux {since} is needed" if code == errno.ENOSYS else os.strerror(code)
    return OSError(code, f"{call}: {what}")
