"""Other clients and agent frameworks in the place of our loop; run by `rollout_overhead --rivals`.

    PYTHON benchmarks/rollout_rivals.py NAME URL EPISODES IN_FLIGHT

Stands alone: the interpreter that runs it has the frameworks and not our folders. The bare clients
keep the messages and call the tool without checking its arguments, and keep no record.
"""

import asyncio
import json
import resource
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

STEPS = 11
PROMPT = (
    "Find out what stands on the last shelf. Look at the shelves one after another, then say it."
)
ANSWER = "the lamp"
TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Shows what lies on a shelf.",
        "parameters": {
            "type": "object",
            "properties": {"place": {"type": "string"}, "count": {"type": "integer"}},
            "required": ["place", "count"],
        },
    },
}
Post = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


async def episode(post: Post) -> str:
    """The loop that everybody writes."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You keep a cabinet."},
        {"role": "user", "content": PROMPT},
    ]
    while True:
        reply = await post({"model": "stub", "messages": messages, "tools": [TOOL]})
        said = reply["choices"][0]["message"]
        messages.append(said)
        if not said.get("tool_calls"):
            return str(said["content"])
        for call in said["tool_calls"]:
            given = json.loads(call["function"]["arguments"])
            text = f"On {given['place']} stands a lamp."
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": text})


async def gathered(one: Callable[[], Awaitable[str]], episodes: int, in_flight: int) -> None:
    left = iter(range(episodes))

    async def work() -> None:
        for _ in left:
            answer = await one()
            assert ANSWER in answer, answer

    await asyncio.gather(*(work() for _ in range(in_flight)))


async def bare_aiohttp(url: str, episodes: int, in_flight: int) -> None:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post(body: dict[str, Any]) -> dict[str, Any]:
            async with session.post(f"{url}/chat/completions", json=body) as response:
                found: dict[str, Any] = await response.json()
                return found

        await gathered(lambda: episode(post), episodes, in_flight)


async def bare_httpx(url: str, episodes: int, in_flight: int) -> None:
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=600) as client:

        async def post(body: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = (await client.post(f"{url}/chat/completions", json=body)).json()
            return found

        await gathered(lambda: episode(post), episodes, in_flight)


async def bare_openai(url: str, episodes: int, in_flight: int) -> None:
    import openai

    client = openai.AsyncOpenAI(base_url=url, api_key="none")

    async def post(body: dict[str, Any]) -> dict[str, Any]:
        return (await client.chat.completions.create(**body)).model_dump(exclude_none=True)

    await gathered(lambda: episode(post), episodes, in_flight)


async def openai_agents(url: str, episodes: int, in_flight: int) -> None:
    import openai

    import agents

    agents.set_tracing_disabled(True)

    @agents.function_tool
    def look(place: str, count: int) -> str:
        """Shows what lies on a shelf."""
        return f"On {place} stands a lamp."

    model = agents.OpenAIChatCompletionsModel(
        model="stub", openai_client=openai.AsyncOpenAI(base_url=url, api_key="none")
    )
    agent = agents.Agent(
        name="keeper", instructions="You keep a cabinet.", tools=[look], model=model
    )

    async def one() -> str:
        return str((await agents.Runner.run(agent, PROMPT, max_turns=20)).final_output)

    await gathered(one, episodes, in_flight)


async def smol_agents(url: str, episodes: int, in_flight: int) -> None:
    import smolagents

    @smolagents.tool
    def look(place: str, count: int) -> str:
        """Shows what lies on a shelf.

        Args:
            place: Name of the shelf.
            count: Which one.
        """
        return f"On {place} stands a lamp."

    model = smolagents.OpenAIServerModel(model_id="stub", api_base=url, api_key="none")

    def one() -> str:
        agent = smolagents.ToolCallingAgent(
            tools=[look], model=model, max_steps=STEPS, verbosity_level=smolagents.LogLevel.OFF
        )
        # Without a call of its own `final_answer` tool it only ends at its limit of steps.
        return str(agent.run(PROMPT)) or ANSWER

    with ThreadPoolExecutor(in_flight) as threads:
        list(threads.map(lambda _: one(), range(episodes)))


LOOPS = {
    "aiohttp": bare_aiohttp,
    "httpx": bare_httpx,
    "openai": bare_openai,
    "openai-agents": openai_agents,
    "smolagents": smol_agents,
}


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(name: str, url: str, episodes: int, in_flight: int) -> None:
    # A first episode, so that imports and connections are not counted.
    asyncio.run(LOOPS[name](url, 1, 1))
    before = cpu_s()
    asyncio.run(LOOPS[name](url, episodes, in_flight))
    step_ms = 1000 * (cpu_s() - before) / (episodes * STEPS)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"name": name, "in_flight": in_flight, "step_ms": step_ms, "peak_mib": peak_mib}
    print(json.dumps(found))


if __name__ == "__main__":
    # The folder of this script is ours; nothing here may be imported from it.
    sys.path.pop(0)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
