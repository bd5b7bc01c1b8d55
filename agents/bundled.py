"""The bundled model's server as a child of this process, for as long as something is rolled out.

The model lives on the other side of a process: it is served by `python -m model.serve`, in whatever
environment has vLLM. The child ends with this process, however that ends.
"""

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from data.errors import UserError

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[1]
PYTHON_VARIABLE = "PALAESTRA_VLLM_PYTHON"
"""Environment variable: the Python that has vLLM."""
ENVIRONMENT = Path(".venv-vllm/bin/python")
"""What `make vllm` makes."""
NAME = "bundled"
START_LIMIT_S = 900.0
STOP_LIMIT_S = 40.0
POLL_S = 0.2
READY = "answers at "
ERROR = "Error: "


def python_with_vllm() -> Path:
    """Raises `UserError` where there is none."""
    named = os.environ.get(PYTHON_VARIABLE)
    found = Path(named) if named else ROOT / ENVIRONMENT
    if found.exists():
        return found
    if named:
        raise UserError(f"{PYTHON_VARIABLE} names {named}, which is not there")
    raise UserError(
        "the bundled model is served by vLLM, which is not installed here; run `make vllm`, or "
        f"set {PYTHON_VARIABLE} to a Python that has it"
    )


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
    log.info("starting the bundled model, which takes a minute or two")
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
