"""The sandboxes of this process's runs and agents, in a thread with an event loop of its own.

Made on first use; ends with the process by `atexit`, and whatever happens, because the nursery of
the sandboxes dies with the thread that started it.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from data.errors import EnvironmentFault
from envs import sandbox
from envs.code.toolchains import python
from envs.sandbox.base import Provider
from envs.sandbox.warm import Warm

T = TypeVar("T")
END_S = 10.0
NUM_SPARE = 1
"""Sandboxes held ready for each of the few kinds that were asked for last."""


class Service:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._providers: dict[int, Provider] = {}
        self.slots = asyncio.Semaphore(os.cpu_count() or 1)
        """One for each run that may be under way."""
        self._thread = threading.Thread(target=self._run, name="runs", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def provider(self, hashes: int = 0) -> Provider:
        """What forks programs with this seed of the hashes of strings.

        To be called in the service's loop. Raises `EnvironmentFault` if there is none.
        """
        if hashes not in self._providers:
            variables = {"PYTHONHASHSEED": str(hashes)}
            chosen = sandbox.choose(python.PACKAGES, python.programs(), variables)
            self._providers[hashes] = Warm(chosen, NUM_SPARE)
        return self._providers[hashes]

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Runs `work` in the service's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def wait_for(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """Runs `work` in the loop, from a thread; raises `EnvironmentFault` if it is late."""
        future = self.submit(work)
        try:
            return future.result(timeout_s)
        except TimeoutError as error:
            future.cancel()
            raise EnvironmentFault(f"runs of tests gave nothing in {timeout_s:.0f} s") from error

    def close(self) -> None:
        """Ends all sandboxes. May be called twice."""
        if self._loop.is_closed():
            return
        for provider in self._providers.values():
            self.wait_for(provider.close(), END_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(END_S)
        self._loop.close()


_services: dict[int, Service] = {}
_lock = threading.Lock()


def service() -> Service:
    """The service of this process; a forked child has its own."""
    with _lock:
        found = _services.get(os.getpid())
        if found is None:
            _services.clear()
            found = _services[os.getpid()] = Service()
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
