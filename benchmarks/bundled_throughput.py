"""Tokens per second of one model in vLLM on a GPU, for prompts of several lengths, many at once.

    python -m benchmarks.bundled_throughput FOLDER [--lengths 2048,8064] [--at-once 128]

FOLDER is a checkpoint; see `benchmarks.bundled_engine`. Every prompt is different. Reading is timed
with one new token a prompt; writing by what further tokens add, once the prompts are in the cache.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")

import json

import torch
from vllm import LLM, SamplingParams, TokensPrompt

from model.config import GROUPED
from model.serve import GRAPHS

NUM_TOKENS = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lengths", default="2048,8064")
    parser.add_argument("--at-once", type=int, default=128)
    parser.add_argument("--topk", type=int, help="keys a query selects, for the converted model")
    parser.add_argument("--eager", action="store_true", help="without compilation and graphs")
    parser.add_argument("--attention", help="vLLM's attention backend, for other models")
    parser.add_argument("--batched", type=int, default=8192, help="tokens of one step")
    given = parser.parse_args()
    lengths = [int(word) for word in given.lengths.split(",")]
    window = max(lengths) + NUM_TOKENS
    ours = json.loads((given.folder / "config.json").read_text())["model_type"] == GROUPED
    overrides: dict[str, object] = {"max_position_embeddings": max(window, 8192)}
    if given.topk:
        overrides["index_topk"] = given.topk
    options: dict[str, object] = {"enforce_eager": given.eager}
    if ours and not given.eager:
        options["compilation_config"] = GRAPHS
    if given.attention:
        options["attention_backend"] = given.attention
    begun = time.monotonic()
    llm = LLM(
        str(given.folder),
        dtype="bfloat16",
        max_model_len=window,
        max_num_batched_tokens=given.batched,
        max_num_seqs=given.at_once,
        enable_prefix_caching=True,
        hf_overrides=overrides,
        **options,
    )
    name = torch.cuda.get_device_name()
    print(
        f"{given.folder.name} on {name}: ready after {time.monotonic() - begun:.0f} s", flush=True
    )

    def wall_s(length: int, num_tokens: int, first: int = 0) -> float:
        prompts = [
            TokensPrompt(prompt_token_ids=[1000 + (i * 7 + n * 13) % 30000 for i in range(length)])
            for n in range(first, given.at_once)
        ]
        sampling = SamplingParams(temperature=0, max_tokens=num_tokens, ignore_eos=True)
        begun = time.monotonic()
        llm.generate(prompts, sampling, use_tqdm=False)
        return time.monotonic() - begun

    for length in lengths:
        # Kernels are compiled for a length when it first occurs.
        wall_s(length, 2, first=given.at_once - 4)
        llm.reset_prefix_cache()
        reading = wall_s(length, 1)
        wall_s(length, 4)
        writing = wall_s(length, 1 + NUM_TOKENS) - wall_s(length, 1)
        read_rate = given.at_once * length / reading
        write_rate = given.at_once * NUM_TOKENS / writing
        print(
            f"{length} tokens x {given.at_once}: reads {read_rate:,.0f} tokens/s, writes "
            f"{write_rate:,.0f} tokens/s ({1000 * writing / NUM_TOKENS:.2f} ms a step)",
            flush=True,
        )


if __name__ == "__main__":
    main()
