"""Source trees by their hash: kept in a folder, fetched again from their origin where they are not.

The folder is shared by all processes of a machine. A tree is written aside and renamed, and its hash
is checked whenever it is read, so that a damaged or half-written one is fetched again.
"""

import logging
import time
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from data.errors import SourceError, TaskError, UserError
from data.staging import staged
from envs.code import origins
from envs.code.cache import cache_root, no_room
from envs.code.spec import Files, Origin, Parameters
from envs.code.tree import File, Tree, packed, tree_hash, unpacked

log = logging.getLogger(__name__)

ARCHIVE = "tree.tar"
WAIT_S = 60.0
"""Longest wait for another process that writes the same tree."""
POLL_S = 0.02
MAX_HELD_BYTES = 128 << 20
"""Of all trees that this process holds in memory."""


def origin_tree(origin: Origin, tree_sha256: str) -> Tree:
    """The tree of `origin`, as it was when it had this hash.

    Raises `TaskError` if it cannot be had any more, `EnvironmentFault` if there is no room for it.
    """
    kept = _held.get(tree_sha256) or _kept(tree_sha256)
    if kept is None:
        kept = _fetched(origin, tree_sha256)
        keep_tree(kept)
    _held.put(tree_sha256, kept)
    return kept


def keep_tree(tree: Tree) -> str:
    """Writes `tree` where `origin_tree` finds it; its hash. Raises `EnvironmentFault`."""
    sha256 = tree_hash(tree)
    place, deadline = _place(sha256), time.monotonic() + WAIT_S
    while _kept(sha256) is None:
        try:
            with staged(place) as aside:
                (aside / ARCHIVE).write_bytes(packed(tree))
        except OSError as error:
            raise no_room("a source tree", error) from error
        except UserError as error:
            if isinstance(error.__cause__, OSError) or time.monotonic() > deadline:
                raise no_room("a source tree", error) from error
            # Another process writes the same bytes now.
            time.sleep(POLL_S)
    return sha256


def agent_tree(parameters: Parameters) -> Tree:
    """What the agent finds in its working copy; raises as `origin_tree` does."""
    tree = origin_tree(parameters.origin, parameters.tree_sha256)
    gone = set(parameters.removed)
    rest = {path: file for path, file in tree.items() if path not in gone}
    return laid_over(rest, parameters.overlay)


def laid_over(tree: Tree, files: Files) -> dict[str, File]:
    """`tree` with `files` written over it, in path order; programs stay programs."""
    found = dict(tree)
    for path, text in files.items():
        before = found.pop(path, None)
        if text is not None:
            executable = before is not None and before.executable
            found[path] = File(content=text.encode(), executable=executable)
    return dict(sorted(found.items()))


def _place(sha256: str) -> Path:
    return cache_root() / "trees" / f"tree-{sha256[:32]}"


def _kept(sha256: str) -> Tree | None:
    """The tree from its folder; None if it is not there, or not what it should be."""
    try:
        tree = unpacked((_place(sha256) / ARCHIVE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, SourceError) as error:
        log.warning("the tree %s cannot be read: %s", _place(sha256), error)
        return None
    return tree if tree_hash(tree) == sha256 else None


def _fetched(origin: Origin, sha256: str) -> Tree:
    name = f"the source of {origin.project} {origin.version}"
    try:
        tree = origins.fetch(origin)
    except SourceError as error:
        raise TaskError(f"{name} cannot be had: {error}") from error
    if tree_hash(tree) != sha256:
        raise TaskError(f"{name} is not what it was when the task was made; make the task again")
    return tree


class _Held:
    """The trees that were used last, up to a size; for many threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._num_bytes = 0
        self._trees: OrderedDict[str, tuple[Tree, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, sha256: str) -> Tree | None:
        with self._lock:
            if sha256 not in self._trees:
                return None
            self._trees.move_to_end(sha256)
            return self._trees[sha256][0]

    def put(self, sha256: str, tree: Tree) -> None:
        size = sum(len(file.content) for file in tree.values())
        with self._lock:
            if sha256 in self._trees:
                return
            self._trees[sha256] = tree, size
            self._num_bytes += size
            while self._num_bytes > self._max_bytes:
                _, (_, gone) = self._trees.popitem(last=False)
                self._num_bytes -= gone


_held = _Held(MAX_HELD_BYTES)
