"""What general tasks can be made of."""

from importlib.metadata import PackageNotFoundError, version

from envs.general.compiler import domain_files
from envs.general.real import SOURCES
from envs.general.trip.compiled import PACKAGES, Domain, Listing
from envs.general.variant import VARIANTS
from synth.request import Catalogue


def catalogue() -> Catalogue:
    """Domains by name, and the environments that their variants make; compiles nothing."""
    domains = tuple(domain_files())
    packages = {name: source.package for name, source in SOURCES.items()}
    return Catalogue(
        sources={name: _found(package) for name, package in (packages | PACKAGES).items()},
        domains=(*domains, *Domain),
        environments=len(domains) * VARIANTS + len(Domain) * len(Listing),
    )


def _found(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package}, not installed"
