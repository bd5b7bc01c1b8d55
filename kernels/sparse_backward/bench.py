"""Shapes of the sparse backward benchmark: 576/512 rows, top-k 2048, bfloat16."""

from collections.abc import Callable

import torch

from kernels.case import Case, bf16, random_picks
from kernels.sparse_backward import sparse_backward
from kernels.sparse_prefill import sparse_prefill

WIDTH, V_DIM, TOPK = 576, 512, 2048
SCALE = 192**-0.5
QUERIES, KEYS, HEADS = 4096, 8192, 64


def _make() -> Callable[[], object]:
    q, kv = bf16(QUERIES, HEADS, WIDTH), bf16(KEYS, WIDTH)
    picks = random_picks(QUERIES, KEYS, TOPK)
    out, lse = sparse_prefill(q, kv, picks, SCALE, V_DIM)
    dout = torch.randn_like(out)
    return lambda: sparse_backward(dout, q, kv, picks, out, lse, SCALE)


def _make_small() -> Callable[[], object]:
    """One layer of the bundled model; neighbours agree as those of a text do."""
    q, kv = bf16(8192, 9, 384), bf16(8192, 384)
    picks = random_picks(8192, 8192, 256, causal=True, shared=0.9)
    out, lse = sparse_prefill(q, kv, picks, SCALE, 192)
    dout = torch.randn_like(out)
    return lambda: sparse_backward(dout, q, kv, picks, out, lse, SCALE)


CASES = [
    Case(
        name="sparse_backward",
        shape=f"{QUERIES} x {KEYS}, {HEADS} heads, independent picks",
        make=_make,
        # Scores, dP, dQ, dK and dV.
        teraflop=QUERIES * TOPK * HEADS * (3 * WIDTH + 2 * V_DIM) * 2 / 1e12,
        anchor="TileLang 15.47 ms (float atomics, not deterministic)",
        target_ms=9.0,
    ),
    Case(
        name="sparse_backward",
        shape="8192 x 8192 causal, 9 heads, 384/192 rows, k 256, 90% shared priorities",
        make=_make_small,
        teraflop=8192 * 256 * 9 * (3 * 384 + 2 * 192) * 2 / 1e12,
    ),
]
