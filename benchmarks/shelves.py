"""The world of the rollout benchmarks: one tool with a schema, a task a number, a verifier."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import JsonValue

from benchmarks.stub_endpoint import NUM_CALLS
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
from envs.tools import dispatch

LOOK = ToolSpec(
    name="look",
    description="Shows what lies on a shelf.",
    parameters={
        "type": "object",
        "properties": {
            "place": {"type": "string", "minLength": 1, "description": "Name of the shelf."},
            "count": {"type": "integer", "minimum": 0, "maximum": 99, "description": "Which one."},
        },
        "required": ["place", "count"],
        "additionalProperties": False,
    },
)
PROMPT = (
    "Find out what stands on the last shelf. Look at the shelves one after another, then say it."
)


class Shelves:
    """The world: every look is counted."""

    def __init__(self) -> None:
        self._looks = 0

    async def reset(self, task: PublicTask) -> Observation:
        return Observation(text="Ten shelves stand before you.")

    async def call(self, call: ToolCall) -> Observation:
        return await dispatch((LOOK,), {"look": self._look}, call)

    async def _look(self, arguments: JsonObject) -> Observation:
        self._looks += 1
        return Observation(text=f"On {arguments['place']} stands a lamp, number {self._looks}.")

    def state(self) -> JsonValue:
        return {"looks": self._looks}

    async def close(self) -> None: ...


@asynccontextmanager
async def opened(task: PublicTask) -> AsyncIterator[tuple[Shelves, Observation]]:
    world = Shelves()
    yield world, await world.reset(task)


def verify(task: Task, trajectory: Trajectory) -> Verdict:
    right = trajectory.answer == task.hidden.reference
    complete = trajectory.state == {"looks": NUM_CALLS}
    checks = (
        VerdictCheck(name="answer", passed=right),
        VerdictCheck(name="looks", passed=complete),
    )
    return Verdict(score=float(right and complete), checks=checks)


def make_task(number: int, reference: str = "the lamp") -> Task:
    return Task.of(
        TaskBody(
            kind=TaskKind.SEARCH,
            language=Language.EN,
            split=Split.TRAIN,
            prompt=(
                Message(role=Role.SYSTEM, content=f"You keep cabinet {number}."),
                Message(role=Role.USER, content=PROMPT),
            ),
            tools=(LOOK,),
            env=EnvSpec(name="shelves", version="1", parameters={"number": number}),
            hidden=Hidden(
                verifier={},
                reference=reference,
                witness=Script(calls=(), answer=reference),
                proof={},
            ),
            difficulty=Difficulty(level=1, measures={}),
            provenance=Provenance(
                author=Author.PROGRAM,
                generator="shelves",
                generator_version="1",
                seed=0,
                index=number,
                options={},
                sources=(),
            ),
            licence="CC0-1.0",
            fingerprint=f"shelves-{number}",
        )
    )
