"""Source archives of Debian packages, through apt and the machine's own sources, checked by hash.

apt works in a folder of ours, with the machine's sources turned into source lines; nothing of the
system's lists is touched. Signatures are checked by apt, hashes by us.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from data.errors import EnvironmentFault, SourceError, UserError
from data.hashing import file_hash
from data.staging import staged
from envs.code.cache import archives, cache_root, no_room
from envs.code.metadata import as_released
from envs.code.spec import Origin
from envs.code.tree import Tree, unpack

UPDATE_TIMEOUT_S = 300.0
DOWNLOAD_TIMEOUT_S = 300.0
MAX_BYTES = 32 << 20
"""Of one archive."""
SOURCES = Path("/etc/apt")
_NAME = re.compile(r"[a-z0-9][a-z0-9.+-]+")
_VERSION = re.compile(r"[A-Za-z0-9.+~:-]+")
_LINE = re.compile(r"^deb(\s+(?:\[[^\]]*\]\s+)?\S+\s+.*)$")
_FILE = re.compile(r"^ ([0-9a-f]{64}) (\d+) (\S+)$", re.MULTILINE)


def fetch(origin: Origin) -> Tree:
    """The upstream source that a package is built from, without the distribution's patches.

    Raises `SourceError` where the archive cannot be had any more.
    """
    path = archive(origin.project, origin.version, origin.archive, origin.sha256)
    return as_released(unpack(path))


def archive(package: str, version: str, filename: str, sha256: str) -> Path:
    """One archive of a source package; apt is asked only where the folder does not have it."""
    if PurePosixPath(filename).name != filename or "\0" in filename:
        raise SourceError(f"{filename!r} is no file name of an archive")
    path = archives() / sha256 / filename
    if path.is_file() and file_hash(path) == sha256:
        return path
    download(package, version)
    if not path.is_file():
        raise SourceError(f"{filename} with hash {sha256[:12]} is not in the archive (any more)")
    return path


def download(package: str, version: str = "") -> dict[str, Path]:
    """The archives of a source package that could be had, by their names; the `.dsc` among them.

    Of the newest version if none is named. Raises `SourceError` where not even that came.
    """
    if not _NAME.fullmatch(package) or (version and not _VERSION.fullmatch(version)):
        raise SourceError(f"{package!r} {version!r} is no source package of Debian")
    wanted = f"{package}={version}" if version else package
    root = archives()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".partial-") as aside:
            done = _apt(["source", "--download-only", "-qq", wanted], DOWNLOAD_TIMEOUT_S, aside)
            found = {path.name: path for path in sorted(Path(aside).iterdir()) if path.is_file()}
            listed = _listed(found)
            if not listed:
                reason = _first_error(done.stderr)
                raise SourceError(f"the source package {wanted} cannot be had: {reason}")
            return {name: _kept(found[name], root) for name in found if _sound(found[name], listed)}
    except OSError as error:
        raise no_room("a source package", error) from error


def _listed(found: dict[str, Path]) -> dict[str, str]:
    """SHA-256 by file name, as the `.dsc` says; itself included."""
    description = next((path for name, path in found.items() if name.endswith(".dsc")), None)
    if description is None:
        return {}
    text = description.read_text(errors="replace")
    _, _, sums = text.partition("Checksums-Sha256:")
    hashes = {name: digest for digest, _, name in _FILE.findall(sums.partition("\nFiles:")[0])}
    return {**hashes, description.name: file_hash(description)}


def _sound(path: Path, listed: dict[str, str]) -> bool:
    return path.stat().st_size <= MAX_BYTES and listed.get(path.name) == file_hash(path)


def _kept(path: Path, root: Path) -> Path:
    place = root / file_hash(path) / path.name
    place.parent.mkdir(parents=True, exist_ok=True)
    path.replace(place)
    return place


def _apt(
    arguments: Sequence[str], timeout_s: float, folder: str
) -> "subprocess.CompletedProcess[str]":
    """apt-get with lists of its own, which the first call brings."""
    program = shutil.which("apt-get")
    if program is None:
        raise SourceError("Debian's sources need apt-get, which this machine does not have")
    state = cache_root().resolve() / "apt"
    _prepared(program, state)
    return _run([program, *_options(state), *arguments], timeout_s, folder)


def _prepared(program: str, state: Path) -> None:
    if state.is_dir():
        return
    lines = _source_lines()
    if not lines:
        raise SourceError(f"{SOURCES} names no source of Debian packages")
    try:
        with staged(state) as aside:
            for folder in ("lists/partial", "cache/archives/partial", "parts"):
                (aside / folder).mkdir(parents=True)
            for name, text in lines.items():
                (aside / "parts" / name).write_text(text)
            done = _run([program, *_options(aside), "update", "-qq"], UPDATE_TIMEOUT_S, str(aside))
            if done.returncode:
                raise SourceError(f"apt cannot update its lists: {_first_error(done.stderr)}")
    except SourceError:
        raise
    except UserError as error:
        raise EnvironmentFault(str(error)) from error


def _options(state: Path) -> list[str]:
    settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": str(state / "parts"),
        "Dir::State::Lists": str(state / "lists"),
        "Dir::Cache": str(state / "cache"),
        "APT::Sandbox::User": "root",
        "Acquire::Retries": "2",
    }
    return [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]


def _source_lines() -> dict[str, str]:
    """The machine's sources, by file name, for source packages in place of binary ones."""
    found: dict[str, str] = {}
    for path in sorted([*SOURCES.glob("sources.list.d/*"), SOURCES / "sources.list"]):
        if not path.is_file():
            continue
        text = path.read_text(errors="replace")
        if path.suffix == ".sources":
            found[path.name] = re.sub(r"(?m)^Types:.*$", "Types: deb-src", text)
        elif path.suffix == ".list":
            lines = [match[1] for line in text.splitlines() if (match := _LINE.match(line))]
            if lines:
                found[path.name] = "".join(f"deb-src{line}\n" for line in lines)
    return found


def _run(
    command: Sequence[str], timeout_s: float, folder: str
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"apt-get did not end within {timeout_s:g} s") from error


def _first_error(text: str) -> str:
    """The first line that says what is wrong, without addresses."""
    lines = [line for line in text.splitlines() if line.startswith("E:")]
    return re.sub(r"\S+://\S+", "a source", lines[0])[:200] if lines else "apt-get gives no reason"
