"""Warm kernels: each is started before it is asked for, given out once, and never taken back."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import zmq.asyncio
from pydantic import Field

from data.errors import EnvironmentFault
from data.record import Record
from envs.interpreter.kernel import Kernel, sandbox_limits
from envs.interpreter.world import CellLimits
from envs.sandbox.base import Provider, Sandbox

log = logging.getLogger(__name__)

KERNEL_MIB = 64
"""What an idle kernel takes that no other shares, with room to spare."""
MAX_SOCKETS = 8192


def _default_max_kernels() -> int:
    """As many idle kernels as half of this machine's memory holds."""
    page, pages = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    return max(4, min(256, page * pages // 2 // (KERNEL_MIB << 20)))


class PoolSettings(Record):
    num_warm: int = Field(default=2, ge=0)
    """Kernels to hold ready; with 0 each is started when it is asked for."""
    max_kernels: int = Field(default_factory=_default_max_kernels, ge=1)
    """Kernels at once, ready ones included; whoever asks for more waits."""
    wait_s: float = Field(default=120.0, gt=0)
    """Longest wait for a kernel."""


class _Warm(NamedTuple):
    kernel: Kernel
    owner: AsyncExitStack
    """Closing it ends the kernel and its sandbox."""


class Pool:
    """Kernels with the default limits are held warm; others are started on demand."""

    def __init__(self, provider: Provider, settings: PoolSettings) -> None:
        self._provider = provider
        self._settings = settings
        self._context = zmq.asyncio.Context()
        self._context.set(zmq.MAX_SOCKETS, MAX_SOCKETS)
        self._slots = asyncio.Semaphore(settings.max_kernels)
        self._ready: deque[_Warm] = deque()
        self._filling: asyncio.Task[None] | None = None
        self._closed = False

    @asynccontextmanager
    async def kernel(self, limits: CellLimits) -> AsyncIterator[Kernel]:
        """A kernel that nobody used before; raises `EnvironmentFault` if none can be had."""
        taken = await self._take(limits)
        try:
            yield taken.kernel
        finally:
            await asyncio.shield(taken.owner.aclose())

    @asynccontextmanager
    async def sandbox(self, limits: CellLimits) -> AsyncIterator[Sandbox]:
        """A fresh sandbox without a kernel, for reruns."""
        async with self._provider.open(sandbox_limits(limits)) as sandbox:
            yield sandbox

    @property
    def num_ready(self) -> int:
        return len(self._ready)

    async def fill(self) -> None:
        """Waits until as many kernels are warm as should be."""
        self._refill()
        while self._filling is not None and not self._filling.done():
            await asyncio.wait({self._filling})

    async def close(self) -> None:
        """Ends the warm kernels; those given out end with their owners."""
        self._closed = True
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.wait({self._filling})
        while self._ready:
            await self._ready.popleft().owner.aclose()
        await self._provider.close()
        self._context.destroy(linger=0)

    async def _take(self, limits: CellLimits) -> _Warm:
        warm = CellLimits(memory_mib=limits.memory_mib) == CellLimits()
        while warm and self._ready:
            taken = self._ready.popleft()
            self._refill()
            if await _answers(taken.kernel):
                taken.kernel.limits = limits
                return taken
            await taken.owner.aclose()
        try:
            return await self._open(limits)
        finally:
            self._refill()

    async def _open(self, limits: CellLimits) -> _Warm:
        async with AsyncExitStack() as stack:
            await self._slot()
            stack.callback(self._slots.release)
            sandbox = await stack.enter_async_context(self._provider.open(sandbox_limits(limits)))
            kernel = Kernel(sandbox, self._context, limits)
            stack.push_async_callback(kernel.close)
            await kernel.start()
            return _Warm(kernel, stack.pop_all())
        raise AssertionError("the stack lets exceptions through")

    async def _slot(self) -> None:
        """Waits for room for one more kernel."""
        try:
            async with asyncio.timeout(self._settings.wait_s):
                await self._slots.acquire()
        except TimeoutError as error:
            raise EnvironmentFault(
                f"no kernel within {self._settings.wait_s:g} s: {self._settings.max_kernels} are "
                "in use; use fewer at once, or a machine with more memory"
            ) from error

    def _refill(self) -> None:
        if self._filling is None or self._filling.done():
            self._filling = asyncio.create_task(self._fill())

    async def _fill(self) -> None:
        """Starts one kernel after the other: each takes a core while it starts."""
        while len(self._ready) < self._settings.num_warm and not self._slots.locked():
            try:
                self._ready.append(await self._open(CellLimits()))
            except EnvironmentFault as error:
                # Whoever asks next starts one and is told.
                log.warning("no warm kernel: %s", error)
                return


async def _answers(kernel: Kernel) -> bool:
    """Whether a kernel that waited is still there."""
    try:
        await kernel.sandbox.put({})
    except EnvironmentFault:
        return False
    return kernel.alive
