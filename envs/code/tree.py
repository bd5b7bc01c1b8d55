"""Source trees as values: files by path, unpacked from archives, changed by overlays, hashed.

Archives and overlays are hostile: nothing they name is written outside a tree, and sizes have
limits. Links are left out, for no task needs them and every escape does.
"""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from data.errors import SourceError
from data.record import Record

MAX_FILES = 20_000
MAX_TREE_BYTES = 256 << 20
_SKIPPED = frozenset({"__pycache__", ".git", ".hg", ".svn", ".tox", ".pytest_cache"})


class File(Record):
    """One file's bytes, and whether it is a program."""

    content: bytes
    executable: bool = False


Tree = Mapping[str, File]
"""Files by their relative POSIX path."""


def unpack(archive: Path) -> dict[str, File]:
    """The files of a source archive (.tar.*, .zip), without its top folder, in path order.

    Raises `SourceError` for what is no such archive, or is too large.
    """
    try:
        members = _zip(archive) if archive.suffix == ".zip" else _tar(archive)
        found: dict[str, File] = {}
        size = 0
        for name, file in members:
            size += len(file.content)
            if len(found) >= MAX_FILES or size > MAX_TREE_BYTES:
                raise SourceError(f"{archive.name} unpacks to more than we take")
            found[name] = file
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise SourceError(f"{archive.name} is no readable archive: {error}") from error
    return dict(sorted(_without_top(found).items()))


def _tar(archive: Path) -> Iterator[tuple[str, File]]:
    with tarfile.open(archive) as members:
        yield from _members(members)


def _members(members: tarfile.TarFile) -> Iterator[tuple[str, File]]:
    for member in members:
        if member.isfile() and member.size <= MAX_TREE_BYTES and (name := inner_path(member.name)):
            file = members.extractfile(member)
            content = file.read() if file else b""
            yield name, File(content=content, executable=bool(member.mode & 0o100))


def _zip(archive: Path) -> Iterator[tuple[str, File]]:
    with zipfile.ZipFile(archive) as members:
        for member in members.infolist():
            mode = member.external_attr >> 16
            plain = not member.is_dir() and mode & 0o170000 in (0, 0o100000)
            if (
                plain
                and member.file_size <= MAX_TREE_BYTES
                and (name := inner_path(member.filename))
            ):
                yield name, File(content=members.read(member), executable=bool(mode & 0o100))


def inner_path(name: str) -> str:
    """The path inside the tree; '' for one that leaves it or is of no interest."""
    path = PurePosixPath(name)
    parts = [part for part in path.parts if part != "."]
    outside = path.is_absolute() or ".." in parts or "\x00" in name
    return "" if outside or not parts or _SKIPPED & set(parts) else "/".join(parts)


def _without_top(files: dict[str, File]) -> dict[str, File]:
    tops = {name.partition("/")[0] for name in files}
    if len(tops) != 1 or not all("/" in name for name in files):
        return files
    return {name.partition("/")[2]: file for name, file in files.items()}


def read_folder(folder: Path) -> dict[str, File]:
    """The files below `folder`, links left out, in path order; raises `SourceError` if too large."""
    found: dict[str, File] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        name = inner_path(path.relative_to(folder).as_posix())
        if not name or path.is_symlink() or not path.is_file():
            continue
        status = path.stat()
        size += status.st_size
        if len(found) >= MAX_FILES or size > MAX_TREE_BYTES:
            raise SourceError(f"{folder} holds more than we take")
        found[name] = File(content=path.read_bytes(), executable=bool(status.st_mode & 0o100))
    return found


def tree_hash(tree: Tree) -> str:
    """SHA-256 of all paths, modes and contents, as 64 hex digits; independent of their order."""
    digest = hashlib.sha256()
    for name, file in sorted(tree.items()):
        inner = hashlib.sha256(file.content).hexdigest()
        digest.update(f"{name}\x00{int(file.executable)}\x00{inner}\n".encode())
    return digest.hexdigest()


def packed(tree: Tree) -> bytes:
    """`tree` as an uncompressed tar: same tree, same bytes, whoever owns the files and whenever."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, file in sorted(tree.items()):
            member = tarfile.TarInfo(name)
            member.size = len(file.content)
            member.mode = 0o755 if file.executable else 0o644
            archive.addfile(member, io.BytesIO(file.content))
    return buffer.getvalue()


def unpacked(archive: bytes) -> dict[str, File]:
    """The tree that `packed` made `archive` of; raises `SourceError` for what it did not make."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as members:
            found = dict(_members(members))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SourceError(f"no packed tree: {error}") from error
    return found
