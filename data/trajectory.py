"""What happened in an attempt: turns, the state left behind, the verdict, and how it ended."""

from enum import StrEnum

from pydantic import Field, JsonValue

from data.record import Record
from data.task import JsonObject, ToolCall


class Observation(Record):
    """What the world shows the agent. `error` marks a mistake of the agent's, worded for it."""

    text: str
    error: bool = False
    truncated: bool = False


class TokenRecord(Record):
    """Exact tokens of one model turn, when the endpoint gives them; lists align with each other."""

    prompt_ids: tuple[int, ...]
    completion_ids: tuple[int, ...]
    completion_logprobs: tuple[float, ...]


class Turn(Record):
    """One assistant turn and the observations of its calls, in call order."""

    content: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    observations: tuple[Observation, ...] = ()
    num_prompt_tokens: int = 0
    num_completion_tokens: int = 0
    tokens: TokenRecord | None = None
    """None when the endpoint reports no token ids."""
    setbacks: tuple[str, ...] = ()
    """Transient faults of the endpoint before it gave this turn, oldest first."""
    user: str = ""
    """What the user says to this turn; empty if nothing."""


class ContextEdit(Record):
    """A cut of what the model is shown; the record itself keeps every turn.

    From turn `at` on, of the turns before it only `kept` are in view, and `note` stands before them
    as the user's. What the user said stays in view always.
    """

    at: int = Field(ge=0)
    kept: tuple[int, ...] = ()
    note: str = ""
    num_prompt_tokens: int = 0
    num_completion_tokens: int = 0
    """Tokens of the request that made the note; 0 if none did."""


class StopReason(StrEnum):
    ANSWERED = "answered"
    TURN_LIMIT = "turn_limit"
    CALL_LIMIT = "call_limit"
    TOKEN_LIMIT = "token_limit"
    TIME_LIMIT = "time_limit"
    CONTEXT_LIMIT = "context_limit"
    """The model's window is full, and no context manager could make room."""
    FAULT = "fault"


class Outcome(StrEnum):
    """Only `scored` ever becomes a reward."""

    SCORED = "scored"
    INVALID = "invalid"
    UNRESOLVED = "unresolved"


class Boundary(StrEnum):
    """Which part around the agent broke; the agent itself is none of them."""

    PROVIDER = "provider"
    """The model's endpoint."""
    TOOL = "tool"
    """One tool, while it was called."""
    SANDBOX = "sandbox"
    """The world: it did not open, or was lost."""
    TASK = "task"
    """The stored task cannot be used."""
    VERIFIER = "verifier"
    WORKER = "worker"
    """The process that played the attempt."""
    HARNESS = "harness"
    """Our own code."""


class Fault(Record):
    """Why one try of an attempt came to nothing."""

    boundary: Boundary
    stage: str
    """What was under way: check, open, play or verify."""
    error: str
    """Name of the exception."""
    message: str


class VerdictCheck(Record):
    name: str
    passed: bool
    detail: str = ""


class Verdict(Record):
    """What the verifier decided; `score` in [0, 1], with every check that led to it."""

    score: float = Field(ge=0, le=1)
    checks: tuple[VerdictCheck, ...]


class Trajectory(Record):
    """One attempt from first turn to final message; the verdict is stored beside it."""

    task_id: str
    turns: tuple[Turn, ...]
    answer: str
    """The final message; empty when the agent never gave one."""
    stop: StopReason
    state: JsonValue = None
    """`Environment.state()` at the end: what the verifier may read of the world."""
    first: str = ""
    """The first observation as the agent was shown it, after the prompt; empty if there was none."""
    edits: tuple[ContextEdit, ...] = ()
    """Cuts of what the model was shown, in order; none if it always saw everything."""
    others: tuple["Trajectory", ...] = ()
    """Samples that were drawn beside this one and not taken."""


class Attempt(Record):
    """A recorded rollout: who tried what, how it ended, and the reward if there is one."""

    task_id: str
    policy: str
    """A policy's name, or the model's, with what is needed to tell two set-ups apart."""
    attempt: int
    outcome: Outcome
    trajectory: Trajectory | None
    """None when the world could not even be opened."""
    verdict: Verdict | None
    """None unless `outcome` is `scored`."""
    fault: str = ""
    """Why there is no verdict, in one line; empty if there is one."""
    faults: tuple[Fault, ...] = ()
    """Of every try that broke, oldest first. A scored attempt has those that it was retried for."""
    settings: JsonObject = {}
    """What `policy` stands for: the model, how it is sampled, its limits."""
    seconds: float = 0.0
