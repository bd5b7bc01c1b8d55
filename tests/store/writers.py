"""What other processes do to a store while a test watches; started with `start`."""

import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Barrier
from signal import SIGKILL

from sqlalchemy import Connection, Engine, event

from data.store import Store
from data.task import TaskKind
from tests.store.factory import make_attempt, make_draws, make_task

NUM_DRAWS = 60
BATCH = 20
NUM_PRIVATE = 20
WAIT_S = 60

# A fork of a clean process that has the imports already: quick, and no connection is inherited.
processes = get_context("forkserver")
processes.set_forkserver_preload([__name__])


def start(work: Callable[..., None], *arguments: object) -> ForkServerProcess:
    process = processes.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def synthesise(url: str, run_id: str = "run") -> None:
    """A resumable run of `NUM_DRAWS` draws, as the real one goes."""
    with Store.open(url) as store:
        store.begin_run(run_id, {"n": NUM_DRAWS})
        while (first := store.run_progress(run_id).next_index) < NUM_DRAWS:
            store.commit(run_id, make_draws(first, min(first + BATCH, NUM_DRAWS)))


def synthesise_and_die(url: str, place: str) -> None:
    """The same, killed in its second commit: before it sends `place`, a statement's beginning."""
    seen = 0

    def die(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 2:
            os.kill(os.getpid(), SIGKILL)

    def watch(_c: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(place):
            die()

    with Store.open(url) as store:
        store.begin_run("run", {"n": NUM_DRAWS})
        if place == "COMMIT":
            event.listen(Engine, "commit", die)
        else:
            event.listen(Engine, "before_cursor_execute", watch)
        for first in range(0, NUM_DRAWS, BATCH):
            store.commit("run", make_draws(first, first + BATCH))


def write_everything(url: str, number: int, ready: Barrier) -> None:
    """Opens a new store together with others; shares one run, and has another to itself."""
    ready.wait(WAIT_S)
    synthesise(url)
    with Store.open(url) as store:
        run_id = f"run-{number}"
        store.begin_run(run_id, {"number": number})
        shared = make_task(10_000)
        for index in range(NUM_PRIVATE):
            task = shared if index == 5 else make_task(1000 + NUM_PRIVATE * number + index)
            drawn = store.commit(run_id, [make_draws(0, 1)[0]._replace(index=index, task=task)])
            rated = drawn[0].task or shared
            store.add_attempt(make_attempt(rated, number, policy="greedy"))
        for task in store.tasks(TaskKind.SEARCH, limit=10):
            store.add_attempt(make_attempt(task, 0, policy="oracle"))
