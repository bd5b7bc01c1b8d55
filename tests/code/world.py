"""A small world of code for tests: a package with a bug, its task, and calls that read well."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from data.errors import EnvironmentFault
from data.task import EnvSpec, Language, Message, PublicTask, Role, ToolCall
from data.trajectory import Observation
from envs.code.env import Env
from envs.code.spec import VERSION, CodeLimits, Files, Origin, Parameters, Toolchain
from envs.code.tools import TOOLS
from envs.code.tree import File, Tree
from envs.code.trees import keep_tree
from envs.sandbox.base import Limits

SMALL = CodeLimits(sandbox=Limits(memory_mib=256, pids=48, file_mib=16, disk_mib=32), command_s=20)
SOURCE = '''"""Weights."""

UNIT = "kg"


def lightest(weights):
    found = None
    for weight in weights:
        if found is None or weight > found:
            found = weight
    return found
'''
TREE: dict[str, File] = {
    "README.md": File(content="Scales \u96ea\n".encode()),
    "run.sh": File(content=b"#!/bin/sh\necho ran\n", executable=True),
    "src/scales/__init__.py": File(content=b"from scales.weigh import lightest\n"),
    "src/scales/crlf.py": File(content=b"one = 1\r\ntwo = 2\r\n"),
    "src/scales/latin.py": File(content="# caf\u00e9\n".encode("latin-1")),
    "src/scales/table.bin": File(content=bytes(range(256))),
    "src/scales/weigh.py": File(content=SOURCE.encode()),
    "tests/test_weigh.py": File(
        content=b"from scales import lightest\n\ndef test_lightest():\n"
        b"    assert lightest([3, 1, 2]) == 1\n"
    ),
}
SOURCES = tuple(f"src/scales/{name}.py" for name in ("__init__", "crlf", "latin", "weigh"))
TEXT = """`lightest` gives the heaviest of several weights.

```python
from scales import lightest
print(lightest([3, 1, 2]))
```

Expected:

```
1
```
"""


def task(
    tree: Tree = TREE,
    text: str = TEXT,
    sources: tuple[str, ...] = (*SOURCES, "src/scales/"),
    overlay: Files | None = None,
    limits: CodeLimits = SMALL,
) -> PublicTask:
    """A task on `tree`, which is put where worlds find it."""
    parameters = Parameters(
        origin=Origin(source="sdist", project="scales", version="1", archive="a", sha256="0" * 64),
        tree_sha256=keep_tree(tree),
        toolchain=Toolchain(root="src", command="python -m pytest tests"),
        sources=sources,
        overlay=overlay or {},
        limits=limits,
    )
    return PublicTask.model_construct(
        id="code-0",
        kind="code",
        language=Language.EN,
        prompt=(Message(role=Role.USER, content=text),),
        tools=TOOLS,
        env=EnvSpec(name="code", version=VERSION, parameters=parameters.model_dump(mode="json")),
    )


class World:
    """An open environment."""

    def __init__(self, env: Env, first: Observation) -> None:
        self.env = env
        self.first = first

    async def call(self, name: str, **arguments: Any) -> Observation:
        return await self.env.call(ToolCall(name=name, arguments=arguments))

    async def bash(self, command: str, **arguments: Any) -> Observation:
        return await self.call("bash", command=command, **arguments)

    async def edit(self, path: str, old: str, new: str) -> Observation:
        return await self.call("edit", path=path, old=old, new=new)

    async def view(self, path: str, **arguments: Any) -> Observation:
        return await self.call("view", path=path, **arguments)

    @property
    def files(self) -> Mapping[str, str | None]:
        state: Any = self.env.state()
        return state["files"]

    @property
    def refused(self) -> Mapping[str, str]:
        state: Any = self.env.state()
        return state.get("refused", {})


@asynccontextmanager
async def opened(task: PublicTask) -> AsyncIterator[World]:
    """The world of `task`; skips the test where there are no sandboxes."""
    env = Env()
    try:
        first = await env.reset(task)
    except EnvironmentFault as reason:
        pytest.skip(str(reason))
    try:
        yield World(env, first)
    finally:
        await env.close()
