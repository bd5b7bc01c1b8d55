"""Shapes of the decode benchmark: 64 sequences, 16 and 128 heads, top-k 2048, 64-token pages."""

from collections.abc import Callable

import torch

from kernels.cache_write import CacheLayout
from kernels.case import Case, bf16, random_picks
from kernels.sparse_decode import sparse_decode

BATCH, LENGTH, PAGE, TOPK = 64, 8192, 64, 2048


def _call(heads: int, fp8: bool) -> Callable[[], Callable[[], object]]:
    def make() -> Callable[[], object]:
        layout = CacheLayout(512, 64, 128, fp8=fp8)
        num_pages = BATCH * LENGTH // PAGE
        views = layout.views(layout.allocate(num_pages, PAGE, "cuda"))
        views.rope_PNR.copy_(bf16(*views.rope_PNR.shape))
        if views.scales_PNG is None:
            views.latent_PNV.copy_(bf16(*views.latent_PNV.shape))
        else:
            views.latent_PNV.copy_(bf16(*views.latent_PNV.shape).to(torch.float8_e4m3fn))
            views.scales_PNG.fill_(1.0)
        table = torch.randperm(num_pages, device="cuda").to(torch.int32).view(BATCH, -1)
        q, picks = bf16(BATCH, heads, 576), random_picks(BATCH, LENGTH, TOPK)
        return lambda: sparse_decode(q, views, table, picks, 192**-0.5)

    return make


def _case(heads: int, fp8: bool) -> Case:
    row_bytes = 512 + 16 + 128 if fp8 else 1152
    return Case(
        name="sparse_decode",
        shape=f"{BATCH} sequences of {LENGTH}, {heads} heads, {'fp8' if fp8 else 'bf16'} rows",
        make=_call(heads, fp8),
        gigabyte=BATCH * TOPK * row_bytes / 1e9,
    )


CASES = [_case(16, False), _case(16, True), _case(128, False), _case(128, True)]
