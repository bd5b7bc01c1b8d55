"""A plain text endpoint on a real HTTP server, up to a whole attempt in a world."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.chat import FinishReason, MalformedCall
from agents.dsml import Assistant, User, encode, from_conversation
from agents.dsml.encoding import segments
from agents.llm import Sampling, Transport, connect
from agents.loop import Limits, run
from agents.text import TextChat, read_text
from data.errors import ModelFault
from data.task import ToolCall
from data.trajectory import Turn
from tests.agents.cabinet import TOOLS, make_task, opener
from tests.agents.endpoint import Answer, Endpoint, body, fails

TASK = make_task()
ADD = ToolCall(name="add", arguments={"amount": 5})
QUICK = Transport(backoff_s=0.001, timeout_s=5)


def says(reply: Assistant, **more: object) -> Answer:
    written = segments([User(""), reply], thinking=True)[-1].text
    return writes(written.removesuffix("<｜end▁of▁sentence｜>"), "stop", **more)


def writes(text: str, finish_reason: str = "stop", **more: object) -> Answer:
    usage = {"prompt_tokens": 70, "completion_tokens": 30}
    choice = {"index": 0, "text": text, "finish_reason": finish_reason, **more}
    return body({"object": "text_completion", "choices": [choice], "usage": usage})


@asynccontextmanager
async def talking(*answers: Answer, **sampling: bool) -> AsyncIterator[tuple[TextChat, Endpoint]]:
    endpoint = Endpoint(list(answers), ["tiny"])
    app = web.Application()
    app.router.add_post("/v1/completions", endpoint.complete)
    app.router.add_get("/v1/models", endpoint.models)
    async with TestServer(app) as server:
        url = str(server.make_url("/v1"))
        given = Sampling(**sampling)
        async with connect(url, sampling=given, transport=QUICK, chat_type=TextChat) as chat:
            yield cast(TextChat, chat), endpoint


async def test_an_attempt_goes_through_a_text_endpoint() -> None:
    opens = [ToolCall(name="open_drawer", arguments={"name": f"d0x{i}"}) for i in range(3)]
    replies = [
        Assistant("", "First the drawer I was told of.", (opens[0],)),
        Assistant("", "Then the next two, and the counter.", (opens[1], opens[2], ADD)),
        Assistant("word0", "That was the last."),
    ]
    async with talking(*map(says, replies)) as (chat, endpoint), opener(TASK.public()) as world:
        trajectory = await run(TASK.public(), *world, chat, Limits())
    assert (trajectory.answer, trajectory.state) == ("word0", {"total": 5})
    assert [turn.reasoning for turn in trajectory.turns] == [r.reasoning for r in replies]
    first = TASK.prompt[-1].model_copy(update={"content": "3 drawers stand before you."})
    told = from_conversation([*TASK.prompt, first, *trajectory.turns[:2]], TOOLS)
    assert endpoint.bodies[2]["prompt"] == encode(told, thinking=True)
    assert endpoint.bodies[2]["add_special_tokens"] is False
    assert chat.name == "tiny dsml=thinking"


async def test_a_reply_outside_the_grammar_is_told_to_the_model_and_runs_nothing() -> None:
    text = encode([User(""), Assistant("", "why", (ADD,))], thinking=True).split("<think>")[1]
    broken = text.replace("</｜DSML｜invoke>", "", 1)
    answers = writes(broken), says(Assistant("sorry"))
    async with talking(*answers) as (chat, _), opener(TASK.public()) as world:
        trajectory = await run(TASK.public(), *world, chat, Limits())
    (told,) = trajectory.turns[0].observations
    assert told.error
    assert "your reply does not follow the format, the tool call block lacks" in told.text
    assert trajectory.state == {"total": 0}
    assert trajectory.answer == "sorry"


def test_a_reply_that_was_cut_keeps_what_came_and_calls_nothing() -> None:
    text = encode([User(""), Assistant("so", "why", (ADD,))], thinking=True).split("<think>")[1]
    for at in range(len(text) - len("<｜end▁of▁sentence｜>")):
        reply = read_text(text[:at], thinking=True, cut=True)
        assert reply.finish_reason is FinishReason.LENGTH
        assert not any(isinstance(call, MalformedCall) for call in reply.calls)
        assert text.startswith(reply.reasoning)
        assert reply.content in text


async def test_token_ids_come_with_their_logprobs() -> None:
    tokens = {
        "prompt_token_ids": [1, 2],
        "token_ids": [3, 4],
        "logprobs": {"token_logprobs": [-0.5, -0.25]},
    }
    async with talking(says(Assistant("x"), **tokens), return_tokens=True) as (chat, endpoint):
        reply = await chat.complete(TASK.prompt, TOOLS)
    assert reply.tokens
    assert reply.tokens.completion_logprobs == (-0.5, -0.25)
    assert (reply.usage.num_prompt_tokens, reply.usage.num_completion_tokens) == (70, 30)
    assert endpoint.bodies[0]["logprobs"] == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (body({"choices": []}), "the response is no text completion (choices:"),
        (body("<html>"), "the response is no text completion (body:"),
        (writes("x", "abort"), "the endpoint broke the reply off (abort)"),
        (fails(400, "bad"), "HTTP 400: bad"),
        (
            writes(
                "</think>x", prompt_token_ids=[1], token_ids=[2], logprobs={"token_logprobs": []}
            ),
            "1 token ids came with 0 logprobs",
        ),
    ],
    ids=["no choices", "html", "aborted", "refused", "tokens"],
)
async def test_what_the_endpoint_does_wrong_is_a_fault_of_one_line(
    answer: Answer, said: str
) -> None:
    async with talking(answer) as (chat, _):
        with pytest.raises(ModelFault) as fault:
            await chat.complete(TASK.prompt, TOOLS)
    assert said in str(fault.value)
    assert "\n" not in str(fault.value)


async def test_a_full_window_is_an_overflow_once_the_attempt_has_begun() -> None:
    full = fails(400, "This model's maximum context length is 8 tokens.")
    async with talking(full) as (chat, _):
        reply = await chat.complete([*TASK.prompt, Turn(content="x")], TOOLS)
        with pytest.raises(ModelFault):
            await chat.complete(TASK.prompt, TOOLS)
    assert reply.finish_reason is FinishReason.OVERFLOW


async def test_chat_mode_asks_without_reasoning() -> None:
    chat_type = partial(TextChat, thinking=False)
    endpoint = Endpoint([writes("yes")], ["tiny"])
    app = web.Application()
    app.router.add_post("/v1/completions", endpoint.complete)
    app.router.add_get("/v1/models", endpoint.models)
    async with TestServer(app) as server:
        url = str(server.make_url("/v1"))
        async with connect(url, transport=QUICK, chat_type=chat_type) as chat:
            reply = await chat.complete(TASK.prompt, ())
    assert (reply.content, reply.reasoning) == ("yes", "")
    assert endpoint.bodies[0]["prompt"].endswith("<｜Assistant｜></think>")
