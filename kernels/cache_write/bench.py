"""Shapes of the cache write benchmark: a prefill of 8192 tokens, both row formats."""

from collections.abc import Callable

import torch

from kernels.cache_write import CacheLayout, NewRows, Norms, cache_write
from kernels.case import Case, bf16

TOKENS, PAGE = 8192, 64


def _call(fp8: bool) -> Callable[[], Callable[[], object]]:
    def make() -> Callable[[], object]:
        layout = CacheLayout(512, 64, 128, fp8=fp8)
        buffer = layout.allocate(TOKENS // PAGE, PAGE, "cuda")
        angle = torch.randn(TOKENS, 32, device="cuda")
        new = NewRows(
            bf16(TOKENS, 512), bf16(TOKENS, 64), bf16(TOKENS, 128), angle.cos(), angle.sin()
        )
        ones = torch.ones(512, device="cuda")
        norms = Norms(ones, 1e-6, ones[:128], torch.zeros(128, device="cuda"))
        slots = torch.randperm(TOKENS, device="cuda").to(torch.int32)
        return lambda: cache_write(buffer, layout, new, norms, slots)

    return make


CASES = [
    Case(
        name="cache_write",
        shape=f"{TOKENS} tokens, {'fp8' if fp8 else 'bf16'} rows",
        make=_call(fp8),
        gigabyte=TOKENS * (704 * 2 + 256 + CacheLayout(512, 64, 128, fp8=fp8).row_bytes) / 1e9,
    )
    for fp8 in (False, True)
]
