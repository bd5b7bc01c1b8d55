"""Which part around the agent broke: faults are typed where they cross into the harness.

Environments and models raise what they know; only this module says which boundary that is.
"""

import asyncio
from dataclasses import dataclass

from pydantic import JsonValue

from data.errors import (
    EnvironmentFault,
    InfrastructureError,
    ModelFault,
    PalaestraError,
    TaskError,
    ToolFault,
)
from data.task import PublicTask, ToolCall
from data.trajectory import Boundary, Fault, Observation
from envs.base import Environment

BY_ERROR: tuple[tuple[type[BaseException], Boundary], ...] = (
    (ModelFault, Boundary.PROVIDER),
    (ToolFault, Boundary.TOOL),
    (EnvironmentFault, Boundary.SANDBOX),
    (TaskError, Boundary.TASK),
)
BY_STAGE = {
    "check": Boundary.TASK,
    "open": Boundary.SANDBOX,
    "play": Boundary.HARNESS,
    "verify": Boundary.VERIFIER,
}


def fault(stage: str, error: BaseException) -> Fault:
    """`error`, which ended `stage`, as a record."""
    kinds = (boundary for kind, boundary in BY_ERROR if isinstance(error, kind))
    expected = isinstance(error, PalaestraError)
    return Fault(
        boundary=next(kinds, BY_STAGE[stage]),
        stage=stage,
        error=type(error).__name__,
        message=str(error) if expected else f"{type(error).__name__}: {error}",
    )


def may_pass(error: BaseException) -> bool:
    """Whether another try, in a fresh world, could go better: only if infrastructure failed."""
    return isinstance(error, InfrastructureError)


@dataclass(frozen=True)
class Guarded:
    """A world whose every call ends in time, and breaks only with an error of ours.

    A tool that raises anything else, or does not answer within `call_s`, is a `ToolFault`: never
    an observation, and never the end of the run.
    """

    env: Environment
    call_s: float

    async def reset(self, task: PublicTask) -> Observation:
        return await self.env.reset(task)

    async def call(self, call: ToolCall) -> Observation:
        try:
            async with asyncio.timeout(self.call_s) as clock:
                return await self.env.call(call)
        except PalaestraError:
            raise
        except TimeoutError as error:
            if not clock.expired():
                raise ToolFault(f"{call.name} broke: TimeoutError: {error}") from error
            raise ToolFault(f"{call.name} gave no answer within {self.call_s:g} s") from error
        except Exception as error:
            raise ToolFault(f"{call.name} broke: {type(error).__name__}: {error}") from error

    def state(self) -> JsonValue:
        return self.env.state()

    async def close(self) -> None:
        await self.env.close()
