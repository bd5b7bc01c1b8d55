"""Runs scripts in another process, which is told the public task and nothing else.

The child speaks JSON lines (`envs.server.stdio`); it is started on first use and again when it
died. Every answer has a time limit, after which the child is killed.
"""

import json
import os
import select
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from pydantic import JsonValue

from data import errors
from data.errors import EnvironmentFault
from data.record import Record
from data.task import JsonObject, PublicTask, Script
from data.trajectory import Observation, StopReason, Trajectory, Turn

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 120.0
"""Longest wait for one reply; opening a world that has to be indexed first takes most."""
KILL_WAIT_S = 5.0
BLOCK_BYTES = 1 << 16
SESSION = "replay"


class Replayed(NamedTuple):
    first: Observation
    """What an agent is shown before its first call."""
    trajectory: Trajectory


class _Reply(Record):
    first: Observation
    observations: tuple[Observation, ...]
    state: JsonValue


class Replayer:
    """One child process; not for use by several threads."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self.timeout_s = timeout_s
        self._child: subprocess.Popen[bytes] | None = None
        self._pending = b""
        self._ids = count()
        self._told: tuple[PublicTask, JsonObject] | None = None
        """The task last asked about, and how it is sent: its scripts come one after the other."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child; the next request starts another."""
        child, self._child, self._pending = self._child, None, b""
        if child is None:
            return
        child.kill()
        child.wait(KILL_WAIT_S)
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()

    def run(self, task: PublicTask, script: Script) -> "Replayed":
        """The script's attempt: one turn a call, the final message, the state left behind."""
        calls: list[JsonValue] = [call.model_dump(mode="json") for call in script.calls]
        if self._told is None or self._told[0] is not task:
            self._told = (task, task.model_dump(mode="json"))
        reply = self._request("script", task=self._told[1], calls=calls)
        seen = _Reply.model_validate(reply)
        turns = [
            Turn(calls=(call,), observations=(observation,))
            for call, observation in zip(script.calls, seen.observations, strict=True)
        ]
        turns.append(Turn(content=script.answer))
        trajectory = Trajectory(
            task_id=task.id,
            turns=tuple(turns),
            answer=script.answer,
            stop=StopReason.ANSWERED,
            state=seen.state,
        )
        return Replayed(seen.first, trajectory)

    def _request(self, op: str, **fields: JsonValue) -> JsonValue:
        """One request and its reply; raises the fault that the child names."""
        request: JsonObject = {"id": next(self._ids), "op": op, "session": SESSION, **fields}
        child = self._child or self._start()
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
            reply = json.loads(self._line(child))
        except (OSError, ValueError) as error:
            self.close()
            raise EnvironmentFault(f"the replay process broke off during {op}: {error}") from error
        if "fault" in reply:
            raise getattr(errors, reply["fault"])(reply["message"])
        assert reply["id"] == request["id"], "the replay process answers in order"
        ok: JsonValue = reply["ok"]
        return ok

    def _start(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "envs.server.stdio"],
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C is for the parent, whose end closes the pipe.
            process_group=0,
        )
        return self._child

    def _line(self, child: subprocess.Popen[bytes]) -> bytes:
        """The next line from the child; raises `OSError` when it ends or takes too long."""
        assert child.stdout is not None
        until = time.monotonic() + self.timeout_s
        while b"\n" not in self._pending:
            left = until - time.monotonic()
            ready, _, _ = select.select([child.stdout], [], [], max(0.0, left))
            if not ready:
                raise TimeoutError(f"no reply within {self.timeout_s:.0f} s")
            block = os.read(child.stdout.fileno(), BLOCK_BYTES)
            if not block:
                raise BrokenPipeError("it ended")
            self._pending += block
        line, self._pending = self._pending.split(b"\n", 1)
        return line


def _environment() -> dict[str, str]:
    """The child's variables: the cache location as an absolute path, the rest as ours."""
    cache = os.environ.get("PALAESTRA_CACHE", "runs/worlds")
    return {**os.environ, "PALAESTRA_CACHE": str(Path(cache).resolve())}
