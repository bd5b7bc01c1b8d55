"""CPU time of one model in vLLM's engine, in one process: first token, and every one after it.

    OMP_NUM_THREADS=1 .venv-vllm/bin/python -m benchmarks.bundled_engine FOLDER [--eager]

FOLDER is a checkpoint: `python -m model.absorb FOLDER` writes the converted model, and
`model.base.write_checkpoint` the base, which stock vLLM serves. With one thread CPU time is what a
core to itself would need, so that other work on the machine changes little.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")

from vllm import LLM, SamplingParams, TokensPrompt

NUM_TIMED = 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--eager", action="store_true", help="without vLLM's compilation")
    parser.add_argument("--lengths", default="128,2048,8000")
    parser.add_argument("--topk", type=int, help="keys a query selects, for the converted model")
    given = parser.parse_args()
    llm = LLM(
        str(given.folder),
        dtype="bfloat16",
        enforce_eager=given.eager,
        enable_prefix_caching=False,
        max_num_batched_tokens=2048,
        hf_overrides={"index_topk": given.topk} if given.topk else {},
    )

    def cpu_s(length: int, num_tokens: int) -> float:
        prompt = TokensPrompt(prompt_token_ids=[1000 + i * 7 % 30000 for i in range(length)])
        sampling = SamplingParams(temperature=0, max_tokens=num_tokens, ignore_eos=True)
        begun = time.process_time()
        llm.generate([prompt], sampling, use_tqdm=False)
        return time.process_time() - begun

    cpu_s(64, 4)
    for length in map(int, given.lengths.split(",")):
        first = cpu_s(length, 1)
        each = (cpu_s(length, 1 + NUM_TIMED) - first) / NUM_TIMED
        print(f"{length} tokens: first {first:.2f} s, then {1000 * each:.1f} ms each", flush=True)


if __name__ == "__main__":
    main()
