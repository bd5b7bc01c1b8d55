"""Who plays: a chat model, or a script that needs none.

Every scripted policy is a generator that yields tool calls, is sent their observations and returns
the final message; `drive` plays any of them. Only `Oracle` reads a task's hidden part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from agents import draw
from agents.chat import ChatModel
from agents.context import NONE, Context
from agents.context_parallel import run_in_context
from agents.loop import Limits, shown
from data.errors import UserError
from data.task import JsonObject, PublicTask, Script, Task, ToolCall
from data.trajectory import Observation, StopReason, Trajectory, Turn
from envs.base import Baseline, Environment, kind_module

MAX_RANDOM_CALLS = 8


class Policy(Protocol):
    @property
    def name(self) -> str:
        """Under which its attempts are stored; tells it from any other set-up."""

    @property
    def settings(self) -> JsonObject:
        """What the name stands for, stored with every attempt."""

    async def play(
        self, task: Task, env: Environment, first: Observation, rng: Random, turns: list[Turn]
    ) -> Trajectory:
        """One attempt in `env`, which is reset and gave `first`; the caller closes it.

        `turns` is filled as they happen. All randomness comes from `rng`.
        """


@dataclass(frozen=True)
class ModelPolicy:
    """A chat model in the agent loop."""

    model: ChatModel
    limits: Limits = Limits()
    context: Context = NONE

    @property
    def name(self) -> str:
        named = _named(self.model.name, self.limits)
        return f"{named} {self.context.label}" if self.context.label else named

    @property
    def settings(self) -> JsonObject:
        context: JsonObject = {"name": self.context.name, "window": self.context.window_tokens}
        limits = self.limits.model_dump(mode="json")
        return {**self.model.settings, "limits": limits, "context": context}

    async def play(
        self, task: Task, env: Environment, first: Observation, rng: Random, turns: list[Turn]
    ) -> Trajectory:
        public, context = task.public(), self.context
        return await run_in_context(public, env, first, self.model, self.limits, turns, context)


@dataclass(frozen=True)
class Scripted:
    """A script made from what an agent may see of the task."""

    label: str
    script: Callable[[PublicTask, Random], Baseline]
    limits: Limits = Limits()

    @property
    def name(self) -> str:
        return _named(self.label, self.limits)

    @property
    def settings(self) -> JsonObject:
        return {"script": self.label, "limits": self.limits.model_dump(mode="json")}

    async def play(
        self, task: Task, env: Environment, first: Observation, rng: Random, turns: list[Turn]
    ) -> Trajectory:
        script = self.script(task.public(), rng)
        return await drive(task.id, env, script, self.limits, turns, first)


@dataclass(frozen=True)
class Oracle:
    """Replays the task's witness, without limits: a sound task scores 1."""

    name: str = "oracle"

    @property
    def settings(self) -> JsonObject:
        return {"script": self.name}

    async def play(
        self, task: Task, env: Environment, first: Observation, rng: Random, turns: list[Turn]
    ) -> Trajectory:
        return await run_script(task.id, task.hidden.witness, env, turns, first)


def greedy(task: PublicTask, rng: Random) -> Baseline:
    """The scripted baseline of the task's kind: a fair try without hidden knowledge."""
    return kind_module(task.kind).greedy(task)


def noop(task: PublicTask, rng: Random) -> Baseline:
    """Gives an empty answer at once."""
    yield from ()
    return ""


def wander(task: PublicTask, rng: Random) -> Baseline:
    """Calls random tools with random arguments and answers with random words it has seen."""
    words = [word for message in task.prompt for word in message.content.split()]
    for _ in range(rng.randint(1, MAX_RANDOM_CALLS) if task.tools else 0):
        tool = rng.choice(task.tools)
        arguments = draw.arguments(tool.parameters, words, rng)
        observation = yield ToolCall(name=tool.name, arguments=arguments)
        words += observation.text.split()
    return " ".join(rng.choice(words) for _ in range(rng.randint(1, 4))) if words else ""


SCRIPTS: Mapping[str, Callable[[PublicTask, Random], Baseline]] = {
    "noop": noop,
    "random": wander,
    "greedy": greedy,
}


def scripted(name: str, limits: Limits | None = None) -> Policy:
    """The policy called `name` that needs no model. Raises `UserError` if there is none."""
    if name == "oracle":
        return Oracle()
    if name in SCRIPTS:
        return Scripted(name, SCRIPTS[name], limits or Limits())
    known = ", ".join(["oracle", *SCRIPTS])
    raise UserError(f"no policy {name!r}; policies are {known}, or name a model endpoint")


async def run_script(
    task_id: str,
    script: Script,
    env: Environment,
    turns: list[Turn] | None = None,
    first: Observation | None = None,
) -> Trajectory:
    """Plays a script in `env`, which is reset: its calls in order, then its answer."""
    limits = Limits(max_turns=len(script.calls) + 1, max_calls=len(script.calls))
    return await drive(task_id, env, _replay(script), limits, turns, first)


def _replay(script: Script) -> Baseline:
    for call in script.calls:  # noqa: UP028 - a tuple cannot be sent observations
        yield call
    return script.answer


async def drive(
    task_id: str,
    env: Environment,
    baseline: Baseline,
    limits: Limits,
    turns: list[Turn] | None = None,
    first: Observation | None = None,
) -> Trajectory:
    """Plays a generator in `env`, which is reset and gave `first`: one call a turn.

    A script reads whole observations; those that are recorded are cut as an agent's are.
    """
    turns = [] if turns is None else turns
    max_calls = min(limits.max_calls, limits.max_turns - 1)
    answer, stop = "", StopReason.ANSWERED
    try:
        call = next(baseline)
        while len(turns) < max_calls:
            turns.append(Turn(calls=(call,)))
            observation = await env.call(call)
            turns[-1] = Turn(calls=(call,), observations=(shown(observation, limits),))
            call = baseline.send(observation)
        met = limits.max_calls < limits.max_turns
        stop = StopReason.CALL_LIMIT if met else StopReason.TURN_LIMIT
    except StopIteration as end:
        answer = end.value
        turns.append(Turn(content=answer))
    finally:
        baseline.close()
    return Trajectory(
        task_id=task_id,
        turns=tuple(turns),
        answer=answer,
        stop=stop,
        state=env.state(),
        first=shown(first, limits).text if first else "",
    )


def _named(label: str, limits: Limits) -> str:
    """`label`, then every limit that differs from the default."""
    changed = limits.model_dump(mode="json", exclude_defaults=True)
    return " ".join([label, *(f"{key}={value}" for key, value in changed.items())])
