"""Context managers side by side on real search tasks with a small window: score, steps, tokens.

    python -m benchmarks.context_managers --db sqlite:///runs/palaestra.db [--n 60] [--window 16000]

The player is a scripted model of long horizon. It has the skill to find the way (the task's witness)
and no memory beside what it is shown: it makes the first call of the way whose result is not in
view, and answers when all of them are. Every other call is a detour drawn at random, as a sampled
model's are. Its own summary keeps the gist of what it needs and drops the detours.
"""

import argparse
import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from math import ceil
from statistics import mean
from typing import NamedTuple

from agents.chat import Conversation, FinishReason, Reply, Usage
from agents.context import CONTEXTS, SUMMARY_NOTE, context_named
from agents.context_parallel import run_in_context
from agents.dsml import encode, from_conversation
from agents.loop import Limits
from data.hashing import canonical_json, derive_rng
from data.store import Store
from data.task import JsonObject, Message, Task, TaskKind, ToolCall, ToolSpec
from data.trajectory import Trajectory, Turn
from envs.base import open_env
from verifiers import verify

BYTES_PER_TOKEN = 4.0
GIST = 160
"""Characters of a result that a summary keeps."""
HIT = re.compile(r"^\d+\. \[(.+?)\] (.*)$", re.MULTILINE)
LIMITS = Limits(max_turns=200, max_calls=200)
Known = dict[str, str]


class Wanderer:
    """Implements `ChatModel` for one task; further samples are drawn on from the same stream."""

    name = "wanderer"
    settings: JsonObject = {"script": "wanderer"}

    def __init__(self, task: Task, window: int, detours: float) -> None:
        self._way = [(_key(call), call) for call in task.hidden.witness.calls]
        self._answer = task.hidden.witness.answer
        self._window = window
        self._detours = detours
        self._rng = derive_rng("wanderer", task.id)

    async def complete(self, conversation: Conversation, tools: Sequence[ToolSpec]) -> Reply:
        text = encode(from_conversation(conversation, tools), thinking=True)
        size = ceil(len(text.encode()) / BYTES_PER_TOKEN)
        if size > self._window:
            return Reply(finish_reason=FinishReason.OVERFLOW)
        known = dict(_known(conversation))
        reply = self._next(known) if tools else Reply(content=self._summary(known))
        said = reply.content + "".join(canonical_json(c.model_dump()) for c in reply.calls)
        written = ceil(len(said.encode()) / BYTES_PER_TOKEN)
        usage = Usage(num_prompt_tokens=size, num_completion_tokens=written)
        return reply.model_copy(update={"usage": usage})

    def _next(self, known: Known) -> Reply:
        wanted = next((call for key, call in self._way if key not in known), None)
        if wanted is None:
            return Reply(content=self._answer)
        return Reply(calls=(self._detour(known) or wanted,))

    def _detour(self, known: Known) -> ToolCall | None:
        """A search for, or a look at, something that the results in view mention."""
        listed = sorted({title for text in known.values() for title in HIT.findall(text)})
        if not listed or self._rng.random() >= self._detours:
            return None
        doc_id, title = self._rng.choice(listed)
        if self._rng.random() < 0.5:
            return ToolCall(name="search", arguments={"query": title})
        return ToolCall(name="open", arguments={"doc_id": doc_id})

    def _summary(self, known: Known) -> str:
        needed = [(key, known[key]) for key, _ in self._way if key in known]
        return "\n".join(json.dumps([k, text[:GIST]], ensure_ascii=False) for k, text in needed)


def _known(conversation: Conversation) -> Iterator[tuple[str, str]]:
    for item in conversation:
        if isinstance(item, Turn):
            for call, seen in zip(item.calls, item.observations, strict=True):
                yield _key(call), seen.text
        else:
            yield from _noted(item)


def _noted(message: Message) -> Iterator[tuple[str, str]]:
    for head in SUMMARY_NOTE.values():
        for line in message.content.removeprefix(head).splitlines():
            # The last line of a summary may have been cut.
            if line.startswith('["') and line.endswith('"]'):
                key, text = json.loads(line)
                yield key, text


def _key(call: ToolCall) -> str:
    return canonical_json([call.name, call.arguments])


class Played(NamedTuple):
    score: float
    trajectory: Trajectory

    @property
    def all(self) -> tuple[Trajectory, ...]:
        return (self.trajectory, *self.trajectory.others)


async def play(task: Task, name: str, window: int, detours: float) -> Played:
    turns: list[Turn] = []
    model, context = Wanderer(task, window, detours), context_named(name, window)
    async with open_env(task.public()) as (env, first):
        trajectory = await run_in_context(task.public(), env, first, model, LIMITS, turns, context)
    return Played(verify(task, trajectory).score, trajectory)


def tokens(played: Played) -> int:
    turns = [turn for trajectory in played.all for turn in trajectory.turns]
    edits = [edit for trajectory in played.all for edit in trajectory.edits]
    asked = sum(turn.num_prompt_tokens + turn.num_completion_tokens for turn in turns)
    return asked + sum(edit.num_prompt_tokens + edit.num_completion_tokens for edit in edits)


def line(name: str, found: list[Played]) -> str:
    score = mean(played.score for played in found)
    steps = mean(len(trajectory.turns) for p in found for trajectory in [p.trajectory])
    spent = mean(sum(len(trajectory.turns) for trajectory in p.all) for p in found)
    edits = mean(len(p.trajectory.edits) for p in found)
    full = mean(p.trajectory.stop == "context_limit" for p in found)
    return (
        f"{name:<22}{score:>7.1%}{steps:>8.1f}{spent:>11.1f}{edits:>7.1f}{full:>9.0%}"
        f"{mean(map(tokens, found)) / 1000:>12.1f}"
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--db", required=True, help="store with search tasks")
    parser.add_argument("--n", type=int, default=60, help="tasks, the longest witnesses first")
    parser.add_argument("--window", type=int, default=16000, help="tokens")
    parser.add_argument("--detours", type=float, default=0.6, help="share of idle calls")
    asked = parser.parse_args()
    with Store.open(asked.db) as store:
        tasks = sorted(
            store.tasks(kind=TaskKind.SEARCH),
            key=lambda task: (-len(task.hidden.witness.calls), task.id),
        )[: asked.n]
    calls = mean(len(task.hidden.witness.calls) for task in tasks)
    print(f"{len(tasks)} tasks, witnesses of {calls:.1f} calls, window {asked.window} tokens")
    print(
        f"{'context':<22}{'score':>7}{'steps':>8}{'all steps':>11}{'cuts':>7}{'full':>9}{'k tokens':>12}"
    )
    for name in CONTEXTS:
        print(
            line(name, [await play(task, name, asked.window, asked.detours) for task in tasks]),
            flush=True,
        )
    unbounded = 10**9
    found = [await play(task, "none", unbounded, asked.detours) for task in tasks]
    print(line("none, endless window", found))


if __name__ == "__main__":
    asyncio.run(main())
