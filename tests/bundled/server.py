"""A running server for tests: `model.serve` in the environment that has vLLM, spoken to over HTTP."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "PALAESTRA_VLLM_PYTHON"
PYTHON = Path(os.environ.get(VARIABLE) or ROOT / ".venv-vllm/bin/python")
START_LIMIT_S = 900.0
REQUEST_LIMIT_S = 120.0


class Server:
    """Talks to one server."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def post(self, path: str, **body: Any) -> Any:
        with self.open(path, **body) as answer:
            return json.load(answer)

    def open(self, path: str, **body: Any) -> Any:
        request = Request(self.url + path, json.dumps({"model": "bundled", **body}).encode())
        request.add_header("Content-Type", "application/json")
        return urlopen(request, timeout=REQUEST_LIMIT_S)

    def events(self, path: str, **body: Any) -> Iterator[Any]:
        """The pieces of a streamed answer."""
        with self.open(path, stream=True, **body) as answer:
            for line in answer:
                data = line.decode().strip().removeprefix("data: ")
                if data and data != "[DONE]":
                    yield json.loads(data)

    def refusal(self, path: str, **body: Any) -> str:
        """The message of an answer with status 400."""
        with pytest.raises(HTTPError) as caught:
            self.post(path, **body)
        with caught.value as error:
            assert error.code == 400
            return str(json.load(error)["error"]["message"])

    def complete(self, prompts: list[list[int]], num_tokens: int, at_once: int) -> list[Any]:
        """Greedy continuations with the two best log-probabilities, in the order of the prompts."""

        def one(ids: list[int]) -> Any:
            return self.post(
                "/v1/completions",
                prompt=ids,
                max_tokens=num_tokens,
                temperature=0,
                ignore_eos=True,
                logprobs=2,
                return_tokens_as_token_ids=True,
            )["choices"][0]

        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(one, prompts))

    def metric(self, name: str) -> float:
        """Sum of a counter of vLLM's."""
        with urlopen(f"{self.url}/metrics", timeout=REQUEST_LIMIT_S) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(log: Path, port: int, *options: str) -> "subprocess.Popen[bytes]":
    """Starts the server; its messages go to `log`."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    with log.open("wb") as file:
        return subprocess.Popen(
            [str(PYTHON), "-m", "model.serve", "--port", str(port), *options],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


def wait_for(process: "subprocess.Popen[bytes]", log: Path, words: str) -> str:
    """The first line of `log` that holds `words`."""
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        lines = log.read_text(errors="replace").splitlines()
        if found := next((line for line in lines if words in line), None):
            return found
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(f"no {words!r} in the log:\n" + "\n".join(lines[-30:]))


@contextmanager
def serving(folder: Path, log: Path, *options: str) -> Iterator[Server]:
    port = free_port()
    process = start(log, port, "--folder", str(folder), "--dtype", "float32", *options)
    try:
        wait_for(process, log, "answers at")
        yield Server(port)
    finally:
        process.terminate()
        process.wait(60)
