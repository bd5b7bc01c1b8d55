"""Mounts that a sandbox was handed as descriptors: put to their places in its own view."""

import errno
import os
from pathlib import Path

from . import confine

NEW_IN = ("/etc", "/opt")
"""Folders of ours, in which there may be new names."""
STAGE = "/run"
"""An empty folder, on which a folder is built anew before it takes its place."""
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC = 1, 1 << 5, 1 << 12, 1 << 13, 1 << 14
PLAIN = confine.MS_NOSUID | confine.MS_NODEV


def attach(mounts: dict[str, int]) -> None:
    """Mounts each descriptor at its path, which is made where it is not there; raises `OSError`."""
    missing: dict[Path, list[str]] = {}
    for target in map(Path, mounts):
        if not target.is_dir():
            missing.setdefault(target.parent, []).append(target.name)
    for folder, names in missing.items():
        if str(folder) not in NEW_IN:
            raise FileNotFoundError(errno.ENOENT, f"there is no folder {folder}/{names[0]}")
        _extend(folder, names)
    for place, fd in mounts.items():
        confine.move_mount(fd, place)
        os.close(fd)


def _extend(folder: Path, names: list[str]) -> None:
    """Puts a folder in the place of `folder` that holds the same, and empty folders `names`.

    The folder itself is shared with all sandboxes, so nothing can be made in there.
    """
    confine.mount("tmpfs", STAGE, "tmpfs", PLAIN, "size=4m,mode=0755")
    for entry in sorted(folder.iterdir()):
        copy = Path(STAGE, entry.name)
        if entry.is_symlink():
            copy.symlink_to(entry.readlink())
        elif entry.is_dir():
            copy.mkdir()
            confine.mount(str(entry), str(copy), "", MS_BIND | MS_REC)
        else:
            # Some were deleted where they came from; those cannot be mounted again.
            copy.write_bytes(entry.read_bytes())
    for name in names:
        Path(STAGE, name).mkdir()
    confine.mount("none", STAGE, "", MS_REMOUNT | MS_BIND | MS_RDONLY | PLAIN)
    confine.mount(STAGE, str(folder), "", MS_MOVE)
