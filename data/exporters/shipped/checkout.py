"""Asks a Palaestra checkout for worlds and verdicts: one child process each, JSON over its pipes.

Standard library only. The child that holds the worlds is given the public part of tasks; the hidden
part goes to a second child, which only gives verdicts. Children end with this process. A fault
(lost child, broken world, altered task) raises `CheckoutFault`: it is never a reward.
"""

import asyncio
import atexit
import itertools
import json
import os
import subprocess
import threading
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

Waiting = dict[int, "Future[Any]"]
"""Futures of the replies still to come, by request."""

WORLDS = "envs.server.stdio"
VERDICTS = "verifiers.stdio"
LIMIT_S = 900.0
"""Longest wait for one reply; the child has shorter limits of its own."""
VARIABLE = "PALAESTRA_CHECKOUT"


class CheckoutFault(RuntimeError):
    """Something around the agent failed; the attempt has no reward."""


def find_checkout(checkout: str | None = None) -> Path:
    """The checkout's path: as given, else from the environment; `CheckoutFault` if it is none."""
    place = checkout or os.environ.get(VARIABLE, "")
    if not place:
        raise CheckoutFault(f"set {VARIABLE} to the Palaestra checkout that made these tasks")
    path = Path(place).expanduser().resolve()
    if not (path / "verifiers" / "stdio.py").is_file():
        raise CheckoutFault(f"{path} is no Palaestra checkout (it has no verifiers/stdio.py)")
    if not (path / ".venv" / "bin" / "python").exists():
        raise CheckoutFault(f"{path} has no .venv; run 'make demo' there first")
    return path


class Child:
    """One child process of a checkout; started when first asked, again after it was lost."""

    def __init__(self, checkout: Path, module: str) -> None:
        self._command = [str(checkout / ".venv" / "bin" / "python"), "-m", module]
        self._checkout = checkout
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: Waiting = {}

    def ask(self, **request: Any) -> Future[Any]:
        """Sends `request`; a future of the reply's `ok`, or of `CheckoutFault`."""
        with self._lock:
            return self._send(self._pipe(), request)

    def tell(self, **request: Any) -> None:
        """Sends `request` if there is a child to tell, and does not wait."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self._send(self._pipe(), request)

    async def reply(self, **request: Any) -> Any:
        """The reply to `request`; waits at most `LIMIT_S`."""
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self.ask(**request)), LIMIT_S)
        except TimeoutError as error:
            raise CheckoutFault(f"no reply within {LIMIT_S:.0f} s") from error

    def stop(self) -> None:
        """Ends the child; may be called twice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            _hang_up(self._process)

    def _send(self, pipe: IO[bytes], request: dict[str, Any]) -> Future[Any]:
        future: Future[Any] = Future()
        number = next(self._ids)
        self._waiting[number] = future
        line = json.dumps({**request, "id": number}, ensure_ascii=False) + "\n"
        try:
            pipe.write(line.encode())
            pipe.flush()
        except OSError as error:
            # Its reader may have failed it already.
            if self._waiting.pop(number, None):
                future.set_exception(CheckoutFault(f"lost the child process: {error}"))
        return future

    def _pipe(self) -> IO[bytes]:
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                _hang_up(self._process)
            # Each process has its own table, so that the reader of a lost one fails only its own.
            self._waiting = {}
            self._process = subprocess.Popen(
                self._command, cwd=self._checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            threading.Thread(target=_read, args=(self._process, self._waiting), daemon=True).start()
        assert self._process.stdin is not None
        return self._process.stdin


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    # Closing sends what is still buffered, which a lost child no longer takes.
    with suppress(OSError):
        process.stdin.close()


def _read(process: subprocess.Popen[bytes], waiting: Waiting) -> None:
    """Resolves the futures of one child until it ends; takes no lock, so a writer cannot block it."""
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            reply = json.loads(line)
            future = waiting.pop(reply["id"], None)
            if future is None or not future.set_running_or_notify_cancel():
                continue
            if "ok" in reply:
                future.set_result(reply["ok"])
            else:
                future.set_exception(CheckoutFault(f"{reply['fault']}: {reply['message']}"))
    code = process.wait()
    while waiting:
        _, future = waiting.popitem()
        if future.set_running_or_notify_cancel():
            future.set_exception(CheckoutFault(f"the child process ended with code {code}"))


def resolved(future: Future[Any]) -> Any:
    """The reply behind `future`; blocks at most `LIMIT_S`."""
    try:
        return future.result(LIMIT_S)
    except TimeoutError as error:
        raise CheckoutFault(f"no reply within {LIMIT_S:.0f} s") from error


_children: dict[tuple[int, Path, str], Child] = {}
_children_lock = threading.Lock()


def child(module: str, checkout: str | None = None) -> Child:
    """This process's child for `module`, shared by all sessions; a forked process gets its own."""
    path = find_checkout(checkout)
    with _children_lock:
        key = (os.getpid(), path, module)
        if key not in _children:
            _children[key] = Child(path, module)
            atexit.register(_children[key].stop)
        return _children[key]


def ask_verdict(attempt: dict[str, Any], checkout: str | None = None) -> Future[Any]:
    """A future of the verdict of record: `{"score", "checks": [{"name", "passed", "detail"}]}`.

    `attempt` is `{"task": <whole task>, "turns": [{"calls": [{"name", "arguments"}]}], "answer",
    "stop"}` and, where known, `"state"`: the world at the end. Without it the calls are replayed.
    """
    return child(VERDICTS, checkout).ask(**attempt)


def final_message(text: str) -> str:
    """`text` without the reasoning that some templates leave in front of it."""
    return text.rpartition("</think>")[2].strip()


def new_session() -> str:
    """A name that no other session of this process has."""
    return f"{os.getpid()}-{next(_sessions)}"


_sessions = itertools.count(1)
