"""Spares are given out once, are clean, are of the kind that was asked for, and end with their pool."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from data.errors import EnvironmentFault
from envs import sandbox
from envs.sandbox.base import Limits
from envs.sandbox.warm import MAX_KINDS, Warm
from tests.sandbox.conftest import SMALL

LONG_S = 20.0


@pytest_asyncio.fixture
async def warm() -> AsyncIterator[Warm]:
    warm = Warm(sandbox.choose(), 2)
    try:
        async with warm.open(SMALL):
            pass
    except EnvironmentFault as reason:
        pytest.skip(str(reason))
    yield warm
    await warm.close()


def ready(warm: Warm) -> list[int]:
    return [len(spares) for spares in warm._ready.values()]


async def test_each_is_given_out_once_and_is_clean(warm: Warm) -> None:
    seen = []
    for _ in range(5):
        await warm.fill()
        assert ready(warm) == [2]
        async with warm.open(SMALL) as box:
            seen.append(box)
            done = await box.exec(
                ["find", "/home/agent", "/tmp", "-mindepth", "1"], timeout_s=LONG_S
            )
            assert done.stdout == b""
            await box.put({"left": b"", "/tmp/left": b""})
    assert len({id(box) for box in seen}) == 5


async def test_limits_and_folders_are_those_that_were_asked_for(warm: Warm, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "file").write_text("here")
    other = SMALL.model_copy(update={"disk_mib": 5})
    for _ in range(2):
        await warm.fill()
        async with warm.open(other, {"/opt/site": folder}) as box:
            assert (await box.exec(["ls", "/opt/site"], timeout_s=LONG_S)).stdout == b"file\n"
            done = await box.exec(["df", "-m", "--output=size", "/tmp"], timeout_s=LONG_S)
            assert done.stdout.split()[-1] == b"5"
        async with warm.open(SMALL) as box:
            assert (await box.exec(["ls", "/opt/site"], timeout_s=LONG_S)).status != 0


async def test_spares_are_kept_for_few_kinds_and_those_asked_for_last(warm: Warm) -> None:
    for number in range(MAX_KINDS + 3):
        async with warm.open(SMALL.model_copy(update={"pids": 32 + number})):
            await warm.fill()
    assert [limits.pids for limits, _ in warm._ready] == [35, 36, 37, 38]
    assert ready(warm) == [2] * MAX_KINDS


async def test_a_spare_that_died_is_not_given_out(warm: Warm) -> None:
    await warm.fill()
    for spare in next(iter(warm._ready.values())):
        await spare.sandbox.close()
    async with warm.open(SMALL) as box:
        assert (await box.exec(["echo", "well"], timeout_s=LONG_S)).stdout == b"well\n"


async def test_what_cannot_be_opened_is_told_each_time(warm: Warm, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(EnvironmentFault, match="cannot mount"):
            async with warm.open(SMALL, {"/opt/site": tmp_path / "absent"}):
                pass
    async with warm.open(SMALL) as box:
        assert (await box.exec(["true"], timeout_s=LONG_S)).status == 0


async def test_closing_while_spares_are_made_ends_all_of_them() -> None:
    warm = Warm(sandbox.choose(), 3)
    try:
        async with warm.open(Limits()) as box:
            pass
    except EnvironmentFault as reason:
        pytest.skip(str(reason))
    await asyncio.sleep(0)
    await warm.close()
    assert ready(warm) == []
    with pytest.raises(EnvironmentFault):
        await box.put({})
