"""`export`: proved tasks only, of the wanted difficulty, and the same bytes for the same tasks."""

import json
import sqlite3
from pathlib import Path

import pytest

from data.store import Store
from tests.cli.conftest import Run, error_line, records
from tests.store.factory import make_attempt


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def exported(folder: Path) -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("public/*.jsonl")]
    rows = [line for text in texts for line in text.splitlines()]
    return {json.loads(row)["task"]["id"] for row in rows}


def test_an_export_holds_every_task_and_counts_them(
    run: Run, tasks: list[str], tmp_path: Path
) -> None:
    (manifest,) = records(run("export", "--format", "jsonl", "--out", tmp_path / "out", "--json"))
    assert exported(tmp_path / "out") == set(tasks)
    assert manifest["tasks"] == len(tasks)
    assert manifest["out"] == str(tmp_path / "out")


def test_tasks_made_in_another_order_give_the_same_bytes(
    run: Run, corpus: Path, tasks: list[str], tmp_path: Path
) -> None:
    other = f"sqlite:///{tmp_path}/other.db"
    for n in (3, 11, len(tasks)):
        run("synth", "--kind", "search", "--n", n, "--source", f"jsonl:{corpus}", "--db", other)
    run("export", "--format", "verl", "--out", tmp_path / "one")
    run("export", "--format", "verl", "--out", tmp_path / "two", "--db", other)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_split_is_exported_alone(run: Run, tasks: list[str], tmp_path: Path) -> None:
    splits = {row["id"]: row["split"] for row in records(run("tasks", "--json"))}
    run("export", "--format", "jsonl", "--out", tmp_path / "out", "--split", "train")
    assert exported(tmp_path / "out") == {i for i, split in splits.items() if split == "train"}


def test_tasks_without_a_passing_certificate_are_left_out_and_named(
    run: Run, tasks: list[str], database: Path, tmp_path: Path
) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM certificates WHERE task_id = ?", [tasks[4]])
    result = run("export", "--format", "jsonl", "--out", tmp_path / "out")
    assert (
        f"left out 1 task without a passing certificate: {tasks[4]}; run certify" in result.stderr
    )
    assert exported(tmp_path / "out") == set(tasks) - {tasks[4]}


def test_pass_rates_choose_between_tasks(
    run: Run, tasks: list[str], database: Path, tmp_path: Path
) -> None:
    scores = {tasks[0]: (0, 0), tasks[1]: (1, 0), tasks[2]: (1, 1)}
    with Store.open(f"sqlite:///{database}") as store:
        for task_id, each in scores.items():
            for number, score in enumerate(each):
                attempt = make_attempt(store.task(task_id), number, policy="m", score=score)
                store.add_attempt(attempt, group_size=2 if number else 0)
    run("rollout", "--kind", "search", "--policy", "noop")
    command = ("export", "--format", "jsonl", "--out", tmp_path / "out")
    result = run(*command, "--min-pass", 0.1, "--max-pass", 0.9)
    assert exported(tmp_path / "out") == {tasks[1]}
    assert f"left out {len(tasks) - 3} tasks without a scored attempt" in result.stderr
    assert "left out 2 tasks with another pass rate" in result.stderr
    run(*command, "--min-pass", 0.5)
    assert exported(tmp_path / "out") == {tasks[1], tasks[2]}


def test_pass_rates_need_attempts_of_somebody_who_tries(
    run: Run, tasks: list[str], tmp_path: Path
) -> None:
    command = ("export", "--format", "jsonl", "--out", tmp_path / "out", "--min-pass", 0.1)
    assert "no scored rollouts of any model or baseline" in error_line(run(*command))
    run("rollout", "--kind", "search", "--policy", "oracle", "--n", 2)
    assert "found only oracle" in error_line(run(*command))
    run(*command, "--policy", "oracle")
    assert exported(tmp_path / "out") == set(tasks[:2])


@pytest.mark.parametrize("target", ["csv", "base", "shipped"])
def test_an_unknown_format_names_the_known_ones(
    run: Run, tasks: list[str], tmp_path: Path, target: str
) -> None:
    line = error_line(run("export", "--format", target, "--out", tmp_path / "out"))
    assert f"no export format {target!r}; formats are jsonl, trl, verl" in line
    assert not (tmp_path / "out").exists()


def test_a_folder_of_somebody_else_is_left_alone(
    run: Run, tasks: list[str], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("chapter one")
    line = error_line(run("export", "--format", "jsonl", "--out", tmp_path / "out"))
    assert "is not an export of ours" in line
    assert files(tmp_path / "out") == {"thesis.tex": b"chapter one"}


def test_an_empty_store_exports_nothing(run: Run, tmp_path: Path) -> None:
    line = error_line(run("export", "--format", "jsonl", "--out", tmp_path / "out"))
    assert "no task to export" in line
