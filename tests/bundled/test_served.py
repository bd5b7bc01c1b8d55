"""What vLLM serves is what the torch model computes, however the work is cut up.

One server for all tests: pages for few sequences, chunks of 48 tokens, prefix cache, sparse selection.
"""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from data.hashing import derive_rng
from model.absorb import absorb
from model.base import Base, write_tokenizer
from model.convert import save
from model.markers import SHOWN, renamed
from model.transformer import Transformer
from tests.bundled.server import PYTHON, VARIABLE, Server, free_port, serving, start, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason=f"needs vLLM, see {VARIABLE}"),
]
NUM_TOKENS = 24
LOGP_TOLERANCE = 2e-3
WINDOW, PAGES, PAGE_SIZE = 3072, 100, 32
END_THINK = 8
"""Id of `</think>` in the tiny vocabulary."""
CHAT = "/v1/chat/completions"
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks a word up.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}},
    },
}


@pytest.fixture(scope="module")
def folder(tiny: Base, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    marked = renamed(tiny)
    save(absorb(marked, index_topk=16), folder)
    write_tokenizer(marked, folder, SHOWN.values())
    return folder


@pytest.fixture(scope="module")
def model(tiny: Base) -> Transformer:
    return absorb(tiny, index_topk=16)


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("log") / "server.log"
    limits = {
        "--max-model-len": WINDOW,
        "--num-gpu-blocks-override": PAGES,
        "--block-size": PAGE_SIZE,
        "--max-num-batched-tokens": 48,
        "--max-num-seqs": 32,
        # Lets a test write a whole reply, its reasoning included.
        "--structured-outputs-config": '{"enable_in_reasoning": true}',
    }
    with serving(folder, log, *(str(word) for pair in limits.items() for word in pair)) as found:
        yield found


def prompts(name: str, count: int, longest: int = 180) -> list[list[int]]:
    """Random tokens of the tiny vocabulary, without its special ones."""
    rng = derive_rng(name)
    return [[rng.randrange(10, 266) for _ in range(rng.randint(1, longest))] for _ in range(count)]


def assert_served(model: Transformer, prompt: list[int], choice: Any) -> None:
    """Each served token is the torch model's own after those before it, so they all are."""
    found = [int(token.removeprefix("token_id:")) for token in choice["logprobs"]["tokens"]]
    with torch.no_grad():
        logits = model(torch.tensor([prompt + found])).logits_BTV[0, len(prompt) - 1 : -1]
    logps = torch.log_softmax(logits, -1).max(-1)
    assert found == logps.indices.tolist()
    assert choice["logprobs"]["token_logprobs"] == pytest.approx(
        logps.values.tolist(), abs=LOGP_TOLERANCE
    )


@pytest.mark.parametrize("at_once", [1, 16], ids=["alone", "batched"])
def test_greedy_tokens_and_logprobs_are_those_of_the_torch_model(
    server: Server, model: Transformer, at_once: int
) -> None:
    given = prompts(f"plain {at_once}", 12)
    for prompt, choice in zip(given, server.complete(given, NUM_TOKENS, at_once), strict=True):
        assert_served(model, prompt, choice)


def test_a_cached_prefix_changes_nothing(server: Server, model: Transformer) -> None:
    [start] = [p for p in prompts("prefix", 30) if len(p) > 150][:1]
    given = [start[:150] + tail for tail in prompts("tails", 6, longest=20)]
    before = server.metric("vllm:prefix_cache_hits_total")
    for prompt, choice in zip(given, server.complete(given, NUM_TOKENS, 1), strict=True):
        assert_served(model, prompt, choice)
    # Four whole pages of the shared start, for all but the first.
    assert server.metric("vllm:prefix_cache_hits_total") - before >= 5 * 4 * PAGE_SIZE


def test_sequences_that_lose_their_pages_and_come_back_end_the_same(
    server: Server, model: Transformer
) -> None:
    # Thirty sequences enter with two pages each and end with nine, of a hundred pages.
    given = [(p * 60)[:60] for p in prompts("crowd", 30)]
    before = server.metric("vllm:num_preemptions_total")
    for prompt, choice in zip(given, server.complete(given, 220, 30), strict=True):
        assert_served(model, prompt, choice)
    assert server.metric("vllm:num_preemptions_total") > before


def forced(reply: str, **more: Any) -> dict[str, Any]:
    """A request to which even random weights give this reply."""
    return {
        "messages": [{"role": "user", "content": "What is a harbour?"}],
        "max_tokens": 400,
        "temperature": 0,
        "structured_outputs": {"choice": [reply]},
        # The marker itself, not the letters that spell it.
        "logit_bias": {str(END_THINK): 100},
        **more,
    }


def test_a_reply_is_reasoning_until_its_marker_unless_told_otherwise(server: Server) -> None:
    asked = forced("so be it</think>A haven.")
    message = server.post(CHAT, **asked)["choices"][0]["message"]
    assert (message["reasoning"], message["content"]) == ("so be it", "A haven.")
    asked = forced("A haven.", chat_template_kwargs={"thinking": False})
    message = server.post(CHAT, **asked)["choices"][0]["message"]
    assert (message["reasoning"], message["content"]) == (None, "A haven.")


def test_reasoning_content_and_a_call_come_back_whole_and_streamed(server: Server) -> None:
    asked = forced(
        "so</think>Let me see.\n\n<｜DSML｜function_calls>\n"
        '<｜DSML｜invoke name="look_up">\n'
        '<｜DSML｜parameter name="word" string="true">harbour</｜DSML｜parameter>\n'
        "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
        tools=[TOOL],
    )
    choice = server.post(CHAT, **asked)["choices"][0]
    message = choice["message"]
    assert (message["reasoning"], message["content"]) == ("so", "Let me see.")
    [call] = message["tool_calls"]
    assert call["function"]["name"] == "look_up"
    assert json.loads(call["function"]["arguments"]) == {"word": "harbour"}
    assert choice["finish_reason"] == "tool_calls"
    deltas = [e["choices"][0]["delta"] for e in server.events(CHAT, **asked)]
    assert "".join(d.get("reasoning") or "" for d in deltas) == "so"
    assert "".join(d.get("content") or "" for d in deltas) == "Let me see."
    [streamed] = [c for d in deltas for c in d.get("tool_calls") or ()]
    assert json.loads(streamed["function"]["arguments"]) == {"word": "harbour"}


def test_bad_requests_say_what_is_wrong(server: Server) -> None:
    said = server.refusal("/v1/completions", prompt=[20] * (WINDOW + 1), max_tokens=1)
    assert str(WINDOW) in said
    messages = [{"role": "assistant", "content": "done"}]
    assert "last message" in server.refusal(CHAT, messages=messages, max_tokens=1)


def test_a_port_in_use_is_refused_before_vllm_starts(
    server: Server, folder: Path, tmp_path: Path
) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    log = tmp_path / "second.log"
    process = start(log, port, "--folder", str(folder))
    assert process.wait(60) == 1
    assert log.read_text().strip() == (
        f"Error: port {port} of 127.0.0.1 cannot be had (Address already in use); "
        "choose another with --port"
    )


def test_an_interrupted_start_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    process = start(log, free_port(), "--folder", str(folder))
    wait_for(process, log, "starting vLLM")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert log.read_text().strip().endswith("stopped")
