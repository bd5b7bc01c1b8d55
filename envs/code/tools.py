"""The tools of code tasks, as the agent is told of them."""

from data.task import JsonObject, ToolSpec
from envs.code.shell import MAX_COMMAND_CHARS
from envs.code.spec import REPOSITORY

MAX_TEXT_CHARS = 200_000
MAX_TIMEOUT_S = 3600
_PATH: JsonObject = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1000,
    "description": "Absolute, or relative to the working copy.",
}


def _tool(name: str, description: str, required: list[str], **properties: JsonObject) -> ToolSpec:
    schema: JsonObject = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
    return ToolSpec(name=name, description=description, parameters=schema)


TOOLS = (
    _tool(
        "bash",
        (
            f"Runs a command in a bash shell that stays: the folder (at first {REPOSITORY}), "
            "variables, functions and background jobs are kept from call to call. Shows what it "
            "prints, stdout and stderr together, and an exit status that is not 0. Standard input "
            "is empty, there is no network, and long output is cut in the middle. A command that "
            "runs too long is interrupted."
        ),
        ["command"],
        command={
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_COMMAND_CHARS,
            "description": "One or more lines of bash.",
        },
        timeout_s={
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_TIMEOUT_S,
            "description": "Seconds after which to interrupt it; at most what the task allows.",
        },
    ),
    _tool(
        "view",
        "Shows a file with line numbers, or the names in a folder, two levels deep.",
        ["path"],
        path=_PATH,
        start={"type": "integer", "minimum": 1, "description": "First line to show."},
        end={"type": "integer", "minimum": 1, "description": "Last line to show."},
    ),
    _tool(
        "edit",
        (
            "Replaces a piece of text in a file by another. The text to replace has to occur in the "
            "file exactly once, white space included; take in lines around it until it does. With "
            "an empty `old`, makes a new file."
        ),
        ["path", "old", "new"],
        path=_PATH,
        old={
            "type": "string",
            "maxLength": MAX_TEXT_CHARS,
            "description": "The text to replace, without line numbers; empty for a new file.",
        },
        new={
            "type": "string",
            "maxLength": MAX_TEXT_CHARS,
            "description": "What to put in its place; empty to delete it.",
        },
    ),
    _tool(
        "submit",
        (
            "Hands in the working copy as it is and shows which changes count: those of the "
            "project's sources, not of its tests or configuration."
        ),
        [],
    ),
)
