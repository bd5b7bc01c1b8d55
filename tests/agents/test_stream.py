"""Streamed replies: the same reply however it is cut, and a typed fault for what is none."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from agents.chat import FinishReason
from agents.llm import connect
from agents.transport import Transport
from agents.wire import read_reply
from data.errors import ModelFault
from data.task import Message, Role
from tests.agents.cabinet import TOOLS
from tests.agents.endpoint import Answer, says, serve

HELLO = [Message(role=Role.USER, content="hello")]


def stream(*choices: dict[str, Any], end: str = "data: [DONE]\n\n") -> bytes:
    events = ({"choices": [{"index": 0, **choice}]} for choice in choices)
    return ("".join(f"data: {json.dumps(e)}\n\n" for e in events) + end).encode()


def call(index: int, **function: str) -> dict[str, Any]:
    return {"delta": {"tool_calls": [{"index": index, "id": f"c{index}", "function": function}]}}


def sends(body: bytes) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="text/event-stream")

    return answer


def test_interleaved_pieces_of_parallel_calls_come_together() -> None:
    body = stream(
        {"delta": {"role": "assistant", "content": ""}},
        {"delta": {"reasoning": "let me "}},
        {"delta": {"reasoning": "see", "content": "Look"}},
        call(0, name="open_drawer", arguments=""),
        call(1, name="add", arguments='{"amo'),
        call(0, arguments='{"name": "d0"}'),
        call(1, arguments='unt": 5}'),
        {"delta": {}, "finish_reason": "tool_calls"},
    )
    reply, field = read_reply(b": a comment\n\n" + body, 0.5)
    assert (reply.content, reply.reasoning, field) == ("Look", "let me see", "reasoning")
    assert [(c.name, c.id) for c in reply.calls] == [("open_drawer", "c0"), ("add", "c1")]
    assert [c.model_dump()["arguments"] for c in reply.calls] == [{"name": "d0"}, {"amount": 5}]
    assert reply.finish_reason is FinishReason.STOP


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (stream(call(0, name="add", arguments='{"am'), end=""), "ends before the reply does"),
        (stream(call(0, name="add", arguments='{"am')), "ends before the reply does"),
        (b"data: {oops\n\n", "holds no JSON: {oops"),
        (b"data: \xff\xfe\n\n", "holds no JSON"),
        (b"data: [1]\n\n", r"holds no events but \[1\]"),
        (b'data: {"choices": [7]}\n\n', "no known shape"),
        (b'data: {"choices": 7}\n\n', "no known shape"),
        (b'data: {"error": {"message": "out of memory"}}\n\n', "with an error: .*out of memory"),
        (stream({"delta": {"content": 3}, "finish_reason": "stop"}), "no known shape"),
        (stream({"delta": {}, "finish_reason": "abort"}), "abort"),
        (b"data: [DONE]\n\n", "ends before the reply does"),
    ],
    ids=["cut", "done too early", "no json", "bytes", "list", "choice", "choices", "error", "text"]
    + ["abort", "empty"],
)
def test_a_stream_that_holds_no_reply_is_a_fault_of_one_line(body: bytes, said: str) -> None:
    with pytest.raises(ModelFault, match=said):
        read_reply(body, 0.5)


@pytest.mark.parametrize(
    "broken",
    [
        sends(stream(call(0, name="add", arguments='{"am'), end="")),
        sends(b"data: {oops\n\n"),
        sends(b"<html>502</html>"),
        sends(b'{"choices": []}'),
        sends(b""),
    ],
    ids=["stops in a call", "garbage", "html", "no choices", "nothing"],
)
async def test_what_cannot_be_read_is_asked_for_again_and_then_told(broken: Answer) -> None:
    limits = Transport(backoff_s=0, max_garbled=2)
    async with (
        serve(broken, says("ok")) as endpoint,
        connect(endpoint.url, transport=limits, api_key="") as chat,
    ):
        reply = await chat.complete(HELLO, TOOLS)
    assert (reply.content, len(reply.setbacks)) == ("ok", 1)
    async with (
        serve(broken) as endpoint,
        connect(endpoint.url, transport=limits, api_key="") as chat,
    ):
        with pytest.raises(ModelFault) as caught:
            await chat.complete(HELLO, TOOLS)
    assert len(endpoint.bodies) == 3
    assert str(caught.value).startswith(f"model 'tiny' at {endpoint.url}: the ")
    assert "\n" not in str(caught.value)


async def test_a_stream_that_falls_silent_is_given_up_after_the_silence() -> None:
    released = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(stream(call(0, name="add", arguments='{"am'), end=""))
        await released.wait()
        return response

    limits = Transport(backoff_s=0, max_retries=0, silence_s=0.05, stream=True)
    async with serve(silent) as endpoint:
        async with connect(endpoint.url, transport=limits, api_key="") as chat:
            with pytest.raises(ModelFault, match="gave up at try 1 of 1"):
                await chat.complete(HELLO, TOOLS)
        released.set()
    assert endpoint.bodies[0]["stream"] is True
    assert endpoint.bodies[0]["stream_options"] == {"include_usage": True}
