"""The bundled model's server: the one that runs already, or a child for as long as it is needed.

The model lives on the other side of a process: it is served by `python -m model.serve`, in whatever
environment has vLLM. The child ends with this process, however that ends.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.request import urlopen

from agents.named import BUNDLED, PolicySpec
from data.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
PYTHON_VARIABLE = "PALAESTRA_VLLM_PYTHON"
"""Environment variable: the Python that has vLLM."""
ENVIRONMENT = ROOT / ".venv-vllm/bin/python"
"""What `make vllm` makes: vLLM has an environment of its own, as it brings its own torch."""
DEFAULT_PORT = 8000
"""Where `serve model` serves unless told otherwise."""
PROBE_LIMIT_S = 2.0
START_LIMIT_S = 900.0
STOP_LIMIT_S = 40.0
POLL_S = 0.2
READY = "answers at "
ERROR = "Error: "


def python_with_vllm() -> Path:
    """This interpreter if it has vLLM, else that of `make vllm`. Raises `UserError` if none has."""
    named = os.environ.get(PYTHON_VARIABLE)
    if named and not Path(named).is_file():
        raise UserError(f"{PYTHON_VARIABLE} names {named}, which is not there")
    if named:
        return Path(named)
    if find_spec("vllm"):
        return Path(sys.executable)
    if ENVIRONMENT.is_file():
        return ENVIRONMENT
    raise UserError(
        "the bundled model is served by vLLM, which is not installed; run 'make vllm' (CPU), or "
        "install palaestra with its extra [serve]"
    )


@contextmanager
def at_its_url(spec: PolicySpec, say: Callable[[str], None]) -> Iterator[PolicySpec]:
    """`spec`, with the bundled model's endpoint in the place of its name if it asks for that.

    A server that runs at `DEFAULT_PORT` is used and left running; else one is started.
    """
    if spec.model != BUNDLED:
        yield spec
        return
    if found := running():
        say(f"using the bundled model at {found}")
    else:
        say("starting the bundled model, which takes a minute or two")
    with nullcontext(found) if found else serving() as url:
        yield spec.model_copy(update={"model": url, "name": spec.name or BUNDLED})


def running(port: int = DEFAULT_PORT) -> str:
    """The URL of a server of the bundled model on this machine, or an empty string."""
    url = f"http://127.0.0.1:{port}/v1"
    try:
        with urlopen(f"{url}/models", timeout=PROBE_LIMIT_S) as answer:
            served = json.load(answer)
    except (OSError, HTTPException, ValueError):
        return ""
    try:
        return url if any(model["id"] == BUNDLED for model in served["data"]) else ""
    except (KeyError, TypeError):
        return ""


@contextmanager
def serving(
    options: Sequence[str] = (), python: Path | None = None, words_to: Path | None = None
) -> Iterator[str]:
    """The URL of the model's own server; `options` go to `model.serve`, its words to `words_to`.

    Raises `UserError` with the server's last words if it does not start.
    """
    port = _free_port()
    command = [str(python or python_with_vllm()), "-m", "model.serve", "--port", str(port)]
    with words_to.open("w+") if words_to else tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            # Ctrl-C is for this process, which then stops the child.
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        try:
            _wait(process, words)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            _stop(process)


def _wait(process: "subprocess.Popen[bytes]", words: IO[str]) -> None:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        ended = process.poll() is not None
        words.seek(0)
        lines = words.read().splitlines()
        if any(READY in line for line in lines):
            return
        if ended:
            said = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
            last = said or lines or [f"exit code {process.returncode}"]
            raise UserError(f"the bundled model did not start: {last[-1]}")
        time.sleep(POLL_S)
    raise UserError(f"the bundled model did not answer within {START_LIMIT_S:.0f} s")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            continue


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Linux ends the child even where this process is killed outright."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
