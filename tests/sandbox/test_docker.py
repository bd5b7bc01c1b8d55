"""What only containers have: an engine that knows of them after our death, and an image."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.errors import EnvironmentFault
from envs.sandbox import docker, labels
from envs.sandbox.base import LABEL

pytestmark = pytest.mark.docker
ROOT = Path(__file__).resolve().parents[2]
LONG_S = 20

CHILD = """
import asyncio
from envs.sandbox.base import Limits
from envs.sandbox.docker import Docker

async def main():
    async with Docker().open(Limits()) as box:
        await box.spawn(["sleep", "300"])
        print("ready", flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.fixture
def engine() -> Iterator[Any]:
    try:
        yield docker._engine()
    except EnvironmentFault as reason:
        pytest.skip(str(reason))


async def test_kill_9_of_the_parent_leaves_no_container_or_folder(engine: Any) -> None:
    command = [sys.executable, "-c", CHILD]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout as out:
        assert out.readline() == b"ready\n"
    (container,) = [
        found
        for found in engine.containers.list(filters={"label": LABEL})
        if f"-{parent.pid}-" in found.name
    ]
    removed = asyncio.create_task(
        asyncio.to_thread(container.wait, condition="removed", timeout=LONG_S)
    )
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    await removed
    assert list(labels.folders().glob(f"{LABEL}-*-{parent.pid}-*")) == []


def test_containers_of_the_dead_are_reaped_and_others_are_not(engine: Any) -> None:
    namespace = labels.new_label().split("-")[1]
    names = {"dead": f"{LABEL}-{namespace}-1-0-1", "alive": labels.new_label()}
    made = {
        who: engine.containers.create(docker.image(), ["/bin/true"], labels={LABEL: label})
        for who, label in names.items()
    }
    try:
        assert docker.Docker().reap().containers >= 1
        left = {found.id for found in engine.containers.list(all=True, filters={"label": LABEL})}
        assert made["alive"].id in left
        assert made["dead"].id not in left
    finally:
        made["alive"].remove(force=True)


def test_the_image_is_named_by_its_bytes_and_they_are_always_the_same(engine: Any) -> None:
    assert docker._root_file_system() == docker._root_file_system()
    repository, tag = docker.image().split(":")
    assert (repository, len(tag)) == (docker.REPOSITORY, 16)
    assert engine.images.get(docker.image()).attrs["Size"] < 1 << 20


def test_an_engine_that_does_not_answer_is_named_with_what_to_do() -> None:
    code = "from envs.sandbox import docker\ntry: docker._engine()\nexcept Exception as e: print(e)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DOCKER_HOST": "unix:///nowhere/docker.sock"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("no Docker engine answers")
    assert "scripts/docker_engine.py" in done.stdout
