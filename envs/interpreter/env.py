"""The environment of interpreter tasks: one tool, `run_cell`, on a kernel of its own.

First observation: the data files in the working folder, with their sizes. `state()` is a
`Transcript` as JSON. What the agent's code does to its kernel is told to the agent; a kernel that
is lost otherwise is an `EnvironmentFault`.
"""

from pydantic import JsonValue

from data.task import PublicTask, ToolCall, ToolSpec
from data.trajectory import Observation
from envs.interpreter.world import MAX_CODE_CHARS

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

    async def reset(self, task: PublicTask) -> Observation:
        """Builds the data files and takes a kernel from the pool.

        Raises `TaskError` if the files cannot be made as they were, `EnvironmentFault` if there is
        no kernel to be had.
        """
        raise NotImplementedError

    async def call(self, call: ToolCall) -> Observation:
        raise NotImplementedError

    def state(self) -> JsonValue:
        """A `Transcript`."""
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError
