"""Policies as a command line names them: a script by its name, or a model by its endpoint."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.llm import connect
from agents.policies import ModelPolicy, Policy, scripted
from data.errors import UserError

BUNDLED = "bundled"
"""Stands for the project's own model in the place of an endpoint's URL."""

CONTEXTS = ("none",)
"""What becomes of a conversation that outgrows the window; so far it simply ends."""


def check_context(name: str) -> None:
    """Raises `UserError` if there is no context manager called `name`."""
    if name not in CONTEXTS:
        raise UserError(f"no context manager {name!r}; known is {', '.join(map(repr, CONTEXTS))}")


@asynccontextmanager
async def open_policy(policy: str = "", model: str = "", name: str = "") -> AsyncIterator[Policy]:
    """The script called `policy`, or the model called `name` at the URL `model`: one of the two.

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
            yield ModelPolicy(chat)
