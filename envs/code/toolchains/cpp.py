"""C++ trees; `native` has what both languages share."""

from data.errors import TaskError
from envs.code.layout import Layout
from envs.code.toolchains import native
from envs.code.toolchains.base import Plan, RunRequest
from envs.code.toolchains.native import mounts, tests, variables
from envs.code.tree import Tree

__all__ = ["describe", "mounts", "script", "tests", "variables"]


def describe(tree: Tree) -> Layout | None:
    return native.describe(tree, "cpp")


def script(request: RunRequest, mounts: object) -> Plan:
    """There are none: what a program links with, only the tree's own build knows."""
    raise TaskError("a C++ tree has no scripts outside of its tests")
