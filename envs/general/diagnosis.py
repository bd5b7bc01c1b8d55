"""What general worlds need of this machine: an SQLite that can open an image, and the real data."""

import sqlite3
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from envs.base import Finding
from envs.general.compiler import domain_files
from envs.general.real import SOURCES
from envs.general.trip.compiled import PACKAGES


def diagnose() -> Iterator[Finding]:
    """SQLite, the domain files, then every source of real data."""
    can = hasattr(sqlite3.Connection, "deserialize")
    yield Finding(
        "SQLite snapshots",
        can,
        f"SQLite {sqlite3.sqlite_version}"
        if can
        else f"SQLite {sqlite3.sqlite_version} is built without deserialize; use another Python",
    )
    found = len(domain_files())
    yield Finding("general domains", found > 0, f"{found} domain files")
    packages = {name: source.package for name, source in SOURCES.items()}
    for name, package in (packages | PACKAGES).items():
        try:
            detail, works = f"{package} {version(package)}", True
        except PackageNotFoundError:
            detail, works = f"install {package}", False
        yield Finding(f"{name} data", works, detail, False)
