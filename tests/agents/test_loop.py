"""The loop on a real world with a scripted model: what the model is shown, and when it stops."""

import pytest

from agents.chat import FinishReason, MalformedCall, Reply, Usage
from agents.loop import Limits, run
from agents.scripted import ScriptedModel
from data.errors import EnvironmentFault, ModelFault
from data.task import Message, Role, ToolCall
from data.trajectory import Observation, StopReason, Trajectory, Turn
from tests.agents.cabinet import TOOLS, Env, make_task, opener

TASK = make_task()
ADD = ToolCall(name="add", arguments={"amount": 2}, id="a")
OPEN = ToolCall(name="open_drawer", arguments={"name": "d0x0"}, id="o")


async def play(*replies: Reply, limits: Limits | None = None) -> tuple[Trajectory, ScriptedModel]:
    model = ScriptedModel(replies)
    async with opener(TASK.public()) as (env, first):
        return await run(TASK.public(), env, first, model, limits or Limits()), model


async def test_the_model_sees_prompt_first_observation_and_all_its_turns() -> None:
    look = Reply(content="I look.", reasoning="where?", calls=(OPEN, ADD))
    trajectory, model = await play(look, Reply(content="word0"))
    opening = (*TASK.prompt, Message(role=Role.USER, content="3 drawers stand before you."))
    turn = Turn(
        content="I look.",
        reasoning="where?",
        calls=(OPEN, ADD),
        observations=(Observation(text="d0x1"), Observation(text="The counter shows 2.")),
    )
    assert [request.conversation for request in model.requests] == [opening, (*opening, turn)]
    assert [request.tools for request in model.requests] == [TOOLS, TOOLS]
    assert trajectory == Trajectory(
        task_id=TASK.id,
        turns=(turn, Turn(content="word0")),
        answer="word0",
        stop=StopReason.ANSWERED,
        state={"total": 2},
        first="3 drawers stand before you.",
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (ToolCall(name="fly", arguments={}), "no tool 'fly'; tools are open_drawer, add"),
        (ToolCall(name="add", arguments={"amount": 99}), "amount breaks maximum 9, got 99"),
        (MalformedCall(name="add", problem="add: not JSON: {"), "add: not JSON: {"),
    ],
    ids=["unknown tool", "wrong argument", "malformed call"],
)
async def test_the_agents_mistakes_are_told_to_it(
    call: ToolCall | MalformedCall, said: str
) -> None:
    trajectory, model = await play(Reply(calls=(call, ADD)), Reply(content="sorry"))
    mistake, other = trajectory.turns[0].observations
    assert mistake.error
    assert said in mistake.text
    assert not other.error, "the other calls of the turn still run"
    assert model.requests[1].conversation[-1] == trajectory.turns[0]


def spending(num_tokens: int = 0, seconds: float = 0.0, num_calls: int = 1) -> Reply:
    usage = Usage(num_completion_tokens=num_tokens)
    return Reply(calls=(ADD,) * num_calls, usage=usage, seconds=seconds)


@pytest.mark.parametrize(
    ("limits", "replies", "stop", "num_turns", "total"),
    [
        (Limits(max_turns=2), [spending()] * 2, StopReason.TURN_LIMIT, 2, 4),
        (Limits(max_calls=3), [spending(num_calls=2)] * 2, StopReason.CALL_LIMIT, 2, 4),
        (Limits(max_calls=0), [spending()], StopReason.CALL_LIMIT, 1, 0),
        (Limits(max_tokens=10), [spending(10), spending(1)], StopReason.TOKEN_LIMIT, 2, 2),
        (Limits(max_seconds=10), [spending(0, 9), spending(0, 2)], StopReason.TIME_LIMIT, 2, 2),
    ],
    ids=["turns", "calls", "no calls at all", "tokens", "seconds"],
)
async def test_a_reply_over_a_limit_ends_the_attempt_and_is_not_acted_on(
    limits: Limits, replies: list[Reply], stop: StopReason, num_turns: int, total: int
) -> None:
    trajectory, _ = await play(*replies, limits=limits)
    assert (trajectory.stop, trajectory.answer) == (stop, "")
    assert len(trajectory.turns) == num_turns
    assert trajectory.state == {"total": total}


