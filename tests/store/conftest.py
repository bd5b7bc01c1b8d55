"""Each test of the store runs on a new SQLite file and on a new database of a real PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url

from data.store import Store
from scripts.postgres import URL_VARIABLE, ServerError, server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server whose databases we may make and drop."""
    if URL_VARIABLE in os.environ:
        yield os.environ[URL_VARIABLE]
        return
    with ExitStack() as stack:
        try:
            url = stack.enter_context(server())
        except ServerError as error:
            pytest.skip(str(error))
        yield url


def at(server_url: str, database: str) -> str:
    """The URL of another database of the same server."""
    return make_url(server_url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/palaestra.db"


@pytest.fixture
def postgres_url(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    psycopg = pytest.importorskip("psycopg", reason="install palaestra with its extra [postgres]")
    name = f"palaestra_test_{os.getpid()}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        yield at(postgres_server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database, of each kind."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as store:
        yield store
