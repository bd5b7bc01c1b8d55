"""What works on this machine, and what to do about the rest. Changes nothing that is there.

Only what the main job needs is required; everything else is named with the command that adds it.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from data.errors import PalaestraError
from data.sources.corpus import DEFAULT_SOURCES, known_sources
from data.store import Store
from data.store.database import parse_url
from data.task import TaskKind
from envs.base import Finding, kind_module

OLDEST_PYTHON = (3, 11)
COMMAND_LIMIT_S = 10.0
PACKAGES = (
    "pydantic",
    "sqlalchemy",
    "alembic",
    "jsonschema",
    "click",
    "rich",
    "prompt_toolkit",
    "aiohttp",
    "tantivy",
    "babel",
    "pyarrow",
    "matplotlib",
)
EXTRAS = {"psycopg": "postgres", "ray": "ray", "torch": "model", "vllm": "serve"}


def diagnose(url: str) -> Iterator[Finding]:
    """Every finding, in a fixed order; `url` is the database to look at."""
    yield _python()
    yield from _packages()
    yield _database(url)
    yield from _sources()
    for kind in TaskKind:
        yield from _worlds(kind)
    yield from _programs()
    yield _gpu()


def _python() -> Finding:
    found, oldest = ".".join(map(str, sys.version_info[:3])), ".".join(map(str, OLDEST_PYTHON))
    works = sys.version_info >= OLDEST_PYTHON
    return Finding("python", works, found if works else f"{found}; install {oldest} or newer")


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        yield _package(name, "make demo installs it")
    for name, extra in EXTRAS.items():
        yield _package(name, f"optional: pip install -e '.[{extra}]'", required=False)


def _package(name: str, remedy: str, *, required: bool = True) -> Finding:
    try:
        return Finding(name, find_spec(name) is not None, version(name), required)
    except PackageNotFoundError:
        return Finding(name, False, remedy, required)


def _database(url: str) -> Finding:
    """Opens the database; a SQLite file that is not there yet stays so."""
    try:
        parsed = parse_url(url)
        shown = parsed.render_as_string(hide_password=True)
        if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
            return Finding("database", True, f"{shown} does not exist yet; synth makes it")
        with Store.open(url) as store:
            return Finding("database", True, f"{shown}, {store.count():,} tasks")
    except PalaestraError as error:
        return Finding("database", False, str(error))


def _sources() -> Iterator[Finding]:
    for name, about in known_sources().items():
        what, _, missing = about.partition("; not available: ")
        yield Finding(f"source {name}", not missing, missing or what, name in DEFAULT_SOURCES)


def _worlds(kind: TaskKind) -> Iterator[Finding]:
    try:
        yield from kind_module(kind).diagnose()
    except ModuleNotFoundError as error:
        yield Finding(f"{kind} worlds", False, f"the package {error.name} is missing; see above")


def _programs() -> Iterator[Finding]:
    yield _program(
        "docker", ["docker", "info", "--format", "{{.ServerVersion}}"], "worlds in containers"
    )
    yield _program("psql", ["psql", "--version"], "a PostgreSQL client; SQLite needs none")


def _gpu() -> Finding:
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    return _program("gpu", query, "only training and serving a model needs one")


def _program(name: str, command: list[str], use: str) -> Finding:
    """The first line that `command` prints; an optional finding."""
    if shutil.which(command[0]) is None:
        return Finding(name, False, f"optional: {use}; no {command[0]} here", False)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(name, False, f"optional: {use}; {command[0]}: {error}", False)
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    said = lines[0] if lines else f"exit code {done.returncode}"
    return Finding(name, done.returncode == 0, said, False)
