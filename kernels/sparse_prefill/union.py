"""Unions of the selections of neighbouring queries: ascending keys, each with one bit a query."""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

MARK_BYTES = 1 << 29
"""Marks (one byte a query and key) made at once."""


@triton.jit
def _mark(
    index_ptr, mark_ptr, low_ptr, high_ptr, index_stride, mark_stride, num_keys, num_picked,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Marks the keys of a row, and notes the first and the last (exclusive) of them."""
    i_t = tl.program_id(0).to(tl.int64)
    b_low = tl.full([BLOCK], 2147483647, tl.int32)
    b_high = tl.zeros([BLOCK], dtype=tl.int32)
    for i_k in range(0, num_picked, BLOCK):
        o_k = i_k + tl.arange(0, BLOCK)
        b_index = tl.load(index_ptr + i_t * index_stride + o_k, mask=o_k < num_picked, other=-1)
        m_k = (b_index >= 0) & (b_index < num_keys)
        b_one = tl.full([BLOCK], 1, tl.uint8)
        tl.store(mark_ptr + i_t * mark_stride + b_index, b_one, mask=m_k)
        b_low = tl.minimum(b_low, tl.where(m_k, b_index, 2147483647))
        b_high = tl.maximum(b_high, tl.where(m_k, b_index + 1, 0))
    tl.store(low_ptr + i_t, tl.min(b_low))
    tl.store(high_ptr + i_t, tl.max(b_high))


@triton.jit
def _unite(
    mark_ptr, low_ptr, high_ptr, union_ptr, bits_ptr, count_ptr, mark_stride, union_stride,
    num_queries,
    G: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Reads and clears the marks of a group, from its first key to its last."""
    i_g = tl.program_id(0).to(tl.int64)
    low = tl.load(low_ptr + i_g * G)
    high = tl.load(high_ptr + i_g * G)
    for i in tl.static_range(1, G):
        i_t = tl.minimum(i_g * G + i, num_queries - 1)
        low = tl.minimum(low, tl.load(low_ptr + i_t))
        high = tl.maximum(high, tl.load(high_ptr + i_t))
    filled = 0
    for i_s in range(low // BLOCK * BLOCK, high, BLOCK):
        o_s = i_s + tl.arange(0, BLOCK)
        b_bits = tl.zeros([BLOCK], dtype=tl.int32)
        for i in tl.static_range(G):
            i_t = i_g * G + i
            m_s = o_s < tl.where(i_t < num_queries, mark_stride, 0)
            b_mark = tl.load(mark_ptr + i_t * mark_stride + o_s, mask=m_s, other=0)
            b_bits += b_mark.to(tl.int32) << i
            tl.store(mark_ptr + i_t * mark_stride + o_s, tl.zeros([BLOCK], tl.uint8), mask=m_s)
        b_hit = (b_bits != 0).to(tl.int32)
        o_place = i_g * union_stride + filled + tl.cumsum(b_hit, 0) - 1
        tl.store(union_ptr + o_place, o_s, mask=b_bits != 0)
        tl.store(bits_ptr + o_place, b_bits, mask=b_bits != 0)
        filled += tl.sum(b_hit)
    tl.store(count_ptr + i_g, filled)


class Union(NamedTuple):
    """Per group of neighbouring queries: the keys any of them picked, with one bit a query."""

    index_GU: Tensor
    bits_GU: Tensor
    count_G: Tensor


def unite(indices_TK: Tensor, num_keys: int, group: int) -> Union:
    """The unions of `group` neighbouring rows of `indices_TK`; marks are made a block at a time."""
    num_queries, num_picked = indices_TK.shape
    num_groups = triton.cdiv(num_queries, group)
    width = min(num_keys, group * num_picked)
    device = indices_TK.device
    index = torch.empty(num_groups, width, dtype=torch.int32, device=device)
    bits = torch.empty_like(index)
    count = torch.empty(num_groups, dtype=torch.int32, device=device)
    block = max(1, min(num_groups, MARK_BYTES // (num_keys * group)))
    marks = torch.zeros(block * group, num_keys, dtype=torch.uint8, device=device)
    ends = torch.empty(2, block * group, dtype=torch.int32, device=device)
    for i in range(0, num_groups, block):
        rows = indices_TK[i * group : (i + block) * group]
        _mark[(rows.shape[0],)](
            rows, marks, ends[0], ends[1], rows.stride(0), num_keys, num_keys, num_picked,
            BLOCK=min(1024, triton.next_power_of_2(num_picked)), num_warps=4,
        )  # fmt: skip
        part = slice(i, min(i + block, num_groups))
        _unite[(part.stop - i,)](
            marks, ends[0], ends[1], index[part], bits[part], count[part], num_keys, width,
            rows.shape[0], G=group, BLOCK=1024, num_warps=4,
        )  # fmt: skip
    return Union(index, bits, count)
