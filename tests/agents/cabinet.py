"""A small world for these tests: drawers that name one another, and a counter.

The task is to follow the drawers to the last word, to add up on the way, and to say the word.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import JsonValue

from data.task import (
    Author,
    Difficulty,
    EnvSpec,
    Hidden,
    JsonObject,
    Language,
    Message,
    Provenance,
    PublicTask,
    Role,
    Script,
    Split,
    Task,
    TaskBody,
    TaskKind,
    ToolCall,
    ToolSpec,
)
from data.trajectory import Observation, Trajectory, Verdict, VerdictCheck
from envs.base import Baseline
from envs.tools import dispatch

TOOLS = (
    ToolSpec(
        name="open_drawer",
        description="Shows what lies in a drawer.",
        parameters={
            "type": "object",
            "properties": {"name": {"type": "string", "minLength": 1}},
            "required": ["name"],
            "additionalProperties": False,
        },
    ),
    ToolSpec(
        name="add",
        description="Adds to the counter.",
        parameters={
            "type": "object",
            "properties": {"amount": {"type": "integer", "minimum": 1, "maximum": 9}},
            "required": ["amount"],
            "additionalProperties": False,
        },
    ),
)


def make_task(number: int = 0, length: int = 3) -> Task:
    """A chain of `length` drawers, the last of which holds the word; the counter must reach 5."""
    names = [f"d{number}x{i}" for i in range(length)]
    word = f"word{number}"
    drawers: JsonObject = dict(zip(names, [*names[1:], word], strict=True))
    opens = tuple(ToolCall(name="open_drawer", arguments={"name": name}) for name in names)
    return Task.of(
        TaskBody(
            kind=TaskKind.SEARCH,
            language=Language.EN,
            split=Split.TRAIN,
            prompt=(
                Message(role=Role.SYSTEM, content="You keep a cabinet of drawers."),
                Message(
                    role=Role.USER, content=f"Start at {names[0]}, count to 5, say the last word."
                ),
            ),
            tools=TOOLS,
            env=EnvSpec(name="cabinet", version="1", parameters={"drawers": drawers}),
            hidden=Hidden(
                verifier={"total": 5},
                reference=word,
                witness=Script(
                    calls=(*opens, ToolCall(name="add", arguments={"amount": 5})), answer=word
                ),
                proof={},
            ),
            difficulty=Difficulty(level=1, measures={}),
            provenance=Provenance(
                author=Author.PROGRAM,
                generator="cabinet",
                generator_version="1",
                seed=0,
                index=number,
                options={},
                sources=(),
            ),
            licence="CC0-1.0",
            fingerprint=f"cabinet-{number}-{length}",
        )
    )


class Env:
    """Implements `envs.base.Environment`; `closed` counts closings."""

    def __init__(self) -> None:
        self.closed = 0
        self._total = 0
        self._drawers: dict[str, str] = {}

    async def reset(self, task: PublicTask) -> Observation:
        drawers = task.env.parameters["drawers"]
        assert isinstance(drawers, dict)
        self._drawers = {name: str(content) for name, content in drawers.items()}
        self._total = 0
        return Observation(text=f"{len(drawers)} drawers stand before you.")

    async def call(self, call: ToolCall) -> Observation:
        return await dispatch(TOOLS, {"open_drawer": self._open, "add": self._add}, call)

    def state(self) -> JsonValue:
        return {"total": self._total}

    async def close(self) -> None:
        self.closed += 1

    async def _open(self, arguments: JsonObject) -> Observation:
        name = str(arguments["name"])
        if name not in self._drawers:
            return Observation(text=f"Error: no drawer {name!r}.", error=True)
        return Observation(text=self._drawers[name])

    async def _add(self, arguments: JsonObject) -> Observation:
        amount = arguments["amount"]
        assert isinstance(amount, int)
        self._total += amount
        return Observation(text=f"The counter shows {self._total}.")


@asynccontextmanager
async def opener(task: PublicTask) -> AsyncIterator[tuple[Env, Observation]]:
    env = Env()
    try:
        yield env, await env.reset(task)
    finally:
        await env.close()


def greedy(task: PublicTask) -> Baseline:
    """Follows the drawers and forgets to count."""
    name = task.prompt[-1].content.split()[2].rstrip(",")
    while True:
        observation = yield ToolCall(name="open_drawer", arguments={"name": name})
        if observation.text.startswith("word"):
            return observation.text
        name = observation.text


def verify(task: Task, trajectory: Trajectory) -> Verdict:
    checks = (
        VerdictCheck(name="word", passed=trajectory.answer == task.hidden.reference),
        VerdictCheck(name="counter", passed=trajectory.state == task.hidden.verifier),
    )
    return Verdict(score=float(all(check.passed for check in checks)), checks=checks)
