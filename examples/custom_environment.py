"""A world of your own, with one tool and a scripted player: python -m examples.custom_environment"""

import asyncio

from agents.chat import Reply
from agents.loop import Limits, run
from agents.scripted import ScriptedModel
from data import task as t
from data.trajectory import Observation
from envs.tools import dispatch

NUMBER: t.JsonObject = {"type": "object", "properties": {"number": {"type": "integer"}}}
GUESS = t.ToolSpec(name="guess", description="Says less, more or equal.", parameters=NUMBER)
EN, KIND = t.Language.EN, t.TaskKind.SEARCH  # a kind to keep gets a member of its own
WORLD = t.EnvSpec(name="guess", version="1", parameters={"number": 37})
ASKED = t.Message(role=t.Role.USER, content="Find the number, then say it.")
TASK = t.PublicTask(id="g", kind=KIND, language=EN, prompt=(ASKED,), tools=(GUESS,), env=WORLD)


class World:
    async def reset(self, task: t.PublicTask) -> Observation:
        self._number = int(str(task.env.parameters["number"]))
        return Observation(text="A number from 1 to 100 is set.")

    async def call(self, call: t.ToolCall) -> Observation:
        return await dispatch((GUESS,), {"guess": self._guess}, call)

    async def _guess(self, arguments: t.JsonObject) -> Observation:
        gap = self._number - int(str(arguments["number"]))
        return Observation(text="equal" if gap == 0 else "more" if gap > 0 else "less")

    def state(self) -> None: ...
    async def close(self) -> None: ...


if __name__ == "__main__":
    tries = [t.ToolCall(name="guess", arguments={"number": n}) for n in (50, "25", 37)]
    model, world = ScriptedModel([Reply(calls=tuple(tries)), Reply(content="37")]), World()
    print(asyncio.run(run(TASK, world, asyncio.run(world.reset(TASK)), model, Limits())))
