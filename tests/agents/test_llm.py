"""The client against real servers: what it sends, what it understands, how it fails."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from agents import wire
from agents.chat import FinishReason, MalformedCall, Reply
from agents.llm import OpenAIChat, Sampling, Transport, base_url, connect
from data.errors import ModelFault, UserError
from data.task import Message, Role, ToolCall
from data.trajectory import Observation, Turn
from tests.agents.cabinet import TOOLS
from tests.agents.endpoint import (
    Answer,
    Endpoint,
    body,
    calls,
    completion,
    fails,
    says,
    serve,
)

HELLO = [Message(role=Role.USER, content="hello")]
LOOKED = Turn(
    reasoning="look first",
    calls=(ToolCall(name="add", arguments={"amount": 1}),),
    observations=(Observation(text="1"),),
)
QUICK = Transport(backoff_s=0.001, max_backoff_s=0.01, max_retries=2)


@asynccontextmanager
async def talking(
    *answers: Answer, transport: Transport = QUICK, sampling: Sampling | None = None, key: str = ""
) -> AsyncIterator[tuple[OpenAIChat, Endpoint]]:
    async with (
        serve(*answers) as endpoint,
        connect(endpoint.url, "tiny", sampling, transport, key) as chat,
    ):
        yield chat, endpoint


async def ask(*answers: Answer, transport: Transport = QUICK) -> Reply:
    async with talking(*answers, transport=transport) as (chat, _):
        return await chat.complete(HELLO, TOOLS)


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_a_reply_is_read_whole_and_reasoning_goes_back_under_its_own_name(field: str) -> None:
    message = {"role": "assistant", "content": "four", field: "two and two"}
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    async with talking(completion(message, usage=usage)) as (chat, endpoint):
        reply = await chat.complete(HELLO, TOOLS)
        await chat.complete([*HELLO, reply.turn()], TOOLS)
    assert (reply.content, reply.reasoning, reply.calls) == ("four", "two and two", ())
    assert (reply.usage.num_prompt_tokens, reply.usage.num_completion_tokens) == (7, 3)
    assert endpoint.bodies[1]["messages"] == [{"role": "user", "content": "hello"}, message]


async def test_parallel_calls_keep_their_order_and_arguments() -> None:
    reply = await ask(calls(("add", '{"amount": 2}'), ("open_drawer", {"name": "é"})))
    assert reply.calls == (
        ToolCall(name="add", arguments={"amount": 2}, id="id0"),
        ToolCall(name="open_drawer", arguments={"name": "é"}, id="id1"),
    )


@pytest.mark.parametrize("arguments", ["", "  ", None, {}, "{}"])
async def test_a_call_without_arguments_is_no_mistake(arguments: str | None) -> None:
    reply = await ask(calls(("count", arguments)))
    assert reply.calls == (ToolCall(name="count", arguments={}, id="id0"),)


@pytest.mark.parametrize(
    "arguments",
    ['{"amount": ', "[1]", '"five"', "5", [1], '{"a": NaN}', '{"a": 1e999}', r'{"a": "\ud800"}'],
    ids=str,
)
async def test_unreadable_arguments_are_kept_for_the_model_to_mend(arguments: str) -> None:
    (call,) = (await ask(calls(("add", arguments)))).calls
    assert isinstance(call, MalformedCall)
    assert (call.name, call.id) == ("add", "id0")
    assert str(arguments) in call.problem


async def test_overlong_unreadable_arguments_are_quoted_in_part() -> None:
    (call,) = (await ask(calls(("add", '{"amount": ' + "1" * 5000)))).calls
    assert isinstance(call, MalformedCall)
    assert len(call.problem) < 300


@pytest.mark.parametrize("ids", [("", ""), ("same", "same")])
async def test_results_find_their_calls_without_usable_ids(ids: tuple[str, str]) -> None:
    turn = Turn(
        calls=tuple(ToolCall(name="add", arguments={"amount": 1}, id=id) for id in ids),
        observations=(Observation(text="one"), Observation(text="two")),
    )
    async with talking(says("ok")) as (chat, endpoint):
        await chat.complete([*HELLO, turn], TOOLS)
    _, said, *results = endpoint.bodies[0]["messages"]
    sent = [call["id"] for call in said["tool_calls"]]
    assert len(set(sent)) == 2
    assert [result["tool_call_id"] for result in results] == sent
    assert [result["content"] for result in results] == ["one", "two"]


async def test_tools_are_sent_with_their_whole_schema_and_left_out_when_there_are_none() -> None:
    async with talking(says("ok")) as (chat, endpoint):
        await chat.complete(HELLO, TOOLS)
        await chat.complete(HELLO, ())
    assert endpoint.bodies[0]["tools"] == [
        {
            "type": "function",
            "function": {"name": t.name, "description": t.description, "parameters": t.parameters},
        }
        for t in TOOLS
    ]
    assert "tools" not in endpoint.bodies[1]


async def test_reasoning_stays_among_tool_results_and_goes_with_a_new_user_message() -> None:
    again = Message(role=Role.USER, content="and now?")
    async with talking(says("ok")) as (chat, endpoint):
        await chat.complete([*HELLO, LOOKED], TOOLS)
        await chat.complete([*HELLO, LOOKED, again, LOOKED], TOOLS)
    kept = [["reasoning_content" in m for m in b["messages"]] for b in endpoint.bodies]
    assert kept == [[False, True, False], [False, False, False, False, True, False]]


async def test_a_growing_conversation_is_sent_as_if_it_were_written_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also when the text that is kept of it is thrown away in between."""
    monkeypatch.setattr(wire, "MAX_HELD_BYTES", 300)
    again = Message(role=Role.USER, content="and now?")
    spoken: list[Message | Turn] = [*HELLO, LOOKED, LOOKED, again, LOOKED, LOOKED]
    async with talking(says("ok")) as (chat, endpoint):
        for end in range(len(HELLO), len(spoken) + 1):
            await chat.complete(spoken[:end], TOOLS)
    written = [
        wire.messages(spoken[:end], "reasoning_content")
        for end in range(len(HELLO), len(spoken) + 1)
    ]
    assert [body["messages"] for body in endpoint.bodies] == written


