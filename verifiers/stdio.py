"""`python -m verifiers.stdio`: verdicts for a parent process, apart from any world an agent uses.

A request (see `envs.server.lines`) is `{"task": <Task>, "turns": [...], "answer", "stop", "state"}`;
the reply is the `Verdict`. Without `state` the calls in `turns` are replayed in a fresh world, whose
state is then judged.
"""

import asyncio

from pydantic import JsonValue

from data.errors import EnvironmentFault, TaskError
from data.task import JsonObject, Task, content_id
from data.trajectory import Trajectory
from envs.base import open_env
from envs.server.lines import serve
from verifiers import verify

VERDICT_LIMIT_S = 600.0


async def handle(request: JsonObject) -> JsonValue:
    task = Task.model_validate(request.get("task"))
    if content_id(task) != task.id:
        raise TaskError(f"task {task.id} does not match its id; it was altered after export")
    attempt = {key: value for key, value in request.items() if key not in ("id", "task")}
    trajectory = Trajectory.model_validate({"task_id": task.id, **attempt})
    try:
        async with asyncio.timeout(VERDICT_LIMIT_S):
            if "state" not in request:
                state = await _replayed(task, trajectory)
                trajectory = trajectory.model_copy(update={"state": state})
            verdict = await asyncio.to_thread(verify, task, trajectory)
    except TimeoutError as error:
        raise EnvironmentFault(f"no verdict within {VERDICT_LIMIT_S:.0f} s") from error
    return verdict.model_dump(mode="json")


async def _replayed(task: Task, trajectory: Trajectory) -> JsonValue:
    async with open_env(task.public()) as (env, _):
        for turn in trajectory.turns:
            for call in turn.calls:
                await env.call(call)
        return env.state()


if __name__ == "__main__":
    asyncio.run(serve(handle))
