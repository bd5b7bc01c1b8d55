"""Rollouts: many attempts at many tasks in one event loop, each recorded as it ends.

Only a scored attempt carries a verdict. An interrupted run resumes: what is scored is not played
again, what failed for other reasons is, and an attempt that was cut off leaves no record.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from agents.attempt import Played, Setup, finished, play
from agents.groups import AttemptStore, Plan
from agents.policies import Policy
from data.errors import InfrastructureError
from data.rates import Band
from data.task import Task
from data.trajectory import Attempt, Outcome


@dataclass
class RolloutSummary:
    """Counts of a run so far."""

    num_scored: int = 0
    num_invalid: int = 0
    num_unresolved: int = 0
    num_present: int = 0
    """Attempts that the store already held a score of."""
    num_spared: int = 0
    """Attempts not needed, as a band was decided without them."""
    num_retries: int = 0
    num_unclosed: int = 0
    """Worlds whose closing failed or took too long."""
    total_score: float = 0.0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    """Stage and error of attempts without a score, e.g. `play ModelFault`."""
    last_fault: str = ""
    """What the newest of them says."""
    boundaries: Counter[str] = field(default_factory=Counter)
    """Every fault by the part that broke, those that a retry made good as well."""

    @property
    def num_attempts(self) -> int:
        return self.num_scored + self.num_invalid + self.num_unresolved

    @property
    def mean_score(self) -> float:
        """Over scored attempts; 0 if there are none."""
        return self.total_score / self.num_scored if self.num_scored else 0.0


MAX_FAULTS = 32

Progress = Callable[[Attempt, RolloutSummary], None]


async def rollout(
    tasks: Iterable[Task],
    policy: Policy,
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
    """Plays `attempts` attempts at each task, `concurrency` at a time, and records every one.

    `tasks` is read as places fall free. With a `band`, a task is left as soon as its attempts show
    whether its pass rate is in it. Raises `UserError` and `StoreError` as they come, and
    `InfrastructureError` once `max_faults` attempts in a row are unresolved (None: 32 more than play
    at a time, so that the slow ones at the end of a run are not taken for it): the model or the
    sandbox is down, and going on would only fill the store with faults.
    """
    assert attempts >= 1, attempts
    assert concurrency >= 1, concurrency
    plan = Plan(store, policy.name, attempts, band, concurrency)
    book = Book(store, plan, faults_allowed(max_faults, concurrency), on_progress)
    ahead, setup = plan.units(tasks), setup or Setup()

    async def work() -> None:
        for task, number in ahead:
            book.record(await play(task, policy, number, seed, setup))

    await together(work, concurrency)
    return book.closed()


def faults_allowed(max_faults: int | None, concurrency: int) -> int:
    return MAX_FAULTS + concurrency if max_faults is None else max_faults


async def together(work: Callable[[], Coroutine[Any, Any, None]], num_workers: int) -> None:
    """Runs `work` so many times at once; the first error ends the others, and is raised."""
    workers = [asyncio.create_task(work()) for _ in range(num_workers)]
    try:
        await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for worker in workers:
            worker.cancel()
        await finished(workers)
    for worker in workers:
        if not worker.cancelled():
            worker.result()


class Book:
    """Records attempts as they end, counts them, and stops a run that meets nothing but faults."""

    def __init__(
        self, store: AttemptStore, plan: Plan, max_faults: int, on_progress: Progress | None
    ) -> None:
        self.summary = RolloutSummary()
        self._store = store
        self._plan = plan
        self._max_faults = max_faults
        self._on_progress = on_progress
        self._started = time.monotonic()
        self._overtaken = 0
        self._faults_in_a_row = 0

    def record(self, played: Played) -> None:
        """Stores and counts an attempt, in one go, so that no cancellation falls in between."""
        attempt, size = played.attempt, 0
        if attempt.verdict:
            size = self._plan.scored(attempt.task_id, attempt.attempt, attempt.verdict.score)
        if not self._store.add_attempt(attempt, size) and attempt.verdict:
            # Another run was faster; its score stands.
            self._overtaken += 1
            self.closed()
            return
        self._count(played)
        if self._on_progress:
            self._on_progress(attempt, self.summary)
        self._watch(attempt)

    def closed(self) -> RolloutSummary:
        """The counts as they are now."""
        self.summary.num_present = self._plan.num_present + self._overtaken
        self.summary.num_spared = self._plan.num_spared
        self.summary.seconds = time.monotonic() - self._started
        return self.summary

    def _count(self, played: Played) -> None:
        attempt, summary = played.attempt, self.closed()
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
        summary.boundaries.update(fault.boundary.value for fault in attempt.faults)
        summary.num_retries += played.num_retries
        summary.num_unclosed += played.num_unclosed

    def _watch(self, attempt: Attempt) -> None:
        unresolved = attempt.outcome is Outcome.UNRESOLVED
        self._faults_in_a_row = self._faults_in_a_row + 1 if unresolved else 0
        if self._faults_in_a_row >= self._max_faults:
            raise InfrastructureError(
                f"stopped: {self._faults_in_a_row} attempts in a row failed, "
                f"the last with: {attempt.fault}; run again to resume"
            )
