"""The selection of CPUs is that of the definition, ties and odd numbers included."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from kernels.index_topk import cpu, reference
from kernels.index_topk.cpu import select_latest


def expected(q_TID: Tensor, k_SD: Tensor, w_TI: Tensor, topk: int) -> Tensor:
    num_rows, num_keys = q_TID.shape[0], k_SD.shape[0]
    ends = torch.arange(num_keys - num_rows + 1, num_keys + 1, dtype=torch.int32)
    picks = reference.index_topk(q_TID, k_SD, w_TI, torch.zeros_like(ends), ends, topk).long()
    mask = torch.zeros(num_rows, num_keys + 1, dtype=torch.bool)
    return mask.scatter_(1, torch.where(picks < 0, num_keys, picks), True)[:, :-1]


def drawn(seed: int, num_rows: int, num_keys: int, dtype: torch.dtype) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    q = torch.randn(num_rows, 3, 16, generator=generator).to(dtype)
    k = torch.randn(num_keys, 16, generator=generator).to(dtype)
    return q, k, torch.randn(num_rows, 3, generator=generator)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1 << 20),
    num_new=st.integers(1, 60),
    past=st.integers(0, 90),
    topk=st.integers(1, 60),
    coarse=st.sampled_from([0, 1, 4]),
)
def test_any_chunk_selects_what_the_definition_selects(
    dtype: torch.dtype, seed: int, num_new: int, past: int, topk: int, coarse: int
) -> None:
    q, k, w = drawn(seed, num_new, past + num_new, dtype)
    if coarse:
        # Few different numbers, so that many scores are equal.
        q, k, w = (torch.round(t * coarse) / coarse for t in (q, k, w))
    assert torch.equal(select_latest(q, k, w, topk), expected(q, k, w, topk))


def test_scores_that_differ_in_the_last_bit_are_told_apart() -> None:
    q, k, w = drawn(7, 40, 200, torch.float32)
    # Copies of one key, each a hair longer than the one before: float32 sums cannot order them.
    steps = 1 + torch.arange(100, dtype=torch.float64) * 2.0**-23
    k[100:] = (k[50].double() * steps[:, None]).float()
    assert torch.equal(select_latest(q, k, w, 60), expected(q, k, w, 60))


def test_a_score_that_is_no_number_comes_last() -> None:
    q, k, w = drawn(8, 30, 50, torch.float32)
    k[[3, 17, 40]] = float("nan")
    assert torch.equal(select_latest(q, k, w, 12), expected(q, k, w, 12))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, w = drawn(9, 70, 130, torch.bfloat16)
    whole = select_latest(q, k, w, 20)
    monkeypatch.setattr(cpu, "BLOCK_ROWS", 16)
    monkeypatch.setattr(cpu, "MAX_CLOSE", 0)
    assert torch.equal(select_latest(q, k, w, 20), whole)
