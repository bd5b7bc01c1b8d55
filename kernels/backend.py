"""Which implementation of an operation runs: the Triton kernel or the torch reference."""

from enum import StrEnum

import torch


class Backend(StrEnum):
    """The two implementations that every operation has."""

    TRITON = "triton"
    REFERENCE = "reference"


def choose(backend: Backend | None, tensor: torch.Tensor) -> Backend:
    """`backend` itself, or for None the kernel on CUDA and the reference elsewhere."""
    if backend is not None:
        return Backend(backend)
    return Backend.TRITON if tensor.is_cuda else Backend.REFERENCE
