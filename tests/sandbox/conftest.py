"""Every provider under one suite; a provider that this machine cannot have skips with the reason."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from data.errors import EnvironmentFault
from envs import sandbox
from envs.sandbox.base import Limits, Program, Provider, Sandbox

SMALL = Limits(memory_mib=192, pids=32, file_mib=16, disk_mib=24, open_files=64)
"""Limits that a test can reach quickly."""
EMPTY = "find /home/agent /tmp /dev/shm -mindepth 1 -delete"
ECHO = Program(
    "echo",
    """
import os

def main(arguments):
    os.write(3, (" ".join(arguments) + " " + str(sorted(os.listdir("/proc/self/fd")))).encode())
""",
)


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=["namespace", pytest.param("docker", marks=pytest.mark.docker)],
)
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    try:
        provider = sandbox.named(request.param, programs=[ECHO])
        async with provider.open(SMALL):
            pass
    except EnvironmentFault as reason:
        pytest.skip(str(reason))
    # What must never be seen inside.
    os.environ["PALAESTRA_TEST_SECRET"] = "sesame"
    yield provider
    del os.environ["PALAESTRA_TEST_SECRET"]
    await provider.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(provider: Provider) -> AsyncIterator[Callable[[], Awaitable[Sandbox]]]:
    """One sandbox for many tests, emptied before each; another if the last test broke it."""
    stack, found = AsyncExitStack(), list[Sandbox]()

    async def take() -> Sandbox:
        if found:
            try:
                emptied = await found[0].exec(["sh", "-c", EMPTY], timeout_s=20)
                assert emptied.status == 0
            except EnvironmentFault:
                found.clear()
        if not found:
            found.append(await stack.enter_async_context(provider.open(SMALL)))
        return found[0]

    async with stack:
        yield take


@pytest_asyncio.fixture(loop_scope="module")
async def box(
    provider: Provider, shared: Callable[[], Awaitable[Sandbox]]
) -> AsyncIterator[Sandbox]:
    """An empty sandbox: a new one, or an emptied one where new ones take long."""
    if provider.name == "docker":
        yield await shared()
        return
    async with provider.open(SMALL) as opened:
        yield opened
