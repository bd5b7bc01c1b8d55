"""Rollouts with one per cent of every fault: is each accounted for, none misjudged, none leaked?

    python -m benchmarks.fault_injection [--episodes 10000] [--in-flight 128] [--workers 8]

First everything in one event loop, then over worker processes, of which some are killed in the
middle of their work. What must come of an episode follows from its number (`faulty_endpoint`), and
is compared with what the store holds of it afterwards.
"""

import argparse
import asyncio
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from agents.attempt import Deadlines, Setup
from agents.campaign import rollout_over
from agents.fleet import processes
from agents.llm import connect
from agents.named import PolicySpec, identified
from agents.policies import ModelPolicy
from agents.rollout import RolloutSummary, rollout
from agents.transport import Transport
from benchmarks.faulty_endpoint import ENDPOINT, EVERY, Injected, injected, lasting
from benchmarks.rollout_overhead import endpoint
from benchmarks.shelves import Shelves, make_task, verify
from data.errors import EnvironmentFault
from data.store import Drawn, Store
from data.task import PublicTask, Task, TaskKind, ToolCall
from data.trajectory import Attempt, Boundary, Observation, Outcome, StopReason, Trajectory, Verdict

MAX_RESPONSE_BYTES = 2 * 2**20
PATIENCE_S = 2.5
"""For an answer of the endpoint, and for one of a tool."""
WRONG = 3
"""Every third answer is wrong: a score of 1 for all would hide a misjudged one."""


class End(NamedTuple):
    """What must come of an episode."""

    outcome: Outcome
    score: float | None
    boundary: Boundary | None
    """Of every fault on record; None if there must be none."""


def expected(number: int, every: int, *, killing: bool) -> End:
    kind, score = injected(number, every), float(number % WRONG != 0)
    scored = End(Outcome.SCORED, score, None)
    match kind:
        case None:
            return scored
        case Injected.MILLION_TOKENS:
            # The agent's own doing: it has used up its tokens.
            return End(Outcome.SCORED, 0.0, None)
        case Injected.BROKEN_VERIFIER:
            return End(Outcome.INVALID, None, Boundary.VERIFIER)
        case Injected.DEAD_TOOL | Injected.HUNG_TOOL:
            boundary = Boundary.TOOL
        case Injected.DEAD_WORLD:
            boundary = Boundary.SANDBOX
        case Injected.DEAD_WORKER:
            boundary = Boundary.WORKER
            if not killing or not lasting(number, every):
                return scored
        case _:
            boundary = Boundary.PROVIDER
            if kind is not Injected.GIANT_BODY and not lasting(number, every):
                # Made good by sending the request again, inside the try.
                return scored
    if lasting(number, every):
        return End(Outcome.UNRESOLVED, None, boundary)
    return scored._replace(boundary=boundary)


class World(Shelves):
    """Shelves with what the number of the task says is wrong with them."""

    def __init__(self, kind: Injected | None) -> None:
        super().__init__()
        self._kind = kind

    async def reset(self, task: PublicTask) -> Observation:
        if self._kind is Injected.DEAD_WORLD:
            raise EnvironmentFault("the sandbox did not start")
        return await super().reset(task)

    async def call(self, call: ToolCall) -> Observation:
        if self._kind is Injected.DEAD_TOOL:
            raise BrokenPipeError("the tool's process is gone")
        if self._kind is Injected.HUNG_TOOL:
            await asyncio.Event().wait()
        if self._kind is Injected.DEAD_WORKER:
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().call(call)


@asynccontextmanager
async def opened(
    struck: Path, every: int, killing: bool, task: PublicTask
) -> AsyncIterator[tuple[World, Observation]]:
    """The world; `struck` has a file for each episode that has had its fault."""
    number = task.env.parameters["number"]
    assert isinstance(number, int)
    kind = injected(number, every)
    if kind in ENDPOINT or (kind is Injected.DEAD_WORKER and not killing):
        kind = None
    if kind and not lasting(number, every):
        mark = struck / str(number)
        kind = None if mark.exists() else kind
        mark.touch()
    world = World(kind)
    yield world, await world.reset(task)


def judge(every: int, task: Task, trajectory: Trajectory) -> Verdict:
    number = task.env.parameters["number"]
    assert isinstance(number, int)
    if injected(number, every) is Injected.BROKEN_VERIFIER:
        raise ZeroDivisionError("a defect of the verifier")
    return verify(task, trajectory)


class Leaks(NamedTuple):
    """What is open now and need not be."""

    sockets: int
    tasks: int
    processes: int
    threads: int


def leaks(num_tasks: int) -> Leaks:
    sockets = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            sockets += str(link.readlink()).startswith("socket:")
        except FileNotFoundError:
            # The folder's own descriptor, closed by now.
            continue
    return Leaks(
        sockets, num_tasks, len(multiprocessing.active_children()), threading.active_count()
    )


class Result(NamedTuple):
    summary: RolloutSummary
    wrong: list[str]
    """Episodes that did not end as they must; empty is right."""
    leaked: Leaks
    """More than before the run."""
    seconds: float


