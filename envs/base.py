"""The contract of a world, and how a task's world is opened.

A mistake of the agent's comes back as an `Observation`; a failure of the world raises
`EnvironmentFault`; a world that can no longer be rebuilt raises `TaskError`.
"""

from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from pydantic import JsonValue

from data.task import PublicTask, ToolCall
from data.trajectory import Observation

Baseline = Generator[ToolCall, Observation, str]
"""A scripted solver: yields calls, is sent their observations, returns the final message."""


class Environment(Protocol):
    """One episode at a time. `reset` before anything else; `close` may be called twice."""

    async def reset(self, task: PublicTask) -> Observation:
        """Opens the task's world and gives the first observation, which may be empty."""

    async def call(self, call: ToolCall) -> Observation:
        """Executes one tool call; bad names and arguments give an error observation."""

    def state(self) -> JsonValue:
        """What the verifier may read of the world, as JSON; cheap, and has no side effect."""

    async def close(self) -> None: ...


class Finding(NamedTuple):
    """One thing that works here or does not."""

    name: str
    works: bool
    detail: str
    """What was found or, where it does not work, what to do."""
    required: bool = True


class KindModule(Protocol):
    """What `envs.<kind>` exports."""

    def Env(self) -> Environment: ...

    def greedy(self, task: PublicTask) -> Baseline:
        """The kind's scripted baseline: a fair try with no hidden knowledge and no model."""

    def final_message(self, words: Sequence[str], state: JsonValue) -> str:
        """The final message that a person means who types `words` in a world of this `state`."""

    def diagnose(self) -> Iterator[Finding]:
        """What the kind's worlds need of this machine; changes nothing."""


def kind_module(kind: str) -> KindModule:
    return cast(KindModule, import_module(f"envs.{kind}"))


@asynccontextmanager
async def open_env(task: PublicTask) -> AsyncIterator[tuple[Environment, Observation]]:
    """The world of `task`, reset, with its first observation; closed on every way out."""
    env = kind_module(task.kind).Env()
    try:
        yield env, await env.reset(task)
    finally:
        await env.close()
