"""Writers that are killed, and writers that work at the same time, in processes of their own."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGKILL

import pytest

from data.store import Drawn, Limits, Store
from data.store.database import open_database
from data.store.schema import RunRow
from data.trajectory import Outcome
from tests.store.factory import make_attempt, make_task, table_rows
from tests.store.writers import (
    NUM_DRAWS,
    NUM_PRIVATE,
    WAIT_S,
    processes,
    start,
    synthesise,
    synthesise_and_die,
    write_everything,
)

NUM_WRITERS = 8


@pytest.mark.parametrize(
    "place", ["INSERT INTO tasks", "INSERT INTO certificates", "INSERT INTO draws", "COMMIT"]
)
def test_a_run_killed_in_a_commit_ends_as_if_it_never_was(
    url: str, place: str, tmp_path: Path
) -> None:
    writer = start(synthesise_and_die, url, place)
    writer.join(WAIT_S)
    assert writer.exitcode == -SIGKILL
    with Store.open(url) as store:
        assert 0 < store.run_progress("run").next_index < NUM_DRAWS
    synthesise(url)
    undisturbed = f"sqlite:///{tmp_path}/undisturbed.db"
    synthesise(undisturbed)
    assert table_rows(url) == table_rows(undisturbed)


def test_eight_processes_on_a_new_database_lose_and_repeat_nothing(
    url: str, tmp_path: Path
) -> None:
    ready = processes.Barrier(NUM_WRITERS)
    writers = [start(write_everything, url, number, ready) for number in range(NUM_WRITERS)]
    for writer in writers:
        writer.join(WAIT_S)
    assert [writer.exitcode for writer in writers] == [0] * NUM_WRITERS
    undisturbed = f"sqlite:///{tmp_path}/undisturbed.db"
    synthesise(undisturbed)
    with Store.open(url) as store, Store.open(undisturbed) as expected:
        assert store.run_progress("run") == expected.run_progress("run")
        assert store.count() == expected.count() + NUM_WRITERS * (NUM_PRIVATE - 1) + 1
        private = [store.run_progress(f"run-{number}") for number in range(NUM_WRITERS)]
        duplicates = sum(Counter(progress.rejected)["duplicate"] for progress in private)
        assert [progress.next_index for progress in private] == [NUM_PRIVATE] * NUM_WRITERS
        assert duplicates == NUM_WRITERS - 1
        by_policy = Counter(attempt.policy for attempt in store.attempts())
        assert by_policy["greedy"] == NUM_WRITERS * NUM_PRIVATE
        assert by_policy["oracle"] >= 10


def test_threads_share_one_store(store: Store) -> None:
    tasks = [make_task(number) for number in range(4)]
    store.begin_run("run", {})
    store.commit("run", [Drawn(index, task, "") for index, task in enumerate(tasks)])

    def record(number: int) -> list[bool]:
        unresolved = make_attempt(tasks[number % 4], number // 8, outcome=Outcome.UNRESOLVED)
        scored = make_attempt(tasks[number % 4], number // 8)
        return [store.add_attempt(unresolved), store.add_attempt(scored)]

    with ThreadPoolExecutor(NUM_WRITERS) as threads:
        results = list(threads.map(record, range(64)))
    attempts = list(store.attempts())
    assert len(attempts) == 32
    assert {attempt.outcome for attempt in attempts} == {Outcome.SCORED}
    assert sum(scored for _, scored in results) == 32


def test_a_reader_never_waits_for_a_writer(url: str) -> None:
    writer = open_database(url, Limits())
    with writer.writing() as session, Store.open(url) as reader:
        session.add(RunRow(id="run", request="{}"))
        session.flush()
        assert reader.runs() == []
    writer.close()
    with Store.open(url) as reader:
        assert [run.id for run in reader.runs()] == ["run"]
