"""What a task is: the public part an agent sees, the hidden part that judges it, its origin.

All records are frozen and refuse unknown fields. A task's id is the hash of everything in it but
its certificate, so an altered task no longer matches its id.
"""

from enum import StrEnum
from typing import Self

from pydantic import Field, JsonValue

from data.certificate import Certificate
from data.hashing import content_hash
from data.record import Record

JsonObject = dict[str, JsonValue]


class TaskKind(StrEnum):
    """The kinds; each has one module of this name in `synth`, `envs`, `verifiers`, `tests/kinds`."""

    GENERAL = "general"
    SEARCH = "search"
    INTERPRETER = "interpreter"
    CODE = "code"


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


class Split(StrEnum):
    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class Author(StrEnum):
    """Who wrote the task; both are admitted by the same checks."""

    PROGRAM = "program"
    LLM = "llm"


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Message(Record):
    role: Role
    content: str


class ToolSpec(Record):
    """One tool as the agent sees it; `parameters` is its JSON Schema, the only source of truth."""

    name: str
    description: str
    parameters: JsonObject


class ToolCall(Record):
    """One call by an agent. `id` pairs the call with its observation and may be empty."""

    name: str
    arguments: JsonObject
    id: str = ""


class EnvSpec(Record):
    """Enough to rebuild a task's world byte for byte: `name` is the kind's module in `envs`."""

    name: str
    version: str
    parameters: JsonObject


class Source(Record):
    """Where facts came from; `sha256` is the hash of the data as it was read."""

    name: str
    version: str
    licence: str
    sha256: str


class Provenance(Record):
    """How to make the task again: same generator, version, options, seed and index, same bytes."""

    author: Author
    generator: str
    generator_version: str
    seed: int
    index: int
    options: JsonObject
    sources: tuple[Source, ...]
    lineage: tuple[str, ...] = ()
    """Ids of the model calls an LLM author made, oldest first; empty for a program."""


class Script(Record):
    """A scripted attempt: calls in order, then the final message."""

    calls: tuple[ToolCall, ...]
    answer: str


class Hidden(Record):
    """What never reaches the agent's side."""

    verifier: JsonObject
    """Specification the kind's `verify` reads."""
    reference: JsonValue
    """The right answer in its typed form."""
    witness: Script
    """A solution through the tools only."""
    proof: JsonObject
    """What the kind needs to prove the task again from its sources, e.g. the typed query."""


class Difficulty(Record):
    """`level` is what was asked for; `measures` are what the certificate found."""

    level: int = Field(ge=1, le=5)
    measures: dict[str, float]


class PublicTask(Record):
    """All that an agent, its environment process and its logs may see of a task."""

    id: str
    kind: TaskKind
    language: Language
    prompt: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    env: EnvSpec


class TaskBody(Record):
    """A task before it has an id: what the id is the hash of."""

    kind: TaskKind
    language: Language
    split: Split
    prompt: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    env: EnvSpec
    hidden: Hidden
    difficulty: Difficulty
    provenance: Provenance
    licence: str
    fingerprint: str
    """Identity of the problem whatever its wording; two tasks may not share one."""

    @property
    def domain(self) -> str:
        """The world it plays in, of a kind that has several; empty for the others."""
        for place in (self.env.parameters, self.provenance.options):
            if isinstance(found := place.get("domain"), str):
                return found
        return ""


class Task(TaskBody):
    """A complete task. `certificate` is None until the checks have run."""

    id: str
    certificate: Certificate | None = None

    @classmethod
    def of(cls, body: TaskBody, certificate: Certificate | None = None) -> Self:
        """The task of `body`, with its id computed."""
        return cls(id=content_id(body), certificate=certificate, **dict(body))

    def certified(self, certificate: Certificate) -> Self:
        return self.model_copy(update={"certificate": certificate})

    def public(self) -> PublicTask:
        return PublicTask(
            id=self.id,
            kind=self.kind,
            language=self.language,
            prompt=self.prompt,
            tools=self.tools,
            env=self.env,
        )


def content_id(body: TaskBody) -> str:
    """Id of `body`: its kind and 20 hex digits (80 bits) of its content hash."""
    fields = body.model_dump(mode="json", include=set(TaskBody.model_fields))
    return f"{body.kind}-{content_hash(fields)[:20]}"
