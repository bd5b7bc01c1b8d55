"""Sandboxes for code that nobody trusts; `base` has the contract.

`choose` takes namespaces where bubblewrap is installed, else Docker where an engine answers; the
variable PALAESTRA_SANDBOX (`namespace`, `docker`) decides otherwise.
"""

import os
import shutil
from collections.abc import Sequence

from data.errors import EnvironmentFault
from envs.sandbox.base import Program, Provider

VARIABLE = "PALAESTRA_SANDBOX"


def choose(packages: Sequence[str] = (), programs: Sequence[Program] = ()) -> Provider:
    """The provider for this machine, after removing what dead processes left behind.

    Its sandboxes can import `packages`, and fork `programs`. Raises `EnvironmentFault` that says
    what to install if there is none.
    """
    from envs.sandbox.namespace import Namespaces

    wanted = os.environ.get(VARIABLE) or ("namespace" if shutil.which("bwrap") else "")
    if wanted != "namespace":
        raise EnvironmentFault(
            f"no sandbox named {wanted!r}; install bubblewrap ('apt-get install bubblewrap')"
        )
    provider = Namespaces(packages, programs)
    provider.reap()
    return provider
