"""The real sources, loaded once a session."""

import pytest

from data.sources import elements as elements_module
from data.sources import factbook as factbook_module
from data.sources import films as films_module
from data.sources.base import SourceData


@pytest.fixture(scope="session")
def films() -> SourceData:
    return films_module.load()


@pytest.fixture(scope="session")
def factbook() -> SourceData:
    return factbook_module.load()


@pytest.fixture(scope="session")
def elements() -> SourceData:
    return elements_module.load()
