"""Data files of installed packages, found without importing the packages."""

from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from data.errors import SourceError


def package_path(source: str, package: str, distribution: str, inside: str) -> Path:
    """Path of `inside` in `package`; SourceError says what to install where it is missing."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SourceError(
            f"source {source}: the package {distribution} is not installed;"
            f" pip install {distribution}"
        )
    path = Path(spec.submodule_search_locations[0], inside)
    if not path.exists():
        raise SourceError(
            f"source {source}: {distribution} {metadata.version(distribution)} has no {inside};"
            " install the version that pyproject.toml names"
        )
    return path


def version_of(distribution: str, pages: int) -> str:
    """Version of a source: that of its package and that of our rendering."""
    return f"{distribution} {metadata.version(distribution)}, pages {pages}"
