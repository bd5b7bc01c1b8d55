"""Images: the programs of a toolchain that this machine does not have, as an unpacked file system.

An image is made once by debootstrap from the machine's own package mirror, found by the hash of what
it was asked to hold, and shared read-only by all sandboxes: a task adds kilobytes to it. Nothing of
a task is in it, and nothing of a task runs while it is made.
"""

import logging
import os
import shutil
import subprocess
from pathlib import Path

from pydantic import Field

from data.errors import EnvironmentFault, UserError
from data.hashing import content_hash
from data.record import Record
from data.staging import staged
from envs.code.cache import cache_root, no_room
from envs.code.images.mirror import Mirror, machine_mirror
from envs.sandbox import view

log = logging.getLogger(__name__)

BUILD_S = 1800.0
MAX_SHOWN = 300
MANIFEST = "image.json"
ROOT = "root"
BASE = ("bash", "coreutils", "git", "grep", "sed", "findutils", "diffutils", "gawk", "patch", "tar")
"""What the shell of an agent has in every image."""
NOT_KEPT = (
    *("dev", "proc", "sys", "run", "tmp", "var/cache", "var/lib/apt", "var/log"),
    *("usr/share/doc", "usr/share/man", "usr/share/locale"),
)
SETTINGS = ("alternatives", "java-*", "maven", "php", "ssl")
"""Folders of /etc that programs read."""


class Recipe(Record):
    """What an image holds, beside the base of the distribution."""

    packages: tuple[str, ...] = Field(min_length=1)
    """Names of the distribution's packages."""


class Image(Record):
    """An image that is here."""

    sha256: str
    """Of the recipe, the distribution and the machine's architecture."""
    versions: dict[str, str]
    """Of every package in it."""

    @property
    def root(self) -> Path:
        return _folder(self.sha256) / ROOT


def image(recipe: Recipe) -> Image:
    """The image of `recipe`, made by the first who asks.

    Raises `EnvironmentFault` in one line where it cannot be made; nothing is left of the attempt.
    """
    mirror = machine_mirror()
    sha256 = content_hash([recipe.model_dump(mode="json"), mirror.suite, os.uname().machine])
    manifest = _folder(sha256) / MANIFEST
    if not manifest.is_file():
        _make(recipe, mirror, sha256)
    return Image.model_validate_json(manifest.read_text())


def mounts(image: Image) -> dict[str, Path]:
    """What to mount into a sandbox so that its programs are the image's.

    Raises `EnvironmentFault` where our own Python would be hidden by them.
    """
    if Path(view.python()).is_relative_to("/usr"):
        raise EnvironmentFault(
            f"images need a Python outside /usr, this is {view.python()}; run from one that uv or "
            "pyenv installed"
        )
    found = {"/usr": image.root / "usr"}
    for pattern in SETTINGS:
        for folder in sorted((image.root / "etc").glob(pattern)):
            if folder.is_dir() and not folder.is_symlink():
                found[f"/etc/{folder.name}"] = folder
    return found


def reap() -> int:
    """Removes what makers of images that no longer live left behind; the number of folders."""
    return sum(map(_reaped, cache_root().glob("images/.image-*.partial")))


def _reaped(folder: Path) -> bool:
    target = folder.with_name(folder.name.removeprefix(".").removesuffix(".partial"))
    try:
        with staged(target):
            raise _Nothing
    except _Nothing:
        return True
    except UserError:
        return False  # somebody makes it now


class _Nothing(Exception):
    """Nothing shall take the place of the folder."""


def _folder(sha256: str) -> Path:
    return (cache_root() / "images" / f"image-{sha256[:32]}").absolute()


def _make(recipe: Recipe, mirror: Mirror, sha256: str) -> None:
    if os.geteuid() != 0:
        raise EnvironmentFault("making an image takes root; make it once as root")
    for program in ("debootstrap", "unshare", "setpriv"):
        if shutil.which(program) is None:
            raise EnvironmentFault(
                f"making an image takes {program}; run 'apt-get install debootstrap util-linux'"
            )
    reap()
    try:
        with staged(_folder(sha256)) as aside:
            root = aside / ROOT
            _bootstrap(recipe, mirror, root)
            versions = _versions(root)
            for name in NOT_KEPT:
                shutil.rmtree(root / name, ignore_errors=True)
            made = Image(sha256=sha256, versions=versions)
            (aside / MANIFEST).write_text(made.model_dump_json(indent=1))
            aside.chmod(0o755)
    except (OSError, UserError) as error:
        raise no_room("an image", error) from error
    log.info("made an image of %s", ", ".join(recipe.packages))


def _bootstrap(recipe: Recipe, mirror: Mirror, root: Path) -> None:
    """Runs debootstrap in namespaces of its own: its mounts and processes end with it, or with us."""
    included = ",".join(sorted({*BASE, *recipe.packages}))
    options = ["--variant=minbase", "--merged-usr", f"--include={included}"]
    options.append(f"--components={','.join(mirror.components)}")
    if mirror.keyring:
        options.append(f"--keyring={mirror.keyring}")
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork"]
    command += ["--kill-child", "debootstrap", *options, mirror.suite, str(root), mirror.uri]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=BUILD_S,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"},
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFault(f"an image was not made within {BUILD_S:.0f} s") from error
    if done.returncode:
        raise EnvironmentFault(
            f"an image of {', '.join(recipe.packages)} cannot be made: {_reason(done.stdout, root)}"
        )


def _reason(said: str, root: Path) -> str:
    """The last lines of debootstrap's own log that say something, in one."""
    log_file = root / "debootstrap" / "debootstrap.log"
    text = said + (log_file.read_text(errors="replace") if log_file.is_file() else "")
    lines = [line for line in text.splitlines() if line.startswith(("E:", "dpkg: error", "tar:"))]
    lines = lines or text.strip().splitlines()
    return " ".join(" ".join(lines[-3:]).split())[-MAX_SHOWN:] or "no reason is given"


def _versions(root: Path) -> dict[str, str]:
    """Of the packages that dpkg has installed in `root`."""
    found: dict[str, str] = {}
    for stanza in (root / "var/lib/dpkg/status").read_text(errors="replace").split("\n\n"):
        fields = dict(
            line.split(": ", 1)
            for line in stanza.splitlines()
            if line[:1].isalpha() and ": " in line
        )
        if "installed" in fields.get("Status", "").split():
            found[fields["Package"]] = fields["Version"]
    return dict(sorted(found.items()))
