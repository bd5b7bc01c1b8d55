"""A directory that changes as a whole: written aside, then swapped in by one rename.

A reader, or a `kill -9` at any moment, meets the old directory or the new one, never a mixture. What
a killed writer left behind lies beside the target and is removed by the next writer. This does not
protect against a power cut: nothing is forced to disk.
"""

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from data.errors import UserError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """An empty directory beside `target` that takes its place when the block ends without error.

    Raises `UserError` if another process is writing the same target, or its parent is not writable.
    Whether an existing target may be replaced is for the caller to check.
    """
    aside = target.parent / f".{target.name}.partial"
    try:
        aside.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write beside {target}: {error.strerror}") from error
    lock = _locked(aside, target)
    try:
        _clear(aside)
        _clear_trash(target)
        yield aside
        _swap_in(aside, target)
    except BaseException:
        # The lock is ours, so nobody else uses this directory.
        shutil.rmtree(aside, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _locked(directory: Path, target: Path) -> int:
    """An open descriptor holding the directory's lock; the kernel frees it if we die."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        same = os.fstat(descriptor).st_ino == directory.stat().st_ino
    except OSError:
        same = False
    if not same:
        os.close(descriptor)
        raise UserError(f"another process is writing {target}; wait for it or choose another place")
    return descriptor


def _clear(directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _clear_trash(target: Path) -> None:
    for leftover in target.parent.glob(f".{target.name}.old-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _swap_in(aside: Path, target: Path) -> None:
    if not target.exists():
        aside.rename(target)
        return
    # Locked, so that a writer that starts after the exchange does not reuse what is being removed.
    old_lock = _locked(target, target)
    try:
        trash = target.parent / f".{target.name}.old-{os.getpid()}"
        if _exchange(aside, target):
            aside.rename(trash)
        else:
            target.rename(trash)
            aside.rename(target)
        shutil.rmtree(trash, ignore_errors=True)
    finally:
        os.close(old_lock)


def _exchange(first: Path, second: Path) -> bool:
    """Swaps two paths in one step; False where the system or its file system cannot."""
    with suppress(AttributeError):
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
        paths = os.fsencode(first), os.fsencode(second)
        if renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0:
            return True
        code = ctypes.get_errno()
        if code not in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
            raise OSError(code, os.strerror(code), str(second))
    return False
