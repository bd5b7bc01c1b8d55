"""Shapes of the training benchmark: the bundled model's layer, bfloat16, causal."""

from collections.abc import Callable

import torch
from torch import Tensor

from kernels.bit_attention import attend, index_loss, select_bits
from kernels.case import Case, bf16

BATCH, LENGTH, HEADS, GROUPS, DIM, INDEX_HEADS, TOPK = 4, 8192, 9, 3, 64, 4, 256


def _index() -> tuple[Tensor, Tensor, Tensor]:
    w = torch.randn(BATCH, LENGTH, INDEX_HEADS, device="cuda") / DIM
    return bf16(BATCH, LENGTH, INDEX_HEADS, DIM), bf16(BATCH, LENGTH, DIM), w


def _select() -> Callable[[], object]:
    index = _index()
    return lambda: select_bits(*index, TOPK)


def _attend() -> Callable[[], object]:
    heads = [bf16(BATCH, LENGTH, n, DIM).requires_grad_() for n in (HEADS, GROUPS, GROUPS)]
    words = select_bits(*_index(), TOPK)

    def call() -> object:
        out, _ = attend(*heads, words, DIM**-0.5)
        return torch.autograd.grad(out, heads, out.detach())

    return call


def _loss() -> Callable[[], object]:
    index = [x.requires_grad_() for x in _index()]
    q, k = bf16(BATCH, LENGTH, HEADS, DIM), bf16(BATCH, LENGTH, GROUPS, DIM)
    words = select_bits(*index, TOPK)
    lse = attend(q, k, k, words, DIM**-0.5)[1]
    lengths = torch.full((BATCH,), LENGTH, device="cuda")
    scale = DIM**-0.5

    def call() -> object:
        loss = index_loss(index[0], index[1], index[2], q, k, lse, words, lengths, scale)
        return torch.autograd.grad(loss, index)

    return call


PAIRS = BATCH * LENGTH * (LENGTH + 1) / 2
SHAPE = f"{BATCH} x {LENGTH} tokens, {HEADS} heads in {GROUPS} groups of {DIM}, top-k {TOPK}"
CASES = [
    Case(
        name="bit_attention",
        shape=f"{SHAPE}, selection",
        make=_select,
        teraflop=PAIRS * INDEX_HEADS * DIM * 2 / 1e12,
    ),
    Case(
        name="bit_attention",
        shape=f"{SHAPE}, forward and backward",
        make=_attend,
        # Two products forward; backward repeats the first in both kernels and adds five.
        teraflop=PAIRS * HEADS * DIM * 2 * 9 / 1e12,
    ),
    Case(
        name="bit_attention",
        shape=f"{SHAPE}, indexer's loss",
        make=_loss,
        # Scores twice, the target once, two products for each gradient.
        teraflop=PAIRS * DIM * 2 * (6 * INDEX_HEADS + HEADS) / 1e12,
    ),
]
