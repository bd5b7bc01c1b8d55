"""Shapes of the decode selection benchmark: 64 sequences, top-k 2048, 64-token pages."""

from collections.abc import Callable

import torch

from kernels.cache_write import CacheLayout
from kernels.case import Case, bf16
from kernels.paged_topk import paged_topk

BATCH, PAGE, TOPK = 64, 64, 2048


def _call(length: int, heads: int, dim: int, fp8: bool) -> Callable[[], Callable[[], object]]:
    def make() -> Callable[[], object]:
        layout = CacheLayout(512, 64, dim, fp8=fp8)
        num_pages = BATCH * length // PAGE
        views = layout.views(layout.allocate(num_pages, PAGE, "cuda"))
        keys = bf16(*views.index_PND.shape)
        views.index_PND.copy_(keys.to(views.index_PND.dtype))
        if views.index_scale_PN is not None:
            views.index_scale_PN.fill_(1.0)
        table = torch.randperm(num_pages, device="cuda").to(torch.int32).view(BATCH, -1)
        q = bf16(BATCH, heads, dim).to(views.index_PND.dtype)
        w = torch.randn(BATCH, heads, device="cuda")
        lengths = torch.full((BATCH,), length, dtype=torch.int32, device="cuda")
        return lambda: paged_topk(q, w, views, table, lengths, TOPK)

    return make


def _case(length: int, heads: int, dim: int, fp8: bool) -> Case:
    return Case(
        name="paged_topk",
        shape=f"{BATCH} sequences of {length}, {heads} x {dim}, {'fp8' if fp8 else 'bf16'} keys",
        make=_call(length, heads, dim, fp8),
        gigabyte=BATCH * length * (dim + 4 if fp8 else 2 * dim) / 1e9,
    )


CASES = [_case(8192, 64, 128, True), _case(8192, 8, 64, False), _case(65536, 64, 128, True)]
