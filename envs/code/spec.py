"""The world of a code task: where its tree comes from, what is taken away, what is put over it."""

from typing import Self

from pydantic import Field, model_validator

from data.record import Record
from envs.sandbox.base import Limits

VERSION = "1"
REPOSITORY = "/home/agent/repo"
"""The working copy, for the agent and in grading."""

Files = dict[str, str | None]
"""Whole texts by path, relative to the tree; None where there is no such file."""


class Origin(Record):
    """Where a tree can be had again."""

    source: str = Field(pattern=r"[a-z]+")
    """How: `sdist`, `debian`, `npm`, `git`, ..., a module of `envs.code.origins`."""
    project: str
    version: str
    """Of a release; the commit of a clone."""
    archive: str
    """File name of an archive; path or address of a clone."""
    sha256: str = Field(pattern=r"[0-9a-f]{64}")
    """Of the archive; of the tree where there is none."""


class Toolchain(Record):
    """What runs a tree's tests."""

    name: str = "python"
    """A module of `envs.code.toolchains`."""
    lock: str = ""
    """What has to be installed, pinned and hashed, in the toolchain's own form."""
    root: str = ""
    """Folder of the tree that the toolchain works in; Python puts it on the import path."""
    command: str
    """How a person runs the tests, as the agent is told."""


class CodeLimits(Record):
    sandbox: Limits = Limits(memory_mib=2048, pids=256, disk_mib=1024)
    command_s: float = Field(default=120.0, gt=0)
    """One command of the shell."""
    tests_s: float = Field(default=120.0, gt=0)
    """One run of the tests in grading."""
    max_output_chars: int = Field(default=16_000, ge=1_000)


class Parameters(Record):
    """`EnvSpec.parameters` of a code task; public, so it never says what the fix changes.

    The agent's tree is the origin's without `removed`, with `overlay` written over it.
    """

    origin: Origin
    tree_sha256: str
    """`envs.code.tree.tree_hash` of the origin's tree."""
    toolchain: Toolchain
    sources: tuple[str, ...] = Field(min_length=1)
    """Paths that the agent may change, and folders (ending in `/`) where it may add modules; all
    else that it writes stays behind."""
    removed: tuple[str, ...] = ()
    overlay: Files = {}
    limits: CodeLimits = CodeLimits()

    @model_validator(mode="after")
    def _paths_stay_inside(self) -> Self:
        for path in (*self.sources, *self.removed, *self.overlay, self.toolchain.root):
            if path.startswith("/") or ".." in path.split("/"):
                raise ValueError(f"the path {path!r} leaves the tree")
        return self
