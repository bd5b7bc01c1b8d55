"""Shapes of the selection benchmark: causal, top-k 2048, bfloat16 and e4m3."""

from collections.abc import Callable

import torch

from kernels.case import Case, bf16
from kernels.index_topk import index_topk

TOPK = 2048


def _call(length: int, heads: int, dim: int, fp8: bool) -> Callable[[], Callable[[], object]]:
    def make() -> Callable[[], object]:
        q, k = bf16(length, heads, dim), bf16(length, dim)
        w = torch.randn(length, heads, device="cuda")
        ends = torch.arange(1, length + 1, dtype=torch.int32, device="cuda")
        starts = torch.zeros_like(ends)
        if fp8:
            q, k = q.to(torch.float8_e4m3fn), k.to(torch.float8_e4m3fn)
        scale = torch.ones(length, device="cuda") if fp8 else None
        return lambda: index_topk(q, k, w, starts, ends, TOPK, k_scale_S=scale)

    return make


def _torch_topk() -> Callable[[], object]:
    scores = torch.randn(TOPK, 32768, device="cuda")
    return lambda: scores.topk(TOPK, dim=-1)


def _case(length: int, heads: int, dim: int, fp8: bool, anchor: str, target: float | None) -> Case:
    return Case(
        name="index_topk",
        shape=f"{length}^2 causal, {heads} x {dim}, {'e4m3' if fp8 else 'bf16'}",
        make=_call(length, heads, dim, fp8),
        teraflop=length * (length + 1) / 2 * heads * dim * 2 / 1e12,
        anchor=anchor,
        target_ms=target,
    )


CASES = [
    _case(32768, 32, 128, True, "DeepGEMM 4.86 ms + torch.topk 14.5 ms", 8.0),
    _case(32768, 32, 128, False, "public fused kernel (bf16) 16.08 ms", 8.0),
    _case(8192, 8, 64, False, "none: DeepGEMM refuses 8 heads", None),
    Case(name="torch.topk alone", shape="2048 rows x 32768, k 2048", make=_torch_topk),
]
