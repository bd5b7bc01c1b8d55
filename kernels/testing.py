"""What kernel tests compare with: relative error, and memory that shows a missing write."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

HALF = torch.bfloat16 if torch.cuda.is_available() else torch.float16
"""The 16-bit type under test: Triton's interpreter multiplies bfloat16 matrices as raw integers."""


def relative_error(found: torch.Tensor, expected: torch.Tensor) -> float:
    """||found - expected|| / ||expected||, in float64; inf where either holds a NaN."""
    a, b = found.detach().double().cpu(), expected.detach().double().cpu()
    if bool(a.isnan().any()) or bool(b.isnan().any()):
        return float("inf")
    return float((a - b).norm() / b.norm().clamp_min(1e-30))


def poisoned(*sizes: int, dtype: torch.dtype, device: torch.device | str) -> torch.Tensor:
    """A buffer of NaN (floats) or of the smallest value (integers): unwritten parts show up."""
    if dtype.is_floating_point:
        return torch.full(sizes, float("nan"), dtype=torch.float32, device=device).to(dtype)
    return torch.full(sizes, torch.iinfo(dtype).min, dtype=dtype, device=device)


@contextmanager
def poisoned_allocations() -> Iterator[None]:
    """Within the block `torch.empty` returns poisoned memory, so no kernel can rely on zeros."""
    plain = torch.empty

    def empty(*args: Any, **kwargs: Any) -> torch.Tensor:
        out = plain(*args, **kwargs)
        filler = float("nan") if out.dtype.is_floating_point else -1
        return out.fill_(filler) if out.dtype != torch.float8_e4m3fn else out

    torch.empty = empty
    try:
        yield
    finally:
        torch.empty = plain
