"""Time to open a general world and answer the first call, in process; memory of a thousand worlds.

    python -m benchmarks.general_world [--n 2000] [--worlds 1000]

Every reset opens another environment's task in turn, compiled before the clock starts. Times are
CPU time of this process, as the machine may be shared.
"""

import argparse
import asyncio
import resource
import statistics
import time

from data.task import Language, Task, TaskBody, TaskKind, ToolCall
from envs.general import Env
from synth.general import generate, prepare
from synth.request import Request

NUM_TASKS = 40


def tasks() -> list[Task]:
    request = Request(kind=TaskKind.GENERAL, language=Language.EN, options=prepare({}))
    made: list[Task] = []
    index = 0
    while len(made) < NUM_TASKS:
        body = generate(request, index)
        made += [Task.of(body)] if isinstance(body, TaskBody) else []
        index += 1
    return made


async def resets(made: list[Task], n: int) -> list[float]:
    """Milliseconds of reset and first call, `n` times."""
    publics = [task.public() for task in made]
    calls = [ToolCall(name=first_tool(task), arguments={}) for task in made]
    took: list[float] = []
    for number in range(n + len(made)):
        at = number % len(made)
        env = Env()
        start = time.process_time_ns()
        await env.reset(publics[at])
        await env.call(calls[at])
        spent = (time.process_time_ns() - start) / 1e6
        await env.close()
        if number >= len(made):
            took.append(spent)
    return took


def first_tool(task: Task) -> str:
    """A tool that lists something."""
    return next(
        tool.name
        for tool in task.tools
        if tool.name.startswith(("search_", "list_", "get_all_"))
        and not tool.parameters["required"]
    )


async def crowd(made: list[Task], n: int) -> float:
    """MiB that `n` open worlds take."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    envs = [Env() for _ in range(n)]
    for number, env in enumerate(envs):
        await env.reset(made[number % len(made)].public())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for env in envs:
        await env.close()
    return (after - before) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--worlds", type=int, default=1000)
    asked = parser.parse_args()
    made = tasks()
    took = sorted(asyncio.run(resets(made, asked.n)))
    print(f"environments        {len(made)}")
    print(
        f"reset + first call  p50 {statistics.median(took):.3f} ms, p99 {took[-len(took) // 100]:.3f} ms"
    )
    print(f"{asked.worlds} worlds         {asyncio.run(crowd(made, asked.worlds)):.0f} MiB")


if __name__ == "__main__":
    main()
