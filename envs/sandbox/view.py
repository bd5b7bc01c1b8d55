"""What a sandbox sees of this machine, the same for every technology: /usr, Python, chosen packages.

All of it is read-only. Packages are the distributions asked for and what they require, taken from
the environment that this process runs in, without console scripts; nothing else of that environment
is visible, and of /etc only what stands here.
"""

import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from data.errors import EnvironmentFault
from envs.sandbox.base import HOME

INSIDE = Path(__file__).resolve().parent / "inside"
SUPERVISOR = "/opt/supervisor"
PACKAGES = "/opt/packages"
WRITABLE = (HOME, "/tmp", "/dev/shm")
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""Top-level folders that hold programs, or links to the place under /usr that does."""
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "mime.types")

ETC_FILES = {
    "passwd": (
        "root:x:0:0:root:/:/usr/sbin/nologin\n"
        f"agent:x:1000:1000:agent:{HOME}:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
    ),
    "group": "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Bind(NamedTuple):
    """A file or folder of this machine and where it appears, read-only."""

    source: str
    target: str


class Link(NamedTuple):
    source: str
    target: str


def binds(packages: Sequence[str]) -> list[Bind]:
    """Everything visible that is a file or folder here."""
    found = [Bind("/usr", "/usr")]
    found += [Bind(f"/{name}", f"/{name}") for name in SYSTEM if _is_own_folder(f"/{name}")]
    found += [Bind(f"/etc/{name}", f"/etc/{name}") for name in ETC if Path("/etc", name).exists()]
    found += _interpreter()
    found.append(Bind(str(INSIDE), f"{SUPERVISOR}/inside"))
    found += [Bind(str(path), f"{PACKAGES}/{path.name}") for path in package_paths(tuple(packages))]
    return found


def links() -> list[Link]:
    """Links: the top-level ones that this machine has, and the usual names of Python."""
    found = [Path("/", name) for name in SYSTEM if Path("/", name).is_symlink()]
    made = [Link(str(path.readlink()), str(path)) for path in found]
    program = Path(python())
    if not program.is_relative_to("/usr"):
        names = {"python", "python3"} - {program.name}
        made += [Link(program.name, str(program.with_name(name))) for name in sorted(names)]
    return made


def parents(binds: Sequence[Bind]) -> list[str]:
    """Folders above the targets of `binds`, outermost first."""
    found = {folder for bind in binds for folder in Path(bind.target).parents}
    return sorted(str(folder) for folder in found if str(folder) != "/")


def python() -> str:
    """Path of the interpreter, here and inside."""
    return str(Path(sys.executable).resolve())


def environment() -> dict[str, str]:
    """Variables of every process inside; they make runs alike on all machines."""
    return {
        "PATH": f"{Path(python()).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": HOME,
        "USER": "agent",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": PACKAGES,
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        **dict.fromkeys(THREADS, "1"),
    }


def _is_own_folder(name: str) -> bool:
    return Path(name).is_dir() and not Path(name).is_symlink()


def _interpreter() -> Iterator[Bind]:
    """The interpreter with its standard library, where it does not stand in /usr."""
    if not _prefix().is_relative_to("/usr"):
        places = [Path(python()), _library(), *sorted(_prefix().glob("lib/libpython*.so*"))]
        yield from (Bind(str(place), str(place)) for place in places)


def hidden() -> list[str]:
    """Folders below what is visible that must appear empty: packages nobody asked for."""
    if _prefix().is_relative_to("/usr"):
        return []
    return [str(_library() / "site-packages")]


def _prefix() -> Path:
    return Path(sys.base_prefix).resolve()


def _library() -> Path:
    return _prefix() / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"


@cache
def package_paths(names: tuple[str, ...]) -> tuple[Path, ...]:
    """Files and folders to import of the distributions `names` and of all that they require.

    Raises `EnvironmentFault` that names the distribution that is not installed.
    """
    wanted, seen = list(names), dict[str, Distribution]()
    while wanted:
        name = wanted.pop()
        key = name.lower().replace("_", "-")
        if key in seen:
            continue
        seen[key] = found = _distribution(name)
        for text in found.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                wanted.append(requirement.name)
    paths = {path for found in seen.values() for path in _top_level(found)}
    return tuple(sorted(paths))


def _distribution(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise EnvironmentFault(
            f"sandboxes need the package {name}, which is not installed; run 'make install'"
        ) from error


def _top_level(found: Distribution) -> Iterator[Path]:
    for name in sorted({file.parts[0] for file in found.files or () if file.parts}):
        if name not in ("..", "__pycache__"):
            path = Path(str(found.locate_file(name)))
            if path.exists():
                yield path
