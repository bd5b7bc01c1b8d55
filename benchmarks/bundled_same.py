"""Whether vLLM serves what the torch model computes: greedy tokens and log-probabilities.

    python -m benchmarks.bundled_same FOLDER [--dtype float32] [--prompts 50]

Prompts are stretches of text, some with a common beginning, read in chunks and all at once, so that
cached prefixes, chunks and large batches take part. The torch model reads each prompt with vLLM's
continuation in one pass and must agree with every token of it. Runs on a GPU or on a CPU.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")

import torch
from vllm import LLM, SamplingParams, TokensPrompt

from data.hashing import derive_rng
from model.convert import load
from model.serve import GRAPHS

ROOT = Path(__file__).resolve().parents[1]
NUM_TOKENS, SHARED, WINDOW = 32, 400, 4096


def prompts_of(folder: Path, count: int, longest: int) -> list[list[int]]:
    """Stretches of the documentation and of the model's source; every third has a common start."""
    from transformers import AutoTokenizer

    files = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "model").rglob("*.py")])
    text = "\n\n".join(file.read_text() for file in files)
    ids: list[int] = AutoTokenizer.from_pretrained(folder)(text, verbose=False).input_ids
    rng = derive_rng("bundled_same")
    found = []
    for number in range(count):
        size = rng.randint(1, longest)
        start = rng.randrange(len(ids) - size)
        found.append(ids[:SHARED] * (number % 3 == 0) + ids[start : start + size])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--prompts", type=int, default=50)
    parser.add_argument("--longest", type=int, default=1500)
    parser.add_argument("--memory", type=float, default=0.3, help="share of a GPU's memory")
    parser.add_argument("--eager", action="store_true", help="without CUDA graphs")
    given = parser.parse_args()
    cuda = torch.cuda.is_available()
    graphs = {"compilation_config": GRAPHS} if cuda and not given.eager else {"enforce_eager": True}
    begun = time.monotonic()
    llm = LLM(
        str(given.folder),
        dtype=given.dtype,
        max_model_len=WINDOW,
        max_num_batched_tokens=512,
        enable_chunked_prefill=True,
        enable_prefix_caching=True,
        **({"gpu_memory_utilization": given.memory} if cuda else {}),
        **graphs,
    )
    print(f"engine ready after {time.monotonic() - begun:.0f} s", flush=True)
    prompts = prompts_of(given.folder, given.prompts, given.longest)
    sampling = SamplingParams(temperature=0, max_tokens=NUM_TOKENS, ignore_eos=True, logprobs=1)
    begun = time.monotonic()
    # A few at first, so that the others find their beginning in the cache.
    first, rest = prompts[:4], prompts[4:]
    asked = [TokensPrompt(prompt_token_ids=ids) for ids in first]
    replies = llm.generate(asked, sampling, use_tqdm=False)
    asked = [TokensPrompt(prompt_token_ids=ids) for ids in rest]
    replies += llm.generate(asked, sampling, use_tqdm=False)
    cached = sum(reply.num_cached_tokens or 0 for reply in replies)
    print(f"answered in {time.monotonic() - begun:.1f} s, {cached} tokens from cached prefixes")
    device = "cuda" if cuda else "cpu"
    model = load(given.folder, getattr(torch, given.dtype)).to(device)
    whole, same, total, differences = 0, 0, 0, []
    for prompt, reply in zip(prompts, replies, strict=True):
        tokens = list(reply.outputs[0].token_ids)
        with torch.no_grad():
            ids = torch.tensor([prompt + tokens], device=device)
            logits = model(ids).logits_BTV[0, len(prompt) - 1 : -1].float()
        logp = torch.log_softmax(logits, -1)
        expected = logp.argmax(-1).tolist()
        agreeing = sum(a == b for a, b in zip(expected, tokens, strict=True))
        whole, same, total = whole + (agreeing == len(tokens)), same + agreeing, total + len(tokens)
        for place, (token, entry) in enumerate(
            zip(tokens, reply.outputs[0].logprobs or [], strict=True)
        ):
            differences.append(abs(float(logp[place, token]) - entry[token].logprob))
    differences.sort()
    print(
        f"{given.folder.name} {given.dtype}: {whole} of {len(prompts)} prompts, {same} of {total} "
        f"tokens are the torch model's; log-probabilities differ by {differences[-1]:.1e} at most, "
        f"{differences[len(differences) // 2]:.1e} in the median",
        flush=True,
    )


if __name__ == "__main__":
    main()
