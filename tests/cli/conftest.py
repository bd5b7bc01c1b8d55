"""The command line on real parts: a corpus of sixty documents, its index, and SQLite files."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import cli  # noqa: TID251 - what is tested here
from tests.cli.corpus import write_corpus

NUM_TASKS = 30

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worlds")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "lights.jsonl")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "palaestra.db"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, worlds: Path, database: Path) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(worlds))
    monkeypatch.setenv("PALAESTRA_DB", f"sqlite:///{database}")


@pytest.fixture
def run() -> Run:
    """Runs one command in this process; what it did not raise on purpose goes through."""

    def invoke(*arguments: object, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(cli, [str(a) for a in arguments], input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, worlds: Path, corpus: Path) -> Path:
    """A database of `NUM_TASKS` tasks; copy it before you change it."""
    path = tmp_path_factory.mktemp("filled") / "palaestra.db"
    env = {"PALAESTRA_CACHE": str(worlds), "PALAESTRA_DB": f"sqlite:///{path}"}
    command = ["synth", "--kind", "search", "--n", str(NUM_TASKS), "--source", f"jsonl:{corpus}"]
    result = CliRunner().invoke(cli, command, env=env)
    assert result.exit_code == 0, result.output
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def tasks(filled: Path, database: Path) -> list[str]:
    """The ids of the tasks in `database`, which is a copy of `filled`."""
    shutil.copy(filled, database)
    with sqlite3.connect(database) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM tasks ORDER BY id")]


def records(result: Result) -> list[dict[str, Any]]:
    """What a command printed with --json; every line is one object."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def error_line(result: Result) -> str:
    """The one line of a user's error."""
    assert result.exit_code == 1, (result.exit_code, result.output)
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return lines[0]
