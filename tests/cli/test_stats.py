"""`stats` and `doctor`: numbers that agree with the store, a picture, and honest findings."""

import os
from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from data.store import Drawn, Store
from tests.cli.conftest import Run, error_line, records
from tests.store.factory import make_attempt, make_task

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_numbers_are_those_of_the_store(run: Run, tasks: list[str], database: Path) -> None:
    run("rollout", "--kind", "search", "--policy", "oracle", "--k", 2)
    (report,) = records(run("stats", "--json"))
    with Store.open(f"sqlite:///{database}") as store:
        stored = list(store.tasks())
        (run_stored,) = store.runs()
    levels = Counter(str(task.difficulty.level) for task in stored)
    depths = [task.difficulty.measures["depth"] for task in stored]
    (funnel,) = report["funnels"]
    (depth,) = [m for m in report["measures"] if m["measure"] == "depth"]
    assert report["levels"] == levels
    assert funnel["attempted"] == run_stored.progress.next_index
    assert funnel["rejected"] == run_stored.progress.rejected
    assert (depth["median"], depth["max"]) == (median(depths), max(depths))
    assert sum(rate["num_scored"] for rate in report["pass_rates"]) == 2 * len(tasks)
    assert {rate["pass_rate"] for rate in report["pass_rates"]} == {1.0}


def test_the_tables_show_funnel_measures_and_rates(run: Run, tasks: list[str]) -> None:
    before = run("stats", "--kind", "search").stdout
    assert "no scored attempts yet" in before
    run("rollout", "--kind", "search", "--policy", "noop")
    shown = run("stats").stdout
    for part in ("attempted", "accepted", "treewidth", "min_documents", "noop", "95 % interval"):
        assert part in shown


SCORES = {"trips": (1, 1), "farms": (1, 0), "banks": (0, 0)}


@pytest.fixture
def domains(database: Path) -> None:
    """Two tasks each of three domains, with complete groups of two attempts by two policies."""
    names = [name for name in SCORES for _ in range(2)]
    with Store.open(f"sqlite:///{database}") as store:
        made = [make_task(n, level=1 + n % 2, domain=name) for n, name in enumerate(names)]
        store.begin_run("villages", {"kind": "search"})
        store.commit("villages", [Drawn(n, task, "") for n, task in enumerate(made)])
        for task in made:
            for number, score in enumerate(SCORES[task.domain]):
                for policy in ("tiny", "vast"):
                    value = 1.0 if policy == "vast" else float(score)
                    attempt = make_attempt(task, number, policy=policy, score=value)
                    store.add_attempt(attempt, group_size=2 if number else 0)


def test_rates_are_pooled_by_domain_where_tasks_have_one(run: Run, domains: None) -> None:
    (report,) = records(run("stats", "--json"))
    tiny = [rate for rate in report["domain_rates"] if rate["policy"] == "tiny"]
    assert [(rate["domain"], rate["pass_rate"], rate["num_solved"]) for rate in tiny] == [
        ("banks", 0.0, 0),
        ("farms", 0.5, 2),
        ("trips", 1.0, 2),
    ]
    assert all((rate["num_tasks"], rate["num_scored"]) == (2, 4) for rate in tiny)
    assert {rate["level"] for rate in report["pass_rates"]} == {1, 2}
    shown = run("stats").stdout
    assert "pass rate by domain" in shown
    assert "farms" in shown


def test_the_picture_has_the_domains(run: Run, domains: None, tmp_path: Path) -> None:
    assert run("stats", "--plot", tmp_path / "plot.svg").exit_code == 0
    assert "Pass rate by domain" in (tmp_path / "plot.svg").read_text()


@pytest.mark.parametrize("policies", [[], ["oracle", "noop"]], ids=["no attempts", "attempts"])
def test_the_picture_is_drawn(
    run: Run, tasks: list[str], tmp_path: Path, policies: list[str]
) -> None:
    for policy in policies:
        run("rollout", "--kind", "search", "--policy", policy)
    result = run("stats", "--plot", tmp_path / "new" / "plot.png")
    assert result.exit_code == 0
    assert (tmp_path / "new" / "plot.png").read_bytes().startswith(PNG)


def test_nothing_to_plot_and_no_such_format_are_one_line(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    assert "holds no tasks" in error_line(run("stats", "--plot", tmp_path / "plot.png"))
    full = f"sqlite:///{filled}"
    line = error_line(run("stats", "--db", full, "--plot", tmp_path / "plot.xyz"))
    assert "'xyz'" in line
    assert list(tmp_path.glob("plot*")) == []


def test_an_empty_store_has_empty_statistics(run: Run) -> None:
    result = run("stats")
    assert result.exit_code == 0
    assert "no tasks and no runs yet" in result.stdout


def test_the_doctor_finds_nothing_broken_where_the_tests_run(
    run: Run, tasks: list[str], worlds: Path
) -> None:
    result = run("doctor", "--json")
    findings = {row["name"]: row for row in records(result)}
    assert result.exit_code == 0
    assert all(row["works"] for row in findings.values() if row["required"])
    assert findings["database"]["detail"].endswith(f"{len(tasks)} tasks")
    assert any(name.startswith("index ") for name in findings)
    assert {"python", "tantivy", "source films", "search cache", "docker", "gpu"} <= set(findings)


def test_the_doctor_does_not_make_a_database(run: Run, database: Path) -> None:
    assert "does not exist yet" in run("doctor").stdout
    assert not database.exists()


def test_the_doctor_reports_a_damaged_index(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "worlds" / "search-0123").mkdir(parents=True)
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "worlds"))
    result = run("doctor", "--json")
    (index,) = [row for row in records(result) if row["name"] == "index search-0123"]
    assert result.exit_code == 0
    assert not index["works"]
    assert "built again when it is needed" in index["detail"]


def test_the_doctor_fails_where_something_required_does(
    run: Run, tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.write_text("not a database")
    (tmp_path / "file").touch()
    monkeypatch.setenv("PALAESTRA_CACHE", os.fspath(tmp_path / "file" / "worlds"))
    line = error_line(run("doctor"))
    assert "database, search cache: required and not working here" in line
