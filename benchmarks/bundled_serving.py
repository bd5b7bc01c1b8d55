"""The bundled model served by vLLM: the torch model's tokens, and its speed beside the dense base.

    python -m benchmarks.bundled_serving same  --python .venv-vllm/bin/python
    python -m benchmarks.bundled_serving speed --python .venv-vllm/bin/python

`same` serves 200 stretches of text greedily in float32 and has the base compute the same tokens in one
pass by transformers. `speed` serves the converted model with our plugin, then the base as stock vLLM
serves it, and reads wall time and CPU time of the whole server. CPU time is what to compare on a
machine that others use. The interpreter has vLLM; this one has torch and transformers.
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
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

from data.hashing import derive_rng
from model.serve import PAGES_GIB

ROOT = Path(__file__).resolve().parent.parent
NUM_PROMPTS, NUM_TOKENS, LONGEST = 200, 16, 400
LENGTHS, NUM_TIMED = (2048, 8000), 32
LIMIT_S = 900.0


class Timed(NamedTuple):
    """One request alone on the server; seconds of CPU are those of all its processes."""

    first_s: float
    first_cpu_s: float
    rest_s: float
    rest_cpu_s: float


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

    def cpu_s(self) -> float:
        """User and system seconds of the process group's members that live."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) == os.getsid(self.process.pid):
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def timed(self, prompt: list[int]) -> Timed:
        marks = [(time.monotonic(), self.cpu_s())]
        for number, _ in enumerate(
            self.stream(prompt=prompt, max_tokens=NUM_TIMED + 1, ignore_eos=True)
        ):
            if number in (0, NUM_TIMED):
                marks.append((time.monotonic(), self.cpu_s()))
        (a, a_cpu), (b, b_cpu), (c, c_cpu) = marks
        return Timed(b - a, b_cpu - a_cpu, c - b, c_cpu - b_cpu)


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


def speed(python: Path, ours: Path, base: Path, port: int) -> None:
    ids = text_ids(base)
    eager = ("--enforce-eager",)
    for name, folder, more in (
        ("ours", ours, eager),
        ("stock", base, ()),
        ("stock eager", base, eager),
    ):
        with served(
            python, folder, port, "bfloat16", "--no-enable-prefix-caching", *more
        ) as server:
            server.timed(ids[:100])
            for length in LENGTHS:
                t = server.timed(ids[length : 2 * length])
                print(
                    f"{name}, {length} tokens: first token {t.first_s:.2f} s (CPU {t.first_cpu_s:.2f} s), "
                    f"then {NUM_TIMED / t.rest_s:.1f} tokens/s (CPU {1000 * t.rest_cpu_s / NUM_TIMED:.1f} "
                    "ms a token)",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("same", "speed"))
    parser.add_argument("--python", type=Path, default=ROOT / ".venv-vllm/bin/python")
    parser.add_argument("--port", type=int, default=8741)
    given = parser.parse_args()
    from model.absorb import write
    from model.base import read, write_checkpoint

    with tempfile.TemporaryDirectory() as scratch:
        ours, base = Path(scratch) / "ours", Path(scratch) / "base"
        write(ours)
        write_checkpoint(read(), base)
        run = same if given.what == "same" else speed
        run(given.python, ours, base, given.port)


if __name__ == "__main__":
    main()
