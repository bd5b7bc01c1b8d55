"""Unions of the selections of neighbouring queries: ascending keys, each with one bit a query."""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

MARK_BYTES = 1 << 28
"""Marks (one byte a query and key) made at once."""


@triton.jit
def _mark(index_ptr, mark_ptr, index_stride, mark_stride, num_picked, BLOCK: tl.constexpr):
    i_t = tl.program_id(0).to(tl.int64)
    for i_k in range(0, num_picked, BLOCK):
        o_k = i_k + tl.arange(0, BLOCK)
        b_index = tl.load(index_ptr + i_t * index_stride + o_k, mask=o_k < num_picked, other=-1)
        b_one = tl.full([BLOCK], 1, tl.uint8)
        tl.store(mark_ptr + i_t * mark_stride + b_index, b_one, mask=b_index >= 0)


@triton.jit
def _unite(
    mark_ptr, union_ptr, bits_ptr, count_ptr, mark_stride, union_stride,
    num_queries, num_keys,
    G: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    i_g = tl.program_id(0).to(tl.int64)
    filled = 0
    for i_s in range(0, num_keys, BLOCK):
        o_s = i_s + tl.arange(0, BLOCK)
        b_bits = tl.zeros([BLOCK], dtype=tl.int32)
        for i in tl.static_range(G):
            i_t = i_g * G + i
            limit = tl.where(i_t < num_queries, num_keys, 0)
            b_mark = tl.load(mark_ptr + i_t * mark_stride + o_s, mask=o_s < limit, other=0)
            b_bits += b_mark.to(tl.int32) << i
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
    block = max(1, MARK_BYTES // (num_keys * group))
    for i in range(0, num_groups, block):
        rows = indices_TK[i * group : (i + block) * group]
        marks = torch.zeros(rows.shape[0], num_keys, dtype=torch.uint8, device=device)
        _mark[(rows.shape[0],)](
            rows, marks, rows.stride(0), num_keys, num_picked, BLOCK=1024, num_warps=4
        )
        part = slice(i, min(i + block, num_groups))
        _unite[(part.stop - i,)](
            marks, index[part], bits[part], count[part], num_keys, width, rows.shape[0], num_keys,
            G=group, BLOCK=1024, num_warps=4,
        )  # fmt: skip
    return Union(index, bits, count)
