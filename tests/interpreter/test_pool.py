"""Kernels are given out once, warm, and never broken; what we lose is a fault, not an observation."""

import asyncio
import signal

import pytest

from data.errors import EnvironmentFault
from envs.interpreter.pool import Pool, PoolSettings
from envs.interpreter.service import new_provider
from envs.interpreter.world import CellLimits, Ended

pytestmark = pytest.mark.asyncio(loop_scope="module")
LONG_S = 60.0


async def test_a_warm_kernel_is_given_out_once_and_replaced(pool: Pool) -> None:
    await pool.fill()
    assert pool.num_ready == 1
    async with pool.kernel(CellLimits()) as first:
        assert pool.num_ready == 0
        await first.run("mark = 1\nopen('mark', 'w').close()")
        await pool.fill()
        assert pool.num_ready == 1
        async with pool.kernel(CellLimits()) as second:
            assert second is not first
            run = await second.run("import os\n'mark' in globals(), os.listdir('.')")
            assert run.outputs.text(100) == "(False, [])"


async def test_kernels_start_alike(pool: Pool) -> None:
    """Nothing that a cell can print differs between kernels without its doing."""
    code = (
        "import os, random, sys, numpy, pandas\n"
        "print(sorted(os.environ.items()), sys.path, os.getcwd(), os.getpid() > 0, sorted({'b', 'a'}))\n"
        "hash('x'), {'b', 'a', 'c'}, os.listdir('/tmp'), random.random(), numpy.random.rand()"
    )
    texts = []
    for _ in range(2):
        async with pool.kernel(CellLimits()) as kernel:
            texts.append((await kernel.run(code)).outputs.text(10_000))
    assert texts[0] == texts[1]
    assert "PYTHONHASHSEED', '0'" in texts[0]
    assert "OMP_NUM_THREADS', '1'" in texts[0]


async def test_a_kernel_that_died_while_it_waited_is_not_given_out(pool: Pool) -> None:
    await pool.fill()
    warm = pool._ready[0].kernel
    await warm.sandbox.exec(["sh", "-c", "kill -9 -1"], timeout_s=LONG_S)
    async with asyncio.timeout(LONG_S):
        while warm.alive:
            await asyncio.sleep(0.01)
    async with pool.kernel(CellLimits()) as kernel:
        assert kernel is not warm
        assert (await kernel.run("1 + 1")).outputs.text(100) == "2"


async def test_a_sandbox_that_is_lost_is_a_fault_and_no_observation(pool: Pool) -> None:
    async with pool.kernel(CellLimits()) as kernel:
        running = asyncio.create_task(kernel.run("import time; time.sleep(60)"))
        await asyncio.sleep(0.2)
        await kernel.sandbox.close()
        with pytest.raises(EnvironmentFault, match="lost"):
            await running


async def test_a_pool_whose_nursery_was_killed_makes_another() -> None:
    provider = new_provider()
    pool = Pool(provider, PoolSettings(num_warm=2))
    await pool.fill()
    nursery = getattr(provider, "_nursery", None)
    if nursery is None:
        pytest.skip("only sandboxes of namespaces have a nursery")
    nursery._child.send_signal(signal.SIGKILL)
    nursery._child.wait(LONG_S)
    async with asyncio.timeout(LONG_S):
        while any(warm.kernel.alive for warm in pool._ready):
            await asyncio.sleep(0.01)
    async with pool.kernel(CellLimits()) as kernel:
        assert (await kernel.run("1 + 1")).outputs.text(100) == "2"
    await pool.close()


async def test_whoever_asks_for_too_many_is_told() -> None:
    pool = Pool(new_provider(), PoolSettings(num_warm=0, max_kernels=1, wait_s=0.3))
    async with pool.kernel(CellLimits()):
        with pytest.raises(EnvironmentFault, match="1 are in use"):
            async with pool.kernel(CellLimits()):
                pass
    async with pool.kernel(CellLimits()) as kernel:
        assert (await kernel.run("1")).cell.ended is Ended.OK
    await pool.close()


async def test_sixteen_kernels_work_side_by_side(pool: Pool) -> None:
    async def one(number: int) -> str:
        async with pool.kernel(CellLimits()) as kernel:
            await kernel.run(f"x = {number}")
            return (await kernel.run("x * x")).outputs.text(100)

    found = await asyncio.gather(*(one(number) for number in range(16)))
    assert found == [str(number * number) for number in range(16)]


async def test_a_cell_that_is_given_up_leaves_the_pool_usable(pool: Pool) -> None:
    async def attempt() -> None:
        async with pool.kernel(CellLimits()) as kernel:
            await kernel.run("while True: pass")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await attempt()
    async with pool.kernel(CellLimits()) as kernel:
        assert (await kernel.run("1 + 1")).outputs.text(100) == "2"
