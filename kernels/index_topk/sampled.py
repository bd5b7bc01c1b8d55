"""Exact top-k of many long rows of scores, in three short passes instead of a search over whole rows.

`_estimate` takes from a sample a score that a few more than `topk` keys should reach, `_filter` keeps
the keys that do, `_choose` selects among those few. Whether enough and not too many were kept is
counted, so a poor sample costs time and never changes the selection: such rows are reported.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.index_topk.search import LOWEST, ordered, threshold_of

CHUNK = tl.constexpr(8)
"""Keys sampled next to each other: one sector of memory."""
MIN_KEPT = 1024
MAX_TOPK = 8192


@triton.jit
def _estimate(
    score_ptr, start_ptr, end_ptr, bound_ptr, score_stride, topk,
    SAMPLE: tl.constexpr, KEPT: tl.constexpr,
):  # fmt: skip
    i_row = tl.program_id(0).to(tl.int64)
    start = tl.load(start_ptr + i_row)
    count = tl.load(end_ptr + i_row) - start
    if count <= KEPT:
        # All of it is kept.
        tl.store(bound_ptr + i_row, LOWEST + 1)
        return
    o_s = tl.arange(0, SAMPLE)
    step = count.to(tl.float32) / (SAMPLE // CHUNK)
    o_n = ((o_s // CHUNK).to(tl.float32) * step).to(tl.int32) + o_s % CHUNK
    m_n = o_n < count
    b_score = tl.load(score_ptr + i_row * score_stride + start + o_n, mask=m_n, other=0.0)
    b_key = ordered(b_score, m_n)
    num_valid = tl.sum(m_n.to(tl.int32))
    # Four standard deviations more than the sample's share of the selection.
    share = topk.to(tl.float32) * num_valid.to(tl.float32) / count.to(tl.float32)
    rank = (share + 4.0 * tl.sqrt(share) + CHUNK).to(tl.int32)
    bound, _ = threshold_of(b_key, m_n, num_valid, tl.minimum(rank, num_valid))
    tl.store(bound_ptr + i_row, bound.to(tl.int32))


@triton.jit
def _filter(
    score_ptr, start_ptr, end_ptr, bound_ptr, kept_score_ptr, kept_index_ptr, count_ptr,
    score_stride, num_keys, KEPT: tl.constexpr, TILE: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    i_row = tl.program_id(0).to(tl.int64)
    start = tl.load(start_ptr + i_row)
    end = tl.load(end_ptr + i_row)
    bound = tl.load(bound_ptr + i_row)
    kept = 0
    # Tiles begin at multiples of their size, which keeps loads wide.
    for i_n in tl.range(start // TILE * TILE, end, TILE, num_stages=STAGES):
        o_n = i_n + tl.arange(0, TILE)
        b_score = tl.load(score_ptr + i_row * score_stride + o_n, mask=o_n < num_keys, other=0.0)
        b_key = ordered(b_score, (o_n >= start) & (o_n < end))
        m_kept = b_key >= bound
        b_one = m_kept.to(tl.int32)
        b_place = kept + tl.cumsum(b_one, 0) - 1
        m_kept = m_kept & (b_place < KEPT)
        tl.store(kept_score_ptr + i_row * KEPT + b_place, b_score, mask=m_kept)
        tl.store(kept_index_ptr + i_row * KEPT + b_place, o_n, mask=m_kept)
        kept += tl.sum(b_one)
    tl.store(count_ptr + i_row, kept)


@triton.jit
def _choose(
    kept_score_ptr, kept_index_ptr, count_ptr, start_ptr, end_ptr, left_ptr, out_ptr,
    out_stride, topk, KEPT: tl.constexpr,
):  # fmt: skip
    i_row = tl.program_id(0).to(tl.int64)
    count = tl.load(count_ptr + i_row)
    start = tl.load(start_ptr + i_row)
    end = tl.load(end_ptr + i_row)
    enough = (count <= KEPT) & (count >= tl.minimum(topk, end - start))
    # What is left to the search: an empty row where the selection is known.
    tl.store(left_ptr + i_row, tl.where(enough, start, end))
    if enough:
        o_n = tl.arange(0, KEPT)
        m_n = o_n < count
        b_score = tl.load(kept_score_ptr + i_row * KEPT + o_n, mask=m_n, other=0.0)
        b_key = ordered(b_score, m_n)
        threshold = (count * 0).to(tl.int64) + LOWEST
        dropped = count * 0
        if count > topk:
            threshold, not_below = threshold_of(b_key, m_n, count, topk + count * 0)
            dropped = not_below - topk
        m_above = b_key > threshold.to(tl.int32)
        m_tied = (b_key == threshold.to(tl.int32)) & m_n
        # Both counts in one scan; a row keeps far fewer than 2^16 keys.
        b_scan = tl.cumsum(m_above.to(tl.int32) + (m_tied.to(tl.int32) << 16), 0)
        b_tied = b_scan >> 16
        # Of the keys at the threshold, the first ones are dropped.
        m_chosen = m_above | (m_tied & (b_tied > dropped))
        b_place = (b_scan & 0xFFFF) + tl.maximum(b_tied - dropped, 0) - 1
        b_index = tl.load(kept_index_ptr + i_row * KEPT + o_n, mask=m_n, other=-1)
        tl.store(out_ptr + i_row * out_stride + b_place, b_index, mask=m_chosen)


def select(
    scores_TS: Tensor, starts_T: Tensor, ends_T: Tensor, topk: int, out_TK: Tensor
) -> Tensor:
    """Writes the selections that could be made; returns ends that leave only the other rows any key."""
    num_rows, num_keys = scores_TS.shape
    device = scores_TS.device
    kept = max(MIN_KEPT, triton.next_power_of_2(2 * topk))
    sample = 2048 if num_keys <= 65536 else 8192
    bounds, counts, left = torch.empty(3, num_rows, dtype=torch.int32, device=device).unbind()
    kept_scores = torch.empty(num_rows, kept, dtype=torch.float32, device=device)
    kept_indices = torch.empty(num_rows, kept, dtype=torch.int32, device=device)
    grid = (num_rows,)
    _estimate[grid](
        scores_TS, starts_T, ends_T, bounds, scores_TS.stride(0), topk,
        SAMPLE=sample, KEPT=kept, num_warps=4,
    )  # fmt: skip
    _filter[grid](
        scores_TS, starts_T, ends_T, bounds, kept_scores, kept_indices, counts,
        scores_TS.stride(0), num_keys, KEPT=kept, TILE=1024, STAGES=3, num_warps=4,
    )  # fmt: skip
    _choose[grid](
        kept_scores, kept_indices, counts, starts_T, ends_T, left, out_TK,
        out_TK.stride(0), topk, KEPT=kept, num_warps=4 if kept <= 4096 else 8,
    )  # fmt: skip
    return left


def worthwhile(num_rows: int, num_keys: int, topk: int) -> bool:
    """Whether rows are many and long enough, and selections a small part of them."""
    return num_rows >= 128 and num_keys >= 4096 and 8 * topk <= 2 * num_keys and topk <= MAX_TOPK
