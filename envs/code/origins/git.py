"""The tree of a commit, from a local clone or a bare repository.

`Origin.archive` is the path of the clone. Where it has moved, the folders of `PALAESTRA_CLONES`
(parted as in PATH) are looked through for one of the same name. Nothing is checked out, fetched or
built; what a build of a release would add is made from the tree.
"""

import os
from pathlib import Path

from data.errors import SourceError
from envs.code.clone import Clone
from envs.code.metadata import as_released
from envs.code.spec import Origin
from envs.code.tree import File


def fetch(origin: Origin) -> dict[str, File]:
    """The files of the commit `origin.version`; `SourceError` says why they cannot be had."""
    with Clone(_place(Path(origin.archive))) as clone:
        return commit_tree(clone, clone.commit(origin.version))


def commit_tree(clone: Clone, commit: str) -> dict[str, File]:
    """The files of `commit`, as a release of it would have them."""
    return as_released(clone.tree(commit))


def _place(path: Path) -> Path:
    roots = [root for root in os.environ.get("PALAESTRA_CLONES", "").split(os.pathsep) if root]
    places = [path, *(Path(root) / path.name for root in roots)]
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise SourceError(
            f"there is no clone {path} any more; name the folder that it is in with PALAESTRA_CLONES"
        )
    return found
