"""Shapes of the indexer loss benchmark: forward and all gradients in one call, bfloat16."""

from collections.abc import Callable

import torch

from kernels.case import Case, bf16, random_picks
from kernels.index_loss import index_loss

LENGTH, HEADS, INDEX_HEADS, DIM, TOPK = 4096, 64, 32, 128, 2048


def _call(sparse: bool) -> Callable[[], Callable[[], object]]:
    def make() -> Callable[[], object]:
        q_index = bf16(LENGTH, INDEX_HEADS, DIM).requires_grad_()
        k_index = bf16(LENGTH, DIM).requires_grad_()
        w = (torch.randn(LENGTH, INDEX_HEADS, device="cuda") / 64).requires_grad_()
        q, kv = bf16(LENGTH, HEADS, 576), bf16(LENGTH, 576)
        ends = torch.arange(1, LENGTH + 1, dtype=torch.int32, device="cuda")
        picks = random_picks(LENGTH, LENGTH, TOPK, causal=True) if sparse else None
        starts = torch.zeros_like(ends)

        def call() -> object:
            loss = index_loss(q_index, k_index, w, q, kv, picks, starts, ends, 192**-0.5)
            return torch.autograd.grad(loss, (q_index, k_index, w))

        return call

    return make


CASES = [
    Case(
        name="index_loss",
        shape=f"{LENGTH} tokens, {HEADS} heads, index {INDEX_HEADS} x {DIM}, {stage} stage",
        make=_call(stage == "sparse"),
        # The target walks twice over its keys; scores, their repeat, dq and dk follow.
        teraflop=pairs * (2 * HEADS * 576 + 4 * INDEX_HEADS * DIM) * 2 / 1e12,
    )
    for stage, pairs in (
        ("dense", LENGTH * (LENGTH + 1) / 2),
        ("sparse", TOPK * (TOPK + 1) / 2 + (LENGTH - TOPK) * TOPK),
    )
]
