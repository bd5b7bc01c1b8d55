"""`python -m envs.server.stdio`: worlds for a parent process, many sessions in one child.

Requests (see `lines`): `{"op": "reset", "session", "task": <PublicTask>}`,
`{"op": "call", "session", "call": {"name", "arguments"}}`, `{"op": "state", "session"}`,
`{"op": "close", "session"}`; or a whole attempt at once, `{"op": "script", "session", "task",
"calls"}` for `{"first", "observations", "state"}`. Only the public part of a task ever comes here; verdicts are given by
another process (`verifiers.stdio`).
"""

import asyncio
from collections.abc import Awaitable, Callable

from pydantic import JsonValue

from data.errors import EnvironmentFault, UserError
from data.task import JsonObject, PublicTask, ToolCall
from envs.base import Environment, kind_module
from envs.server.lines import serve

MAX_SESSIONS = 4096
STEP_LIMIT_S = 600.0
"""Longest that one reset, call or close may take."""


class _Session:
    def __init__(self, env: Environment) -> None:
        self.env = env
        self.turn = asyncio.Lock()
        """Calls of one session run one after the other, in the order in which they came."""


class Worlds:
    """All open sessions; `handle` is one request."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Session] = {}

    async def handle(self, request: JsonObject) -> JsonValue:
        operations: dict[JsonValue, Callable[[str, JsonObject], Awaitable[JsonValue]]] = {
            "reset": self._reset,
            "call": self._call,
            "state": self._state,
            "close": self._close,
            "script": self._script,
        }
        operation = operations.get(request.get("op"))
        name = request.get("session")
        if operation is None or not isinstance(name, str):
            known = ", ".join(map(str, operations))
            raise UserError(f"a request needs a 'session' and an 'op' of {known}")
        try:
            async with asyncio.timeout(STEP_LIMIT_S):
                return await operation(name, request)
        except TimeoutError as error:
            op = request["op"]
            raise EnvironmentFault(f"{op} took more than {STEP_LIMIT_S:.0f} s") from error

    async def close_all(self) -> None:
        for name in tuple(self._sessions):
            await self._close(name, {})

    async def _reset(self, name: str, request: JsonObject) -> JsonValue:
        task = PublicTask.model_validate(request.get("task"))
        await self._close(name, {})
        if len(self._sessions) >= MAX_SESSIONS:
            raise EnvironmentFault(f"{MAX_SESSIONS} sessions are open; close some")
        env = kind_module(task.kind).Env()
        try:
            observation = await env.reset(task)
        except BaseException:
            await env.close()
            raise
        self._sessions[name] = _Session(env)
        return observation.model_dump(mode="json")

    async def _script(self, name: str, request: JsonObject) -> JsonValue:
        calls = request.get("calls")
        if not isinstance(calls, list):
            raise UserError("a script needs a list of 'calls'")
        try:
            first = await self._reset(name, request)
            seen: list[JsonValue] = [await self._call(name, {"call": call}) for call in calls]
            return {"first": first, "observations": seen, "state": await self._state(name, {})}
        finally:
            await self._close(name, {})

    async def _call(self, name: str, request: JsonObject) -> JsonValue:
        session = self._session(name)
        call = ToolCall.model_validate(request.get("call"))
        async with session.turn:
            observation = await session.env.call(call)
        return observation.model_dump(mode="json")

    async def _state(self, name: str, _request: JsonObject) -> JsonValue:
        session = self._session(name)
        async with session.turn:
            return session.env.state()

    async def _close(self, name: str, _request: JsonObject) -> JsonValue:
        session = self._sessions.pop(name, None)
        if session is not None:
            async with session.turn:
                await session.env.close()
        return None

    def _session(self, name: str) -> _Session:
        session = self._sessions.get(name)
        if session is None:
            raise EnvironmentFault(f"no session {name!r}; reset it first")
        return session


async def main() -> None:
    worlds = Worlds()
    try:
        await serve(worlds.handle)
    finally:
        await worlds.close_all()


if __name__ == "__main__":
    asyncio.run(main())
