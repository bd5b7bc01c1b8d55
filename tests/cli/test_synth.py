"""`synth`: the same tasks however it is run, interrupted or asked for."""

import importlib.util
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import NUM_TASKS, Run, error_line, records
from tests.cli.corpus import write_corpus

ROOT = Path(__file__).parents[2]


def contents(database: Path) -> list[tuple[object, ...]]:
    """Every task, certificate and draw of a database."""
    with sqlite3.connect(database) as connection:
        return [
            row
            for table in ("tasks", "certificates", "draws")
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
        ]


def start(corpus: Path, database: Path, *arguments: str) -> subprocess.Popen[str]:
    """A run that is under way: its first tasks are committed."""
    command = [sys.executable, "cli.py", "synth", "--kind", "search", "--n", str(NUM_TASKS)]
    process = subprocess.Popen(
        [*command, "--source", f"jsonl:{corpus}", "--db", f"sqlite:///{database}", *arguments],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("synth ")
    return process


def test_the_summary_accounts_for_every_draw(run: Run, corpus: Path) -> None:
    result = run("synth", "--kind", "search", "--n", 6, "--source", f"jsonl:{corpus}", "--json")
    (summary,) = records(result)
    assert result.exit_code == 0
    fields = {"kind", "attempted", "accepted", "rejected", "seconds", "accepted_per_second"}
    assert set(summary) == fields
    assert summary["kind"] == "search"
    assert summary["accepted"] == 6
    assert summary["attempted"] == 6 + sum(summary["rejected"].values())
    assert "synth 6/6" in result.stderr


def test_a_run_made_in_two_parts_equals_one_made_at_once(
    run: Run, corpus: Path, filled: Path, database: Path
) -> None:
    command = ("synth", "--kind", "search", "--source", f"jsonl:{corpus}")
    run(*command, "--n", NUM_TASKS // 3)
    run(*command, "--n", NUM_TASKS)
    assert contents(database) == contents(filled)


def test_a_complete_run_draws_nothing_more(
    run: Run, corpus: Path, tasks: list[str], database: Path
) -> None:
    before = contents(database)
    command = ("synth", "--kind", "search", "--source", f"jsonl:{corpus}", "--n", NUM_TASKS)
    (summary,) = records(run(*command, "--json"))
    assert summary["accepted"] == len(tasks)
    assert summary["accepted_per_second"] == 0
    assert contents(database) == before


def test_a_relative_path_names_the_same_source(
    run: Run, corpus: Path, filled: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corpus.parent)
    run("synth", "--kind", "search", "--n", NUM_TASKS, "--source", "jsonl:lights.jsonl")
    assert contents(database) == contents(filled)


def test_two_workers_make_the_tasks_of_one(corpus: Path, filled: Path, database: Path) -> None:
    command = [sys.executable, "cli.py", "synth", "--kind", "search", "--n", str(NUM_TASKS)]
    subprocess.run(
        [*command, "--source", f"jsonl:{corpus}", "--workers", "2"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert contents(database) == contents(filled)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_kill_9_leaves_no_process_and_a_second_run_completes_the_first(
    run: Run, corpus: Path, filled: Path, database: Path, workers: str
) -> None:
    process = start(corpus, database, "--workers", workers)
    process.send_signal(signal.SIGKILL)
    # All descendants hold the pipe: reading it to its end means that all of them are gone.
    process.communicate(timeout=20)
    killed = contents(database)
    run("synth", "--kind", "search", "--n", NUM_TASKS, "--source", f"jsonl:{corpus}")
    assert 0 < len(killed) < len(contents(filled))
    assert contents(database) == contents(filled)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_says_one_line_and_keeps_what_was_made(
    corpus: Path, database: Path, workers: str
) -> None:
    process = start(corpus, database, "--workers", workers)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Interrupted; run the same command again to go on."
    assert "Traceback" not in said
    assert contents(database)


def test_bad_lines_of_a_corpus_are_reported_with_their_place(run: Run, tmp_path: Path) -> None:
    path = write_corpus(tmp_path / "notes.jsonl", extra=("{not json", '{"id": "x"}'))
    result = run("synth", "--kind", "search", "--n", 1, "--source", f"jsonl:{path}")
    assert result.exit_code == 0
    assert "skipped notes.jsonl:61: " in result.stderr
    assert "skipped notes.jsonl:62: title: Field required" in result.stderr


def test_a_corpus_with_too_many_bad_lines_is_an_error(run: Run, tmp_path: Path) -> None:
    path = write_corpus(tmp_path / "notes.jsonl", extra=("{not json",) * 9)
    line = error_line(run("synth", "--kind", "search", "--source", f"jsonl:{path}"))
    assert "9 of 69 lines" in line
    assert "notes.jsonl:61" in line


def test_a_request_that_nothing_meets_ends_with_the_reasons(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl"
    path.write_text('{"id": "a", "title": "Ay", "text": "Ay."}\n')
    result = run("synth", "--kind", "search", "--n", 5, "--source", f"jsonl:{path}", "--json")
    assert "0 of 5 tasks" in error_line(result)
    assert records(result)[0]["accepted"] == 0


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--kind", "serch"], ["no kind 'serch'", "search"]),
        (["--source", "filmz"], ["'filmz'", "did you mean 'films'", "jsonl:PATH"]),
        (["--source", "jsonl:gone.jsonl"], ["there is no file", "/gone.jsonl"]),
        (["--source", "jsonl"], ["jsonl:PATH"]),
        (["--domain", "trips"], ["no option 'domain'", "difficulty"]),
        (["--author", "llm"], ["no author 'llm'", "program"]),
        (["--author", "elf"], ["no author 'elf'", "program, llm"]),
        (["--lang", "fr"], ["no lang 'fr'", "en, zh"]),
        (["--depth", "9"], ["depth", "6", "9"]),
        (["--ray", "127.0.0.1:1"], ["no Ray cluster at '127.0.0.1:1'"]),
    ],
    ids=lambda value: " ".join(value) if value[0].startswith("--") else "",
)
def test_what_cannot_be_had_is_named_with_what_can(
    run: Run, arguments: list[str], parts: list[str], database: Path
) -> None:
    if "--ray" in arguments:
        pytest.importorskip("ray", reason="install palaestra with its extra [ray]")
    line = error_line(run("synth", "--kind", "search", *arguments))
    assert [part for part in parts if part not in line] == []
    if database.exists():
        assert contents(database) == []


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="install palaestra with its extra [ray]"
)
def test_a_ray_cluster_makes_the_tasks_of_one_process(
    corpus: Path, filled: Path, database: Path
) -> None:
    command = [sys.executable, "cli.py", "synth", "--kind", "search", "--n", str(NUM_TASKS)]
    subprocess.run(
        [*command, "--source", f"jsonl:{corpus}", "--ray", "local"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert contents(database) == contents(filled)
