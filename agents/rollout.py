"""Rollouts: many attempts at many tasks in one event loop, each recorded as it ends.

Only a scored attempt carries a verdict. An interrupted run resumes: what is scored is not played
again, what failed for other reasons is, and an attempt that was cut off leaves no record.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from agents.attempt import Played, Setup, finished, play
from agents.policies import Policy
from data.errors import InfrastructureError
from data.task import Task, TaskKind
from data.trajectory import Attempt, Outcome


class AttemptStore(Protocol):
    """What a rollout needs of the store."""

    def add_attempt(self, attempt: Attempt) -> bool:
        """Records `attempt`; False if what the store holds of it stays, as a score always does."""

    def done(self, policy: str, kind: TaskKind) -> set[tuple[str, int]]:
        """(task id, attempt) of what `policy` need not play again on tasks of `kind`."""


@dataclass
class RolloutSummary:
    """Counts of a run so far."""

    num_scored: int = 0
    num_invalid: int = 0
    num_unresolved: int = 0
    num_present: int = 0
    """Attempts that the store already held a score of."""
    num_retries: int = 0
    num_unclosed: int = 0
    """Worlds whose closing failed or took too long."""
    total_score: float = 0.0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    """Stage and error of attempts without a score, e.g. `play ModelFault`."""
    last_fault: str = ""
    """What the newest of them says."""

    @property
    def num_attempts(self) -> int:
        return self.num_scored + self.num_invalid + self.num_unresolved

    @property
    def mean_score(self) -> float:
        """Over scored attempts; 0 if there are none."""
        return self.total_score / self.num_scored if self.num_scored else 0.0


Progress = Callable[[Attempt, RolloutSummary], None]


async def rollout(
    tasks: Iterable[Task],
    policy: Policy,
    store: AttemptStore,
    *,
    attempts: int = 1,
    concurrency: int = 8,
    seed: int = 0,
    setup: Setup | None = None,
    max_faults: int = 32,
    on_progress: Progress | None = None,
) -> RolloutSummary:
    """Plays `attempts` attempts at each task, `concurrency` at a time, and records every one.

    `tasks` is read as places fall free. Raises `UserError` and `StoreError` as they come, and
    `InfrastructureError` once `max_faults` attempts in a row are unresolved: the model or the
    sandbox is down, and going on would only fill the store with faults.
    """
    assert attempts >= 1, attempts
    assert concurrency >= 1, concurrency
    run = _Run(policy, store, seed, setup or Setup(), max_faults, on_progress)
    ahead = run.missing(tasks, attempts)
    workers = [asyncio.create_task(run.work(ahead)) for _ in range(concurrency)]
    try:
        await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for worker in workers:
            worker.cancel()
        await finished(workers)
    for worker in workers:
        if not worker.cancelled():
            worker.result()
    return run.summary


@dataclass
class _Run:
    policy: Policy
    store: AttemptStore
    seed: int
    setup: Setup
    max_faults: int
    on_progress: Progress | None
    summary: RolloutSummary = field(default_factory=RolloutSummary)
    started: float = field(default_factory=time.monotonic)
    faults_in_a_row: int = 0

    def missing(self, tasks: Iterable[Task], attempts: int) -> Iterator[tuple[Task, int]]:
        """What is still to be played, each once, however often `tasks` repeats a task."""
        done: dict[TaskKind, set[tuple[str, int]]] = {}
        for task in tasks:
            if task.kind not in done:
                done[task.kind] = self.store.done(self.policy.name, task.kind)
            for index in range(attempts):
                if (task.id, index) in done[task.kind]:
                    self.summary.num_present += 1
                else:
                    done[task.kind].add((task.id, index))
                    yield task, index

    async def work(self, ahead: Iterator[tuple[Task, int]]) -> None:
        for task, index in ahead:
            self._record(await play(task, self.policy, index, self.seed, self.setup))

    def _record(self, played: Played) -> None:
        """Stores and counts an attempt, in one go, so that no cancellation falls in between."""
        attempt, summary = played.attempt, self.summary
        if not self.store.add_attempt(attempt) and attempt.outcome is Outcome.SCORED:
            # Another run was faster; its score stands.
            summary.num_present += 1
            return
        match attempt.outcome:
            case Outcome.SCORED:
                summary.num_scored += 1
                summary.total_score += attempt.verdict.score if attempt.verdict else 0.0
            case Outcome.INVALID:
                summary.num_invalid += 1
            case Outcome.UNRESOLVED:
                summary.num_unresolved += 1
        if played.reason:
            summary.reasons[played.reason] += 1
            summary.last_fault = attempt.fault
        summary.num_retries += played.num_retries
        summary.num_unclosed += played.num_unclosed
        summary.seconds = time.monotonic() - self.started
        if self.on_progress:
            self.on_progress(attempt, summary)
        self._watch(attempt)

    def _watch(self, attempt: Attempt) -> None:
        unresolved = attempt.outcome is Outcome.UNRESOLVED
        self.faults_in_a_row = self.faults_in_a_row + 1 if unresolved else 0
        if self.faults_in_a_row >= self.max_faults:
            raise InfrastructureError(
                f"stopped: {self.faults_in_a_row} attempts in a row failed, "
                f"the last with: {attempt.fault}; run again to resume"
            )
