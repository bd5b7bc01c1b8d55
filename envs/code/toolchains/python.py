"""Python trees: their tests by pytest, unittest suites too; their requirements from a lock.

pytest is the one of our own environment and has been loaded before the sandbox is made; only where
the hashes of strings shall differ is a new interpreter started. Plug-ins load if the lock has them.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from envs.code.cache import cache_root
from envs.code.dependencies import installed
from envs.code.spec import REPOSITORY, Toolchain
from envs.code.toolchains.base import STREAM_FD, Plan, RunRequest
from envs.code.tree import Tree
from envs.sandbox.base import Program
from envs.sandbox.view import PACKAGES as PACKAGES_FOLDER
from envs.sandbox.view import SUPERVISOR, environment, python

PACKAGES = ("pytest",)
"""Of our environment, in every sandbox."""
SITE = "/opt/site"
REPORT = "/tmp/report.xml"
HOME = "/tmp/home"
FOLDER = "/tmp/runner"
RUNNER = "envs.code.inside.runner"
PROGRAM = "envs.code.inside.program"
CLOCK = "envs.code.inside.clock"
_MODULES = (CLOCK, RUNNER)
_FORKED = (*_MODULES, PROGRAM, "envs.code.inside.rehearsal")
MAX_HASH_SEED = 2**32 - 1
WARM_HASHES = (0, 5)
"""Seeds of the hashes of strings with which pytest has been loaded; others take a new interpreter."""
_IMPORT_MODE = re.compile(rb"--import-mode[= ](prepend|append|importlib)")


def programs() -> list[Program]:
    """What a provider forks: `RUNNER` and `PROGRAM`."""
    return [Program(name, _source(name)) for name in _FORKED]


@cache
def _source(name: str) -> str:
    return files("envs.code.inside").joinpath(f"{name.rpartition('.')[2]}.py").read_text()


def mounts(toolchain: Toolchain) -> Mapping[str, Path]:
    """Raises `EnvironmentFault` where the requirements cannot be installed."""
    if not toolchain.lock.strip():
        return {}
    return {SITE: installed(toolchain.lock, cache_root() / "sites")}


def variables(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    """The agent has our pytest too, which needs nothing else."""
    return {"PYTHONPATH": ":".join([*_path(toolchain, mounts), PACKAGES_FOLDER])}


def links(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    return {}


def tests(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    path = _path(request.toolchain, mounts)
    job = {
        "stream": STREAM_FD,
        "rootdir": REPOSITORY,
        "home": HOME,
        "report": REPORT,
        "modules": request.modules,
        "ids": request.ids,
        "order": request.seed if request.order is None else request.order,
        "days": request.days,
        "site": SITE if SITE in mounts else "",
        "path": path,
        "import_mode": _import_mode(request.tree),
        "hidden": [FOLDER, SUPERVISOR, REPOSITORY, "", "/"],
        "disguised": request.disguised,
        "plugin": request.plugin.source if request.plugin else "",
    }
    env = {**_environment(path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    if request.plugin:
        env |= request.plugin.env
    stdin = json.dumps(job).encode()
    hashes = request.seed % MAX_HASH_SEED
    env["PYTHONHASHSEED"] = str(hashes)
    if hashes in WARM_HASHES:
        return Plan((f"@{RUNNER}",), env, stdin, report=REPORT, streamed=True, hashes=hashes)
    return Plan(
        (python(), "-B", "-s", "-P", "-m", RUNNER),
        {**env, "PYTHONPATH": f"{FOLDER}:{PACKAGES_FOLDER}"},
        stdin,
        files={
            f"{FOLDER}/{name.replace('.', '/')}.py": _source(name).encode() for name in _MODULES
        },
        report=REPORT,
        streamed=True,
    )


def script(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """A plain interpreter, which has never heard of a test framework, unless it is asked for."""
    place = f"{FOLDER}/script.py"
    env = _environment(_path(request.toolchain, mounts))
    if request.forked:
        return Plan((f"@{PROGRAM}",), env, request.script.encode())
    if request.seed:
        env["PYTHONHASHSEED"] = str(request.seed % MAX_HASH_SEED)
    put, begin = {place: request.script.encode()}, (python(), "-B", "-s", "-P")
    if not request.days:
        return Plan((*begin, place), env, files=put)
    clock = f"{FOLDER}/clock.py"
    put[clock] = _source(CLOCK).encode()
    return Plan((*begin, clock, str(request.days), place), env, files=put)


def _import_mode(tree: Tree) -> str:
    """The one of the tree's own settings that decides whether its modules load at all."""
    for name in ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"):
        if name in tree and (found := _IMPORT_MODE.search(tree[name].content)):
            return found[1].decode()
    return "prepend"


def _path(toolchain: Toolchain, mounts: Mapping[str, Path]) -> list[str]:
    root = f"{REPOSITORY}/{toolchain.root}".rstrip("/")
    return [root, *([SITE] if SITE in mounts else [])]


def _environment(path: list[str]) -> dict[str, str]:
    """Of the tests and of the programs that they start."""
    return {**environment(), "HOME": HOME, "PYTHONPATH": ":".join(path)}
