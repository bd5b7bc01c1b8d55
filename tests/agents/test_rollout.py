"""Rollouts on a real world: what is recorded, what is retried, what an interruption leaves."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from agents.attempt import Deadlines, Setup
from agents.llm import Transport, connect
from agents.loop import Limits
from agents.policies import ModelPolicy, scripted
from agents.rollout import RolloutSummary, rollout
from data.errors import (
    EnvironmentFault,
    InfrastructureError,
    ModelFault,
    SourceError,
    StoreError,
    TaskError,
)
from data.task import JsonObject, PublicTask, Task, TaskKind, ToolCall
from data.trajectory import Attempt, Observation, Outcome, StopReason, Trajectory, Turn, Verdict
from envs.base import Environment
from tests.agents import cabinet
from tests.agents.cabinet import Env, make_task
from tests.agents.endpoint import calls, fails, says, serve

TASKS = [make_task(number) for number in range(6)]
ADD = ToolCall(name="add", arguments={"amount": 1})
HOME = Setup(opener=cabinet.opener, verifier=cabinet.verify)


@dataclass
class Ledger:
    """A store in memory; a second score of the same attempt is an error of the rollout's."""

    attempts: dict[tuple[str, int], Attempt] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)

    def add_attempt(self, attempt: Attempt, group_size: int = 0) -> bool:
        if group_size:
            self.closed[attempt.task_id] = group_size
        key = (attempt.task_id, attempt.attempt)
        held, scored = self.attempts.get(key), attempt.outcome is Outcome.SCORED
        assert not (held and held.outcome is Outcome.SCORED), "a scored attempt was played again"
        if held and not scored:
            return False
        self.attempts[key] = attempt
        return True

    def close_group(self, task_id: str, policy: str, size: int) -> None:
        self.closed[task_id] = size

    def scores(self, policy: str, kind: TaskKind) -> dict[tuple[str, int], float]:
        ours = {k: a.verdict for k, a in self.attempts.items() if a.policy == policy}
        return {key: verdict.score for key, verdict in ours.items() if verdict}

    def groups(self, policy: str, kind: TaskKind) -> dict[str, int]:
        return dict(self.closed)

    def only(self) -> Attempt:
        (attempt,) = self.attempts.values()
        return attempt


@dataclass
class Acting:
    """A policy that adds once, then does what the test says, then gives the right answer."""

    then: Callable[[Task], object]
    name: str = "acting"
    settings: JsonObject = field(default_factory=dict)

    async def play(
        self, task: Task, env: Environment, first: Observation, rng: Random, turns: list[Turn]
    ) -> Trajectory:
        turns.append(Turn(calls=(ADD,), observations=(await env.call(ADD),)))
        result = self.then(task)
        if asyncio.iscoroutine(result):
            await result
        await env.call(ToolCall(name="add", arguments={"amount": 4}))
        answer = str(task.hidden.reference)
        return Trajectory(
            task_id=task.id,
            turns=tuple(turns),
            answer=answer,
            stop=StopReason.ANSWERED,
            state=env.state(),
        )


class Rooms:
    """Opens worlds and keeps them, so that a test can see which were closed."""

    def __init__(self, env: Callable[[], Env] = Env) -> None:
        self.envs: list[Env] = []
        self._env = env

    @asynccontextmanager
    async def opener(self, task: PublicTask) -> AsyncIterator[tuple[Env, Observation]]:
        env = self._env()
        self.envs.append(env)
        try:
            yield env, await env.reset(task)
        finally:
            await env.close()

    @property
    def closed(self) -> list[int]:
        return [env.closed for env in self.envs]


def raises(error: Exception) -> Callable[[Task], object]:
    def then(task: Task) -> object:
        raise error

    return then


async def test_every_attempt_is_recorded_once_with_its_verdict() -> None:
    store, seen = Ledger(), list[tuple[str, int, int]]()

    def progress(attempt: Attempt, summary: RolloutSummary) -> None:
        seen.append((attempt.task_id, attempt.attempt, summary.num_attempts))

    summary = await rollout(
        [*TASKS, *TASKS], scripted("oracle"), store, attempts=2, setup=HOME, on_progress=progress
    )
    assert set(store.attempts) == {(task.id, k) for task in TASKS for k in (0, 1)}
    assert all(a.verdict and a.verdict.score == 1 for a in store.attempts.values())
    assert (summary.num_scored, summary.mean_score, summary.num_retries) == (12, 1.0, 0)
    assert [count for _, _, count in seen] == list(range(1, 13))
    assert summary.reasons == {}


