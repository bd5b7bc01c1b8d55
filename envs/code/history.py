"""A git repository with one commit, written without git: the same tree gives the same bytes.

The agent finds its working copy under version control as it would anywhere, with a past that tells
nothing: one root commit of a fixed author and date, no other branch, tag, remote or reflog.
"""

import binascii
import hashlib
import struct
import zlib
from typing import NamedTuple

from envs.code.tree import Tree

AUTHOR = "palaestra <palaestra@example.invalid>"
DATE = 946_684_800
"""Of the commit and of every file, in seconds since 1970: the first of January 2000."""
BRANCH = "main"
MESSAGE = "Initial commit\n"
LEVEL = 1
"""Of compression; the working copy lives minutes."""
COMMIT, TREE, BLOB = 1, 2, 3
_KIND = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob"}
_MODE = {False: 0o100644, True: 0o100755}
EXCLUDED = "__pycache__/\n.pytest_cache/\nnode_modules\n"
"""What tools leave behind and git need not speak of."""
CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
[user]
\tname = agent
\temail = agent@example.invalid
[gc]
\tauto = 0
"""


class _Object(NamedTuple):
    kind: int
    content: bytes

    @property
    def sha1(self) -> bytes:
        head = b"%s %d\0" % (_KIND[self.kind], len(self.content))
        return hashlib.sha1(head + self.content, usedforsecurity=False).digest()


def repository(tree: Tree) -> dict[str, bytes]:
    """The files of `.git`, by path below it."""
    objects: dict[bytes, _Object] = {}
    blobs: dict[str, bytes] = {}
    for path, file in sorted(tree.items()):
        blob = _Object(BLOB, file.content)
        blobs[path] = blob.sha1
        objects[blobs[path]] = blob
    root = _trees(tree, blobs, objects)
    signed = f"{AUTHOR} {DATE} +0000"
    text = f"tree {root.hex()}\nauthor {signed}\ncommitter {signed}\n\n{MESSAGE}"
    commit = _Object(COMMIT, text.encode())
    objects[commit.sha1] = commit
    pack, index = _packed(objects)
    name = f"objects/pack/pack-{pack[-20:].hex()}"
    return {
        "HEAD": f"ref: refs/heads/{BRANCH}\n".encode(),
        "config": CONFIG.encode(),
        "info/exclude": EXCLUDED.encode(),
        f"refs/heads/{BRANCH}": f"{commit.sha1.hex()}\n".encode(),
        "index": _staged(tree, blobs),
        f"{name}.pack": pack,
        f"{name}.idx": index,
    }


def _trees(tree: Tree, blobs: dict[str, bytes], objects: dict[bytes, _Object]) -> bytes:
    """Adds an object for each folder, innermost first; the name of the outermost."""
    folders: dict[str, list[tuple[bytes, int, bytes]]] = {"": []}
    for path, file in tree.items():
        folder, _, name = path.rpartition("/")
        while folder not in folders:
            folders[folder] = []
            folder = folder.rpartition("/")[0]
        folders[path.rpartition("/")[0]].append(
            (name.encode(), _MODE[file.executable], blobs[path])
        )
    found = b""
    for folder in sorted(folders, key=lambda f: (f.count("/") + bool(f), f), reverse=True):
        # Folders are sorted as if their names ended in a slash.
        entries = sorted(folders[folder], key=lambda e: e[0] + b"/" * (e[1] == 0o40000))
        made = _Object(TREE, b"".join(b"%o %s\0%s" % (mode, n, sha) for n, mode, sha in entries))
        found = made.sha1
        objects[found] = made
        if folder:
            above, _, name = folder.rpartition("/")
            folders[above].append((name.encode(), 0o40000, found))
    return found


def _packed(objects: dict[bytes, _Object]) -> tuple[bytes, bytes]:
    """All objects in one pack, and its index (gitformat-pack, version 2)."""
    pack = bytearray(struct.pack(">4sII", b"PACK", 2, len(objects)))
    offsets, sums = [], []
    for _, made in sorted(objects.items()):
        entry = _size(made) + zlib.compress(made.content, LEVEL)
        offsets.append(len(pack))
        sums.append(binascii.crc32(entry))
        pack += entry
    pack += hashlib.sha1(pack, usedforsecurity=False).digest()
    names = sorted(objects)
    fanout = [0] * 256
    for name in names:
        fanout[name[0]] += 1
    totals = [sum(fanout[: byte + 1]) for byte in range(256)]
    index = b"\xfftOc" + struct.pack(">I256I", 2, *totals) + b"".join(names)
    index += struct.pack(f">{len(sums)}I{len(offsets)}I", *sums, *offsets) + pack[-20:]
    return bytes(pack), index + hashlib.sha1(index, usedforsecurity=False).digest()


def _size(made: _Object) -> bytes:
    """Kind and size of an object, seven bits a byte after the first four."""
    left = len(made.content)
    found = [made.kind << 4 | left & 15]
    left >>= 4
    while left:
        found[-1] |= 0x80
        found.append(left & 0x7F)
        left >>= 7
    return bytes(found)


def _staged(tree: Tree, blobs: dict[str, bytes]) -> bytes:
    """The index (gitformat-index, version 2), which git compares with the files at its first look."""
    found = bytearray(struct.pack(">4sII", b"DIRC", 2, len(tree)))
    for path, file in sorted((path.encode(), file) for path, file in tree.items()):
        size, mode = len(file.content), _MODE[file.executable]
        entry = struct.pack(">10I", 0, 0, DATE, 0, 0, 0, mode, 0, 0, size)
        entry += blobs[path.decode()] + struct.pack(">H", min(len(path), 0xFFF)) + path
        found += entry + b"\0" * (8 - len(entry) % 8)
    return bytes(found + hashlib.sha1(found, usedforsecurity=False).digest())
