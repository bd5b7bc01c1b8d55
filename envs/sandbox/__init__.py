"""Sandboxes for code that nobody trusts; `base` has the contract.

`choose` takes namespaces where bubblewrap is installed, else Docker where an engine answers; the
variable PALAESTRA_SANDBOX (`namespace`, `docker`) decides otherwise.
"""

import os
import shutil
from collections.abc import Mapping, Sequence

from data.errors import EnvironmentFault
from envs.sandbox.base import NO_VARIABLES, Program, Provider

VARIABLE = "PALAESTRA_SANDBOX"
NAMES = ("namespace", "docker")


def choose(
    packages: Sequence[str] = (),
    programs: Sequence[Program] = (),
    variables: Mapping[str, str] = NO_VARIABLES,
) -> Provider:
    """The provider for this machine, after removing what dead processes left behind.

    Its sandboxes can import `packages` and fork `programs`; `variables` add to the environment of
    what is forked. Raises `EnvironmentFault` that says what to do if there is none.
    """
    name = os.environ.get(VARIABLE) or ("namespace" if shutil.which("bwrap") else "docker")
    provider = named(name, packages, programs, variables)
    provider.reap()
    return provider


def named(
    name: str,
    packages: Sequence[str] = (),
    programs: Sequence[Program] = (),
    variables: Mapping[str, str] = NO_VARIABLES,
) -> Provider:
    """The provider called `name`; nothing is started before its first sandbox."""
    if name == "namespace":
        from envs.sandbox.namespace import Namespaces

        return Namespaces(packages, programs, variables)
    if name == "docker":
        from envs.sandbox.docker import Docker

        return Docker(packages, programs, variables)
    raise EnvironmentFault(f"no sandbox {name!r}; {VARIABLE} is one of {', '.join(NAMES)}")
