"""Spare sandboxes: each is opened before it is asked for, given out once, and never taken back.

What a sandbox was used for ends with it: there is no reset but a new one, so that nothing of one
user's can be met by the next. Spares are kept for the kinds of sandboxes that were asked for last.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from data.errors import EnvironmentFault
from envs.sandbox.base import NO_MOUNTS, Limits, Provider, Reaped, Sandbox

log = logging.getLogger(__name__)

MAX_KINDS = 4
"""Different limits and mounts for which spares are kept."""

Kind = tuple[Limits, tuple[tuple[str, Path], ...]]


class _Spare(NamedTuple):
    sandbox: Sandbox
    owner: AsyncExitStack
    """Closing it closes the sandbox."""


class Warm:
    """A provider over another; implements `envs.sandbox.base.Provider`. For one event loop."""

    def __init__(self, provider: Provider, num_spare: int) -> None:
        """Keeps up to `num_spare` sandboxes of a kind ready; owns `provider`."""
        self.name = provider.name
        self._provider = provider
        self._num_spare = num_spare
        self._ready: OrderedDict[Kind, deque[_Spare]] = OrderedDict()
        self._filling: asyncio.Task[None] | None = None
        self._closed = False

    @asynccontextmanager
    async def open(
        self, limits: Limits, mounts: Mapping[str, Path] = NO_MOUNTS
    ) -> AsyncIterator[Sandbox]:
        taken = await self._take((limits, tuple(sorted(mounts.items()))))
        try:
            yield taken.sandbox
        finally:
            await asyncio.shield(taken.owner.aclose())

    async def fill(self) -> None:
        """Waits until as many are ready as should be."""
        self._refill()
        while self._filling is not None and not self._filling.done():
            await asyncio.wait({self._filling})

    async def close(self) -> None:
        self._closed = True
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.wait({self._filling})
        while self._ready:
            await self._drop(self._ready.popitem()[1])
        await self._provider.close()

    def reap(self) -> Reaped:
        return self._provider.reap()

    async def _take(self, kind: Kind) -> _Spare:
        ready = self._ready.setdefault(kind, deque())
        self._ready.move_to_end(kind)
        try:
            while ready:
                spare = ready.popleft()
                if await _answers(spare.sandbox):
                    return spare
                await spare.owner.aclose()
            return await self._open(kind)
        finally:
            self._refill()

    async def _open(self, kind: Kind) -> _Spare:
        limits, mounts = kind
        async with AsyncExitStack() as stack:
            sandbox = await stack.enter_async_context(self._provider.open(limits, dict(mounts)))
            return _Spare(sandbox, stack.pop_all())
        raise AssertionError("the stack lets exceptions through")

    def _refill(self) -> None:
        if not self._closed and (self._filling is None or self._filling.done()):
            self._filling = asyncio.create_task(self._fill())

    async def _fill(self) -> None:
        """Opens one after the other, those that were asked for last first."""
        while len(self._ready) > MAX_KINDS:
            await self._drop(self._ready.popitem(last=False)[1])
        while wanted := [k for k, ready in self._ready.items() if len(ready) < self._num_spare]:
            try:
                spare = await self._open(wanted[-1])
            except EnvironmentFault as error:
                # Whoever asks next opens one and is told.
                log.warning("no spare sandbox: %s", error)
                await self._drop(self._ready.pop(wanted[-1], deque()))
                continue
            self._ready.setdefault(wanted[-1], deque()).append(spare)

    async def _drop(self, spares: deque[_Spare]) -> None:
        while spares:
            await spares.popleft().owner.aclose()


async def _answers(sandbox: Sandbox) -> bool:
    """Whether a sandbox that waited is still there."""
    try:
        await sandbox.put({})
    except EnvironmentFault:
        return False
    return True
