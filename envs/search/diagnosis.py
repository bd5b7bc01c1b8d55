"""What search worlds need of this machine: a folder for their indexes, and room in it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from envs.base import Finding
from envs.search.cache import cache_root, stored

MIN_FREE_GIB = 1.0
"""The index of the default sources takes 0.2 GiB, twice while it is replaced."""
ELSEWHERE = "or set PALAESTRA_CACHE to another folder"


def diagnose() -> Iterator[Finding]:
    """The cache folder, then every index in it."""
    root = cache_root()
    yield _folder(root)
    indexes = list(stored(root))
    if not indexes:
        yield Finding("search indexes", True, f"none in {root} yet; the first synth builds one")
    for path, num_documents, problem in indexes:
        detail = problem and f"{problem}; it is built again when it is needed"
        yield Finding(
            f"index {path.name}", not problem, detail or f"{num_documents:,} documents", False
        )


def _folder(root: Path) -> Finding:
    there = next(folder for folder in (root, *root.absolute().parents) if folder.exists())
    free_gib = shutil.disk_usage(there).free / 2**30
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding("search cache", False, f"{there} cannot be written; make it so, {ELSEWHERE}")
    if free_gib < MIN_FREE_GIB:
        detail = f"{free_gib:.1f} GiB free in {there}; free {MIN_FREE_GIB:g} GiB, {ELSEWHERE}"
        return Finding("search cache", False, detail)
    return Finding("search cache", True, f"{root}, {free_gib:.0f} GiB free")
