"""The kernels of this process: one pool, in a thread with an event loop of its own.

So a pool outlives the event loops of its callers and serves threads that have none. It is made on
first use and ends with the process: by `atexit`, and whatever happens, because the nursery of the
sandboxes dies with the thread that started it.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from importlib.resources import files
from typing import Any, TypeVar

from data.errors import EnvironmentFault
from envs import sandbox
from envs.interpreter.kernel import PROGRAM
from envs.interpreter.pool import Pool, PoolSettings
from envs.sandbox.base import Program, Provider

T = TypeVar("T")

PACKAGES = ("duckdb", "ipykernel", "matplotlib", "numpy", "pandas", "pyarrow", "scipy")
"""What cells can import beyond the standard library, with what these require."""
END_S = 10.0


class Service:
    """A thread with a loop, and the pool in it."""

    def __init__(self, settings: PoolSettings) -> None:
        self.settings = settings
        self._loop = asyncio.new_event_loop()
        self._pool: Pool | None = None
        self._thread = threading.Thread(target=self._run, name="kernels", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Runs `work` in the service's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def pool(self) -> Pool:
        """The pool; to be called in the service's loop."""
        if self._pool is None:
            self._pool = Pool(new_provider(), self.settings)
        return self._pool

    def close(self) -> None:
        """Ends all kernels. May be called twice."""
        if self._loop.is_closed():
            return
        if self._pool is not None:
            self.submit(self._pool.close()).result(END_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(END_S)
        self._loop.close()


def new_provider() -> Provider:
    """A provider whose sandboxes have the interpreter's program and packages."""
    names = {
        "values": "envs.interpreter.inside.values",
        "figures": "envs.interpreter.inside.figures",
        "notebook": PROGRAM,
    }
    folder = files("envs.interpreter.inside")
    programs = [
        Program(name, folder.joinpath(f"{module}.py").read_text()) for module, name in names.items()
    ]
    return sandbox.choose(PACKAGES, programs)


_services: dict[int, Service] = {}
_lock = threading.Lock()


def service() -> Service:
    """The service of this process; a forked child has its own."""
    with _lock:
        found = _services.get(os.getpid())
        if found is None:
            _services.clear()
            found = _services[os.getpid()] = Service(PoolSettings())
            atexit.register(close, os.getpid())
        return found


def close(pid: int | None = None) -> None:
    """Ends the service of this process, if it has one; the next use starts another."""
    with _lock:
        found = _services.pop(os.getpid(), None) if pid in (None, os.getpid()) else None
    if found is not None:
        found.close()


async def within(work: Coroutine[Any, Any, T]) -> T:
    """Runs `work` in the service's loop, from any other."""
    return await asyncio.wrap_future(service().submit(work))


def wait_for(work: Coroutine[Any, Any, T], timeout_s: float) -> T:
    """Runs `work` in the service's loop, from a thread; raises `EnvironmentFault` if it is late."""
    future = service().submit(work)
    try:
        return future.result(timeout_s)
    except TimeoutError as error:
        future.cancel()
        raise EnvironmentFault(f"the kernels' service gave nothing in {timeout_s:.0f} s") from error
