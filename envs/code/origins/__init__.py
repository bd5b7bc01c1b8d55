"""Where trees come from: one module a source, each with `fetch(origin) -> Tree`.

`fetch` raises `SourceError` for what cannot be had, or is not what `origin` says.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from data.errors import SourceError
from envs.code.spec import Origin
from envs.code.tree import Tree


class Source(Protocol):
    def fetch(self, origin: Origin) -> Tree: ...


def fetch(origin: Origin) -> Tree:
    """The tree of `origin` from its source; raises `SourceError`."""
    names = sorted(module.name for module in iter_modules(__path__))
    if origin.source not in names:
        raise SourceError(f"no source {origin.source!r} of trees; sources are {', '.join(names)}")
    return cast(Source, import_module(f"{__name__}.{origin.source}")).fetch(origin)
