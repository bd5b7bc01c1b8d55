"""Every fault is recorded with the part that broke, also those that a retry made good."""

import asyncio
from dataclasses import replace

import pytest

from agents.attempt import Deadlines
from agents.llm import connect
from agents.policies import ModelPolicy, scripted
from agents.rollout import rollout
from agents.transport import Transport
from data.errors import EnvironmentFault, ModelFault, TaskError
from data.task import PublicTask, Task, ToolCall
from data.trajectory import Boundary, Observation, Outcome, Trajectory, Verdict
from tests.agents.cabinet import Env, make_task
from tests.agents.endpoint import calls, fails, says, serve
from tests.agents.test_rollout import HOME, Acting, Ledger, Rooms, raises

TASK = make_task()
ONCE = replace(HOME, max_retries=0)


class Broken(Env):
    """Every call raises what a defect of a tool raises."""

    async def call(self, call: ToolCall) -> Observation:
        raise KeyError("shelf")


class Silent(Env):
    async def call(self, call: ToolCall) -> Observation:
        await asyncio.Event().wait()
        raise AssertionError


class Lost(Env):
    async def call(self, call: ToolCall) -> Observation:
        raise EnvironmentFault("the sandbox is gone")


class Shut(Env):
    async def reset(self, task: PublicTask) -> Observation:
        raise OSError("no space left")


@pytest.mark.parametrize(
    ("world", "boundary", "said"),
    [
        (Broken, Boundary.TOOL, "play: open_drawer broke: KeyError: 'shelf'"),
        (Silent, Boundary.TOOL, "play: open_drawer gave no answer within 0.05 s"),
        (Lost, Boundary.SANDBOX, "play: the sandbox is gone"),
        (Shut, Boundary.SANDBOX, "open: OSError: no space left"),
    ],
)
async def test_what_breaks_in_the_world_is_no_score_and_no_observation(
    world: type[Env], boundary: Boundary, said: str
) -> None:
    store, rooms = Ledger(), Rooms(world)
    setup = replace(ONCE, opener=rooms.opener, deadlines=Deadlines(call_s=0.05))
    await rollout([TASK], scripted("oracle"), store, setup=setup)
    attempt = store.only()
    assert (attempt.outcome, attempt.verdict) == (Outcome.UNRESOLVED, None)
    assert [fault.boundary for fault in attempt.faults] == [boundary]
    assert attempt.fault == said
    assert rooms.closed == [1]


@pytest.mark.parametrize(
    ("error", "boundary", "retried"),
    [
        (ModelFault("gone"), Boundary.PROVIDER, True),
        (EnvironmentFault("gone"), Boundary.SANDBOX, True),
        (TaskError("stale"), Boundary.TASK, False),
        (ZeroDivisionError("ours"), Boundary.HARNESS, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_only_what_infrastructure_broke_is_tried_again_and_every_try_is_recorded(
    error: Exception, boundary: Boundary, retried: bool
) -> None:
    store = Ledger()
    await rollout([TASK], Acting(raises(error)), store, setup=replace(HOME, max_retries=2))
    assert [f.boundary for f in store.only().faults] == [boundary] * (3 if retried else 1)
    assert {f.stage for f in store.only().faults} == {"play"}


async def test_a_score_after_a_retry_says_what_it_was_retried_for() -> None:
    faults = [ModelFault("overloaded")]

    def then(task: Task) -> object:
        if faults:
            raise faults.pop()
        return None

    store = Ledger()
    summary = await rollout([TASK], Acting(then), store, setup=HOME)
    (fault,) = store.only().faults
    assert (store.only().outcome, store.only().fault) == (Outcome.SCORED, "")
    assert (fault.boundary, fault.error, fault.message) == ("provider", "ModelFault", "overloaded")
    assert summary.boundaries == {"provider": 1}


async def test_a_verifier_that_breaks_is_not_the_tasks_fault() -> None:
    def verifier(task: Task, trajectory: Trajectory) -> Verdict:
        raise RecursionError("deep")

    store = Ledger()
    await rollout([TASK], scripted("oracle"), store, setup=replace(HOME, verifier=verifier))
    assert [f.boundary for f in store.only().faults] == [Boundary.VERIFIER]
    assert store.only().outcome is Outcome.INVALID


async def test_a_turn_records_the_setbacks_before_it_and_the_attempt_its_settings() -> None:
    transport = Transport(backoff_s=0)
    answers = (fails(429, "busy"), fails(503, "later"), calls(("add", '{"amount": 5}')), says("x"))
    async with (
        serve(*answers) as endpoint,
        connect(endpoint.url, transport=transport, api_key="") as model,
    ):
        store = Ledger()
        await rollout([TASK], ModelPolicy(model), store, setup=HOME)
    trajectory = store.only().trajectory
    assert trajectory is not None
    assert [turn.setbacks for turn in trajectory.turns] == [
        ("HTTP 429: busy", "HTTP 503: later"),
        (),
    ]
    assert store.only().settings["model"] == "tiny"
    assert {"model", "sampling", "limits", "context"} == set(store.only().settings)
