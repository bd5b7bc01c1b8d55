"""What works on this machine, and what to do about the rest. Changes nothing that is there.

Only what the main job needs is required; everything else is named with the command that adds it.
"""

import importlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from data.errors import PalaestraError
from data.sources.corpus import DEFAULT_SOURCES, known_sources
from data.store import Store
from data.store.database import parse_url
from data.task import TaskKind
from envs.base import kind_module

OLDEST_PYTHON = (3, 11)
MIN_FREE_GIB = 2.0
"""An index of the default corpus takes 0.2 GiB; runs and exports come on top."""
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


class Finding(NamedTuple):
    name: str
    works: bool
    detail: str
    """What was found or, where it does not work, what to do."""
    required: bool = True


def diagnose(url: str) -> Iterator[Finding]:
    """Every finding, in a fixed order; `url` is the database to look at."""
    yield _python()
    yield from _packages()
    yield _cache()
    yield _database(url)
    yield from _sources()
    for kind in TaskKind:
        yield from (Finding(*found) for found in kind_module(kind).diagnose())
    yield from _programs()
    yield _gpu()


def _python() -> Finding:
    found, oldest = ".".join(map(str, sys.version_info[:3])), ".".join(map(str, OLDEST_PYTHON))
    works = sys.version_info >= OLDEST_PYTHON
    return Finding("python", works, found if works else f"{found}; install {oldest} or newer")
