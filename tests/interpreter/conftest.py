"""Kernels for tests: real ones, in the sandboxes that this machine has."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from data.errors import EnvironmentFault
from envs.interpreter.kernel import Kernel
from envs.interpreter.pool import Pool, PoolSettings
from envs.interpreter.service import new_provider
from envs.interpreter.world import CellLimits

QUICK = CellLimits(cell_timeout_s=1.5)
"""For cells that never end by themselves."""


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not react to an interrupt is killed sooner than in earnest."""
    monkeypatch.setattr("envs.interpreter.kernel.INTERRUPT_S", 0.5)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(new_provider(), PoolSettings(num_warm=1))
    try:
        await pool.fill()
        async with pool.kernel(CellLimits()):
            pass
    except EnvironmentFault as reason:
        pytest.skip(str(reason))
    yield pool
    await pool.close()


@pytest_asyncio.fixture(loop_scope="module")
async def kernel(pool: Pool) -> AsyncIterator[Kernel]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(pool.kernel(QUICK))
