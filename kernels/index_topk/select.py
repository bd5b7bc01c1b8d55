"""Exact, deterministic top-k of rows of scores: one program a row, the row in registers.

The k-th largest score is found by counting: interpolation and bisection on the scores, read as
integers of the same order. Rows longer than `MAX_BLOCK` are cut into segments first; the best of
the best are the best of all, ties included, because segments keep the order of keys.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

MIN_BLOCK = 2048
MAX_BLOCK = 32768
LOWEST = tl.constexpr(-(2**31))
SEGMENT = tl.constexpr(MAX_BLOCK)


@triton.jit
def _ordered(b_score, m_valid):
    """Scores as int32 of the same order; NaN as -inf, -0.0 as 0.0, invalid places below all."""
    b_score = tl.where(b_score != b_score, float("-inf"), b_score)
    b_score = tl.where(b_score == 0.0, 0.0, b_score)
    b_bits = b_score.to(tl.int32, bitcast=True)
    b_key = b_bits ^ ((b_bits >> 31) & 0x7FFFFFFF)
    return tl.where(m_valid, b_key, LOWEST)


@triton.jit
def _value(key):
    """The float that `_ordered` maps to `key` (an int64 scalar), infinities made finite."""
    bits = key.to(tl.int32)
    value = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).to(tl.float32, bitcast=True)
    return tl.minimum(tl.maximum(value, -3.4e38), 3.4e38)


@triton.jit
def _threshold(b_key, m_valid, num_valid, topk):
    """The largest key with at least `topk` keys not below it, and how many those are."""
    low = tl.min(tl.where(m_valid, b_key, 2147483647)).to(tl.int64)
    high = tl.max(b_key).to(tl.int64) + 1
    # Invariants: count(>= low) = count_low >= topk, count(>= high) = count_high < topk.
    count_low = num_valid
    count_high = num_valid * 0
    step = num_valid * 0
    while (high - low > 1) & (count_low != topk):
        middle = (low + high) // 2
        if step % 2 == 0:
            # Scores are smooth around the threshold far more often than not.
            share = (count_low - topk).to(tl.float32) / (count_low - count_high).to(tl.float32)
            guess = _value(low) * (1 - share) + _value(high - 1) * share
            guess_bits = guess.to(tl.int32, bitcast=True)
            guess_key = (guess_bits ^ ((guess_bits >> 31) & 0x7FFFFFFF)).to(tl.int64)
            inside = (guess_key > low) & (guess_key < high)
            middle = tl.where(inside, guess_key, middle)
        if step % 8 == 7:
            # Closes the gap around a plateau of equal scores at once.
            low = tl.min(tl.where(b_key >= low, b_key, 2147483647)).to(tl.int64)
            high = tl.max(tl.where(b_key < high, b_key, LOWEST)).to(tl.int64) + 1
            middle = (low + high + 1) // 2
        count = tl.sum((b_key >= middle).to(tl.int32))
        if count >= topk:
            low = middle
            count_low = count
        else:
            high = middle
            count_high = count
        step += 1
    return low, count_low


@triton.jit
def _select(
    score_ptr, map_ptr, start_ptr, end_ptr, out_ptr,
    score_stride, map_stride, out_stride, segment_stride,
    topk, width, smallest,
    HAS_MAP: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    i_row = tl.program_id(0).to(tl.int64)
    i_segment = tl.program_id(1)
    start = tl.load(start_ptr + i_row)
    end = tl.load(end_ptr + i_row)
    length = tl.where(HAS_MAP, width, tl.maximum(end - start, 0))
    first = i_segment * SEGMENT
    count = tl.minimum(tl.maximum(length - first, 0), SEGMENT)
    # Each size of row has its own launch; the others leave at once.
    if (count > BLOCK) | (count <= smallest):
        return
    o_n = tl.arange(0, BLOCK)
    m_n = o_n < count
    # [BLOCK]
    if HAS_MAP:
        b_index = tl.load(map_ptr + i_row * map_stride + first + o_n, mask=m_n, other=-1)
        m_valid = b_index >= 0
    else:
        b_index = start + first + o_n
        m_valid = m_n
    b_score = tl.load(score_ptr + i_row * score_stride + b_index, mask=m_valid, other=0.0)
    b_key = _ordered(b_score, m_valid)
    num_valid = tl.sum(m_valid.to(tl.int32))
    m_chosen = m_valid
    if num_valid > topk:
        threshold, count_not_below = _threshold(b_key, m_valid, num_valid, topk)
        m_chosen = b_key >= threshold
        if count_not_below != topk:
            m_tied = b_key == threshold
            b_tied = m_tied.to(tl.int32)
            num_tied = tl.sum(b_tied)
            needed = topk - (count_not_below - num_tied)
            b_later = num_tied - tl.cumsum(b_tied, 0) + b_tied
            m_chosen = (b_key > threshold) | (m_tied & (b_later <= needed))
    b_chosen = m_chosen.to(tl.int32)
    b_place = tl.cumsum(b_chosen, 0) - 1
    out_row = out_ptr + i_row * out_stride + i_segment * segment_stride
    tl.store(out_row + b_place, b_index.to(tl.int32), mask=m_chosen)


def select_topk(
    scores_TS: Tensor, starts_T: Tensor, ends_T: Tensor, topk: int, out_TK: Tensor
) -> None:
    """Writes the selection of `reference.select_topk` into `out_TK`, which holds -1 throughout.

    Only scores[t, starts[t]:ends[t]] are read. Raises ValueError for a `topk` that leaves segments
    no room to shrink.
    """
    num_rows, num_keys = scores_TS.shape
    if not num_rows or not num_keys:
        return
    num_segments = triton.cdiv(num_keys, MAX_BLOCK)
    if num_segments == 1:
        _launch(scores_TS, None, starts_T, ends_T, topk, out_TK, num_keys, 1)
        return
    if 2 * topk > MAX_BLOCK:
        raise ValueError(f"topk: at most {MAX_BLOCK // 2} for {num_keys} keys, got {topk}")
    candidates = torch.full(
        (num_rows, num_segments * topk), -1, dtype=torch.int32, device=scores_TS.device
    )
    _launch(scores_TS, None, starts_T, ends_T, topk, candidates, num_keys, num_segments)
    while candidates.shape[1] > MAX_BLOCK:
        num_segments = triton.cdiv(candidates.shape[1], MAX_BLOCK)
        fewer = torch.full(
            (num_rows, num_segments * topk), -1, dtype=torch.int32, device=scores_TS.device
        )
        _launch(scores_TS, candidates, starts_T, ends_T, topk, fewer, num_keys, num_segments)
        candidates = fewer
    _launch(scores_TS, candidates, starts_T, ends_T, topk, out_TK, num_keys, 1)


def _launch(
    scores: Tensor,
    index_map: Tensor | None,
    starts: Tensor,
    ends: Tensor,
    topk: int,
    out: Tensor,
    num_keys: int,
    num_segments: int,
) -> None:
    width = num_keys if index_map is None else index_map.shape[1]
    largest = min(MAX_BLOCK, triton.next_power_of_2(width))
    block, smallest = min(MIN_BLOCK, largest), 0
    while True:
        _select[(scores.shape[0], num_segments)](
            scores, index_map if index_map is not None else out, starts, ends, out,
            scores.stride(0), index_map.stride(0) if index_map is not None else 0,
            out.stride(0), topk, topk, width, smallest,
            HAS_MAP=index_map is not None, BLOCK=block, num_warps=max(4, min(16, block // 1024)),
        )  # fmt: skip
        if block == largest:
            return
        block, smallest = block * 2, block
