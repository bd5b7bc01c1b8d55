"""Scripted policies on a real world."""

import sys
from random import Random

import pytest

from agents.loop import Limits
from agents.policies import Policy, drive, run_script, scripted
from data.errors import EnvironmentFault, UserError
from data.hashing import derive_rng
from data.task import Script, Task, ToolCall
from data.trajectory import Observation, StopReason, Trajectory, Turn
from envs.base import Baseline
from tests.agents import cabinet
from tests.agents.cabinet import Env, make_task, opener, verify

TASK = make_task()


@pytest.fixture(autouse=True)
def _cabinet_is_the_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds are found by module name, so this is how a kind is put in place of another."""
    monkeypatch.setitem(sys.modules, f"envs.{TASK.kind}", cabinet)


async def play(policy: Policy, task: Task = TASK, rng: Random | None = None) -> Trajectory:
    async with opener(task.public()) as (env, first):
        return await policy.play(task, env, first, rng or Random(0), [])


async def test_the_oracle_scores_one() -> None:
    trajectory = await play(scripted("oracle"))
    assert verify(TASK, trajectory).score == 1
    assert [turn.calls for turn in trajectory.turns[:-1]] == [
        (call,) for call in TASK.hidden.witness.calls
    ]


@pytest.mark.parametrize("name", ["noop", "random"])
async def test_policies_that_do_not_try_score_nothing(name: str) -> None:
    for attempt in range(20):
        assert verify(TASK, await play(scripted(name), rng=Random(attempt))).score == 0


async def test_noop_answers_with_nothing_and_touches_nothing() -> None:
    trajectory = await play(scripted("noop"))
    assert (trajectory.turns, trajectory.answer) == ((Turn(),), "")
    assert trajectory.stop is StopReason.ANSWERED


async def test_greedy_is_the_baseline_of_the_tasks_kind() -> None:
    trajectory = await play(scripted("greedy"))
    checks = {check.name: check.passed for check in verify(TASK, trajectory).checks}
    assert checks == {"word": True, "counter": False}
    assert [turn.observations[0].text for turn in trajectory.turns[:-1]] == [
        "d0x1",
        "d0x2",
        "word0",
    ]


@pytest.mark.parametrize("name", ["noop", "random", "greedy"])
async def test_only_the_oracle_depends_on_the_hidden_part(name: str) -> None:
    other = Script(calls=(), answer="something else")
    changed = TASK.model_copy(
        update={"hidden": TASK.hidden.model_copy(update={"witness": other, "reference": "else"})}
    )
    assert await play(scripted(name), changed) == await play(scripted(name), TASK)
    assert await play(scripted("oracle"), changed) != await play(scripted("oracle"), TASK)


async def test_random_plays_depend_on_the_seed_alone() -> None:
    plays = [await play(scripted("random"), rng=derive_rng(seed)) for seed in (0, 0, 1, 2, 3)]
    assert plays[0] == plays[1]
    assert len({p.model_dump_json() for p in plays}) == 4


async def test_random_calls_reach_the_tools() -> None:
    turns = [
        t for seed in range(20) for t in (await play(scripted("random"), rng=Random(seed))).turns
    ]
    assert {call.name for turn in turns for call in turn.calls} == {"open_drawer", "add"}
    assert any(not o.error for turn in turns for o in turn.observations)


@pytest.mark.parametrize(
    ("limits", "stop"),
    [
        (Limits(max_calls=2), StopReason.CALL_LIMIT),
        (Limits(max_turns=3), StopReason.TURN_LIMIT),
        (Limits(max_calls=3, max_turns=4), StopReason.ANSWERED),
    ],
    ids=["calls", "turns", "just enough"],
)
async def test_a_script_stops_at_the_limits_of_an_agent(limits: Limits, stop: StopReason) -> None:
    trajectory = await play(scripted("greedy", limits))
    assert trajectory.stop is stop
    assert len(trajectory.turns) == (4 if stop is StopReason.ANSWERED else 2)
    assert bool(trajectory.answer) == (stop is StopReason.ANSWERED)


async def test_a_script_reads_whole_observations_though_the_record_is_cut() -> None:
    trajectory = await play(scripted("greedy", Limits(max_observation_chars=1)))
    assert trajectory.answer == "word0"
    assert trajectory.turns[0].observations[0].truncated


async def test_a_witness_longer_than_any_limit_is_replayed_whole() -> None:
    task = make_task(length=300)
    trajectory = await play(scripted("oracle"), task)
    assert verify(task, trajectory).score == 1


async def test_a_generator_is_closed_when_the_world_breaks() -> None:
    closed = []

    def script() -> Baseline:
        try:
            yield ToolCall(name="add", arguments={"amount": 1})
        finally:
            closed.append(True)
        return ""

    class Broken(Env):
        async def call(self, call: ToolCall) -> Observation:
            raise EnvironmentFault("gone")

    turns: list[Turn] = []
    playing = script()
    with pytest.raises(EnvironmentFault, match="gone"):
        await drive(TASK.id, Broken(), playing, Limits(), turns)
    assert closed == [True]
    assert len(turns) == 1


async def test_a_script_without_calls_gives_its_answer() -> None:
    async with opener(TASK.public()) as (env, _):
        trajectory = await run_script(TASK.id, Script(calls=(), answer="guess"), env)
    assert (trajectory.answer, trajectory.stop) == ("guess", StopReason.ANSWERED)


def test_set_ups_that_differ_are_stored_under_different_names() -> None:
    names = {scripted("greedy", limits).name for limits in (Limits(), Limits(max_calls=2))}
    assert names == {"greedy", "greedy max_calls=2"}


def test_an_unknown_policy_names_the_known_ones() -> None:
    with pytest.raises(UserError, match="no policy 'wise'; policies are oracle, noop, random, gr"):
        scripted("wise")
