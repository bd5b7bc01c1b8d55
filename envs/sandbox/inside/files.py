"""Reading and writing files of a sandbox, from inside and with the rights of its code."""

import errno
import os
import stat
from pathlib import Path

HOME = "/home/agent"
BLOCK_BYTES = 1 << 20


def put(files: list[tuple[str, int]], body: bytes) -> bytes:
    """Writes `files`, given as path and size, whose contents stand in `body` one after another."""
    at = 0
    for name, size in files:
        path = Path(HOME, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        # A named pipe in the way would block, and a device take it all.
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK, 0o644)
        with os.fdopen(fd, "wb") as file:
            _refuse_special(fd, path)
            file.write(body[at : at + size])
        at += size
    return b""


def get(names: list[str], max_bytes: int) -> tuple[list[int], bytes]:
    """Sizes and, one after another, contents of files of at most `max_bytes` together."""
    sizes, contents = [], bytearray()
    for name in names:
        path = Path(HOME, name)
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(fd, "rb", closefd=True) as file:
            _refuse_special(fd, path)
            before = len(contents)
            # Sizes may lie or grow, so the limit is on what is read.
            while block := file.read(min(BLOCK_BYTES, max_bytes + 1 - len(contents))):
                contents += block
        if len(contents) > max_bytes:
            raise OSError(errno.EFBIG, f"more than {max_bytes} bytes", str(path))
        sizes.append(len(contents) - before)
    return sizes, bytes(contents)


def walk(name: str, max_entries: int, max_depth: int) -> dict[str, tuple[str, int, int]]:
    """Kind, size and time of last change of `name` and all below it, by path relative to it.

    `max_depth`: levels of folders to look into. Links are not followed; what cannot be looked into is left out.
    """
    top = Path(HOME, name)
    found = {"": _entry(os.lstat(top))}
    waiting = [""] if found[""][0] == "folder" else []
    while waiting:
        inner = waiting.pop()
        try:
            with os.scandir(top / inner) as entries:
                for entry in entries:
                    path = f"{inner}/{entry.name}" if inner else entry.name
                    found[path] = _entry(entry.stat(follow_symlinks=False))
                    if len(found) > max_entries:
                        raise OSError(errno.E2BIG, f"more than {max_entries} entries", str(top))
                    if found[path][0] == "folder" and path.count("/") + 1 < max_depth:
                        waiting.append(path)
        except (PermissionError, FileNotFoundError, NotADirectoryError):
            continue  # it was closed, or is gone by now
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
    return found


def _entry(status: os.stat_result) -> tuple[str, int, int]:
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}
    kind = kinds.get(stat.S_IFMT(status.st_mode), "other")
    # Code can set the time of a change of contents, but not this one.
    return kind, status.st_size, status.st_ctime_ns


def _refuse_special(fd: int, path: Path) -> None:
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
