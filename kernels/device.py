"""How much shared memory a program may take, so that tiles fit GPUs other than Hopper's."""

import torch
from torch import Tensor

LIMITS = {80: 166_912, 86: 101_376, 89: 101_376, 90: 232_448}
"""Bytes per program by compute capability, where no device can be asked."""

assumed_capability = 90
"""The device that tensors on the CPU stand for; `compile_check` sets it."""


def shared_memory_bytes(tensor: Tensor) -> int:
    """Bytes of shared memory a program may use where `tensor` lives."""
    if tensor.is_cuda:
        properties = torch.cuda.get_device_properties(tensor.device)
        # Absent from torch's type stubs.
        return int(properties.shared_memory_per_block_optin)  # type: ignore[attr-defined]
    return LIMITS[assumed_capability]


def is_roomy(tensor: Tensor) -> bool:
    """Hopper's 227 KiB; SM80 has 163 KiB."""
    return shared_memory_bytes(tensor) >= LIMITS[90]


def is_narrow(tensor: Tensor) -> bool:
    """The 99 KiB of SM86 and SM89, where tiles have half the rows."""
    return shared_memory_bytes(tensor) < LIMITS[80]
