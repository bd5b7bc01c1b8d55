"""Shapes of the indexer loss benchmark: forward and all gradients in one call, bfloat16."""

from collections.abc import Callable

import torch

from kernels.case import Case, bf16, random_picks
from kernels.index_loss import index_loss

LENGTH, HEADS, WIDTH, INDEX_HEADS, DIM, TOPK = 4096, 64, 576, 32, 128, 2048
SMALL = {"length": 8192, "heads": 9, "width": 384, "index_heads": 4, "dim": 64, "topk": 256}
"""One layer of the bundled model."""


def _call(
    sparse: bool,
    length: int = LENGTH,
    heads: int = HEADS,
    width: int = WIDTH,
    index_heads: int = INDEX_HEADS,
    dim: int = DIM,
    topk: int = TOPK,
) -> Callable[[], Callable[[], object]]:
    def make() -> Callable[[], object]:
        q_index = bf16(length, index_heads, dim).requires_grad_()
        k_index = bf16(length, dim).requires_grad_()
        w = (torch.randn(length, index_heads, device="cuda") / 64).requires_grad_()
        q, kv = bf16(length, heads, width), bf16(length, width)
        ends = torch.arange(1, length + 1, dtype=torch.int32, device="cuda")
        picks = random_picks(length, length, topk, causal=True) if sparse else None
        starts = torch.zeros_like(ends)

        def call() -> object:
            loss = index_loss(q_index, k_index, w, q, kv, picks, starts, ends, 192**-0.5)
            return torch.autograd.grad(loss, (q_index, k_index, w))

        return call

    return make


def _pairs(sparse: bool, length: int, topk: int) -> float:
    return topk * (topk + 1) / 2 + (length - topk) * topk if sparse else length * (length + 1) / 2


CASES = [
    Case(
        name="index_loss",
        shape=f"{LENGTH} tokens, {HEADS} heads, index {INDEX_HEADS} x {DIM}, {stage} stage",
        make=_call(stage == "sparse"),
        # The target walks twice over its keys; scores, their repeat, dq and dk follow.
        teraflop=_pairs(stage == "sparse", LENGTH, TOPK)
        * (2 * HEADS * WIDTH + 4 * INDEX_HEADS * DIM)
        * 2
        / 1e12,
    )
    for stage in ("dense", "sparse")
] + [
    Case(
        name="index_loss",
        shape=f"8192 tokens, 9 heads of 384, index 4 x 64, {stage} stage, k 256",
        make=_call(stage == "sparse", **SMALL),
        teraflop=_pairs(stage == "sparse", 8192, 256) * (2 * 9 * 384 + 4 * 4 * 64) * 2 / 1e12,
    )
    for stage in ("dense", "sparse")
]
