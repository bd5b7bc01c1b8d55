"""One attempt from opening its world to the verdict, in stages that each have a deadline.

A world is opened and closed in one task, and its closing is never cut short by a cancellation; only
a deadline ends it. Verifiers run in a thread: one that never returns is left behind, but one that
holds the interpreter lock (a runaway regular expression) cannot be timed out from here.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from pydantic import Field

import verifiers
from agents.boundary import Guarded, fault, may_pass
from agents.policies import Policy
from data.errors import InfrastructureError, TaskError, UserError
from data.hashing import derive_rng
from data.record import Record
from data.task import PublicTask, Task, content_id
from data.trajectory import (
    Attempt,
    Fault,
    Observation,
    Outcome,
    StopReason,
    Trajectory,
    Turn,
    Verdict,
)
from envs.base import Environment, open_env

log = logging.getLogger(__name__)

T = TypeVar("T")
Opener = Callable[[PublicTask], AbstractAsyncContextManager[tuple[Environment, Observation]]]
Verifier = Callable[[Task, Trajectory], Verdict]


class Deadlines(Record):
    """Longest stages of an attempt. A stage that goes over is a fault of ours, never a score."""

    open_s: float = Field(default=300.0, gt=0)
    play_s: float = Field(default=7200.0, gt=0)
    """Above `Limits.max_seconds`, which is the agent's own time and ends in a score."""
    call_s: float = Field(default=900.0, gt=0)
    """One tool call. Tools have shorter limits of their own, which end in an observation."""
    verify_s: float = Field(default=600.0, gt=0)
    close_s: float = Field(default=60.0, gt=0)


@dataclass(frozen=True)
class Setup:
    """What surrounds the policy; the defaults are what tasks are made for."""

    opener: Opener = open_env
    verifier: Verifier = verifiers.verify
    deadlines: Deadlines = Deadlines()
    max_retries: int = 1
    """More tries, each in a fresh world, of an attempt that infrastructure broke."""


class Played(NamedTuple):
    """An ended attempt and what is not part of its record."""

    attempt: Attempt
    reason: str
    """Stage and error of an attempt without a score, e.g. `play ModelFault`; else empty."""
    num_retries: int
    num_unclosed: int
    """Worlds whose closing failed or took too long."""


async def play(task: Task, policy: Policy, index: int, seed: int, setup: Setup) -> Played:
    """Attempt number `index` of `policy` at `task`, to whichever of the three outcomes.

    Raises `UserError` where the set-up itself is wrong: no attempt could go better.
    """
    started = time.monotonic()
    tries: list[_Episode] = []
    while len(tries) <= setup.max_retries and (not tries or tries[-1].may_pass):
        tries.append(_Episode(task, policy, index, seed, setup))
        await tries[-1].settle()
    last = tries[-1]
    attempt = Attempt(
        task_id=task.id,
        policy=policy.name,
        attempt=index,
        outcome=last.outcome,
        trajectory=last.trajectory,
        verdict=last.verdict,
        fault=last.told,
        faults=tuple(t.fault for t in tries if t.fault),
        settings=policy.settings,
        seconds=time.monotonic() - started,
    )
    return Played(attempt, last.reason, len(tries) - 1, sum(t.unclosed for t in tries))


