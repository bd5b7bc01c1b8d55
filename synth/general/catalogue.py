"""What general tasks can be made of."""

from importlib.metadata import PackageNotFoundError, version

from envs.general.compiler import domain_files
from envs.general.real import SOURCES
from envs.general.variant import VARIANTS
from synth.request import Catalogue


def catalogue() -> Catalogue:
    """Domains by name, and the environments that their variants make; compiles nothing."""
    domains = tuple(domain_files())
    return Catalogue(
        sources={name: _found(source.package) for name, source in SOURCES.items()},
        domains=domains,
        environments=len(domains) * VARIANTS,
    )


def _found(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package}, not installed"
