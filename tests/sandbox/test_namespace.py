"""What only sandboxes of namespaces have: a life without cgroups or root, and what a death leaves."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from envs.sandbox import cgroups, labels
from envs.sandbox.base import LABEL, Limits, Sandbox
from envs.sandbox.namespace import Namespaces
from tests.sandbox.conftest import SMALL

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
ROOT = Path(__file__).resolve().parents[2]
LONG_S = 20.0

CHILD = """
import asyncio, sys
from envs.interpreter.service import service, within
from envs.interpreter.world import CellLimits
from envs.sandbox.base import Limits
from envs.sandbox.namespace import Namespaces

async def main():
    provider = Namespaces()
    async with provider.open(Limits()) as box:
        for number in range(3):
            await box.spawn(["sh", "-c", f"(setsid sleep 98765{number} &); sleep 98765{number}"])
        async def hold():
            pool = await service().pool()
            async with pool.kernel(CellLimits()) as kernel:
                await kernel.run("import subprocess; subprocess.Popen(['sleep', '987659'])")
                await pool.fill()
                print("ready", flush=True)
                await asyncio.sleep(600)
        await within(hold())
asyncio.run(main())
"""


@pytest_asyncio.fixture
async def ungrouped(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """A sandbox on a machine that has no cgroups for us."""
    monkeypatch.setattr(cgroups, "hierarchy", lambda: None)
    provider = Namespaces()
    async with provider.open(SMALL) as box:
        yield box
    await provider.close()


async def test_without_cgroups_memory_of_all_processes_is_still_limited(ungrouped: Sandbox) -> None:
    code = (
        "import os, time\nchildren = [os.fork() for _ in range(3)]\n"
        "x = bytearray(90 << 20)\ntime.sleep(5 if 0 in children else 2)"
    )
    assert (await ungrouped.exec(["python3", "-c", code], timeout_s=LONG_S)).oom
    done = await ungrouped.exec(["echo", "well"], timeout_s=LONG_S)
    assert (done.stdout, done.oom) == (b"well\n", False)


async def test_without_cgroups_shared_memory_counts_too(ungrouped: Sandbox) -> None:
    code = (
        "import mmap, time\nx = mmap.mmap(-1, 400 << 20)\n"
        "for _ in range(400): x.write(bytes(1 << 20))\ntime.sleep(2)"
    )
    assert (await ungrouped.exec(["python3", "-c", code], timeout_s=LONG_S)).oom


async def test_without_cgroups_processes_are_still_limited(ungrouped: Sandbox) -> None:
    script = "f() { f | f & }; f; sleep 5"
    done = await ungrouped.exec(["sh", "-c", script], timeout_s=1.0)
    assert b"fork" in done.stderr or done.timed_out
    assert (await ungrouped.exec(["echo", "well"], timeout_s=LONG_S)).stdout == b"well\n"


async def test_memory_that_is_only_shared_with_the_nursery_is_not_counted(
    ungrouped: Sandbox,
) -> None:
    """Twenty small processes are no reason to kill one."""
    script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 1 & done; wait"
    done = await ungrouped.exec(["sh", "-c", script], timeout_s=LONG_S)
    assert (done.status, done.oom) == (0, False)


async def test_an_ordinary_user_gets_the_same_sandbox() -> None:
    code = """
import asyncio
from envs.sandbox.base import Limits
from envs.sandbox.namespace import Namespaces

async def main():
    provider = Namespaces()
    async with provider.open(Limits()) as box:
        done = await box.exec(["sh", "-c", "id -u; grep -c ^Cap.*0000000000000000 /proc/self/status"],
                              timeout_s=20)
        print(done.stdout.decode().split())
    await provider.close()
asyncio.run(main())
"""
    done = _as_user(code)
    assert done.stdout == "['1000', '5']\n", done.stderr


async def test_an_ordinary_user_can_mount_what_that_user_can_read() -> None:
    code = """
import asyncio, os, subprocess, tempfile
from pathlib import Path
from data.errors import EnvironmentFault
from envs.sandbox.base import Limits
from envs.sandbox.namespace import Namespaces

async def main():
    provider = Namespaces()
    folder = Path(tempfile.mkdtemp())
    (folder / "file").write_text("of the host")
    try:
        async with provider.open(Limits(), {"/opt/site": folder}) as box:
            done = await box.exec(["sh", "-c", "cat /opt/site/file; echo > /opt/site/new"], timeout_s=20)
            print(done.stdout.decode(), b"Read-only" in done.stderr, os.listdir(folder))
        async with provider.open(Limits()) as box:
            done = await box.exec(["ls", "/opt"], timeout_s=20)
            print(done.stdout.decode().split())
        try:
            async with provider.open(Limits(), {"/opt/site": Path("/root")}): pass
        except EnvironmentFault as fault:
            print(str(fault).startswith("cannot mount '/root' at '/opt/site': "))
    finally:
        subprocess.run(["rm", "-r", folder])
        await provider.close()
asyncio.run(main())
"""
    done = _as_user(code)
    assert done.stdout.splitlines() == [
        "of the host True ['file']", "['supervisor']", "True"
    ], done.stderr  # fmt: skip


def _as_user(code: str) -> "subprocess.CompletedProcess[str]":
    """Runs `code` as a user who is not root, by whichever Python such a user can start."""
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    environment = {
        "PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": os.environ["PATH"],
    }
    for program in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        with suppress(PermissionError, FileNotFoundError):
            done = subprocess.run(
                [program, "-c", f"import pydantic, envs.sandbox.namespace\n{code}"],
                cwd="/",
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                **user,
            )
            if "ModuleNotFoundError" not in done.stderr:
                return done
    pytest.skip("no other user can read this checkout and its environment")


async def test_kill_9_of_the_parent_leaves_no_process_group_or_folder() -> None:
    command = [sys.executable, "-c", CHILD]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout as out:
        assert out.readline() == b"ready\n"
    assert len(_left(parent.pid)) >= 2
    pidfds = [os.pidfd_open(pid) for pid in _descendants(parent.pid)]
    assert len(pidfds) >= 10
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    await asyncio.wait_for(asyncio.gather(*map(_gone, pidfds)), LONG_S)
    # Folders and cgroups cannot end by themselves: whoever starts next removes them.
    Namespaces().reap()
    assert _left(parent.pid) == []


async def test_reaping_leaves_the_living_alone() -> None:
    provider = Namespaces()
    async with provider.open(Limits()) as box:
        folder = labels.new_folder()
        provider.reap()
        assert folder.is_dir()
        assert (await box.exec(["echo", "well"], timeout_s=LONG_S)).stdout == b"well\n"
        labels.remove_folder(folder)
    await provider.close()


def _left(pid: int) -> list[Path]:
    """Folders and cgroups of process `pid`."""
    place = cgroups.hierarchy()
    folders = [labels.folders(), *(place.folders if place else ())]
    return [found for folder in folders for found in folder.glob(f"{LABEL}-*-{pid}-*")]


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(child) for file in children for child in file.read_text().split()]
    return found + [below for child in found for below in _descendants(child)]


async def _gone(pidfd: int) -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(pidfd, ended.set)
    await ended.wait()
    loop.remove_reader(pidfd)
    os.close(pidfd)
