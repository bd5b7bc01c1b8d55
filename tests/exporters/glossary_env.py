"""A small real world: a glossary of numbered entries. Becomes `envs.search` of a test's checkout."""

import os

from pydantic import JsonValue

from data.errors import EnvironmentFault, TaskError
from data.task import JsonObject, PublicTask, ToolCall, ToolSpec
from data.trajectory import Observation
from envs.tools import dispatch

ENTRIES = {
    f"e{number}": f"Term{number}x: the entry with the number {number}." for number in range(50)
}


class Env:
    def __init__(self) -> None:
        self._tools: tuple[ToolSpec, ...] = ()
        self._opened: list[str] = []

    async def reset(self, task: PublicTask) -> Observation:
        if task.env.parameters != {"corpus": "glossary"}:
            raise TaskError(f"no corpus {task.env.parameters}")
        self._tools = task.tools
        self._opened = []
        return Observation(text="")

    async def call(self, call: ToolCall) -> Observation:
        handlers = {"search": self._search, "open": self._open}
        return await dispatch(self._tools, handlers, call)

    def state(self) -> JsonValue:
        return {"opened": list(self._opened)}

    async def close(self) -> None:
        self._tools = ()

    async def _search(self, arguments: JsonObject) -> Observation:
        words = str(arguments["query"]).casefold().split()
        if words == ["die"]:
            os._exit(7)
        if words == ["fault"]:
            raise EnvironmentFault("the index is gone")
        found = [key for key, text in ENTRIES.items() if all(w in text.casefold() for w in words)]
        return Observation(text=" ".join(found[:5]) or "nothing")

    async def _open(self, arguments: JsonObject) -> Observation:
        doc_id = str(arguments["doc_id"])
        if doc_id not in ENTRIES:
            return Observation(text=f"Error: no entry {doc_id!r}.", error=True)
        self._opened.append(doc_id)
        return Observation(text=ENTRIES[doc_id])