def inject(
    folder: Path,
    episodes: int,
    in_flight: int,
    workers: int = 0,
    every: int = EVERY,
    patience_s: float = PATIENCE_S,
) -> Result:
    """Plays `episodes` with faults, in one event loop or with `workers`, and compares."""
    struck = folder / "struck"
    struck.mkdir()
    setup = Setup(
        opener=partial(opened, struck, every, bool(workers)),
        verifier=partial(judge, every),
        deadlines=Deadlines(call_s=patience_s),
    )
    transport = Transport(
        timeout_s=patience_s,
        backoff_s=0.01,
        max_backoff_s=0.05,
        max_retries=2,
        max_response_bytes=MAX_RESPONSE_BYTES,
    )
    before, started = leaks(0), time.monotonic()
    with (
        endpoint("benchmarks.faulty_endpoint", "--every", str(every)) as url,
        Store.open(f"sqlite:///{folder / 'rollouts.db'}") as store,
    ):
        fill(store, episodes)
        if workers:
            spec = PolicySpec(model=url, name="stub", transport=transport)
            summary, num_tasks = spread_out(store, spec, in_flight, workers, setup), 0
        else:
            playing = in_one_loop(store, url, transport, in_flight, setup)
            summary, num_tasks = asyncio.run(playing)
        wrong = list(compare(store, episodes, every, killing=bool(workers)))
    after = leaks(num_tasks)
    leaked = Leaks(*(now - then for now, then in zip(after, before, strict=True)))
    return Result(summary, wrong, leaked, time.monotonic() - started)


def fill(store: Store, episodes: int) -> None:
    store.begin_run("shelves", {})
    tasks = (make_task(n, "the lamp" if n % WRONG else "the vase") for n in range(episodes))
    store.commit("shelves", [Drawn(number, task, "") for number, task in enumerate(tasks)])


async def in_one_loop(
    store: Store, url: str, transport: Transport, in_flight: int, setup: Setup
) -> tuple[RolloutSummary, int]:
    async with connect(url, "stub", transport=transport, api_key="") as model:
        summary = await rollout(
            store.tasks(), ModelPolicy(model), store, concurrency=in_flight, setup=setup
        )
    return summary, len(asyncio.all_tasks()) - 1


def spread_out(
    store: Store, given: PolicySpec, in_flight: int, workers: int, setup: Setup
) -> RolloutSummary:
    spec, name = asyncio.run(identified(given))
    with processes(workers) as fleet:
        return rollout_over(
            fleet, store.tasks(), spec, name, store, concurrency=in_flight, setup=setup
        )


def compare(store: Store, episodes: int, every: int, *, killing: bool) -> Iterator[str]:
    """One line for each episode that did not end as it must, or not once."""
    numbers = {task.id: task.provenance.index for task in store.tasks()}
    found: dict[int, Attempt] = {numbers[a.task_id]: a for a in store.attempts(TaskKind.SEARCH)}
    if len(found) != episodes:
        yield f"{len(found)} of {episodes} episodes are on record"
    for number, attempt in found.items():
        wanted = expected(number, every, killing=killing)
        boundaries = {fault.boundary for fault in attempt.faults}
        score = attempt.verdict.score if attempt.verdict else None
        got = End(attempt.outcome, score, min(boundaries, default=None))
        if killing and not lasting(number, every) and not boundaries:
            # The fault, and the record of it, may have gone with a worker.
            wanted = wanted._replace(boundary=None)
        if got != wanted or len(boundaries) > 1:
            yield f"{number} {injected(number, every)}: must be {wanted}, is {got} {attempt.fault}"
        elif injected(number, every) is Injected.MILLION_TOKENS:
            assert attempt.trajectory is not None
            if attempt.trajectory.stop is not StopReason.TOKEN_LIMIT:
                yield f"{number}: ended by {attempt.trajectory.stop}"


def shown(result: Result) -> str:
    done = result.summary
    kinds = ", ".join(f"{name} {count}" for name, count in sorted(done.boundaries.items()))
    lines = [
        f"scored {done.num_scored}, invalid {done.num_invalid}, unresolved {done.num_unresolved}, "
        f"retried {done.num_retries}; {result.seconds:.0f} s",
        f"faults on record: {kinds}",
        f"misjudged or unaccounted for: {len(result.wrong)}",
        f"left open: {result.leaked._asdict()}",
    ]
    return "\n".join([*lines, *result.wrong[:10]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=10_000)
    parser.add_argument("--in-flight", type=int, default=128)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--every", type=int, default=EVERY, help="episodes to a fault of a kind")
    asked = parser.parse_args()
    struck = Counter(injected(number, asked.every) for number in range(asked.episodes))
    num_struck = sum(count for kind, count in struck.items() if kind)
    print(f"{asked.episodes} episodes, {num_struck} with a fault, of {len(Injected)} kinds")
    for workers in (0, asked.workers):
        print(f"\n{workers} workers that are killed" if workers else "\none event loop")
        with tempfile.TemporaryDirectory() as folder:
            print(
                shown(inject(Path(folder), asked.episodes, asked.in_flight, workers, asked.every)),
                flush=True,
            )


if __name__ == "__main__":
    main()
