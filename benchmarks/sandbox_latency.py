"""Sandboxes beside plain `docker run`: `python -m benchmarks.sandbox_latency [--rounds 12]`.

So many at the same moment, again and again. Hand-out: from asking for a sandbox until it takes a
command; "spare" is from a pool that had time to fill. Exec: `true`, until its status is known. Reset:
from a used sandbox to a clean one in its place. All but the plain containers have a folder mounted,
no network, and every limit that the contract names.
"""

import argparse
import asyncio
import itertools
import resource
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from data.errors import EnvironmentFault
from envs import sandbox
from envs.sandbox import docker
from envs.sandbox.base import Limits, Provider
from envs.sandbox.warm import Warm

PARALLEL = (1, 4, 16)
LIMITS = Limits()
LONG_S = 120.0
NAME = "palaestra-latency"


class Box:
    """A sandbox of ours, to be opened again and again."""

    def __init__(self, provider: Provider, mounts: dict[str, Path]) -> None:
        self._provider = provider
        self._mounts = mounts
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        opening = self._provider.open(LIMITS, self._mounts)
        self._box = await self._stack.enter_async_context(opening)

    async def exec(self) -> None:
        assert (await self._box.exec(["true"], timeout_s=LONG_S)).status == 0

    async def close(self) -> None:
        await self._stack.aclose()

    async def reset(self) -> None:
        await self.close()
        await self.open()


class Plain:
    """A container as one starts it by hand, in the same image, with the network off."""

    _numbers = itertools.count()

    async def open(self) -> None:
        self._name = f"{NAME}-{next(self._numbers)}"
        shared = ["-v", "/usr:/usr:ro", "--network", "none", "--name", self._name]
        await _docker("run", "-d", *shared, docker.image(), "sleep", "600")

    async def exec(self) -> None:
        await _docker("exec", self._name, "true")

    async def close(self) -> None:
        await _docker("rm", "-f", self._name)

    async def reset(self) -> None:
        await self.close()
        await self.open()


async def _docker(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "docker", *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode:
        raise SystemExit(f"docker {arguments[0]}: {said.decode().strip()}")


async def timed(work: Callable[[], Awaitable[None]], into: list[float]) -> None:
    start = time.perf_counter()
    await work()
    into.append(1000 * (time.perf_counter() - start))


async def measure(
    boxes: Sequence[Box | Plain], rounds: int, ready: Callable[[], Awaitable[None]]
) -> list[list[float]]:
    """Milliseconds of hand-outs, of commands, and of resets, all boxes at once each time."""
    opens, execs, resets = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        await ready()
        await asyncio.gather(*(timed(box.open, opens) for box in boxes))
        await asyncio.gather(*(timed(box.exec, execs) for box in boxes))
        await ready()
        await asyncio.gather(*(timed(box.reset, resets) for box in boxes))
        await asyncio.gather(*(box.close() for box in boxes))
    return [opens, execs, resets]


def row(name: str, parallel: int, times: list[list[float]]) -> str:
    cells = []
    for found in times:
        ordered = sorted(found)
        p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        cells.append(f"{p50:.1f} / {p99:.1f}")
    return f"| {name} | {parallel} | {' | '.join(cells)} |"


async def nothing() -> None: ...


async def ours(name: str, rounds: int, folder: Path) -> None:
    mounts = {"/opt/site": folder}
    for spare in (False, True):
        for parallel in PARALLEL:
            provider = sandbox.named(name)
            warm = Warm(provider, parallel if spare else 0)
            boxes = [Box(warm, mounts) for _ in range(parallel)]
            try:
                await measure(boxes, 1, warm.fill)
                times = await measure(boxes, _few(rounds, parallel), warm.fill)
            finally:
                await warm.close()
            print(row(f"{name}{', spare' if spare else ''}", parallel, times), flush=True)


async def plain(rounds: int) -> None:
    for parallel in PARALLEL:
        times = await measure([Plain() for _ in range(parallel)], _few(rounds, parallel), nothing)
        print(row("plain `docker run`", parallel, times), flush=True)


def _few(rounds: int, parallel: int) -> int:
    """Fewer rounds of more at once."""
    return max(3, rounds * 4 // (parallel + 3))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    rounds = parser.parse_args().rounds
    print("| p50 / p99, ms | at once | hand-out | exec | reset |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for technology in sandbox.NAMES:
            try:
                await ours(technology, rounds, folder)
                if technology == "docker":
                    await plain(rounds)
            except EnvironmentFault as reason:
                print(f"| {technology} | | {reason} | | |")
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"\nCPU of our own process: {used.ru_utime + used.ru_stime:.1f} s")


if __name__ == "__main__":
    asyncio.run(main())