async def test_a_model_plays_over_a_real_connection() -> None:
    drawers = [calls(("open_drawer", f'{{"name": "d0x{i}"}}')) for i in range(3)]
    async with (
        serve(*drawers, calls(("add", '{"amount": 5}')), says("word0")) as endpoint,
        connect(endpoint.url, api_key="") as model,
    ):
        store = Ledger()
        policy = ModelPolicy(model, Limits(max_turns=9))
        summary = await rollout(TASKS[:1], policy, store, setup=HOME)
    assert (summary.num_scored, summary.mean_score) == (1, 1.0)
    assert store.only().policy == "tiny max_turns=9"


async def test_random_attempts_differ_and_a_second_run_repeats_them() -> None:
    stores = [Ledger(), Ledger()]
    for store in stores:
        await rollout(TASKS[:1], scripted("random"), store, attempts=5, setup=HOME)
    first, second = (
        [store.attempts[TASKS[0].id, k].trajectory for k in range(5)] for store in stores
    )
    assert first == second
    assert len({t.model_dump_json() for t in first if t}) == 5


async def test_a_cancelled_run_resumes_without_repeating_or_losing_an_attempt() -> None:
    store, rooms, stuck = Ledger(), Rooms(), asyncio.Event()
    setup = replace(HOME, opener=rooms.opener)
    blocked = TASKS[2].id

    async def block(task: Task) -> None:
        if task.id == blocked:
            stuck.set()
            await asyncio.Event().wait()

    run = asyncio.create_task(
        rollout(TASKS, Acting(block), store, attempts=2, concurrency=1, setup=setup)
    )
    await stuck.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert len(store.attempts) == 4
    assert rooms.closed == [1] * 5, "the interrupted world is closed too"

    summary = await rollout(TASKS, Acting(lambda task: None), store, attempts=2, setup=HOME)
    assert (summary.num_present, summary.num_scored) == (4, 8)
    assert set(store.attempts) == {(task.id, k) for task in TASKS for k in (0, 1)}


async def test_a_cancellation_does_not_cut_a_closing_short() -> None:
    closing, may_close = asyncio.Event(), asyncio.Event()

    class Slow(Env):
        async def close(self) -> None:
            closing.set()
            await may_close.wait()
            await super().close()

    rooms = Rooms(Slow)
    setup = replace(HOME, opener=rooms.opener)
    run = asyncio.create_task(rollout(TASKS[:1], scripted("noop"), Ledger(), setup=setup))
    await closing.wait()
    for _ in range(3):
        run.cancel()
        await asyncio.sleep(0)
    assert not run.done()
    may_close.set()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert rooms.closed == [1]


@pytest.mark.parametrize("fault", [ModelFault("lost"), EnvironmentFault("lost")], ids=str)
async def test_a_fault_in_play_is_unresolved_and_keeps_what_happened(fault: Exception) -> None:
    store, rooms = Ledger(), Rooms()
    setup = replace(HOME, opener=rooms.opener, max_retries=2)
    summary = await rollout(TASKS[:1], Acting(raises(fault)), store, setup=setup)
    attempt = store.only()
    assert (attempt.outcome, attempt.verdict) == (Outcome.UNRESOLVED, None)
    assert attempt.fault == "play: lost"
    assert attempt.trajectory is not None
    assert attempt.trajectory.stop is StopReason.FAULT
    assert len(attempt.trajectory.turns) == 1
    assert rooms.closed == [1, 1, 1], "each try has a fresh world"
    assert (summary.num_unresolved, summary.num_retries) == (1, 2)
    assert summary.reasons == {f"play {type(fault).__name__}": 1}


async def test_an_endpoint_that_is_down_is_never_a_score() -> None:
    transport = Transport(backoff_s=0, max_retries=1)
    async with (
        serve(calls(("add", '{"amount": 5}')), fails(500, "overloaded")) as endpoint,
        connect(endpoint.url, transport=transport, api_key="") as model,
    ):
        store = Ledger()
        setup = replace(HOME, max_retries=0)
        summary = await rollout(TASKS[:1], ModelPolicy(model), store, setup=setup)
    assert (summary.num_unresolved, summary.num_scored) == (1, 0)
    assert "HTTP 500: overloaded" in store.only().fault


async def test_a_fault_that_passes_is_retried_and_scored() -> None:
    faults = [EnvironmentFault("once")]

    def then(task: Task) -> object:
        if faults:
            raise faults.pop()
        return None

    store = Ledger()
    summary = await rollout(TASKS[:1], Acting(then), store, setup=HOME)
    assert (summary.num_scored, summary.num_retries) == (1, 1)
    trajectory = store.only().trajectory
    assert trajectory is not None
    assert len(trajectory.turns) == 1, "nothing of the broken try is left in the record"


