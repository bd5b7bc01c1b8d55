"""The environment of code tasks: a working copy in a sandbox, with a shell and an editor.

First observation: what lies in the working copy and how its tests are run. `state()` holds the files
that the agent changed among those that the task names, as `Changes` in JSON; it is what stood there
when the last call ended. What the agent's code does to its shell is told to the agent; a sandbox
that is lost is an `EnvironmentFault`.
"""

import asyncio
import re
from contextlib import AsyncExitStack
from typing import NamedTuple

from pydantic import JsonValue, ValidationError

from data.errors import TaskError
from data.task import JsonObject, PublicTask, ToolCall
from data.trajectory import Observation
from envs.code.copy import place
from envs.code.editor import Editor
from envs.code.service import service, within
from envs.code.shell import Shell
from envs.code.spec import REPOSITORY, VERSION, Parameters
from envs.code.survey import Changes, Survey
from envs.code.toolchains import toolchain_module
from envs.code.tools import TOOLS
from envs.code.trees import agent_tree
from envs.tools import dispatch

VARIABLES = {"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat", "COLUMNS": "100"}
"""Programs behave as they do where nobody watches."""
MAX_SHOWN_NAMES = 60
_ODD = re.compile("[\0\ud800-\udfff]")
"""What no file name, command or UTF-8 text can hold."""


class _Opened(NamedTuple):
    shell: Shell
    editor: Editor
    survey: Survey


class Env:
    """One episode in one sandbox."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._opened: _Opened | None = None
        self._parameters: Parameters | None = None

    async def reset(self, task: PublicTask) -> Observation:
        """Opens a sandbox with the working copy and starts a shell in it.

        Raises `TaskError` if the tree cannot be had as it was, `EnvironmentFault` if there is no
        sandbox to be had.
        """
        await self.close()
        self._parameters = parameters = _parameters(task)
        tree = await asyncio.to_thread(agent_tree, parameters)
        module = toolchain_module(parameters.toolchain.name)
        mounts = await asyncio.to_thread(module.mounts, parameters.toolchain)
        variables = {**VARIABLES, **module.variables(parameters.toolchain, mounts)}

        async def open_all() -> None:
            async with AsyncExitStack() as stack:
                limits = parameters.limits
                opening = service().provider().open(limits.sandbox, mounts)
                sandbox = await stack.enter_async_context(opening)
                await place(sandbox, tree)
                shell = Shell(sandbox, REPOSITORY, variables, limits.max_output_chars)
                stack.push_async_callback(shell.close)
                await shell.start()
                survey = Survey(sandbox, tree, parameters)
                await survey.look()
                self._stack = stack.pop_all()
                self._opened = _Opened(shell, Editor(sandbox, limits.max_output_chars), survey)

        await within(open_all())
        return Observation(text=_welcome(parameters, sorted(tree)))

    async def call(self, call: ToolCall) -> Observation:
        handlers = {
            "bash": self._bash,
            "view": self._view,
            "edit": self._edit,
            "submit": self._submit,
        }
        if any(isinstance(given, str) and _ODD.search(given) for given in call.arguments.values()):
            text = f"Error: {call.name}: text holds null bytes or halves of characters."
            return Observation(text=text, error=True)
        return await dispatch(TOOLS, handlers, call)

    def state(self) -> JsonValue:
        """`Changes`; `refused` only where something is."""
        changes = self._now.survey.changes
        state: dict[str, JsonValue] = {"files": dict(changes.files)}
        if changes.refused:
            state["refused"] = dict(changes.refused)
        return state

    async def close(self) -> None:
        if self._opened is not None:
            self._opened = None
            await within(self._stack.aclose())

    @property
    def _now(self) -> _Opened:
        assert self._opened is not None, "reset comes before any call"
        return self._opened

    async def _bash(self, arguments: JsonObject) -> Observation:
        assert self._parameters is not None, "reset comes before any call"
        command, most_s = str(arguments["command"]), self._parameters.limits.command_s
        timeout_s = min(_whole(arguments.get("timeout_s")) or most_s, most_s)
        opened = self._now

        async def run() -> Observation:
            ended = await opened.shell.run(command, timeout_s)
            await opened.survey.look()
            lines = [ended.printed.text.removesuffix("\n")] if ended.printed.text else []
            if ended.note:
                lines.append(ended.note)
            elif ended.status:
                lines.append(f"[exit status {ended.status}]")
            text = "\n".join(lines) or "[no output]"
            return Observation(
                text=text, error=ended.status != 0, truncated=ended.printed.truncated
            )

        return await within(run())

    async def _view(self, arguments: JsonObject) -> Observation:
        start, end = _whole(arguments.get("start")) or 1, _whole(arguments.get("end"))
        return await within(self._now.editor.view(str(arguments["path"]), start, end))

    async def _edit(self, arguments: JsonObject) -> Observation:
        opened = self._now
        path, old, new = (str(arguments[name]) for name in ("path", "old", "new"))

        async def run() -> Observation:
            done = await opened.editor.edit(path, old, new)
            await opened.survey.look()
            return done

        return await within(run())

    async def _submit(self, _arguments: JsonObject) -> Observation:
        opened = self._now
        await within(opened.survey.look())
        return _receipt(opened.survey.changes)


def _whole(value: JsonValue) -> int | None:
    """An integer of JSON, which may be written 5.0; None where there is none."""
    return int(value) if isinstance(value, int | float) else None


def _parameters(task: PublicTask) -> Parameters:
    if task.env.version != VERSION:
        raise TaskError(
            f"task {task.id} was made for version {task.env.version} of the code world, "
            f"this is version {VERSION}; make the task again"
        )
    try:
        return Parameters.model_validate(task.env.parameters)
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"])) or "parameters"
        raise TaskError(f"task {task.id} names no code world: {where}: {wrong['msg']}") from error


def _welcome(parameters: Parameters, paths: list[str]) -> str:
    top = sorted(
        {f"{head}/" if rest else head for head, _, rest in (p.partition("/") for p in paths)}
    )
    names = top[:MAX_SHOWN_NAMES]
    if len(top) > MAX_SHOWN_NAMES:
        names.append(f"and {len(top) - MAX_SHOWN_NAMES} more")
    return (
        f"The working copy is {REPOSITORY}, a git repository with one commit: {', '.join(names)}\n"
        f"Tests are run with: {parameters.toolchain.command}"
    )


def _receipt(changes: Changes) -> Observation:
    """What is handed in, and what is not."""
    deleted = [path for path, text in changes.files.items() if text is None]
    changed = [path for path, text in changes.files.items() if text is not None]
    lines = [f"Handed in: {len(changed)} changed and {len(deleted)} deleted files."]
    lines += [f"  changed: {path}" for path in changed]
    lines += [f"  deleted: {path}" for path in deleted]
    lines += [f"  left out: {path} {why}" for path, why in changes.refused.items()]
    if not changes.files:
        lines[0] = "Nothing is handed in: no file of the sources was changed."
    if changes.refused:
        lines.append("What is left out stays as it was; replace it by plain text to hand it in.")
    return Observation(text="\n".join(lines), error=bool(changes.refused) or not changes.files)
