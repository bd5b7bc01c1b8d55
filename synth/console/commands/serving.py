"""Commands that start a server: serve model."""

import os

import click


@click.group()
def serve() -> None:
    """Start a server that the other commands can use."""


@serve.command("model")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto is cuda where there is one.",
)
def serve_model(port: int, device: str) -> None:
    """The bundled model, over OpenAI's protocol, by vLLM; ends with Ctrl-C."""
    from agents.bundled import ROOT, python_with_vllm

    python = str(python_with_vllm())
    command = [python, "-m", "model.serve", "--port", str(port), "--device", device]
    os.chdir(ROOT)
    os.execv(python, command)  # nothing of this process has to stay
