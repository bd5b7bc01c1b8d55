"""Requests and replies as JSON Lines on stdin and stdout, for a parent process of another project.

A request is one object with an `id`; its reply carries the same id and either `ok` or `fault` (the
name of an exception of `data.errors`) with a `message`. Replies come in any order. A defect of ours
ends the process with its traceback on stderr: the parent sees the pipe close, never a made-up reply.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable

from pydantic import JsonValue, ValidationError

from data.errors import PalaestraError, UserError
from data.task import JsonObject

Handler = Callable[[JsonObject], Awaitable[JsonValue]]

MAX_LINE_BYTES = 64 * 1024 * 1024
MAX_IN_FLIGHT = 256
"""Requests worked on at once; the pipe holds the rest back."""


async def serve(handle: Handler) -> None:
    """Answers requests until stdin closes, or nobody reads the replies any more.

    Whatever else prints goes to stderr.
    """
    reader = await _stdin()
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    slots = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def answer(line: bytes) -> None:
        try:
            reply = await _reply(line, handle)
        finally:
            slots.release()
        try:
            out.write(json.dumps(reply, ensure_ascii=False) + "\n")
            out.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
            reader.feed_eof()

    async with asyncio.TaskGroup() as group:
        while line := await reader.readline():
            await slots.acquire()
            group.create_task(answer(line))


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin.buffer)
    return reader


async def _reply(line: bytes, handle: Handler) -> JsonObject:
    request_id: JsonValue = None
    try:
        request = json.loads(line)
        if not isinstance(request, dict) or "id" not in request:
            raise UserError("a request is one JSON object with an 'id'")
        request_id = request["id"]
        return {"id": request_id, "ok": await handle(request)}
    except PalaestraError as error:
        return {"id": request_id, "fault": type(error).__name__, "message": str(error)}
    except json.JSONDecodeError as error:
        return {"id": request_id, "fault": "UserError", "message": f"not JSON: {error}"}
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        message = f"{error.title}: {where}: {first['msg']}"
        return {"id": request_id, "fault": "UserError", "message": message}
