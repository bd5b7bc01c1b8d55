"""Shapes of the training benchmark: the bundled model's layer, bfloat16, causal."""

from collections.abc import Callable

import torch

from kernels.bit_attention import attend, select_bits
from kernels.bit_loss import bit_loss
from kernels.case import Case, bf16

BATCH, LENGTH, HEADS, GROUPS, DIM, INDEX_HEADS, TOPK = 4, 8192, 9, 3, 64, 4, 256


def _loss() -> Callable[[], object]:
    index_q = bf16(BATCH, LENGTH, INDEX_HEADS, DIM).requires_grad_()
    index_k = bf16(BATCH, LENGTH, DIM).requires_grad_()
    w = (torch.randn(BATCH, LENGTH, INDEX_HEADS, device="cuda") / DIM).requires_grad_()
    q, k = bf16(BATCH, LENGTH, HEADS, DIM), bf16(BATCH, LENGTH, GROUPS, DIM)
    words = select_bits(index_q, index_k, w, TOPK)
    lse = attend(q, k, k, words, DIM**-0.5)[1]
    lengths = torch.full((BATCH,), LENGTH, device="cuda")

    def call() -> object:
        loss = bit_loss(index_q, index_k, w, q, k, lse, words, lengths, DIM**-0.5)
        return torch.autograd.grad(loss, (index_q, index_k, w))

    return call


PAIRS = BATCH * LENGTH * (LENGTH + 1) / 2
CASES = [
    Case(
        name="bit_loss",
        shape=f"{BATCH} x {LENGTH} tokens, {HEADS} heads, index {INDEX_HEADS} x {DIM}, top-k {TOPK}",
        make=_loss,
        # Scores twice, the target once, two products for each gradient.
        teraflop=PAIRS * DIM * 2 * (6 * INDEX_HEADS + HEADS) / 1e12,
    )
]
