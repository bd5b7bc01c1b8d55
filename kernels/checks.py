"""Argument checks shared by all operations: a `ValueError` naming argument and limit, before launch.

Value checks (an index out of range) read the device and so wait for it; they run on the CPU and,
on CUDA, only where an operation's `check_values` asks for them: kernels mask such indices instead.
"""

from collections.abc import Sequence

import torch

FLOATS = (torch.float32, torch.bfloat16, torch.float16)
FP8 = torch.float8_e4m3fn


def shape(name: str, tensor: torch.Tensor, expected: Sequence[int | None]) -> None:
    """`tensor` has the `expected` sizes; None accepts any size of at least 0."""
    found = tuple(tensor.shape)
    fits = len(found) == len(expected) and all(
        e is None or e == f for e, f in zip(expected, found, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if e is None else str(e) for e in expected)
        raise ValueError(f"{name}: expected shape ({wanted}), got {found}")


def dtype(name: str, tensor: torch.Tensor, allowed: Sequence[torch.dtype]) -> None:
    """`tensor` has one of the `allowed` types."""
    if tensor.dtype not in allowed:
        names = ", ".join(str(d).removeprefix("torch.") for d in allowed)
        raise ValueError(f"{name}: expected dtype {names}, got {tensor.dtype}")


def rows(name: str, tensor: torch.Tensor) -> None:
    """The last dimension of `tensor` is dense in memory; outer strides are free."""
    if tensor.numel() and tensor.shape[-1] > 1 and tensor.stride(-1) != 1:
        raise ValueError(
            f"{name}: the last dimension must be contiguous, got stride {tensor.stride(-1)}; "
            "call .contiguous() first"
        )


def same_device(**tensors: torch.Tensor | None) -> None:
    """All given tensors live on one device."""
    devices = {name: t.device for name, t in tensors.items() if t is not None}
    if len(set(devices.values())) > 1:
        listed = ", ".join(f"{name} on {device}" for name, device in devices.items())
        raise ValueError(f"tensors must share one device, got {listed}")


def between(name: str, value: int, low: int, high: int) -> None:
    """`low <= value <= high`."""
    if not low <= value <= high:
        raise ValueError(f"{name}: must be between {low} and {high}, got {value}")


def index_range(name: str, indices: torch.Tensor, limit: int) -> None:
    """Every index is -1 (unused) or below `limit`; looked at only where that does not wait."""
    if indices.is_cuda or not indices.numel():
        return
    low, high = int(indices.min()), int(indices.max())
    if low < -1 or high >= limit:
        raise ValueError(f"{name}: entries must be -1 or in 0..{limit - 1}, found {low}..{high}")
