"""A whole rollout, in one event loop or spread over a fleet: workers play, this process records.

Attempts travel in small chunks, each of which a worker plays in one event loop. A chunk that dies
with its worker is played again, so that an attempt is recorded once; an attempt at which workers die
time after time ends unresolved.
"""

import asyncio
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from math import ceil
from typing import NamedTuple, TypedDict, Unpack

from agents.attempt import Played, Setup, play
from agents.fleet import Fleet, Lost, processes, spread
from agents.groups import AttemptStore, Plan, Unit
from agents.named import PolicySpec, open_policy
from agents.ray_fleet import ray_fleet
from agents.rollout import Book, Progress, RolloutSummary, faults_allowed, rollout, together
from data.rates import Band
from data.task import Task
from data.trajectory import Attempt, Boundary, Fault, Outcome

ROUNDS = 4
"""A chunk has so many attempts for each that is played at a time: a slow one delays few others."""

Chunk = tuple[Unit, ...]


class Where(NamedTuple):
    """Where attempts are played; with neither, in this process."""

    workers: int = 1
    ray: str | None = None
    """Address of a Ray cluster, or `local`."""


class Asked(TypedDict, total=False):
    """What `agents.rollout.rollout` may be asked for beside tasks, policy and store."""

    attempts: int
    band: Band | None
    concurrency: int
    seed: int
    on_progress: Progress | None


def solve(
    tasks: Iterable[Task],
    spec: PolicySpec,
    policy: str,
    store: AttemptStore,
    where: Where,
    **asked: Unpack[Asked],
) -> RolloutSummary:
    """Plays tasks with the policy of `spec`, wherever that is to be.

    `policy` is its name (`agents.named.identified`); see `agents.rollout.rollout` for the rest.
    """
    if where.ray is None and where.workers == 1:
        return asyncio.run(_solve_here(tasks, spec, store, asked))
    with ray_fleet(where.ray) if where.ray else processes(where.workers) as fleet:
        return rollout_over(fleet, tasks, spec, policy, store, **asked)


async def _solve_here(
    tasks: Iterable[Task], spec: PolicySpec, store: AttemptStore, asked: Asked
) -> RolloutSummary:
    async with open_policy(spec) as policy:
        return await rollout(tasks, policy, store, **asked)


def rollout_over(
    fleet: Fleet,
    tasks: Iterable[Task],
    spec: PolicySpec,
    policy: str,
    store: AttemptStore,
    *,
    attempts: int = 1,
    band: Band | None = None,
    concurrency: int = 8,
    seed: int = 0,
    setup: Setup | None = None,
    max_faults: int | None = None,
    on_progress: Progress | None = None,
) -> RolloutSummary:
    """As `agents.rollout.rollout`, with `concurrency` attempts at a time on all workers together.

    `policy` is the name of what `spec` opens. Openers and verifiers must be importable by workers.
    """
    plan = Plan(store, policy, attempts, band, concurrency)
    book = Book(store, plan, faults_allowed(max_faults, concurrency), on_progress)
    each = ceil(concurrency / fleet.num_workers)
    work = partial(play_chunk, spec, seed, each, setup or Setup())
    chunks = _chunks(plan.units(tasks), each * ROUNDS)
    for chunk, played in spread(fleet, work, chunks, split=_halves):
        for one in [_lost(chunk[0], policy, played)] if isinstance(played, Lost) else played:
            book.record(one)
    return book.closed()


def _chunks(units: Iterator[Unit], size: int) -> Iterator[Chunk]:
    while chunk := tuple(islice(units, size)):
        yield chunk


def _halves(chunk: Chunk) -> tuple[Chunk, ...]:
    middle = len(chunk) // 2
    return (chunk[:middle], chunk[middle:]) if middle else (chunk,)


def play_chunk(
    spec: PolicySpec, seed: int, concurrency: int, setup: Setup, chunk: Chunk
) -> list[Played]:
    """Plays the attempts of `chunk` in this process, `concurrency` at a time."""
    return asyncio.run(_play_chunk(spec, seed, concurrency, setup, chunk))


async def _play_chunk(
    spec: PolicySpec, seed: int, concurrency: int, setup: Setup, chunk: Chunk
) -> list[Played]:
    played: list[Played] = []
    ahead = iter(chunk)
    async with open_policy(spec) as policy:

        async def work() -> None:
            for task, number in ahead:
                played.append(await play(task, policy, number, seed, setup))

        await together(work, concurrency)
    return played


def _lost(unit: Unit, policy: str, lost: Lost) -> Played:
    fault = Fault(boundary=Boundary.WORKER, stage="play", error="WorkerLost", message=lost.reason)
    attempt = Attempt(
        task_id=unit.task.id,
        policy=policy,
        attempt=unit.number,
        outcome=Outcome.UNRESOLVED,
        trajectory=None,
        verdict=None,
        fault=f"play: {lost.reason}",
        faults=(fault,),
    )
    return Played(attempt, "play WorkerLost", 0, 0)
