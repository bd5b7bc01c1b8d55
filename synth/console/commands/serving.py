"""Commands that start a server: serve model."""

import os
import sys
from pathlib import Path

import click

from data.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
OWN = ROOT / ".venv-vllm" / "bin" / "python"
"""vLLM has an environment of its own, as it brings its own torch; `make vllm` makes it."""


@click.group()
def serve() -> None:
    """Start a server that the other commands can use."""


@serve.command("model")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
def serve_model(port: int, device: str) -> None:
    """The bundled model, over OpenAI's protocol, by vLLM; ends with Ctrl-C."""
    python = _with_vllm()
    command = [python, "-m", "model.serve", "--port", str(port), "--device", device]
    os.chdir(ROOT)
    os.execv(python, command)  # nothing of this process has to stay


def _with_vllm() -> str:
    """The interpreter that has vLLM: this one, else that of `make vllm`."""
    from importlib.util import find_spec

    if find_spec("vllm"):
        return sys.executable
    if OWN.is_file():
        return str(OWN)
    raise UserError(
        "vLLM is not installed; run 'make vllm' (CPU), or install palaestra with its extra [serve]"
    )
