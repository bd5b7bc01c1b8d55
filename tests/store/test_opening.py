"""Opening makes and migrates what is ours and refuses the rest, untouched, in one line."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, make_url, text

from data.errors import StoreError, UserError
from data.store import Limits, Store
from data.store.database import open_database, parse_url
from data.store.revisions import alembic_config
from data.store.schema import SCHEMA_VERSION, VERSION_TABLE, Table
from data.task import TaskKind
from tests.store.factory import edit, fill, make_draws, make_task, table_rows

BRIEFLY = Limits(lock_timeout_s=0.05)


def one_line(error: pytest.ExceptionInfo[BaseException]) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


def test_reopening_finds_everything(url: str) -> None:
    with Store.open(url) as store:
        fill(store, [make_task(1)])
    rows = table_rows(url)
    with Store.open(url) as store:
        assert store.task(make_task(1).id) == make_task(1)
    assert table_rows(url) == rows


def test_the_migrations_make_the_tables_of_the_models(url: str) -> None:
    Store.open(url).close()
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Table.metadata) == []
        assert set(Table.metadata.tables) < set(inspect(connection).get_table_names())
    engine.dispose()


def test_the_newest_revision_is_the_one_the_code_asks_for(url: str) -> None:
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
        assert script.get_heads() == [SCHEMA_VERSION]
        assert script.get_base() == "0001"
    engine.dispose()


def test_every_revision_goes_down_and_up_again(url: str) -> None:
    Store.open(url).close()
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
        assert inspect(connection).get_table_names() == [VERSION_TABLE]
    engine.dispose()
    with Store.open(url) as store:
        fill(store, [make_task(1)])
        assert store.count() == 1


def test_attempts_of_the_first_schema_become_groups_and_tasks_get_their_domains(url: str) -> None:
    Store.open(url).close()
    engine = create_engine(parse_url(url))
    body = make_task(1).model_dump(mode="json", exclude={"id", "certificate"})
    body["provenance"]["options"] = {"domain": "libraries"}
    bodies = {"t1": json.dumps(body), "t2": json.dumps({**body, "provenance": {}}), "t3": "{oops"}
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0001")
        for name, text_ in bodies.items():
            connection.execute(
                text("INSERT INTO tasks VALUES (:id, 'search', 'en', 'train', 1, :id, 'g', :body)"),
                {"id": name, "body": text_},
            )
        ends = [("t1", 0, "scored"), ("t1", 1, "scored"), ("t1", 2, "invalid"), ("t1", 3, "scored")]
        for task, number, end in [*ends, ("t2", 1, "scored")]:
            connection.execute(
                text("INSERT INTO attempts VALUES (:task, 'm', :number, :end, :score, '{}')"),
                {"task": task, "number": number, "end": end, "score": 1.0},
            )
    with Store.open(url) as store:
        assert store.groups("m", TaskKind.SEARCH) == {"t1": 2}
    with engine.connect() as connection:
        found = connection.execute(text("SELECT id, domain FROM tasks ORDER BY id")).all()
    engine.dispose()
    assert list(map(tuple, found)) == [("t1", "libraries"), ("t2", ""), ("t3", "")]


def test_a_newer_schema_is_refused(url: str) -> None:
    Store.open(url).close()
    edit(url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    before = table_rows(url)
    with pytest.raises(
        StoreError, match=f"schema 9999, newer than this code's {SCHEMA_VERSION}; update"
    ) as e:
        Store.open(url)
    one_line(e)
    assert table_rows(url) == before


def test_what_somebody_else_made_is_refused(url: str) -> None:
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE tasks (id integer)")
    engine.dispose()
    with pytest.raises(StoreError, match="not made by palaestra, it holds tasks") as e:
        Store.open(url)
    one_line(e)
    assert table_rows(url) == {"tasks": []}


def test_a_writer_waits_no_longer_than_the_limit(url: str) -> None:
    holder = open_database(url, Limits())
    with Store.open(url, BRIEFLY) as store:
        with (
            holder.writing(),
            pytest.raises(StoreError, match="locked by another process for over 0.05 s") as e,
        ):
            store.begin_run("run", {})
        one_line(e)
        store.begin_run("run", {})
        assert len(store.runs()) == 1
    holder.close()


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("palaestra.db", "no database URL 'palaestra.db'; known are sqlite:///FILE"),
        ("", "no database URL ''"),
        ("postgresql://me:secret@host:port/x", r"'postgresql://me:\*\*\*@host:port/x'"),
        ("mysql://root@localhost/x", "no database of kind 'mysql'; known are sqlite:///FILE"),
        ("postgresql+psycopg2://localhost/x", "no database of kind 'postgresql\\+psycopg2'"),
        ("sqlite://", "'sqlite://' names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_url_of_no_use_names_the_known_ones(asked: str, answer: str) -> None:
    with pytest.raises(UserError, match=answer) as e:
        Store.open(asked)
    one_line(e)


def test_a_new_file_gets_its_folder(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/a/b%20c/palaestra.db") as store:
        assert store.count() == 0
    with pytest.raises(StoreError, match="cannot make its folder: Not a directory") as e:
        Store.open(f"sqlite:///{tmp_path}/a/b%20c/palaestra.db/more/palaestra.db")
    one_line(e)


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "palaestra.db").touch()
    with Store.open(f"sqlite:///{tmp_path}/palaestra.db") as store:
        assert store.count() == 0


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open database file; name a file") as e:
        Store.open(f"sqlite:///{tmp_path}")
    one_line(e)


def no_database(path: Path) -> None:
    path.write_text("id,question\n1,Which river?\n" * 400)


def other_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE omdb (title text)")
    connection.close()


def truncated(path: Path) -> None:
    filled(path)
    os.truncate(path, path.stat().st_size // 2)


def damaged_schema(path: Path) -> None:
    filled(path)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 200)


def newer(path: Path) -> None:
    filled(path)
    edit(f"sqlite:///{path}", f"UPDATE {VERSION_TABLE} SET version_num = '9999'")


def filled(path: Path) -> None:
    with Store.open(f"sqlite:///{path}") as store:
        store.begin_run("run", {})
        store.commit("run", make_draws(0, 60))


@pytest.mark.parametrize("make", [no_database, other_program, truncated, damaged_schema, newer])
def test_a_refused_file_keeps_its_bytes(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "palaestra.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"database sqlite:///{path}: ") as e:
        Store.open(f"sqlite:///{path}")
    one_line(e)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["palaestra.db"]


def test_damage_found_later_is_told_and_left(tmp_path: Path) -> None:
    path = tmp_path / "palaestra.db"
    filled(path)
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'tasks'"
        ).fetchone()
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * page_size)
        file.write(b"\xff" * page_size)
    before = path.read_bytes()
    with Store.open(f"sqlite:///{path}") as store:
        with pytest.raises(StoreError, match="damaged or no database .*restore a copy") as e:
            list(store.tasks())
        one_line(e)
        with pytest.raises(StoreError, match="damaged"):
            store.commit("run", make_draws(60, 70))
    assert path.read_bytes() == before


def test_a_file_that_another_program_locks_is_refused_in_time(tmp_path: Path) -> None:
    path = tmp_path / "palaestra.db"
    filled(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="locked by another process for over 0.05 s") as e:
        Store.open(f"sqlite:///{path}", BRIEFLY)
    one_line(e)
    assert path.read_bytes() == before
    holder.close()


def test_an_unreachable_server_is_told_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match=r"postgresql\+psycopg://me:\*\*\*@.*connection") as e:
        Store.open(f"postgresql://me:secret@/palaestra?host={tmp_path}")
    assert "secret" not in one_line(e)


@pytest.mark.postgres
def test_a_database_that_is_not_there_is_told(postgres_server: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match='database "nowhere" does not exist') as e:
        Store.open(make_url(postgres_server).set(database="nowhere").render_as_string(False))
    one_line(e)


@pytest.mark.postgres
def test_lost_connections_are_replaced(postgres_server: str, postgres_url: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    with Store.open(postgres_url) as store:
        fill(store, [make_task(1)])
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            lost = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                [parse_url(postgres_url).database],
            ).fetchall()
        assert lost == [(True,)] * len(lost) != []
        assert store.task(make_task(1).id) == make_task(1)


def test_a_missing_driver_says_what_to_install() -> None:
    program = """
import sys
sys.modules["psycopg"] = None
from data.errors import StoreError
from data.store import Store
try:
    Store.open("postgresql://localhost/palaestra")
except StoreError as error:
    sys.exit(str(error))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().endswith(
        "the driver psycopg is not installed; install palaestra with its extra [postgres]"
    )
