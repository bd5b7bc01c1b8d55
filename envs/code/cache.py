"""The folder that this machine's processes share: downloaded archives, trees, dependencies, images."""

import os
import shutil
from pathlib import Path

from data.errors import EnvironmentFault


def cache_root() -> Path:
    """`PALAESTRA_CACHE`, else `runs/worlds` below the working directory."""
    return Path(os.environ.get("PALAESTRA_CACHE") or "runs/worlds")


def archives() -> Path:
    """Where downloaded archives are kept, each below its hash."""
    return cache_root() / "archives"


def no_room(what: str, error: Exception) -> EnvironmentFault:
    """Why `what` cannot be kept, and what to do."""
    root = cache_root()
    free_mib = shutil.disk_usage(root).free >> 20 if root.is_dir() else 0
    reason = " ".join(str(error).split())[:200]
    return EnvironmentFault(
        f"cannot keep {what} in {root} ({free_mib} MiB free): {reason}; "
        "free some space, or set PALAESTRA_CACHE to a folder that can be written"
    )
