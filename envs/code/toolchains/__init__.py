"""How trees of one language are set up and tested; one module each, found by its name."""

from importlib import import_module
from typing import cast

from data.errors import TaskError
from envs.code.toolchains.base import ToolchainModule

NAMES = ("python", "node", "go", "java", "c", "cpp", "php")


def toolchain_module(name: str) -> ToolchainModule:
    """Raises `TaskError` for a name that is none."""
    if name not in NAMES:
        raise TaskError(f"no toolchain {name!r}; toolchains are {', '.join(NAMES)}")
    return cast(ToolchainModule, import_module(f"envs.code.toolchains.{name}"))