async def test_sampling_settings_are_sent_and_name_the_model() -> None:
    sampling = Sampling(temperature=0.5, max_tokens=64, extra={"top_k": 20, "model": "other"})
    async with talking(says("ok"), sampling=sampling) as (chat, endpoint):
        await chat.complete(HELLO, TOOLS)
    sent = endpoint.bodies[0]
    assert (sent["temperature"], sent["max_tokens"], sent["top_k"]) == (0.5, 64, 20)
    assert (sent["model"], "top_p" in sent) == ("tiny", False)
    assert chat.name == 'tiny temperature=0.5 max_tokens=64 extra={"model":"other","top_k":20}'


async def test_token_ids_and_log_probabilities_are_kept_when_asked_for() -> None:
    answer = completion(
        {"role": "assistant", "content": "hi"},
        prompt_token_ids=[5, 6],
        token_ids=[7, 8],
        logprobs={"content": [{"token": "h", "logprob": -0.5}, {"token": "i", "logprob": -0.25}]},
    )
    async with talking(answer, sampling=Sampling(return_tokens=True)) as (chat, endpoint):
        reply = await chat.complete(HELLO, TOOLS)
    assert endpoint.bodies[0]["return_token_ids"] is True
    assert endpoint.bodies[0]["logprobs"] is True
    assert reply.tokens is not None
    assert reply.tokens.prompt_ids == (5, 6)
    assert reply.tokens.completion_ids == (7, 8)
    assert reply.tokens.completion_logprobs == (-0.5, -0.25)


async def test_tokens_that_do_not_align_are_a_fault() -> None:
    answer = completion(
        {"role": "assistant", "content": "hi"},
        prompt_token_ids=[5],
        token_ids=[7, 8],
        logprobs={"content": [{"token": "h", "logprob": -0.5}]},
    )
    with pytest.raises(ModelFault, match="2 token ids came with 1 log-probabilities"):
        await ask(answer)


@pytest.mark.parametrize("asked", ["0.05", "3600"], ids=["as asked", "no longer than allowed"])
async def test_a_busy_endpoint_is_asked_again_after_the_wait_it_names(asked: str) -> None:
    transport = Transport(backoff_s=0, max_backoff_s=0.06)
    busy = fails(429, "slow down", {"Retry-After": asked})
    started = time.monotonic()
    async with talking(busy, says("ok"), transport=transport) as (chat, endpoint):
        reply = await chat.complete(HELLO, TOOLS)
    assert 0.05 <= time.monotonic() - started < 5
    assert (reply.content, len(endpoint.bodies)) == ("ok", 2)
    assert reply.seconds < 0.05, "the wait is not the agent's time"


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 529])
async def test_transient_faults_are_retried_to_the_limit_and_then_reported(status: int) -> None:
    async with talking(fails(status, "out of order")) as (chat, endpoint):
        with pytest.raises(ModelFault, match=rf"HTTP {status}: out of order; .* try 3 of 3"):
            await chat.complete(HELLO, TOOLS)
    assert len(endpoint.bodies) == 3


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "no such field"),
        (401, "PALAESTRA_API_KEY"),
        (403, "PALAESTRA_API_KEY"),
        (404, "GET models"),
        (307, "give its new URL"),
        (422, "no such field"),
    ],
)
async def test_lasting_faults_are_reported_at_once_with_what_to_do(
    status: int, advice: str
) -> None:
    refusal = fails(status, "no such field\nfor key s3cret", {"Location": "/elsewhere"})
    async with talking(refusal, key="s3cret") as (chat, endpoint):
        with pytest.raises(ModelFault) as caught:
            await chat.complete(HELLO, TOOLS)
    line = str(caught.value)
    assert len(endpoint.bodies) == 1
    assert endpoint.headers[0]["Authorization"] == "Bearer s3cret"
    assert line.startswith(f"model 'tiny' at {endpoint.url}: HTTP {status}: ")
    assert advice in line
    assert "s3cret" not in line
    assert "\n" not in line