async def test_an_altered_task_is_invalid_and_its_world_is_not_opened() -> None:
    store, rooms = Ledger(), Rooms()
    altered = TASKS[0].model_copy(
        update={"hidden": TASKS[0].hidden.model_copy(update={"reference": "another word"})}
    )
    setup = replace(HOME, opener=rooms.opener)
    summary = await rollout([altered], scripted("oracle"), store, setup=setup)
    attempt = store.only()
    assert (attempt.outcome, attempt.verdict, attempt.trajectory) == (Outcome.INVALID, None, None)
    assert "was altered" in attempt.fault
    assert (summary.num_invalid, rooms.envs) == (1, [])


async def test_a_world_that_has_changed_makes_the_task_invalid_without_a_retry() -> None:
    class Changed(Env):
        async def reset(self, task: PublicTask) -> Observation:
            raise TaskError("the corpus has another hash")

    store, rooms = Ledger(), Rooms(Changed)
    setup = replace(HOME, opener=rooms.opener)
    summary = await rollout(TASKS[:1], scripted("oracle"), store, setup=setup)
    assert store.only().outcome is Outcome.INVALID
    assert store.only().fault == "open: the corpus has another hash"
    assert (summary.num_retries, rooms.closed) == (0, [1])


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (EnvironmentFault("no sandbox"), Outcome.UNRESOLVED),
        (TaskError("bad spec"), Outcome.INVALID),
        (KeyError("total"), Outcome.INVALID),
    ],
    ids=str,
)
async def test_a_verifier_that_fails_gives_no_score_and_keeps_the_trajectory(
    error: Exception, outcome: Outcome
) -> None:
    def verifier(task: Task, trajectory: Trajectory) -> Verdict:
        raise error

    store = Ledger()
    await rollout(TASKS[:1], scripted("oracle"), store, setup=replace(HOME, verifier=verifier))
    attempt = store.only()
    assert (attempt.outcome, attempt.verdict) == (outcome, None)
    assert attempt.trajectory is not None
    assert attempt.trajectory.answer == "word0"


async def test_a_defect_in_one_attempt_leaves_the_others_alone() -> None:
    def then(task: Task) -> object:
        if task.id == TASKS[1].id:
            raise ZeroDivisionError("a defect")
        return None

    store = Ledger()
    summary = await rollout(TASKS, Acting(then), store, concurrency=2, setup=HOME)
    assert (summary.num_scored, summary.num_unresolved) == (5, 1)
    assert store.attempts[TASKS[1].id, 0].fault == "play: ZeroDivisionError: a defect"


async def test_a_cancellation_from_within_is_a_fault_and_does_not_end_the_run() -> None:
    store = Ledger()
    setup = replace(HOME, max_retries=0)

    def then(task: Task) -> object:
        if task.id == TASKS[1].id:
            raise asyncio.CancelledError
        return None

    summary = await rollout(TASKS, Acting(then), store, concurrency=1, setup=setup)
    assert (summary.num_scored, summary.num_unresolved) == (5, 1)
    assert store.attempts[TASKS[1].id, 0].fault == "play: a task inside was cancelled"


@pytest.mark.parametrize("error", [SourceError("no corpus"), StoreError("locked")], ids=str)
async def test_what_the_user_must_mend_stops_the_run_and_closes_every_world(
    error: Exception,
) -> None:
    """A wrong set-up comes from the policy here, a broken store from recording."""
    playing = asyncio.Event()

    class Full(Ledger):
        def add_attempt(self, attempt: Attempt, group_size: int = 0) -> bool:
            raise error

    async def then(task: Task) -> None:
        if task.id == TASKS[0].id:
            playing.set()
            await asyncio.Event().wait()
        await playing.wait()
        if isinstance(error, SourceError):
            raise error

    rooms = Rooms()
    store = Full() if isinstance(error, StoreError) else Ledger()
    setup = replace(HOME, opener=rooms.opener)
    with pytest.raises(type(error), match=str(error)):
        await rollout(TASKS, Acting(then), store, concurrency=2, setup=setup)
    assert store.attempts == {}
    assert rooms.closed == [1, 1]


async def test_a_run_stops_when_everything_around_it_is_down() -> None:
    store = Ledger()
    setup = replace(HOME, max_retries=0)
    down = Acting(raises(ModelFault("connection refused")))
    with pytest.raises(InfrastructureError, match="3 attempts in a row .*connection refused"):
        await rollout(TASKS, down, store, concurrency=1, setup=setup, max_faults=3)
    assert len(store.attempts) == 3


async def test_what_stayed_unresolved_is_played_again_by_the_next_run() -> None:
    store, setup = Ledger(), replace(HOME, max_retries=0)
    down = Acting(raises(ModelFault("down")))
    await rollout(TASKS, down, store, setup=setup)
    with pytest.raises(InfrastructureError, match="4 attempts in a row"):
        await rollout(TASKS, down, store, setup=setup, max_faults=4)
    summary = await rollout(TASKS, Acting(lambda task: None), store, setup=setup)
    assert (summary.num_scored, summary.num_present) == (6, 0)
    assert {attempt.outcome for attempt in store.attempts.values()} == {Outcome.SCORED}


