"""What a toolchain is: how the tests of a tree are run in a sandbox, and where their results show.

A toolchain is a module of this package, found by its name. It has `mounts`, `variables`, `tests`
and `script` as `ToolchainModule` says, and nothing of it runs outside a sandbox.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from envs.code.spec import CodeLimits, Toolchain
from envs.code.tree import Tree

STREAM_FD = 3
"""Where a program in the sandbox tells results as they come; see `envs.code.stream`."""
NOTES = "/tmp/notes"
"""File that a plug-in of ours writes what it found to."""


class Plugin(NamedTuple):
    """A module for the test framework, which notes something while the tests run."""

    source: str
    env: Mapping[str, str] = MappingProxyType({})
    """Variables of the test process, e.g. one that names `NOTES`."""


class RunRequest(NamedTuple):
    """One run of a tree's tests, or of a script, in a sandbox of its own."""

    tree: Tree
    toolchain: Toolchain
    modules: tuple[str, ...]
    """Paths of the test modules to run; none for a script."""
    ids: tuple[str, ...] | None = None
    """Ids of the tests to run (`classname::name`); None for all of `modules`."""
    seed: int = 0
    """Of the order of tests and of the hashes of strings; 0 is the order of the files."""
    days: int = 0
    """The clock is moved by so many days and stands still; 0 is the true clock, running."""
    limits: CodeLimits = CodeLimits()
    script: str = ""
    """A program to run instead of tests, outside the framework; it can import the tree."""
    forked: bool = False
    """The script is ours and works with the framework: it runs where that is loaded already."""
    order: int | None = None
    """Seed of the order alone, where it shall differ from that of the hashes."""
    plugin: Plugin | None = None
    disguised: bool = False
    """Nothing in the environment or in the arguments tells the tree's code that it is tested."""


class Plan(NamedTuple):
    """What to do in the sandbox, in the working copy."""

    argv: tuple[str, ...]
    """`@name` is a program of the provider, forked instead of started; only where `streamed`."""
    env: Mapping[str, str] = MappingProxyType({})
    stdin: bytes = b""
    files: Mapping[str, bytes] = MappingProxyType({})
    """What to write beside the tree, by absolute path below /tmp."""
    report: str = ""
    """Path of the JUnit report that is there at the end; '' for a script."""
    streamed: bool = False
    """Results come on `STREAM_FD` too, as they happen, and must agree with the report."""
    hashes: int = 0
    """Seed of the hashes of strings in a program that is forked."""


class ToolchainModule(Protocol):
    def mounts(self, toolchain: Toolchain) -> Mapping[str, Path]:
        """Folders to be seen in the sandbox, read-only: path inside -> folder here.

        Installs what is missing. Raises `EnvironmentFault` where that cannot be done.
        """

    def variables(self, toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
        """Environment of the agent's shell, beyond the sandbox's own."""

    def links(self, toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
        """Links in the working copy that are no part of the tree: path -> where it leads."""

    def tests(self, request: RunRequest, mounts: Mapping[str, Path]) -> Plan: ...

    def script(self, request: RunRequest, mounts: Mapping[str, Path]) -> Plan: ...