@pytest.mark.parametrize(
    ("limits", "replies"),
    [
        (Limits(max_turns=3), [spending(), spending(), Reply(content="word0")]),
        (Limits(max_calls=2), [spending(), spending(), Reply(content="word0")]),
        (Limits(max_tokens=10), [spending(10), Reply(content="word0")]),
        (Limits(max_seconds=10), [spending(0, 9.5), Reply(content="word0")]),
    ],
    ids=["turns", "calls", "tokens", "seconds"],
)
async def test_what_just_keeps_a_limit_is_answered(limits: Limits, replies: list[Reply]) -> None:
    trajectory, _ = await play(*replies, limits=limits)
    assert (trajectory.stop, trajectory.answer) == (StopReason.ANSWERED, "word0")


@pytest.mark.parametrize("calls", [(), (ADD,)], ids=["text", "call"])
async def test_a_reply_cut_short_is_neither_an_answer_nor_an_action(
    calls: tuple[ToolCall, ...],
) -> None:
    cut = Reply(content="The word is wo", calls=calls, finish_reason=FinishReason.LENGTH)
    trajectory, _ = await play(cut)
    assert (trajectory.stop, trajectory.answer) == (StopReason.TOKEN_LIMIT, "")
    assert trajectory.turns[0].content == "The word is wo"
    assert trajectory.state == {"total": 0}


async def test_a_conversation_that_does_not_fit_ends_the_attempt_and_is_no_turn() -> None:
    full = Reply(finish_reason=FinishReason.OVERFLOW)
    trajectory, _ = await play(Reply(calls=(ADD,)), full)
    assert (trajectory.stop, trajectory.answer) == (StopReason.CONTEXT_LIMIT, "")
    assert len(trajectory.turns) == 1


async def test_a_user_who_answers_is_heard_and_kept_on_record() -> None:
    async def user(message: str) -> str:
        return "And the counter?" if message == "word0" else ""

    model = ScriptedModel([Reply(content="word0", reasoning="easy"), Reply(content="2")])
    async with opener(TASK.public()) as (env, first):
        trajectory = await run(TASK.public(), env, first, model, Limits(), user=user)
    said = Message(role=Role.USER, content="And the counter?")
    assert model.requests[1].conversation[-2:] == (trajectory.turns[0], said)
    assert [turn.user for turn in trajectory.turns] == [said.content, ""]
    assert (trajectory.answer, trajectory.stop) == ("2", StopReason.ANSWERED)


async def test_long_observations_are_cut_and_say_so() -> None:
    limits = Limits(max_observation_chars=5)
    trajectory, model = await play(Reply(calls=(ADD,)), Reply(content="x"), limits=limits)
    (cut,) = trajectory.turns[0].observations
    assert cut == Observation(text="The c\n[15 more characters are not shown]", truncated=True)
    first = model.requests[0].conversation[-1]
    assert isinstance(first, Message)
    assert first.content == "3 dra\n[22 more characters are not shown]"


async def test_a_fault_of_the_model_goes_through_and_leaves_the_turns_so_far() -> None:
    turns: list[Turn] = []
    model = ScriptedModel([Reply(calls=(ADD,))])
    async with opener(TASK.public()) as (env, first):
        with pytest.raises(ModelFault, match="asked for reply 2 of 1"):
            await run(TASK.public(), env, first, model, Limits(), turns)
    assert [turn.observations[0].text for turn in turns] == ["The counter shows 2."]


async def test_a_fault_of_the_world_goes_through_and_is_never_shown_to_the_model() -> None:
    class Broken(Env):
        async def call(self, call: ToolCall) -> Observation:
            raise EnvironmentFault("the cabinet burns")

    turns: list[Turn] = []
    model = ScriptedModel([Reply(calls=(ADD,)), Reply(content="x")])
    with pytest.raises(EnvironmentFault, match="burns"):
        await run(TASK.public(), Broken(), Observation(text=""), model, Limits(), turns)
    assert len(model.requests) == 1
    assert turns == [Turn(calls=(ADD,))]


async def test_what_was_seen_before_a_fault_of_the_world_stays_on_record() -> None:
    class Frail(Env):
        async def call(self, call: ToolCall) -> Observation:
            if self.state() == {"total": 2}:
                raise EnvironmentFault("the cabinet burns")
            return await super().call(call)

    turns: list[Turn] = []
    model = ScriptedModel([Reply(calls=(ADD, ADD))])
    with pytest.raises(EnvironmentFault, match="burns"):
        await run(TASK.public(), Frail(), Observation(text=""), model, Limits(), turns)
    assert turns[0].observations == (Observation(text="The counter shows 2."),)
