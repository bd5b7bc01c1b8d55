"""The environment of general tasks: the tools of one compiled world, and what was written in it.

The verifier sees the writes and what they changed; the agent sees nothing but what its tools say.
"""

from collections.abc import Awaitable, Callable

from pydantic import JsonValue, ValidationError

from data.errors import TaskError, UserError
from data.hashing import content_hash
from data.record import Record
from data.task import JsonObject, PublicTask, ToolCall
from data.trajectory import Observation
from envs.general.compiler import Compiled, bare, compile_shipped, shipped_hash
from envs.general.trip.compiled import is_trip
from envs.general.trip.session import TripSession, open_trip
from envs.general.variant import Variant
from envs.general.world import World
from envs.general.writes import Write, perform
from envs.tools import dispatch

VERSION = "1"
"""Raised when the same calls may give other observations."""
MAX_WRITES = 1_000
"""Writes of one episode; more are refused."""


class Parameters(Record):
    """`EnvSpec.parameters` of a general task; `spec` is the hash of the domain file's content."""

    domain: str
    spec: str
    variant: Variant
    seed: int


class Env:
    """One episode in one world."""

    def __init__(self) -> None:
        self._compiled: Compiled | None = None
        self._world: World | None = None
        self._writes: list[Write] = []
        self._trip: TripSession | None = None

    async def reset(self, task: PublicTask) -> Observation:
        """Opens a fresh copy of the world. Raises `TaskError` if it can no longer be built."""
        await self.close()
        _check_version(task)
        if is_trip(task.env.parameters):
            self._trip = TripSession(open_trip(task))
            return Observation(text="")
        self._compiled = open_compiled(task)
        self._world = self._compiled.open()
        self._writes = []
        return Observation(text="")

    async def call(self, call: ToolCall) -> Observation:
        if self._trip is not None:
            return await self._trip.call(call)
        compiled, _ = self._here()
        return await dispatch(compiled.tools, {call.name: self._handler(call.name)}, call)

    def state(self) -> JsonValue:
        """The writes in their order, and every row that is no longer as it was; of a trip world,
        what was submitted last."""
        if self._trip is not None:
            return self._trip.state()
        compiled, world = self._here()
        writes: list[JsonValue] = [
            {"action": write.action, "values": dict(write.values)} for write in self._writes
        ]
        changes: list[JsonValue] = [
            {
                "table": change.table,
                "id": change.row_id,
                "before": None if change.before is None else dict(change.before),
                "after": None if change.after is None else dict(change.after),
            }
            for change in world.diff(compiled.rows.tables)
        ]
        return {"writes": writes, "changes": changes}

    async def close(self) -> None:
        if self._world is not None:
            self._world.close()
        self._world = None
        self._trip = None

    def _handler(self, name: str) -> Callable[[JsonObject], Awaitable[Observation]]:
        async def handle(given: JsonObject) -> Observation:
            compiled, world = self._here()
            tool = compiled.reader.tools.get(name)
            if tool is not None:
                return compiled.reader.answer(tool, given, world)
            if len(self._writes) >= MAX_WRITES:
                return Observation(text=f"Error: over {MAX_WRITES} changes.", error=True)
            action = compiled.domain.actions[name]
            observation, write = perform(compiled.domain, compiled.reader, action, given, world)
            if write is not None:
                self._writes.append(write)
            return observation

        return handle

    def _here(self) -> tuple[Compiled, World]:
        assert self._compiled is not None, "reset comes first"
        assert self._world is not None, "reset comes first"
        return self._compiled, self._world


def signature_of(task: PublicTask) -> str:
    """Identity of the structure of a task's environment; not of its names or rows."""
    if not is_trip(task.env.parameters):
        return open_compiled(task).signature
    tools: JsonObject = {tool.name: bare(tool.parameters) for tool in task.tools}
    return content_hash({"domain": task.env.parameters["domain"], "tools": tools})


def _check_version(task: PublicTask) -> None:
    if task.env.version != VERSION:
        raise TaskError(
            f"task {task.id} was made for version {task.env.version} of general worlds, "
            f"this is version {VERSION}; make the task again"
        )


def open_compiled(task: PublicTask) -> Compiled:
    """The compiled world of `task`. Raises `TaskError` if it is not what the task was made for."""
    _check_version(task)
    try:
        wanted = Parameters.model_validate(task.env.parameters)
        if shipped_hash(wanted.domain) != wanted.spec:
            raise TaskError(
                f"task {task.id}: the domain {wanted.domain!r} has changed since; make it again"
            )
        return compile_shipped(wanted.domain, wanted.variant, wanted.seed)
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, wrong["loc"])) or "parameters"
        raise TaskError(
            f"task {task.id} names no general world: {place}: {wrong['msg']}"
        ) from error
    except UserError as error:
        if isinstance(error, TaskError):
            raise
        raise TaskError(f"task {task.id}: {error}") from error
