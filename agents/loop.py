"""The agent loop: a model acts in a world until it answers or meets a limit.

What the agent gets wrong comes back to it as an observation. Faults of the model endpoint and of
the world go through; an attempt that met one is never scored.
"""

import time
from collections.abc import Awaitable, Callable, Sequence

from pydantic import Field

from agents.chat import ChatModel, FinishReason, MalformedCall, Reply
from agents.context import NONE, Context
from agents.context_window import Window
from data.record import Record
from data.task import Message, PublicTask, Role, ToolCall
from data.trajectory import Observation, StopReason, Trajectory, Turn
from envs.base import Environment

User = Callable[[str], Awaitable[str]]
"""Who reads the model's messages: says something back, or nothing, and the message is final."""


class Limits(Record):
    """What an attempt may spend. A reply that goes over one is recorded and not acted on."""

    max_turns: int = Field(default=100, ge=1)
    max_calls: int = Field(default=200, ge=0)
    """Tool calls executed, all turns together."""
    max_tokens: int = Field(default=131_072, ge=1)
    """Tokens the model wrote, all turns and summaries together, as the endpoint counts them."""
    max_seconds: float = Field(default=3600.0, gt=0)
    """The agent's own time: the model's replies and its tool calls, without waits for faults."""
    max_observation_chars: int = Field(default=20_000, ge=1)
    """Longer observations are cut, and say so."""


async def run(
    task: PublicTask,
    env: Environment,
    first: Observation,
    model: ChatModel,
    limits: Limits,
    turns: list[Turn] | None = None,
    *,
    context: Context = NONE,
    user: User | None = None,
) -> Trajectory:
    """Plays `task` in `env`, which is reset and gave `first`; the caller closes it.

    `turns` is filled as they happen, so that its owner keeps them when a fault ends the attempt.
    """
    turns = [] if turns is None else turns
    first = shown(first, limits)
    window = Window(task, opening(task.prompt, first.text), turns)
    answer, stop, acted_s, num_calls = "", StopReason.TURN_LIMIT, 0.0, 0
    while len(turns) < limits.max_turns:
        if not await context.fit(window, model):
            stop = StopReason.CONTEXT_LIMIT
            break
        reply = await model.complete(window.conversation(), task.tools)
        if reply.finish_reason is FinishReason.OVERFLOW:
            acted_s += reply.seconds
            if await context.fit(window, model, full=True):
                continue
            stop = StopReason.CONTEXT_LIMIT
            break
        turns.append(reply.turn())
        acted_s += reply.seconds
        num_calls += len(reply.calls)
        if over := _limit_met(reply, window, acted_s, num_calls, limits):
            stop = over
            break
        if reply.calls:
            started = time.monotonic()
            await _act(env, reply, turns, limits)
            acted_s += time.monotonic() - started
        elif user and (said := await user(reply.content)):
            turns[-1] = turns[-1].model_copy(update={"user": said})
        else:
            answer, stop = reply.content, StopReason.ANSWERED
            break
    return Trajectory(
        task_id=task.id,
        turns=tuple(turns),
        answer=answer,
        stop=stop,
        state=env.state(),
        first=first.text,
        edits=tuple(window.edits),
    )


def opening(prompt: Sequence[Message], first: str) -> tuple[Message, ...]:
    """What an attempt starts from: the prompt, and the first observation as the user's."""
    return (*prompt, Message(role=Role.USER, content=first)) if first else tuple(prompt)


async def _act(env: Environment, reply: Reply, turns: list[Turn], limits: Limits) -> None:
    """Executes the calls of the newest turn; keeps what was seen before a fault."""
    seen: list[Observation] = []
    try:
        for call in reply.calls:
            seen.append(shown(await _observe(env, call), limits))
    finally:
        turns[-1] = turns[-1].model_copy(update={"observations": tuple(seen)})


async def _observe(env: Environment, call: ToolCall | MalformedCall) -> Observation:
    if isinstance(call, MalformedCall):
        return Observation(text=f"Error: {call.problem}", error=True)
    return await env.call(call)


def _limit_met(
    reply: Reply, window: Window, acted_s: float, num_calls: int, limits: Limits
) -> StopReason | None:
    """The limit that `reply`, the newest turn, goes over; None if it keeps them all."""
    num_tokens = sum(turn.num_completion_tokens for turn in window.turns)
    num_tokens += sum(edit.num_completion_tokens for edit in window.edits)
    if reply.finish_reason is FinishReason.LENGTH or num_tokens > limits.max_tokens:
        return StopReason.TOKEN_LIMIT
    if acted_s + window.seconds > limits.max_seconds:
        return StopReason.TIME_LIMIT
    if num_calls > limits.max_calls:
        return StopReason.CALL_LIMIT
    return None


def shown(observation: Observation, limits: Limits) -> Observation:
    """`observation` as the model gets it: cut at `max_observation_chars`, and saying so."""
    excess = len(observation.text) - limits.max_observation_chars
    if excess <= 0:
        return observation
    text = observation.text[: limits.max_observation_chars]
    return observation.model_copy(
        update={"text": f"{text}\n[{excess} more characters are not shown]", "truncated": True}
    )
