"""Context managers on a real loop: what stays in view, what it costs, what the record says."""

from collections.abc import Sequence
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.chat import ChatModel, Conversation, FinishReason, Reply, Usage
from agents.context import CONTEXTS, SUMMARY_NOTE, Context, context_named
from agents.context_parallel import run_in_context
from agents.context_window import View, Window, conversation_at
from agents.dsml import encode, from_conversation
from agents.loop import Limits, run
from agents.policies import ModelPolicy
from data.errors import UserError
from data.task import JsonObject, Language, Message, Role, ToolCall, ToolSpec
from data.trajectory import Observation, StopReason, Trajectory, Turn
from envs.tools import dispatch
from tests.agents.cabinet import Env, make_task, opener

TASK = make_task().public()
READ = ToolSpec(
    name="read",
    description="Reads some text.",
    parameters={"type": "object", "properties": {"size": {"type": "integer"}}},
)
READING = TASK.model_copy(update={"tools": (READ,)})
OPENING = (*TASK.prompt,)
MANAGERS = sorted(set(CONTEXTS) - {"none", "parallel-fewest-step"})


class Library(Env):
    """A world whose tool gives text of any size."""

    async def call(self, call: ToolCall) -> Observation:
        return await dispatch((READ,), {"read": self._read}, call)

    async def _read(self, arguments: JsonObject) -> Observation:
        size = arguments["size"]
        assert isinstance(size, int)
        return Observation(text="lorem ipsum "[: size % 12] + "lorem ipsum " * (size // 12))


class Reader:
    """A model that reads on and on; it counts tokens by its own measure, and keeps its window."""

    name = "reader"

    def __init__(self, replies: Sequence[Reply], bytes_per_token: float, window: int = 0) -> None:
        self.requests: list[list[Message | Turn]] = []
        self.sizes: list[int] = []
        self._replies = list(replies)
        self._bytes_per_token = bytes_per_token
        self._window = window

    def count(self, conversation: Conversation, tools: Sequence[ToolSpec] = (READ,)) -> int:
        text = encode(from_conversation(conversation, tools), thinking=True)
        return ceil(len(text.encode()) / self._bytes_per_token)

    async def complete(self, conversation: Conversation, tools: Sequence[ToolSpec]) -> Reply:
        size = self.count(conversation, tools)
        if self._window and size > self._window:
            return Reply(finish_reason=FinishReason.OVERFLOW)
        if not tools:
            return Reply(content="I know it all." * 3, usage=Usage(num_completion_tokens=9))
        self.requests.append(list(conversation))
        self.sizes.append(size)
        reply = self._replies.pop(0) if self._replies else Reply(content="done")
        written = len((reply.reasoning + reply.content + str(reply.calls)).encode())
        usage = Usage(
            num_prompt_tokens=size,
            num_completion_tokens=ceil(written / self._bytes_per_token),
        )
        return reply.model_copy(update={"usage": usage})


def reads(*sizes: int, thought: str = "") -> Reply:
    calls = tuple(ToolCall(name="read", arguments={"size": size}) for size in sizes)
    return Reply(reasoning=thought, calls=calls)


async def read(model: ChatModel, context: Context, answers: Sequence[str] = ()) -> Trajectory:
    left = list(answers)

    async def user(message: str) -> str:
        return left.pop(0) if left else ""

    first = Observation(text="")
    limits = Limits(max_turns=60)
    return await run(READING, Library(), first, model, limits, context=context, user=user)


REPLY = st.builds(
    lambda sizes, words: reads(*sizes, thought="why " * words),
    st.lists(st.integers(0, 700), min_size=0, max_size=3),
    st.integers(0, 40),
)


@pytest.mark.parametrize("name", MANAGERS)
@settings(max_examples=60, deadline=None)
@given(
    replies=st.lists(REPLY, min_size=1, max_size=30),
    answers=st.lists(st.sampled_from(["And then?", "Are you sure? " * 9]), max_size=4),
    window=st.integers(1600, 4000),
    bytes_per_token=st.floats(2.0, 5.0),
)
async def test_what_must_stay_stays_and_the_budget_holds(
    name: str, replies: list[Reply], answers: list[str], window: int, bytes_per_token: float
) -> None:
    model = Reader(replies, bytes_per_token)
    trajectory = await read(model, context_named(name, window), answers)
    numbers = range(len(model.requests))
    assert trajectory.stop in (StopReason.ANSWERED, StopReason.CONTEXT_LIMIT)
    assert len(trajectory.turns) == len(model.requests), "every turn is on record"
    for number, shown in zip(numbers, model.requests, strict=True):
        assert shown == conversation_at(OPENING, trajectory.turns, trajectory.edits, number)
        assert tuple(shown[: len(OPENING)]) == OPENING
        said = [m.content for m in shown[len(OPENING) :] if isinstance(m, Message)]
        heard = [turn.user for turn in trajectory.turns[:number] if turn.user]
        notes = [edit.note for edit in trajectory.edits if edit.note]
        assert [text for text in said if text not in notes] == heard
        turns = [turn for turn in shown if isinstance(turn, Turn)]
        assert all(turn in trajectory.turns[:number] for turn in turns), "whole or not at all"
        assert all(len(turn.calls) == len(turn.observations) for turn in turns)
    cut = {edit.at for edit in trajectory.edits}
    for number in cut & set(numbers):
        # The estimate is of text; what the encoding puts around it is not known beforehand.
        assert model.sizes[number] <= 0.8 * window * 1.1 + 40
    assert all(size <= window for size in model.sizes)


def played(*sizes: int) -> list[Turn]:
    return [
        Turn(calls=reads(size).turn().calls, observations=(Observation(text="x" * size),))
        for size in sizes
    ]


@pytest.mark.parametrize(
    ("name", "kept"),
    [("discard-all", ()), ("discard-75", (6, 7)), ("summary", ())],
)
async def test_each_manager_drops_what_its_name_says(name: str, kept: tuple[int, ...]) -> None:
    window = Window(READING, OPENING, played(*[500] * 8))
    context = context_named(name, window.num_tokens())
    assert await context.fit(window, Reader([], 3))
    (edit,) = window.edits
    assert (edit.at, edit.kept) == (8, kept)
    note = SUMMARY_NOTE[Language.EN] + "I know it all." * 3 if name == "summary" else ""
    assert edit.note == note


async def test_the_first_three_quarters_are_counted_in_turns_that_call_tools() -> None:
    turns = played(900, 900, 900, 900)
    answer = Turn(content="So far so good.", user="Go on.")
    window = Window(READING, OPENING, [turns[0], answer, *turns[1:]])
    assert await context_named("discard-75", window.num_tokens()).fit(window, Reader([], 3))
    assert window.edits[0].kept == (1, 4)
    assert window.conversation()[len(OPENING) :] == [
        answer,
        Message(role=Role.USER, content="Go on."),
        turns[3],
    ]


async def test_a_manager_that_leaves_too_much_loses_the_oldest_of_it() -> None:
    async def keep_all(window: Window, model: ChatModel) -> View:
        return View(kept=window.visible)

    window = Window(READING, OPENING, played(300, 900, 900))
    context = Context("all", round(window.num_tokens() / 0.81), keep_all)
    assert await context.fit(window, Reader([], 3))
    assert window.visible == (1, 2)


async def test_nothing_happens_up_to_four_fifths_of_the_window() -> None:
    window = Window(READING, OPENING, played(900, 900))
    context = context_named("discard-all", ceil(window.num_tokens() / 0.8))
    assert await context.fit(window, Reader([], 3))
    assert window.edits == []


async def test_without_room_for_the_question_itself_the_attempt_ends() -> None:
    trajectory = await read(Reader([reads(10)], 3), context_named("discard-all", 50))
    assert (trajectory.stop, trajectory.turns) == (StopReason.CONTEXT_LIMIT, ())


async def test_without_a_manager_a_known_window_ends_the_attempt_when_it_is_full() -> None:
    model = Reader([reads(3000)] * 9, 3)
    trajectory = await read(model, context_named("none", 4000))
    assert trajectory.stop is StopReason.CONTEXT_LIMIT
    assert max(model.sizes) <= 4000 < model.sizes[-1] + 1100


@pytest.mark.parametrize("name", ["none", *MANAGERS])
async def test_an_endpoint_with_a_smaller_window_than_told_makes_the_manager_act(name: str) -> None:
    model = Reader([reads(700)] * 6, 3, window=1500)
    trajectory = await read(model, context_named(name, 100_000))
    if name == "none":
        assert trajectory.stop is StopReason.CONTEXT_LIMIT
    else:
        assert trajectory.stop is StopReason.ANSWERED
        assert trajectory.edits


async def test_a_summary_costs_tokens_and_they_count() -> None:
    context = context_named("summary", 2000)
    trajectory = await read(Reader([reads(2000)] * 8, 3), context)
    assert trajectory.edits
    assert all(edit.num_completion_tokens == 9 for edit in trajectory.edits)


async def test_of_parallel_samples_the_one_with_the_fewest_steps_is_taken() -> None:
    add, done = ToolCall(name="add", arguments={"amount": 2}), Reply(content="word0")
    step = Reply(calls=(add,))
    model = Reader([step, step, done, step, done, step, done, step, step, step], 3)
    turns: list[Turn] = []
    async with opener(TASK) as (env, first):
        context = context_named("parallel-fewest-step", 10**6)
        limits = Limits(max_turns=3)
        taken = await run_in_context(TASK, env, first, model, limits, turns, context)
    assert (len(taken.turns), taken.state) == (2, {"total": 2}), "each starts in a fresh episode"
    assert [len(other.turns) for other in taken.others] == [3, 2, 3]
    assert [other.stop for other in taken.others][-1] is StopReason.TURN_LIMIT
    assert taken.turns == tuple(turns)


async def test_attempts_of_older_records_still_parse() -> None:
    record = {"task_id": "t", "turns": [{"content": "x"}], "answer": "x", "stop": "answered"}
    trajectory = Trajectory.model_validate(record)
    assert (trajectory.edits, trajectory.others, trajectory.turns[0].user) == ((), (), "")


def test_the_name_of_a_policy_shows_manager_and_window() -> None:
    model = Reader([], 3)
    assert ModelPolicy(model).name == "reader"
    context = context_named("discard-75", 4096)
    assert ModelPolicy(model, context=context).name == "reader context=discard-75/4096"


@pytest.mark.parametrize(
    ("name", "window", "said"),
    [
        ("discard", 100, "no context manager 'discard'; context managers are none, summary, "),
        ("summary", 0, "'summary' needs the size of the model's window in tokens"),
    ],
)
def test_what_is_no_context_manager_says_what_is(name: str, window: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        context_named(name, window)