@dataclass
class _Episode:
    """One try of an attempt; the fields below the set-up are how far it came."""

    task: Task
    policy: Policy
    index: int
    seed: int
    setup: Setup
    stage: str = "check"
    turns: list[Turn] = field(default_factory=list)
    trajectory: Trajectory | None = None
    verdict: Verdict | None = None
    outcome: Outcome = Outcome.UNRESOLVED
    fault: Fault | None = None
    may_pass: bool = False
    closing: bool = False
    unclosed: bool = False

    @property
    def told(self) -> str:
        """The fault in one line."""
        return f"{self.fault.stage}: {self.fault.message}" if self.fault else ""

    @property
    def reason(self) -> str:
        return f"{self.fault.stage} {self.fault.error}" if self.fault else ""

    async def settle(self) -> None:
        """Runs every stage and records how it ended: the one place where any error is data."""
        try:
            await self._run()
            self.outcome = Outcome.SCORED
        except TaskError as e:
            self._failed(Outcome.INVALID, e)
        except UserError:
            raise
        except InfrastructureError as e:
            self._failed(Outcome.UNRESOLVED, e)
        except Exception as e:  # a defect of ours must not take the other attempts along
            log.exception("%s attempt %d: %s failed", self.task.id, self.index, self.stage)
            judging = self.stage == "verify"
            self._failed(Outcome.INVALID if judging else Outcome.UNRESOLVED, e)
        except asyncio.CancelledError:
            worker = asyncio.current_task()
            if worker and worker.cancelling():
                raise
            # Nobody asked this attempt to end: it must neither vanish nor end the run.
            self._failed(Outcome.UNRESOLVED, InfrastructureError("a task inside was cancelled"))

    def _failed(self, outcome: Outcome, error: Exception) -> None:
        self.outcome = outcome
        self.fault = fault(self.stage, error)
        self.may_pass = may_pass(error)
        if self.stage == "play":
            self.trajectory = Trajectory(
                task_id=self.task.id, turns=tuple(self.turns), answer="", stop=StopReason.FAULT
            )

    async def _run(self) -> None:
        if (content := content_id(self.task)) != self.task.id:
            raise TaskError(f"{self.task.id} was altered: its content is that of {content}")
        acting = asyncio.create_task(self._act())
        try:
            await asyncio.wait({acting})
        except asyncio.CancelledError:
            if not self.closing:
                acting.cancel()
            await finished([acting])
            raise
        self.trajectory = trajectory = acting.result()
        async with self._within("verify", self.setup.deadlines.verify_s):
            self.verdict = await _in_thread(lambda: self.setup.verifier(self.task, trajectory))

    async def _act(self) -> Trajectory:
        deadlines, world = self.setup.deadlines, AsyncExitStack()
        rng = derive_rng(self.seed, self.policy.name, self.task.id, self.index)
        try:
            # The outer deadline ends a clean-up that hangs after the inner one has passed.
            patience_s = deadlines.open_s + deadlines.close_s
            async with self._within("open", patience_s), self._within("open", deadlines.open_s):
                opened = self.setup.opener(self.task.public())
                env, first = await world.enter_async_context(opened)
            async with self._within("play", deadlines.play_s):
                guarded = Guarded(env, deadlines.call_s)
                return await self.policy.play(self.task, guarded, first, rng, self.turns)
        finally:
            await self._close(world)

    async def _close(self, world: AsyncExitStack) -> None:
        """Closes the world; what was played stands even if that fails."""
        self.closing = True
        try:
            async with asyncio.timeout(self.setup.deadlines.close_s):
                await world.aclose()
        except Exception as e:  # noqa: BLE001 - the attempt has ended, whatever it is
            log.warning("the world of %s is not closed: %r", self.task.id, e)
            self.unclosed = True

    @asynccontextmanager
    async def _within(self, stage: str, limit_s: float) -> AsyncIterator[None]:
        self.stage = stage
        try:
            async with asyncio.timeout(limit_s) as clock:
                yield
        except TimeoutError as e:
            if not clock.expired():
                raise
            raise InfrastructureError(f"not done within {limit_s:g} s") from e


async def finished(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Waits until all of `tasks` have ended, however often the waiting itself is cancelled."""
    tasks = list(tasks)
    while pending := [task for task in tasks if not task.done()]:
        with suppress(asyncio.CancelledError):
            await asyncio.wait(pending)
    # Reading an error keeps it from being reported as overlooked.
    _ = [task.cancelled() or task.exception() for task in tasks]


async def _in_thread(work: Callable[[], T]) -> T:
    """`work()` in a thread of its own, which does not keep the process alive."""
    result: Future[T] = Future()
    result.set_running_or_notify_cancel()

    def settle() -> None:
        try:
            result.set_result(work())
        except BaseException as e:  # noqa: BLE001 - raised again in the waiting task
            result.set_exception(e)

    threading.Thread(target=settle, daemon=True, name="verify").start()
    return await asyncio.wrap_future(result)
