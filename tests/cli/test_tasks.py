"""`kinds`, `tasks`, `show`, `certify`: what is stored, what is hidden, and whether it still holds."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from data.sources.corpus import known_sources
from data.store import Store
from data.task import PublicTask, Task, TaskKind
from tests.cli.conftest import NUM_TASKS, Run, error_line, records
from tests.cli.corpus import write_corpus

ROOT = Path(__file__).parents[2]


def stored(database: Path, task_id: str) -> Task:
    with Store.open(f"sqlite:///{database}") as store:
        return store.task(task_id)


def test_kinds_names_every_source(run: Run) -> None:
    found = {row["kind"]: row for row in records(run("kinds", "--json"))}
    assert list(found) == list(TaskKind)
    search = found["search"]
    assert search["sources"] == list(known_sources())
    assert {"domains", "environments"} < set(search)
    assert "your documents, one JSON object a line" in run("kinds").stdout


def test_tasks_lists_each_task_once_in_order(run: Run, tasks: list[str]) -> None:
    listed = records(run("tasks", "--json"))
    assert [row["id"] for row in listed] == tasks
    assert all(row["question"] and 1 <= row["level"] <= 5 for row in listed)


def test_a_limit_says_how_many_there_are(run: Run, tasks: list[str]) -> None:
    result = run("tasks", "--limit", 2)
    assert tasks[1] in result.stdout
    assert tasks[2] not in result.stdout
    assert result.stderr.strip() == f"2 of {len(tasks)} tasks; --limit shows more"


def test_an_empty_store_says_how_to_fill_it(run: Run) -> None:
    result = run("tasks", "--json")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "make some with synth" in result.stderr


def test_show_gives_nothing_hidden_away(run: Run, tasks: list[str], database: Path) -> None:
    for task_id in tasks:
        task = stored(database, task_id)
        secrets = [json.dumps(task.hidden.reference, ensure_ascii=False).strip('"[]')]
        secrets += [f'"{page}"' for page in task.hidden.verifier["supporting"]]  # type: ignore[union-attr]
        public = PublicTask.model_validate_json(run("show", task_id, "--json").stdout)
        assert public == task.public()
        shown = run("show", task_id).stdout.replace(task_id, "")
        for panel in ("answer", "witness", "verifier", "proof"):
            assert f"─ {panel} ─" not in shown
        assert task.hidden.witness.answer not in shown
        assert [secret for secret in secrets[1:] if secret in shown] == []


def test_show_hidden_tells_all(run: Run, tasks: list[str], database: Path) -> None:
    task = stored(database, tasks[0])
    assert Task.model_validate_json(run("show", tasks[0], "--hidden", "--json").stdout) == task
    shown = run("show", tasks[0], "--hidden").stdout
    for panel in ("answer", "witness", "verifier", "proof"):
        assert f"─ {panel} ─" in shown
    assert json.dumps(task.hidden.reference, ensure_ascii=False) in shown


def test_the_beginning_of_an_id_is_enough(run: Run, tasks: list[str]) -> None:
    for name in (tasks[3][:-6], tasks[3].removeprefix("search-")[:10]):
        (shown,) = records(run("show", name, "--json"))
        assert shown["id"] == tasks[3]


def test_an_id_that_fits_several_or_none_names_some(run: Run, tasks: list[str]) -> None:
    several = error_line(run("show", "search-"))
    assert "several tasks fit 'search-'" in several
    assert tasks[0] in several
    none = error_line(run("show", tasks[0][:-1] + "x"))
    assert f"closest of {NUM_TASKS} tasks" in none
    assert tasks[0] in none
    assert "no task '%'" in error_line(run("show", "%"))


def test_certify_proves_every_task_again(run: Run, tasks: list[str]) -> None:
    result = run("certify", "--kind", "search", "--json")
    assert result.exit_code == 0
    assert [row["task"] for row in records(result)] == tasks
    assert all(row["passed"] and row["failures"] == [] for row in records(result))
    assert f"certify {len(tasks)}/{len(tasks)}" in result.stderr
    assert run("certify", "--n", 2).stdout == "all 2 tasks proved again\n"


def test_certify_names_the_altered_task_and_its_checks(
    run: Run, tasks: list[str], database: Path
) -> None:
    with sqlite3.connect(database) as connection:
        swap = 'UPDATE tasks SET body = replace(body, \'"names":["\', \'"names":["Not \')'
        changed = connection.execute(f"{swap} WHERE body LIKE '%\"names\":[%'").rowcount
    result = run("certify")
    assert changed > 0
    assert error_line(result) == f"Error: {changed} of {len(tasks)} tasks failed their certificate"
    failing = {line.split()[0] for line in result.stdout.splitlines()}
    assert len(failing) == changed
    assert "fails stable: altered" in result.stdout


def test_certify_without_tasks_is_an_error(run: Run) -> None:
    assert "no tasks to certify; make some with synth" in error_line(run("certify"))


@pytest.mark.parametrize("edit", ["changed", "deleted"])
def test_certify_fails_once_the_facts_are_edited(run: Run, tmp_path: Path, edit: str) -> None:
    path = write_corpus(tmp_path / "lights.jsonl")
    run("synth", "--kind", "search", "--n", 2, "--source", f"jsonl:{path}")
    lines = path.read_text().splitlines()
    if edit == "changed":
        lines = [line.replace("granite", "slate") for line in lines]
    else:
        del lines[-1]
    path.write_text("\n".join(lines) + "\n")
    # A new process, as a person starts one: this one has the corpus in memory.
    done = subprocess.run(
        [sys.executable, "cli.py", "certify", "--json"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert [json.loads(line)["passed"] for line in done.stdout.splitlines()] == [False, False]
    assert "Traceback" not in done.stderr
