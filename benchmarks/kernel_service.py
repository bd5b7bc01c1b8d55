"""The kernel service beside a bare jupyter_client: `python -m benchmarks.kernel_service`.

Hand-out: from asking for a kernel until it can run a cell. Start: the same when none is warm. Cell:
`x = x + 1` and its reply. Memory: proportional share of all processes that a kernel adds. CPU: of
the kernel's processes when they are ready, without ours.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from envs.interpreter import service
from envs.interpreter.pool import Pool, PoolSettings
from envs.interpreter.rerun import Job, rerun_many
from envs.interpreter.world import CellLimits

NUM_KERNELS = 24
NUM_CELLS = 200
NUM_PARALLEL = 16
CELLS_PARALLEL = 20
NUM_RERUNS = 200
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
CELL = "x = x + 1"

Opener = Callable[[], AbstractAsyncContextManager[Callable[[str], object]]]


class Cost(NamedTuple):
    mib: float
    cpu_ms: float


def descendants(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return children + [below for child in children for below in descendants(child)]


def cost(pids: Iterable[int]) -> Cost:
    kib = ticks = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        kib += next(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:")
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return Cost(kib / 1024, ticks * TICK_MS)


@asynccontextmanager
async def ours(pool: Pool) -> AsyncIterator[Callable[[str], object]]:
    async with pool.kernel(CellLimits()) as kernel:
        yield kernel.run


@asynccontextmanager
async def bare() -> AsyncIterator[Callable[[str], object]]:
    manager = AsyncKernelManager()
    await manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client: AsyncKernelClient = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)

        async def run(code: str) -> None:
            await client.execute_interactive(code, timeout=60, output_hook=lambda _: None)

        yield run
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


def shown(times_ms: list[float]) -> str:
    ordered = sorted(times_ms)
    return f"{ordered[len(ordered) // 2]:8.1f} {ordered[int(len(ordered) * 0.99)]:8.1f}"


async def cells(run: Callable[[str], object], count: int) -> list[float]:
    await run("x = 0")  # type: ignore[misc]
    times = []
    for _ in range(count):
        start = time.perf_counter()
        await run(CELL)  # type: ignore[misc]
        times.append(1000 * (time.perf_counter() - start))
    return times


async def opening(opener: Opener, count: int, before: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(count):
        await before()  # type: ignore[misc]
        start = time.perf_counter()
        async with opener():
            times.append(1000 * (time.perf_counter() - start))
    return times


async def parallel(opener: Opener) -> tuple[float, Cost]:
    """Seconds for all, and what one kernel costs while all are open."""
    others = set(descendants(os.getpid()))
    start = time.perf_counter()
    async with AsyncExitStack() as stack:
        runs = [await stack.enter_async_context(opener()) for _ in range(NUM_PARALLEL)]
        added = cost(set(descendants(os.getpid())) - others)
        await asyncio.gather(*(cells(run, CELLS_PARALLEL) for run in runs))
    seconds = time.perf_counter() - start
    return seconds, Cost(added.mib / NUM_PARALLEL, added.cpu_ms / NUM_PARALLEL)


async def compare(name: str, opener: Opener) -> None:
    async with opener() as run:
        times = await cells(run, NUM_CELLS)
    seconds, each = await parallel(opener)
    print(f"{name:8} cell                {shown(times)} ms")
    print(f"{name:8} {NUM_PARALLEL} kernels, {CELLS_PARALLEL} cells {seconds:8.2f} s in all")
    print(f"{name:8} memory a kernel     {each.mib:8.1f} MiB, {1024 / each.mib:.0f} in one GiB")
    print(f"{name:8} CPU to start one    {each.cpu_ms:8.0f} ms")


async def nothing() -> None: ...


async def main() -> None:
    print(f"{'':28} {'p50':>8} {'p99':>8}")
    print(
        f"bare     start               {shown(await opening(bare, NUM_KERNELS // 4, nothing))} ms"
    )
    await compare("bare", bare)
    warm = Pool(service.new_provider(), PoolSettings(num_warm=2))
    await warm.fill()
    times = await opening(lambda: ours(warm), NUM_KERNELS, warm.fill)
    print(f"ours     hand-out            {shown(times)} ms")
    await warm.close()
    cold = Pool(service.new_provider(), PoolSettings(num_warm=0))
    await opening(lambda: ours(cold), 1, nothing)
    times = await opening(lambda: ours(cold), NUM_KERNELS, nothing)
    print(f"ours     start               {shown(times)} ms")
    await compare("ours", lambda: ours(cold))
    await cold.close()


def reruns() -> None:
    rerun_many([Job((), ("x = 1",))])
    start = time.perf_counter()
    rerun_many([Job((), ("x = 1", CELL), "x")] * NUM_RERUNS)
    print(
        f"ours     reruns              {NUM_RERUNS / (time.perf_counter() - start):8.1f} a second"
    )
    service.close()


if __name__ == "__main__":
    asyncio.run(main())
    reruns()
