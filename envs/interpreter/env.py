"""The environment of interpreter tasks: one tool, `run_cell`, on a kernel of its own.

First observation: the data files in the working folder, with their sizes. `state()` is a
`Transcript` as JSON. What the agent's code does to its kernel is told to the agent; a kernel that
is lost otherwise is an `EnvironmentFault`.
"""

import asyncio
import hashlib
from contextlib import AsyncExitStack

from pydantic import JsonValue, ValidationError

from data.errors import EnvironmentFault, TaskError
from data.task import JsonObject, PublicTask, ToolCall, ToolSpec
from data.trajectory import Observation
from envs.interpreter.files import build_files
from envs.interpreter.kernel import Kernel
from envs.interpreter.service import service, within
from envs.interpreter.world import (
    MAX_CODE_CHARS,
    VERSION,
    Cell,
    CellLimits,
    Ended,
    Parameters,
    Transcript,
)
from envs.tools import dispatch

TOOLS = (
    ToolSpec(
        name="run_cell",
        description=(
            "Runs Python code in a Jupyter kernel and shows what it prints and the value of its "
            "last line. Variables, imports and files stay for later cells. numpy and pandas are "
            "installed; there is no network, and input() is refused. The working folder holds the "
            "data files. A cell that runs too long is interrupted."
        ),
        parameters={
            "type": "object",
            "properties": {
                "code": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_CODE_CHARS,
                    "description": "Python code of one cell.",
                },
            },
            "required": ["code"],
            "additionalProperties": False,
        },
    ),
)


class Env:
    """One episode on one kernel."""

    def __init__(self) -> None:
        self._kernels = AsyncExitStack()
        self._kernel: Kernel | None = None
        self._limits = CellLimits()
        self._cells: list[Cell] = []

    async def reset(self, task: PublicTask) -> Observation:
        """Builds the data files and takes a kernel from the pool.

        Raises `TaskError` if the files cannot be made as they were, `EnvironmentFault` if there is
        no kernel to be had.
        """
        await self.close()
        parameters = _parameters(task)
        contents = await asyncio.to_thread(_files, task, parameters)
        self._limits, self._cells = parameters.limits, []
        await within(self._open(contents))
        return Observation(text=_listing(contents))

    async def call(self, call: ToolCall) -> Observation:
        return await dispatch(TOOLS, {"run_cell": self._run_cell}, call)

    def state(self) -> JsonValue:
        """A `Transcript`."""
        return Transcript(cells=tuple(self._cells)).model_dump(mode="json")

    async def close(self) -> None:
        if self._kernel is not None:
            self._kernel = None
            await within(self._kernels.aclose())

    async def _open(self, contents: dict[str, bytes]) -> None:
        pool = await service().pool()
        self._kernel = await self._kernels.enter_async_context(pool.kernel(self._limits))
        try:
            await self._kernel.sandbox.put(contents)
        except OSError as error:
            raise EnvironmentFault(f"the data files cannot be written: {error}") from error

    async def _run_cell(self, arguments: JsonObject) -> Observation:
        assert self._kernel is not None, "reset comes before any call"
        run = await within(self._kernel.run(str(arguments["code"])))
        self._cells.append(run.cell)
        text = run.outputs.text(self._limits.max_output_chars)
        return Observation(
            text=text or "[no output]",
            error=run.cell.ended is not Ended.OK,
            truncated=run.outputs.truncated(self._limits.max_output_chars),
        )


def _parameters(task: PublicTask) -> Parameters:
    if task.env.version != VERSION:
        raise TaskError(
            f"task {task.id} was made for version {task.env.version} of the interpreter's world, "
            f"this is version {VERSION}; make the task again"
        )
    try:
        return Parameters.model_validate(task.env.parameters)
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, wrong["loc"])) or "parameters"
        raise TaskError(
            f"task {task.id} names no interpreter's world: {place}: {wrong['msg']}"
        ) from error


def _files(task: PublicTask, parameters: Parameters) -> dict[str, bytes]:
    contents = dict(build_files(parameters))
    for file in parameters.files:
        if hashlib.sha256(contents[file.name]).hexdigest() != file.sha256:
            raise TaskError(
                f"task {task.id}: {file.name} is not what it was when the task was made; "
                "its source has changed, make the task again"
            )
    return contents


def _listing(contents: dict[str, bytes]) -> str:
    if not contents:
        return "The working folder is empty."
    lines = [f"{name} ({len(content):,} bytes)" for name, content in contents.items()]
    return "\n".join(["Files in the working folder:", *lines])
