"""Shapes of the training benchmark: the bundled model's layer, bfloat16, causal."""

from collections.abc import Callable

import torch
from torch import Tensor

from kernels.bit_attention import attend, select_bits
from kernels.case import Case, bf16

BATCH, LENGTH, HEADS, GROUPS, DIM, INDEX_HEADS, TOPK = 4, 8192, 9, 3, 64, 4, 256


def _index() -> tuple[Tensor, Tensor, Tensor]:
    w = torch.randn(BATCH, LENGTH, INDEX_HEADS, device="cuda") / DIM
    return bf16(BATCH, LENGTH, INDEX_HEADS, DIM), bf16(BATCH, LENGTH, DIM), w


def _select() -> Callable[[], object]:
    q, k, w = _index()
    return lambda: select_bits(q, k, w, TOPK)


def _attend() -> Callable[[], object]:
    q, k, v = (bf16(BATCH, LENGTH, n, DIM).requires_grad_() for n in (HEADS, GROUPS, GROUPS))
    index_q, index_k, w = _index()
    words = select_bits(index_q, index_k, w, TOPK)

    def call() -> object:
        out, _ = attend(q, k, v, words, DIM**-0.5)
        return torch.autograd.grad(out, (q, k, v), out.detach())

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
]
