"""`rollout`: one line an attempt, nothing played twice, every wrong request named."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from data.rates import wilson
from data.store import Store
from tests.agents.endpoint import says, serve
from tests.cli.conftest import Run, error_line, records

ROOT = Path(__file__).parents[2]
FIELDS = {"task", "attempt", "outcome", "score", "turns", "tool_calls", "seconds"}


@pytest.mark.parametrize(("policy", "score"), [("oracle", 1.0), ("noop", 0.0)])
def test_every_attempt_is_one_line(run: Run, tasks: list[str], policy: str, score: float) -> None:
    result = run("rollout", "--kind", "search", "--policy", policy, "--k", 2, "--json")
    lines = records(result)
    assert result.exit_code == 0
    assert {frozenset(line) for line in lines} == {frozenset(FIELDS)}
    assert sorted((line["task"], line["attempt"]) for line in lines) == [
        (task, attempt) for task in tasks for attempt in (0, 1)
    ]
    assert {(line["outcome"], line["score"]) for line in lines} == {("scored", score)}
    assert all(line["tool_calls"] > 0 for line in lines) == (policy == "oracle")


def test_a_second_run_plays_nothing_again_and_says_the_same(run: Run, tasks: list[str]) -> None:
    command = ("rollout", "--kind", "search", "--policy", "greedy", "--json")
    first = records(run(*command, "--n", 4))
    again = run(*command, "--n", 6)
    assert [line for line in records(again) if line in first] == sorted(
        first, key=lambda line: str(line["task"])
    )
    assert sorted(line["task"] for line in records(again)) == tasks[:6]


def test_the_table_counts_attempts_by_level(run: Run, tasks: list[str]) -> None:
    levels = [row["level"] for row in records(run("tasks", "--json"))]
    shown = run("rollout", "--kind", "search", "--policy", "oracle").stdout
    rows = [line.split("│")[1:-1] for line in shown.splitlines() if "%" in line and "│" in line]
    counted = {int(row[1]): int(row[3]) for row in rows if row[1].strip().isdigit()}
    assert counted == {level: levels.count(level) for level in sorted(set(levels))}


async def test_a_model_behind_an_endpoint_is_rolled_out(run: Run, tasks: list[str]) -> None:
    import asyncio

    async with serve(says('{"answer": "nobody", "evidence": []}'), names=["lamp"]) as endpoint:
        command = ("rollout", "--kind", "search", "--model", endpoint.url, "--n", 3, "--json")
        result = await asyncio.to_thread(run, *command)
    assert [(line["outcome"], line["score"]) for line in records(result)] == [("scored", 0.0)] * 3
    assert {body["model"] for body in endpoint.bodies} == {"lamp"}


def started(*arguments: str) -> subprocess.Popen[str]:
    """A rollout in a process of its own that has recorded an attempt."""
    process = subprocess.Popen(
        [sys.executable, "cli.py", "rollout", "--kind", "search", *arguments, "--json"],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    return process


def recorded(database: Path) -> list[tuple[str, int, float]]:
    """Task, number and score of every attempt, without its times."""
    with Store.open(f"sqlite:///{database}") as store:
        attempts = list(store.attempts())
    return [(a.task_id, a.attempt, a.verdict.score) for a in attempts if a.verdict]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_kill_9_leaves_no_process_and_a_second_run_completes_the_same_set(
    run: Run, tasks: list[str], database: Path, workers: str
) -> None:
    command = ("--policy", "greedy", "--k", "2", "--concurrency", "2", "--workers", workers)
    process = started(*command)
    process.send_signal(signal.SIGKILL)
    # All descendants hold the pipe: reading it to its end means that all of them are gone.
    process.communicate(timeout=20)
    killed = recorded(database)
    again = records(run("rollout", "--kind", "search", *command, "--json"))
    done = recorded(database)
    assert 0 < len(killed) < 2 * len(tasks)
    assert set(killed) < set(done)
    assert sorted((task, number) for task, number, _ in done) == [
        (task, number) for task in tasks for number in range(2)
    ]
    assert len(again) == len(done), "one line an attempt, whoever played it"
    scores = {task: score for task, _, score in done}
    assert [scores[task] for task, _, _ in done] == [score for _, _, score in done]


def test_ctrl_c_ends_workers_at_once_and_keeps_what_was_played(
    tasks: list[str], database: Path
) -> None:
    process = started("--policy", "greedy", "--k", "50", "--workers", "2")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert recorded(database)


def test_workers_play_what_one_process_plays(
    run: Run, tasks: list[str], database: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    shutil.copy(database, other)
    command = ("rollout", "--kind", "search", "--policy", "random", "--k", 2)
    run(*command)
    run(*command, "--workers", 2, "--db", f"sqlite:///{other}")
    assert recorded(other) == recorded(database) != []


async def test_a_band_spares_attempts_that_cannot_matter(
    run: Run, tasks: list[str], database: Path, tmp_path: Path
) -> None:
    import asyncio

    wrong = says('{"answer": "nobody", "evidence": []}')
    async with serve(wrong, names=["lamp"]) as endpoint:
        command = ("rollout", "--kind", "search", "--model", endpoint.url, "--n", 2, "--k", 4)
        await asyncio.to_thread(run, *command, "--band", "0.5:1", "--concurrency", 1)
    # After three misses of four, even a pass would leave the rate below the band.
    assert recorded(database) == [(task, number, 0.0) for task in tasks[:2] for number in range(3)]
    result = run("export", "--format", "jsonl", "--out", tmp_path / "out", "--max-pass", 0.4)
    assert f"left out {len(tasks) - 2} tasks without a scored attempt" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "either --policy NAME or --model URL"),
        (["--policy", "noop", "--model", "http://127.0.0.1:1"], "only one of them"),
        (["--policy", "bold"], "oracle, noop, random, greedy"),
        (["--policy", "noop", "--name", "x"], "--name is a model's name"),
        (["--model", "not a url"], "no model endpoint at 'not a url'"),
        (["--policy", "noop", "--band", "0.9"], "no band '0.9'"),
        (["--policy", "noop", "--temperature", "1"], "policy 'noop' has neither"),
        (["--policy", "noop", "--context", "fold"], "no context manager 'fold'"),
    ],
    ids=["neither", "both", "unknown", "name", "url", "band", "sampling"] + ["context"],
)
def test_a_wrong_request_is_one_line(
    run: Run, tasks: list[str], arguments: list[str], part: str
) -> None:
    assert part in error_line(run("rollout", "--kind", "search", *arguments))


def test_without_tasks_there_is_nothing_to_roll_out(run: Run) -> None:
    line = error_line(run("rollout", "--kind", "search", "--policy", "noop"))
    assert "no search tasks to roll out; make some with synth" in line


@pytest.mark.parametrize(
    ("passed", "scored", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_intervals_are_those_of_the_tables(
    passed: int, scored: int, low: float, high: float
) -> None:
    assert wilson(passed, scored) == pytest.approx((low, high), abs=5e-5)
