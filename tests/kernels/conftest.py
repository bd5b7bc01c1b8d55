"""Kernels run on the GPU where there is one and under Triton's interpreter where there is none."""

import os

import pytest
import torch

if not torch.cuda.is_available():
    # Read when a kernel's module is imported, so before any test module does.
    os.environ["TRITON_INTERPRET"] = "1"


@pytest.fixture(autouse=True)
def _single_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


@pytest.fixture
def random(device: str) -> torch.Generator:
    return torch.Generator().manual_seed(0)
