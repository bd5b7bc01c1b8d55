"""Whether vLLM serves the torch model's tokens: 200 stretches of text, up to 64 at a time, float32.

    python -m benchmarks.bundled_serving --python .venv-vllm/bin/python

The dense base computes the same tokens in one pass by transformers, which this interpreter has; the
other one has vLLM. Speed is in `benchmarks.bundled_engine`.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from data.hashing import derive_rng
from model.serve import PAGES_GIB

ROOT = Path(__file__).resolve().parent.parent
NUM_PROMPTS, NUM_TOKENS, LONGEST = 200, 16, 400
LIMIT_S = 900.0


class Server:
    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process, self.url = process, f"http://127.0.0.1:{port}"

    def stream(self, **body: Any) -> Iterator[Any]:
        data = json.dumps({"model": "bundled", "stream": True, "temperature": 0, **body}).encode()
        request = Request(f"{self.url}/v1/completions", data, {"Content-Type": "application/json"})
        with urlopen(request, timeout=LIMIT_S) as answer:
            for line in answer:
                text = line.decode().strip().removeprefix("data: ")
                if text and text != "[DONE]":
                    yield json.loads(text)


@contextmanager
def served(python: Path, folder: Path, port: int, dtype: str, *more: str) -> Iterator[Server]:
    """vLLM itself, without the checks and messages of `model.serve`."""
    command = [str(python), "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder)]
    command += ["--port", str(port), "--dtype", dtype, "--served-model-name", "bundled", *more]
    environment = {
        "VLLM_CPU_KVCACHE_SPACE": str(PAGES_GIB),
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "OMP_NUM_THREADS": "1",
        **os.environ,
    }
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        server = Server(process, port)
        try:
            _wait(server)
            yield server
        finally:
            process.terminate()
            process.wait(60)


def _wait(server: Server) -> None:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end and server.process.poll() is None:
        try:
            with urlopen(f"{server.url}/health", timeout=5):
                return
        except OSError:
            time.sleep(1)
    raise SystemExit("the server did not start")


def text_ids(folder: Path) -> list[int]:
    """Tokens of the documentation and of the model's own source."""
    from transformers import AutoTokenizer

    files = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "model").rglob("*.py")])
    text = "\n\n".join(file.read_text() for file in files)
    ids: list[int] = AutoTokenizer.from_pretrained(folder)(text, verbose=False).input_ids
    return ids


def same(python: Path, ours: Path, base: Path, port: int) -> None:
    """How many prompts agree in all their tokens, and the largest difference of log-probabilities."""
    import torch
    from transformers import AutoModelForCausalLM

    ids, rng = text_ids(base), derive_rng("bundled_serving")
    prompts = []
    for _ in range(NUM_PROMPTS):
        start, size = rng.randrange(len(ids) - LONGEST), rng.randint(1, LONGEST)
        prompts.append(ids[start : start + size])
    limits = ("--max-num-batched-tokens", "512", "--max-num-seqs", "64", "--enforce-eager")
    with served(python, ours, port, "float32", *limits) as server:

        def one(prompt: list[int]) -> tuple[list[int], list[float]]:
            options = {"logprobs": 1, "return_tokens_as_token_ids": True, "ignore_eos": True}
            tokens: list[int] = []
            logps: list[float] = []
            for event in server.stream(prompt=prompt, max_tokens=NUM_TOKENS, **options):
                found = event["choices"][0]["logprobs"]
                tokens += [int(t.removeprefix("token_id:")) for t in found["tokens"]]
                logps += found["token_logprobs"]
            return tokens, logps

        with ThreadPoolExecutor(64) as pool:
            replies = list(pool.map(one, prompts))
    llama = AutoModelForCausalLM.from_pretrained(base)
    agreeing, worst = 0, 0.0
    for prompt, (tokens, logps) in zip(prompts, replies, strict=True):
        with torch.no_grad():
            logits = llama(torch.tensor([prompt + tokens])).logits[0, len(prompt) - 1 : -1]
        expected = torch.log_softmax(logits, -1)
        agreeing += bool(torch.equal(expected.argmax(-1), torch.tensor(tokens)))
        chosen = expected.gather(1, torch.tensor(tokens)[:, None])[:, 0]
        worst = max(worst, float((chosen - torch.tensor(logps)).abs().max()))
    print(
        f"{agreeing} of {NUM_PROMPTS} prompts, {NUM_TOKENS} tokens each; logprobs within {worst:.1e}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, default=ROOT / ".venv-vllm/bin/python")
    parser.add_argument("--port", type=int, default=8741)
    given = parser.parse_args()
    from model.absorb import write
    from model.base import read, write_checkpoint

    with tempfile.TemporaryDirectory() as scratch:
        ours, base = Path(scratch) / "ours", Path(scratch) / "base"
        write(ours)
        write_checkpoint(read(), base)
        same(given.python, ours, base, given.port)


if __name__ == "__main__":
    main()