async def test_no_more_than_concurrency_play_at_once_and_tasks_are_read_as_needed() -> None:
    playing = peak = read = 0
    full = asyncio.Event()

    async def then(task: Task) -> None:
        nonlocal playing, peak
        playing += 1
        peak = max(peak, playing)
        if playing == 3 and not full.is_set():
            assert read == 3
            full.set()
        await full.wait()
        await asyncio.sleep(0)
        playing -= 1

    def reading() -> Iterator[Task]:
        nonlocal read
        for task in TASKS:
            read += 1
            yield task

    summary = await rollout(reading(), Acting(then), Ledger(), concurrency=3, setup=HOME)
    assert (summary.num_scored, peak) == (6, 3)


class StuckOpening(Env):
    async def reset(self, task: PublicTask) -> Observation:
        await asyncio.Event().wait()
        raise AssertionError


class StuckClosing(Env):
    async def close(self) -> None:
        await super().close()
        await asyncio.Event().wait()


class StuckAllOver(StuckOpening, StuckClosing):
    pass


@pytest.mark.parametrize(("world", "limit"), [(StuckOpening, "0.02"), (StuckAllOver, "0.04")])
async def test_a_world_that_does_not_open_in_time_is_closed_and_unresolved(
    world: type[Env], limit: str
) -> None:
    store, rooms = Ledger(), Rooms(world)
    setup = replace(
        HOME, opener=rooms.opener, deadlines=Deadlines(open_s=0.02, close_s=0.02), max_retries=0
    )
    await rollout(TASKS[:1], scripted("oracle"), store, setup=setup)
    assert store.only().outcome is Outcome.UNRESOLVED
    assert store.only().trajectory is None
    assert store.only().fault == f"open: not done within {limit} s"
    assert rooms.closed == [1]


async def test_a_play_over_its_deadline_is_unresolved_and_not_a_time_limit_of_the_agent() -> None:
    store, rooms = Ledger(), Rooms()
    setup = replace(HOME, opener=rooms.opener, deadlines=Deadlines(play_s=0.02), max_retries=0)
    await rollout(TASKS[:1], Acting(lambda task: asyncio.Event().wait()), store, setup=setup)
    assert store.only().outcome is Outcome.UNRESOLVED
    assert store.only().fault == "play: not done within 0.02 s"
    assert rooms.closed == [1]


async def test_a_time_out_inside_the_world_is_not_taken_for_a_deadline() -> None:
    store = Ledger()
    setup = replace(HOME, max_retries=0)
    await rollout(TASKS[:1], Acting(raises(TimeoutError("socket"))), store, setup=setup)
    assert store.only().outcome is Outcome.UNRESOLVED
    assert store.only().fault == "play: TimeoutError: socket"


async def test_a_verifier_over_its_deadline_is_unresolved() -> None:
    release = threading.Event()

    def verifier(task: Task, trajectory: Trajectory) -> Verdict:
        release.wait(5)
        return cabinet.verify(task, trajectory)

    store = Ledger()
    setup = replace(HOME, verifier=verifier, deadlines=Deadlines(verify_s=0.02), max_retries=0)
    await rollout(TASKS[:1], scripted("oracle"), store, setup=setup)
    release.set()
    assert store.only().outcome is Outcome.UNRESOLVED
    assert store.only().fault == "verify: not done within 0.02 s"
    assert store.only().verdict is None


class BadClosing(Env):
    async def close(self) -> None:
        raise EnvironmentFault("the sandbox does not answer")


@pytest.mark.parametrize("world", [StuckClosing, BadClosing])
async def test_a_world_that_does_not_close_is_counted_and_its_attempt_stands(
    world: type[Env],
) -> None:
    store, rooms = Ledger(), Rooms(world)
    setup = replace(HOME, opener=rooms.opener, deadlines=Deadlines(close_s=0.02))
    summary = await rollout(TASKS[:1], scripted("oracle"), store, setup=setup)
    assert (summary.num_scored, summary.num_unclosed) == (1, 1)


async def test_a_world_is_opened_and_closed_in_one_task() -> None:
    """Task groups and cancel scopes that a world holds open cannot be left in another task."""

    @asynccontextmanager
    async def opener(task: PublicTask) -> AsyncIterator[tuple[Env, Observation]]:
        async with asyncio.TaskGroup() as group, cabinet.opener(task) as opened:
            group.create_task(asyncio.sleep(0))
            yield opened

    async def hang(task: Task) -> None:
        await asyncio.Event().wait()

    store = Ledger()
    setup = replace(HOME, opener=opener, deadlines=Deadlines(play_s=0.02), max_retries=0)
    summary = await rollout(TASKS[:1], Acting(hang), store, setup=setup)
    assert (summary.num_unresolved, summary.num_unclosed) == (1, 0)
