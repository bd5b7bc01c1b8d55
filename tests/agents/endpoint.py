"""A chat-completions server on the loopback interface that answers from a list."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Endpoint:
    """`url` to connect to, and every request that arrived."""

    def __init__(self, answers: list[Answer], names: list[str]) -> None:
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._answers = answers
        self._names = names

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(json.loads(await request.read()))
        self.headers.append(dict(request.headers))
        # The last answer is given for ever.
        return await self._answers[min(len(self.bodies), len(self._answers)) - 1](request)

    async def models(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"object": "list", "data": [{"id": name} for name in self._names]})


@asynccontextmanager
async def serve(*answers: Answer, names: list[str] | None = None) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint(list(answers), names if names is not None else ["tiny"])
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endpoint.complete)
    app.router.add_get("/v1/models", endpoint.models)
    async with TestServer(app) as server:
        endpoint.url = str(server.make_url("/v1"))
        yield endpoint


def completion(message: object, finish_reason: str = "stop", **more: object) -> Answer:
    """An answer of status 200; `more` goes beside `choices`."""
    choice: dict[str, object] = {"index": 0, "message": message, "finish_reason": finish_reason}
    for key in ("token_ids", "logprobs"):
        if key in more:
            choice[key] = more.pop(key)
    return body({"id": "1", "object": "chat.completion", "choices": [choice], **more})


def says(text: str) -> Answer:
    return completion({"role": "assistant", "content": text})


def body(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(content, status=status, headers=headers)

    return answer


def fails(status: int, message: str = "", headers: dict[str, str] | None = None) -> Answer:
    return body({"error": {"message": message, "code": status}}, status, headers)


def calls(*called: tuple[str, object]) -> Answer:
    """An answer with tool calls, given as (name, arguments as they stand on the wire)."""
    return completion(
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": f"id{i}",
                    "type": "function",
                    "function": {"name": name, "arguments": arguments},
                }
                for i, (name, arguments) in enumerate(called)
            ],
        },
        "tool_calls",
    )
