"""Every provider under one suite; a provider that this machine cannot have skips with the reason."""

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from data.errors import EnvironmentFault
from envs import sandbox
from envs.sandbox.base import Limits, Program, Provider, Sandbox

SMALL = Limits(memory_mib=192, pids=32, file_mib=16, disk_mib=24, open_files=64)
"""Limits that a test can reach quickly."""
ECHO = Program(
    "echo",
    """
import os

def main(arguments):
    os.write(3, (" ".join(arguments) + " " + str(sorted(os.listdir("/proc/self/fd")))).encode())
""",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["namespace", "docker"])
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


@pytest_asyncio.fixture(loop_scope="module")
async def box(provider: Provider) -> AsyncIterator[Sandbox]:
    async with provider.open(SMALL) as opened:
        yield opened
