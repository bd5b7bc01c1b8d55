"""An endpoint that gives token ids as vLLM does: one id a character of the rendered conversation.

Like any chat template it renders everything anew for each request. One of its templates forgets the
reasoning of earlier turns, as many do.
"""

import json
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.agents.endpoint import Answer

OPEN, CLOSE = "<", ">"


def written(message: dict[str, Any], *, reasoning: bool) -> str:
    """What stands between the marks of a message."""
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    said = [message["role"], message.get("content") or ""]
    if reasoning and message.get("reasoning_content"):
        said.insert(1, f"({message['reasoning_content']})")
    told = "".join(f"[{call['name']} {call['arguments']}]" for call in calls)
    return " ".join(said) + told


def rendered(messages: Sequence[dict[str, Any]], *, forgetful: bool) -> str:
    return "".join(OPEN + written(m, reasoning=not forgetful) + CLOSE for m in messages)


def tokens_of(reply: dict[str, Any], *, forgetful: bool = False) -> Answer:
    """Answers with `reply`, an assistant message, and with the ids of prompt and reply."""

    async def answer(request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        assert asked["return_token_ids"]
        assert asked["logprobs"]
        prompt = rendered(asked["messages"], forgetful=forgetful) + OPEN + "assistant"
        text = written(reply, reasoning=True).removeprefix("assistant") + CLOSE
        ids = [ord(c) for c in text]
        logprobs = {"content": [{"token": c, "logprob": -ord(c) / 512} for c in text]}
        whole = {"prompt_token_ids": [ord(c) for c in prompt]}
        finish = "tool_calls" if reply.get("tool_calls") else "stop"
        if not asked.get("stream"):
            choice = {"index": 0, "message": reply, "finish_reason": finish}
            choice |= {"token_ids": ids, "logprobs": logprobs}
            return web.json_response({**whole, "choices": [choice]})
        return web.Response(
            text="".join(f"data: {event}\n\n" for event in _events(reply, whole, ids, finish))
        )

    return answer


def _events(reply: dict[str, Any], whole: dict[str, Any], ids: list[int], finish: str) -> list[str]:
    """The reply in pieces: prompt ids first, then the message, then ids three at a time."""
    first = {**whole, "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
    events: list[dict[str, Any]] = [first]
    for key in ("reasoning_content", "content"):
        for character in reply.get(key) or "":
            events.append({"choices": [{"index": 0, "delta": {key: character}}]})
    for index, call in enumerate(reply.get("tool_calls") or ()):
        head = {"index": index, "id": call["id"], "function": {"name": call["function"]["name"]}}
        events.append({"choices": [{"index": 0, "delta": {"tool_calls": [head]}}]})
        for character in call["function"]["arguments"]:
            piece = {"index": index, "function": {"arguments": character}}
            events.append({"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]})
    for start in range(0, len(ids), 3):
        part = ids[start : start + 3]
        logprobs = {"content": [{"token": chr(i), "logprob": -i / 512} for i in part]}
        events.append(
            {"choices": [{"index": 0, "delta": {}, "token_ids": part, "logprobs": logprobs}]}
        )
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    events.append({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": len(ids)}})
    return [*map(json.dumps, events), "[DONE]"]


def calling(reasoning: str, *called: tuple[str, str]) -> dict[str, Any]:
    """An assistant message with reasoning and calls."""
    return {
        "role": "assistant",
        "content": "",
        "reasoning_content": reasoning,
        "tool_calls": [
            {"id": f"id{n}", "type": "function", "function": {"name": name, "arguments": given}}
            for n, (name, given) in enumerate(called)
        ],
    }
