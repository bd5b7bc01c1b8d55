"""Exact, deterministic top-k of rows of scores: one program a row, the row in registers.

The k-th largest score is found by counting: interpolation and bisection on the scores, read as
integers of the same order. Rows longer than `MAX_BLOCK` are cut into segments first; the best of
the best are the best of all, ties included, because segments keep the order of keys.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.index_topk import sampled
from kernels.index_topk.search import ordered, threshold_of

MIN_BLOCK = 2048
MAX_BLOCK = 32768
THREADS = 128
SEGMENT = tl.constexpr(MAX_BLOCK)


@triton.jit
def row_thresholds(
    score_ptr, map_ptr, start_ptr, end_ptr, threshold_ptr, dropped_ptr,
    score_stride, map_stride, num_segments, topk, width, smallest,
    HAS_MAP: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    i_row = tl.program_id(0).to(tl.int64)
    i_segment = tl.program_id(1)
    first, count, start = _segment(start_ptr, end_ptr, i_row, i_segment, width, HAS_MAP)
    # Each size of row has its own launch; the others leave at once, as do rows chosen whole.
    if (count > BLOCK) | (count <= smallest) | (count <= topk):
        return
    o_n = tl.arange(0, BLOCK)
    m_valid = o_n < count
    # [BLOCK]
    if HAS_MAP:
        b_index = tl.load(map_ptr + i_row * map_stride + first + o_n, mask=m_valid, other=-1)
        m_valid = b_index >= 0
    else:
        b_index = start + first + o_n
    b_score = tl.load(score_ptr + i_row * score_stride + b_index, mask=m_valid, other=0.0)
    b_key = ordered(b_score, m_valid)
    num_valid = tl.sum(m_valid.to(tl.int32))
    if num_valid > topk:
        threshold, count_not_below = threshold_of(b_key, m_valid, num_valid, topk)
        o_out = i_row * num_segments + i_segment
        tl.store(threshold_ptr + o_out, threshold.to(tl.int32))
        tl.store(dropped_ptr + o_out, count_not_below - topk)


@triton.jit
def _segment(start_ptr, end_ptr, i_row, i_segment, width, HAS_MAP: tl.constexpr):
    """Where a segment begins in its row, how many places it has, and the row's first key."""
    start = tl.load(start_ptr + i_row)
    end = tl.load(end_ptr + i_row)
    length = tl.where(HAS_MAP, width, tl.maximum(end - start, 0))
    first = i_segment * SEGMENT
    return first, tl.minimum(tl.maximum(length - first, 0), SEGMENT), start


@triton.jit
def _emit(
    score_ptr, map_ptr, start_ptr, end_ptr, threshold_ptr, dropped_ptr, out_ptr,
    score_stride, map_stride, out_stride, num_segments, topk, width,
    HAS_MAP: tl.constexpr, TILE: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Stores the keys above the threshold and, of those at it, all but the first `dropped`."""
    i_row = tl.program_id(0).to(tl.int64)
    i_segment = tl.program_id(1)
    first, count, start = _segment(start_ptr, end_ptr, i_row, i_segment, width, HAS_MAP)
    threshold = tl.load(threshold_ptr + i_row * num_segments + i_segment)
    num_dropped = tl.load(dropped_ptr + i_row * num_segments + i_segment)
    out_row = out_ptr + i_row * out_stride + i_segment * topk
    num_above = 0
    num_tied = 0
    for i_n in tl.range(0, count, TILE, num_stages=STAGES):
        o_n = i_n + tl.arange(0, TILE)
        m_n = o_n < count
        if HAS_MAP:
            b_index = tl.load(map_ptr + i_row * map_stride + first + o_n, mask=m_n, other=-1)
            m_n = b_index >= 0
        else:
            b_index = start + first + o_n
        b_score = tl.load(score_ptr + i_row * score_stride + b_index, mask=m_n, other=0.0)
        b_key = ordered(b_score, m_n)
        m_above = b_key > threshold
        m_tied = b_key == threshold
        # Both counts in one scan; a tile holds far fewer than 2^16 keys.
        b_both = m_above.to(tl.int32) + (m_tied.to(tl.int32) << 16)
        b_scan = tl.cumsum(b_both, 0)
        b_above = num_above + (b_scan & 0xFFFF)
        b_tied = num_tied + (b_scan >> 16)
        m_chosen = m_above | (m_tied & (b_tied > num_dropped))
        b_place = b_above + tl.maximum(b_tied - num_dropped, 0) - 1
        tl.store(out_row + b_place, b_index.to(tl.int32), mask=m_chosen)
        total = tl.sum(b_both)
        num_above += total & 0xFFFF
        num_tied += total >> 16


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
    if sampled.worthwhile(num_rows, num_keys, topk):
        ends_T = sampled.select(scores_TS, starts_T, ends_T, topk, out_TK)
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
    num_rows, has_map = scores.shape[0], index_map is not None
    source = out if index_map is None else index_map
    # Every valid key is above LOWEST: a row without a threshold is chosen whole, without ties.
    thresholds = torch.full(
        (2, num_rows, num_segments), 1 << 30, dtype=torch.int32, device=scores.device
    )
    thresholds[0] = -(2**31)
    # Never fewer places than threads: a scan over replicated numbers is not to be relied on.
    largest = min(MAX_BLOCK, max(THREADS, triton.next_power_of_2(width)))
    block, smallest = min(MIN_BLOCK, largest), 0
    while width > topk:
        row_thresholds[(num_rows, num_segments)](
            scores, source, starts, ends, thresholds[0], thresholds[1],
            scores.stride(0), source.stride(0), num_segments, topk, width, smallest,
            HAS_MAP=has_map, BLOCK=block, num_warps=max(4, min(16, block // 1024)),
        )  # fmt: skip
        if block == largest:
            break
        block, smallest = block * 2, block
    _emit[(num_rows, num_segments)](
        scores, source, starts, ends, thresholds[0], thresholds[1], out,
        scores.stride(0), source.stride(0), out.stride(0), num_segments, topk, width,
        HAS_MAP=has_map, TILE=min(1024, largest), STAGES=3, num_warps=4,
    )  # fmt: skip
