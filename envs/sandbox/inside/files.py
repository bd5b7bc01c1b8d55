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


def _refuse_special(fd: int, path: Path) -> None:
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
