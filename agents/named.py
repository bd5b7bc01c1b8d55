"""Policies as a command line names them: a script by its name, or a model by its endpoint."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from pydantic import Field

from agents.context import context_named
from agents.llm import OpenAIChat, Sampling, connect
from agents.policies import ModelPolicy, Policy, scripted
from agents.text import TextChat
from agents.transport import Transport
from data.errors import UserError
from data.record import Record

BUNDLED = "bundled"
"""Stands for the project's own model in the place of an endpoint's URL."""


class PolicySpec(Record):
    """All that a worker process needs to open the same policy: no connection, and no key."""

    policy: str = ""
    """A script's name, or empty for a model."""
    model: str = ""
    """URL of the endpoint."""
    name: str = ""
    """The model there; may be empty where only one is served."""
    dsml: bool = False
    """Whether it is a plain text endpoint, spoken to in DeepSeek's encoding."""
    context: str = "none"
    """What becomes of a conversation that outgrows the model's window."""
    window_tokens: int = Field(default=0, ge=0)
    """Size of that window; 0 if unknown."""
    sampling: Sampling = Sampling()
    transport: Transport = Transport()

    @classmethod
    def of(cls, stream: bool = False, **fields: Any) -> Self:
        """From flat fields: those of `Sampling` among them go there."""
        drawn = {name: fields.pop(name) for name in Sampling.model_fields if name in fields}
        return cls(sampling=Sampling(**drawn), transport=Transport(stream=stream), **fields)


def check(spec: PolicySpec) -> None:
    """Raises `UserError` for what can be refused without connecting to anything."""
    context_named(spec.context, spec.window_tokens)
    if bool(spec.policy) == bool(spec.model):
        raise UserError("a rollout needs either --policy NAME or --model URL, and only one of them")
    if spec.policy and spec.name:
        raise UserError(f"--name is a model's name at --model URL; policy {spec.policy!r} has none")
    if spec.policy and (spec.sampling, spec.window_tokens) != (Sampling(), 0):
        raise UserError(
            f"sampling and windows are for --model URL; policy {spec.policy!r} has neither"
        )


@asynccontextmanager
async def open_policy(spec: PolicySpec) -> AsyncIterator[Policy]:
    """The policy of `spec`. Raises `UserError` for what does not exist or contradicts itself."""
    check(spec)
    if spec.policy:
        yield scripted(spec.policy)
    elif spec.model == BUNDLED:
        raise UserError(
            "the bundled model has to be served first, e.g. by agents.bundled.at_its_url"
        )
    else:
        chat_type = TextChat if spec.dsml else OpenAIChat
        async with connect(
            spec.model, spec.name, spec.sampling, spec.transport, chat_type=chat_type
        ) as chat:
            yield ModelPolicy(chat, context=context_named(spec.context, spec.window_tokens))


async def identified(spec: PolicySpec) -> tuple[PolicySpec, str]:
    """`spec` with the model's name found out, and the name its attempts are stored under."""
    async with open_policy(spec) as policy:
        served = str(policy.settings.get("model", spec.name))
        return spec.model_copy(update={"name": served}), policy.name