async def test_a_connection_lost_in_mid_body_is_retried() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"choices": [')
        assert request.transport is not None
        request.transport.abort()
        return response

    assert (await ask(cut, says("ok"))).content == "ok"
    with pytest.raises(ModelFault, match="connection failed"):
        await ask(cut)


async def test_an_endpoint_that_is_not_there_is_a_fault() -> None:
    async with serve(says("ok")) as endpoint:
        url = endpoint.url
    async with connect(url, "tiny", transport=QUICK, api_key="") as chat:
        with pytest.raises(ModelFault, match=r"connection failed .*; gave up at try 3 of 3"):
            await chat.complete(HELLO, TOOLS)


async def test_an_endpoint_that_hangs_is_a_fault_after_the_time_limit() -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.Response()

    with pytest.raises(ModelFault, match=r"no response within 0.05 s; gave up at try 1 of 1"):
        await ask(hang, transport=Transport(timeout_s=0.05, max_retries=0))


async def test_a_giant_response_is_not_read_to_its_end() -> None:
    written = 0

    async def flood(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b" " * 100_000)
            written += 100_000
        return response

    with pytest.raises(ModelFault, match="longer than 200000 bytes"):
        await ask(flood, transport=Transport(max_response_bytes=200_000))
    assert written < 50_000_000


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (body({"error": {"message": "upstream is down"}}), "upstream is down"),
        (body({"choices": []}), "choices"),
        (body([1]), "completion"),
        (completion({"role": "assistant", "content": "x"}, "abort"), "abort"),
        (completion({"role": "assistant", "content": "x"}, "content_filter"), "content_filter"),
    ],
)
async def test_a_response_that_holds_no_turn_is_a_fault(answer: Answer, said: str) -> None:
    with pytest.raises(ModelFault, match=said):
        await ask(answer)


async def test_a_response_that_is_not_json_is_a_fault() -> None:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html>It works!</html>", content_type="text/html")

    with pytest.raises(ModelFault, match=r"no completion .*It works!"):
        await ask(page)


async def test_a_full_window_cuts_the_attempt_short_but_a_prompt_too_long_is_a_fault() -> None:
    full = fails(400, "This model's maximum context length is 8 tokens. However, you sent 9.")
    async with talking(full) as (chat, _):
        reply = await chat.complete([*HELLO, LOOKED], TOOLS)
        with pytest.raises(ModelFault, match="maximum context length is 8"):
            await chat.complete(HELLO, TOOLS)
    assert reply.finish_reason is FinishReason.OVERFLOW


async def test_without_a_name_the_only_model_served_is_taken() -> None:
    async with serve(says("ok"), names=["solo"]) as endpoint, connect(endpoint.url) as chat:
        await chat.complete(HELLO, TOOLS)
        assert chat.name == "solo"
        assert endpoint.bodies[0]["model"] == "solo"


@pytest.mark.parametrize(
    ("names", "said"), [([], "serves 0: none"), (["a", "b"], "serves 2: a, b; name one")]
)
async def test_without_a_name_several_models_or_none_are_refused(
    names: list[str], said: str
) -> None:
    async with serve(says("ok"), names=names) as endpoint:
        with pytest.raises(UserError, match=said):
            async with connect(endpoint.url):
                pass


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("http://h:8000", "http://h:8000/v1"),
        ("http://h:8000/", "http://h:8000/v1"),
        ("https://h/api/v3/", "https://h/api/v3"),
        ("http://h/v1/chat/completions", "http://h/v1"),
    ],
)
def test_any_usual_form_of_the_url_is_understood(given: str, base: str) -> None:
    assert str(base_url(given)) == base


@pytest.mark.parametrize("given", ["", "gpt-9", "h:8000", "ftp://h/v1", "http://", "http://h:port"])
def test_what_is_no_url_is_refused_by_name(given: str) -> None:
    with pytest.raises(UserError, match="give a URL such as"):
        base_url(given)


async def test_the_projects_own_key_goes_before_the_common_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PALAESTRA_API_KEY", "ours")
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    async with serve(says("ok")) as endpoint, connect(endpoint.url, "tiny") as chat:
        await chat.complete(HELLO, TOOLS)
    assert endpoint.headers[0]["Authorization"] == "Bearer ours"
