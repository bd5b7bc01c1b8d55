"""What an agent changed in its working copy, read from outside; nothing of what it says is believed.

Only plain UTF-8 text of limited size leaves the sandbox, and only at paths that the task names. Links
are not followed. A file that may not leave is refused with a reason; one that is gone is deleted.
"""

import errno
import re
import time
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from data.record import Record
from envs.code.project import is_configuration, is_test
from envs.code.spec import REPOSITORY, Files, Parameters
from envs.code.tree import Tree
from envs.sandbox.base import Entry, Sandbox

MAX_FILE_BYTES = 1 << 20
MAX_CHANGED_BYTES = 4 << 20
"""Of all changed files together."""
MAX_CHANGED = 300
BATCH_BYTES = 8 << 20
BATCH_FILES = 1000
SETTLED_NS = 100_000_000
"""A file that changed so shortly before we looked may change again without showing it."""
_NEVER = frozenset({"__pycache__", ".git", ".hg", ".svn", ".tox", ".pytest_cache", ".mypy_cache"})
_ODD = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
"""Names with these are not added: nobody needs them, and not every reader takes them."""


class Changes(Record):
    """What leaves the sandbox."""

    files: Files = {}
    """Whole texts of files that the agent changed or added; None for one that it deleted."""
    refused: dict[str, str] = {}
    """Why a file that was changed could not be taken."""


class _Seen(NamedTuple):
    entry: Entry
    looked_ns: int
    text: str | None
    """The new text; None where it is the old one, or was refused."""
    refused: str = ""


class Survey:
    """Looks at one working copy again and again, and reads only what has changed in between."""

    def __init__(self, sandbox: Sandbox, tree: Tree, parameters: Parameters) -> None:
        self._sandbox = sandbox
        self._tree = tree
        self._files = {path for path in parameters.sources if not path.endswith("/")}
        self._folders = tuple(path for path in parameters.sources if path.endswith("/"))
        self._suffixes = {PurePosixPath(path).suffix for path in self._files}
        """Of modules: what else is left in a folder of the sources was not meant to be handed in."""
        self._roots = _roots(parameters.sources)
        self._seen: dict[str, _Seen] = {}
        self.changes = Changes()

    async def look(self) -> None:
        """Brings `changes` up to date; raises `EnvironmentFault` if the sandbox is lost."""
        looked_ns = time.time_ns()
        entries = await self._entries()
        wanted = sorted(path for path in entries if self._counts(path))
        seen: dict[str, _Seen] = {}
        unread: list[str] = []
        for path in wanted:
            entry, before = entries[path], self._seen.get(path)
            if before is not None and before.entry == entry and _settled(before):
                seen[path] = before
            elif reason := _unfit(entry):
                seen[path] = _Seen(entry, looked_ns, None, reason)
            else:
                unread.append(path)
        for batch in _batches(unread, entries):
            for path, content in (await self._contents(batch)).items():
                seen[path] = self._judged(path, entries[path], looked_ns, content)
        self._seen = seen
        self.changes = self._changes(seen)

    async def _entries(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for root in self._roots:
            try:
                below = await self._sandbox.walk(f"{REPOSITORY}/{root}")
            except OSError:
                continue  # what cannot be seen is not there
            for inner, entry in below.items():
                if entry.kind != "folder":
                    found[f"{root}/{inner}".strip("/") if inner else root] = entry
        return found

    def _counts(self, path: str) -> bool:
        if path in self._files:
            return True
        if path in self._tree or not path.startswith(self._folders) or _ODD.search(path):
            return False
        if PurePosixPath(path).suffix not in self._suffixes:
            return False
        return not (is_test(path) or is_configuration(path) or _NEVER & {*path.split("/")})

    async def _contents(self, paths: list[str]) -> dict[str, bytes | str]:
        """Contents, or why there are none; files that are gone by now are left out."""
        places = {path: f"{REPOSITORY}/{path}" for path in paths}
        try:
            found = await self._sandbox.get(list(places.values()), max_bytes=2 * BATCH_BYTES)
            return {path: found[place] for path, place in places.items()}
        except OSError as error:
            if len(paths) == 1:
                gone = error.errno in (errno.ENOENT, errno.ENOTDIR)
                return {} if gone else {paths[0]: f"cannot be read: {error.strerror}"}
        result: dict[str, bytes | str] = {}
        for path in paths:
            result |= await self._contents([path])
        return result

    def _judged(self, path: str, entry: Entry, looked_ns: int, content: bytes | str) -> _Seen:
        if isinstance(content, str):
            return _Seen(entry, looked_ns, None, content)
        before = self._tree.get(path)
        if before is not None and before.content == content:
            return _Seen(entry, looked_ns, None)
        if len(content) > MAX_FILE_BYTES:
            return _Seen(entry, looked_ns, None, _too_large(len(content)))
        try:
            return _Seen(entry, looked_ns, content.decode())
        except UnicodeDecodeError as error:
            return _Seen(entry, looked_ns, None, f"is no UTF-8 text (byte {error.start})")

    def _changes(self, seen: dict[str, _Seen]) -> Changes:
        files: Files = dict.fromkeys(sorted(self._files & self._tree.keys() - seen.keys()))
        refused = {path: found.refused for path, found in seen.items() if found.refused}
        size = 0
        for path, found in seen.items():
            if found.text is None:
                continue
            size += len(found.text.encode())
            if len(files) >= MAX_CHANGED:
                refused[path] = f"is one of more than {MAX_CHANGED} changed files"
            elif size > MAX_CHANGED_BYTES:
                refused[path] = f"makes the change larger than {MAX_CHANGED_BYTES:,} bytes"
            else:
                files[path] = found.text
        return Changes(files=dict(sorted(files.items())), refused=dict(sorted(refused.items())))


def _roots(sources: tuple[str, ...]) -> list[str]:
    """The fewest places to walk that hold all of `sources`."""
    places = {path.rstrip("/") if path.endswith("/") else _place(path) for path in sources}
    found: list[str] = []
    for place in sorted(places):
        if not any(place.startswith(f"{above}/") for above in found):
            found.append(place)
    return found


def _place(path: str) -> str:
    """The folder of a file; the file itself where that folder is the whole tree."""
    return path.rpartition("/")[0] or path


def _settled(seen: _Seen) -> bool:
    return seen.entry.changed_ns < seen.looked_ns - SETTLED_NS


def _unfit(entry: Entry) -> str:
    """Why what stands there is no file to be read; empty if it is."""
    if entry.kind == "link":
        return "is a link, not a file"
    if entry.kind != "file":
        return "is a special file"
    return _too_large(entry.size_bytes) if entry.size_bytes > BATCH_BYTES else ""


def _too_large(size: int) -> str:
    return f"has {size:,} bytes, more than {MAX_FILE_BYTES:,}"


def _batches(paths: list[str], entries: dict[str, Entry]) -> Iterator[list[str]]:
    """`paths` in order, so many at a time as one request may ask for."""
    batch: list[str] = []
    size = 0
    for path in paths:
        size += entries[path].size_bytes
        if batch and (size > BATCH_BYTES or len(batch) >= BATCH_FILES):
            yield batch
            batch, size = [], entries[path].size_bytes
        batch.append(path)
    if batch:
        yield batch
