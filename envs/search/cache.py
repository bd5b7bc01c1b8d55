"""Indexes on disk: built once for each corpus, found again by its hash, never half there.

An index is a directory that is written elsewhere and renamed into place, with a manifest that names
every file and its hash. Whatever does not match its manifest is reported, set aside and rebuilt.
"""

import fcntl
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from data.errors import EnvironmentFault
from data.hashing import file_hash
from data.record import Record
from data.sources.base import Document
from envs.search.index import PageIndex, write_index

log = logging.getLogger(__name__)

FORMAT = 1
"""Raised with every change to what is stored or how text becomes terms."""
LOCK_WAIT_S = 600.0
"""How long one process waits for another that builds the same index."""
LOCK_POLL_S = 0.05
MANIFEST = "manifest.json"
PREFIX = "search-"


class Manifest(Record):
    format: int
    corpus_sha256: str
    num_documents: int
    files: dict[str, str]
    """SHA-256 of each file by name."""


class _Unusable(Exception):
    """Why a directory cannot be used; never leaves this module."""


def cache_root() -> Path:
    """Where indexes are kept: `PALAESTRA_CACHE`, else `runs/worlds` below the working directory."""
    return Path(os.environ.get("PALAESTRA_CACHE") or "runs/worlds")


def open_index(
    root: Path, corpus_sha256: str, documents: Callable[[], Iterable[Document]]
) -> PageIndex:
    """The index of a corpus; `documents` is called only when it has to be built.

    Raises `EnvironmentFault` when it can neither be opened nor built, and what `documents` raises.
    """
    directory = root / f"{PREFIX}{corpus_sha256[:32]}"
    try:
        return _open(directory, corpus_sha256)
    except _Unusable:
        pass
    with _locked(root, directory.name):
        try:
            return _open(directory, corpus_sha256)
        except _Unusable as reason:
            if directory.exists():
                log.warning("index %s is unusable (%s); building it again", directory, reason)
        _build(directory, corpus_sha256, documents())
        try:
            return _open(directory, corpus_sha256)
        except _Unusable as reason:
            raise EnvironmentFault(f"index {directory} was built but {reason}") from reason


class Stored(NamedTuple):
    path: Path
    num_documents: int
    problem: str
    """Why the index cannot be used; empty if it can."""


def stored(root: Path) -> Iterator[Stored]:
    """The indexes in `root`, each read in full against its manifest."""
    for directory in sorted(root.glob(f"{PREFIX}*")):
        try:
            corpus = _manifest(directory).corpus_sha256
            yield Stored(directory, _open(directory, corpus).num_documents, "")
        except _Unusable as reason:
            yield Stored(directory, 0, str(reason))


def _manifest(directory: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((directory / MANIFEST).read_bytes())
    except ValidationError as error:
        raise _Unusable("its manifest is not one of ours") from error
    except OSError as error:
        raise _Unusable(f"its manifest cannot be read: {error.strerror}") from error


def _open(directory: Path, corpus_sha256: str) -> PageIndex:
    manifest = _manifest(directory)
    if manifest.format != FORMAT:
        raise _Unusable(f"its format is {manifest.format}, this version reads {FORMAT}")
    if manifest.corpus_sha256 != corpus_sha256:
        raise _Unusable("it belongs to another corpus")
    try:
        for name, sha256 in manifest.files.items():
            if file_hash(directory / name) != sha256:
                raise _Unusable(f"its file {name} is damaged")
        index = PageIndex(directory)
    except (OSError, ValueError) as error:
        raise _Unusable(f"it cannot be read: {_line(error)}") from error
    if index.num_documents != manifest.num_documents:
        raise _Unusable(f"it holds {index.num_documents} of {manifest.num_documents} documents")
    return index


@contextmanager
def _locked(root: Path, name: str) -> Iterator[None]:
    """Held by at most one process; the kernel frees it when the holder dies."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        file = (root / f".{name}.lock").open("ab")
    except OSError as error:
        raise EnvironmentFault(_cannot_build(root, error)) from error
    with file:
        deadline = time.monotonic() + LOCK_WAIT_S
        while not _try_lock(file.fileno()):
            if time.monotonic() > deadline:
                raise EnvironmentFault(
                    f"waited {LOCK_WAIT_S:.0f} s for another process to build {root / name}; "
                    "see what holds its lock, or set PALAESTRA_CACHE to another folder"
                )
            time.sleep(LOCK_POLL_S)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _build(directory: Path, corpus_sha256: str, documents: Iterable[Document]) -> None:
    """Builds beside `directory` and renames; the caller holds the lock."""
    root = directory.parent
    start = time.monotonic()
    try:
        for left_over in root.glob(f".{directory.name}.*.tmp"):
            _remove(left_over)
        temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", suffix=".tmp", dir=root))
        try:
            num_documents = write_index(temporary, documents)
            _seal(temporary, corpus_sha256, num_documents)
            _swap(temporary, directory)
        finally:
            _remove(temporary)
    except (OSError, ValueError) as error:
        raise EnvironmentFault(_cannot_build(root, error)) from error
    log.info("indexed %d documents in %.1f s", num_documents, time.monotonic() - start)


def _seal(directory: Path, corpus_sha256: str, num_documents: int) -> None:
    """Writes the manifest and brings every byte to the disk."""
    files = sorted(p for p in directory.iterdir() if p.suffix != ".lock")
    manifest = Manifest(
        format=FORMAT,
        corpus_sha256=corpus_sha256,
        num_documents=num_documents,
        files={path.name: file_hash(path) for path in files},
    )
    (directory / MANIFEST).write_text(manifest.model_dump_json(indent=1))
    directory.chmod(0o755)
    for path in (*files, directory / MANIFEST, directory):
        _sync(path)


def _swap(new: Path, place: Path) -> None:
    """Puts `new` at `place`; what was there stays readable to those who have it open."""
    if place.exists() or place.is_symlink():
        old = new.with_name(f"{new.name[:-4]}.old.tmp")
        place.rename(old)
        new.rename(place)
        _remove(old)
    else:
        new.rename(place)
    _sync(place.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _cannot_build(root: Path, error: Exception) -> str:
    # tantivy may say only that its writer died, so what is free is said as well.
    free_mib = shutil.disk_usage(root).free >> 20 if root.is_dir() else 0
    return (
        f"cannot build a search index in {root} ({free_mib} MiB free): {_line(error)}; "
        "free some space, or set PALAESTRA_CACHE to a folder that can be written"
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
