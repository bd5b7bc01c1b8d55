"""Policies as a command line names them: a script by its name, or a model by its endpoint."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.context import NONE, Context, context_named
from agents.llm import connect
from agents.policies import ModelPolicy, Policy, scripted
from data.errors import UserError

BUNDLED = "bundled"
"""Stands for the project's own model in the place of an endpoint's URL."""


def check_context(name: str) -> None:
    """Raises `UserError` if `name` is no context manager that works without a window's size."""
    context_named(name)


@asynccontextmanager
async def open_policy(
    policy: str = "", model: str = "", name: str = "", context: Context = NONE
) -> AsyncIterator[Policy]:
    """The script called `policy`, or the model called `name` at the URL `model`: one of the two.

    `context` is for a model; a script sees everything and remembers it.

    Raises `UserError` if that is neither or both, and for what does not exist.
    """
    if bool(policy) == bool(model):
        raise UserError("a rollout needs either --policy NAME or --model URL, and only one of them")
    if policy:
        if name:
            raise UserError(f"--name is a model's name at --model URL; policy {policy!r} has none")
        yield scripted(policy)
    elif model == BUNDLED:
        raise UserError(
            "the bundled model is not installed; give the URL of an OpenAI-compatible endpoint, "
            "e.g. --model http://127.0.0.1:8000/v1"
        )
    else:
        async with connect(model, name) as chat:
            yield ModelPolicy(chat, context=context)
