"""The working copy that an agent starts from: its tree and a git repository, as one archive.

The same tree gives the same bytes, and so the same names, sizes and dates in the sandbox.
"""

import io
import tarfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from types import MappingProxyType

from data.errors import EnvironmentFault, TaskError
from envs.code.history import DATE, repository
from envs.code.spec import REPOSITORY
from envs.code.tree import File, Tree, tree_hash
from envs.sandbox.base import HOME, Sandbox
from envs.sandbox.inside.frames import MAX_BODY_BYTES

UNPACK_S = 60.0
NUM_KEPT = 8
"""Archives in memory: an attempt is often followed by another at the same task."""


async def place(
    sandbox: Sandbox, tree: Tree, links: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Unpacks the working copy, with `links` beside its files, in a sandbox that nobody used yet.

    Raises `TaskError` for a tree that no folder can hold, `EnvironmentFault` without a sandbox.
    """
    content = _archive(_Key(tree), tuple(sorted(links.items())))
    if len(content) > MAX_BODY_BYTES:
        raise TaskError(f"the task's tree takes {len(content)} bytes, more than a sandbox is sent")
    command = ["tar", "-x", "--no-same-owner", "-C", HOME]
    done = await sandbox.exec(command, stdin=content, timeout_s=UNPACK_S)
    if done.timed_out:
        raise EnvironmentFault(f"a working copy was not unpacked within {UNPACK_S:g} s")
    if done.status:
        reason = " ".join(done.stderr.decode(errors="replace").split())[:200]
        raise TaskError(f"the task's tree cannot be unpacked: {reason}")


class _Key:
    """A tree that compares by its hash."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._sha256 = tree_hash(tree)

    def __hash__(self) -> int:
        return hash(self._sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._sha256 == other._sha256


@lru_cache(maxsize=NUM_KEPT)
def _archive(key: _Key, links: tuple[tuple[str, str], ...]) -> bytes:
    files = dict(key.tree)
    for path, content in repository(key.tree).items():
        files[f".git/{path}"] = File(content=content)
    folders = {str(above) for path in files for above in PurePosixPath(path).parents}
    # git takes a folder for a repository only if these are there.
    folders |= {".git/objects/info", ".git/refs/tags"}
    top, buffer = PurePosixPath(REPOSITORY).relative_to(HOME), io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        # Each folder right before what it holds: tar dates it when it goes on to something else.
        for name in sorted([*folders, *files], key=lambda name: name.split("/")):
            member = tarfile.TarInfo(str(top / name))
            member.mtime, file = DATE, files.get(name)
            if file is None:
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(member)
            else:
                member.mode = 0o755 if file.executable else 0o644
                member.size = len(file.content)
                archive.addfile(member, io.BytesIO(file.content))
        for name, target in links:
            member = tarfile.TarInfo(str(top / name))
            member.mtime, member.type, member.linkname = DATE, tarfile.SYMTYPE, target
            archive.addfile(member)
    return buffer.getvalue()
