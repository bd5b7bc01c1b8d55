"""Sparse MLA forward: a program serves a few neighbouring queries and walks over their keys.

With few heads the gather, not the arithmetic, is the limit. So neighbouring queries share it: the
union of their selections is built once (`_mark`, `_unite`), each key with one bit a query, and one
tile of queries x heads rows runs over it. With 64 heads a query fills a tile alone.
"""

import math
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.sparse_prefill.reference import Attended

TILE_ROWS = 64
MARK_BYTES = 1 << 28


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


@triton.jit
def _forward(
    q_ptr, kv_ptr, index_ptr, bits_ptr, count_ptr, out_ptr, lse_ptr,
    q_stride_t, q_stride_h, kv_stride, index_stride, out_stride_t, out_stride_h,
    num_queries, num_keys, num_picked, scale_log2,
    H: tl.constexpr, V: tl.constexpr, R: tl.constexpr, SHARED: tl.constexpr,
    G: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_V: tl.constexpr, BLOCK_R: tl.constexpr,
    BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, STAGES: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    i_g = tl.program_id(0).to(tl.int64)
    o_m = tl.arange(0, G * BLOCK_H)
    o_t = i_g * G + o_m // BLOCK_H
    o_h = tl.program_id(1) * BLOCK_H + o_m % BLOCK_H
    m_m = (o_t < num_queries) & (o_h < H)
    o_v = tl.arange(0, BLOCK_V)
    o_r = tl.arange(0, BLOCK_R)
    m_v = o_v < V
    m_r = o_r < R
    # [G * BLOCK_H, V] and [G * BLOCK_H, R]
    p_q = q_ptr + (o_t * q_stride_t + o_h * q_stride_h)[:, None]
    b_q = tl.load(p_q + o_v[None, :], mask=m_m[:, None] & m_v[None, :], other=0.0)
    b_qr = tl.load(p_q + V + o_r[None, :], mask=m_m[:, None] & m_r[None, :], other=0.0)
    if SHARED:
        stop = tl.load(count_ptr + i_g)
    else:
        # Places after the last used one are not walked over.
        o_k = tl.arange(0, BLOCK_K)
        b_all = tl.load(index_ptr + i_g * index_stride + o_k, mask=o_k < num_picked, other=-1)
        stop = tl.max(tl.where(b_all >= 0, o_k + 1, 0))
    b_max = tl.full([G * BLOCK_H], float("-inf"), tl.float32)
    b_sum = tl.zeros([G * BLOCK_H], dtype=tl.float32)
    b_out = tl.zeros([G * BLOCK_H, BLOCK_V], dtype=tl.float32)
    for i_n in tl.range(0, stop, BLOCK_N, num_stages=STAGES):
        o_n = i_n + tl.arange(0, BLOCK_N)
        b_index = tl.load(index_ptr + i_g * index_stride + o_n, mask=o_n < stop, other=-1)
        m_n = (b_index >= 0) & (b_index < num_keys)
        p_kv = kv_ptr + b_index.to(tl.int64)[:, None] * kv_stride
        # [BLOCK_N, V] and [BLOCK_N, R]
        b_kv = tl.load(p_kv + o_v[None, :], mask=m_n[:, None] & m_v[None, :], other=0.0)
        b_kr = tl.load(p_kv + V + o_r[None, :], mask=m_n[:, None] & m_r[None, :], other=0.0)
        # [G * BLOCK_H, BLOCK_N]
        b_s = tl.dot(b_q, tl.trans(b_kv), input_precision=PRECISION)
        b_s = tl.dot(b_qr, tl.trans(b_kr), b_s, input_precision=PRECISION)
        m_s = m_n[None, :]
        if SHARED:
            b_bits = tl.load(bits_ptr + i_g * index_stride + o_n, mask=o_n < stop, other=0)
            m_s = m_s & (((b_bits[None, :] >> (o_m // BLOCK_H)[:, None]) & 1) != 0)
        b_s = tl.where(m_s, b_s * scale_log2, float("-inf"))
        b_new = tl.maximum(b_max, tl.max(b_s, 1))
        b_ref = tl.where(b_new == float("-inf"), 0.0, b_new)
        b_p = tl.exp2(b_s - b_ref[:, None])
        b_shrink = tl.exp2(b_max - b_ref)
        b_sum = b_sum * b_shrink + tl.sum(b_p, 1)
        b_out = b_out * b_shrink[:, None]
        b_out = tl.dot(b_p.to(b_kv.dtype), b_kv, b_out, input_precision=PRECISION)
        b_max = b_new
    m_some = b_sum > 0
    b_sum = tl.where(m_some, b_sum, 1.0)
    b_out = b_out / b_sum[:, None]
    # Natural logarithm: log2(x) * ln 2.
    b_lse = tl.where(m_some, (b_max + tl.log2(b_sum)) * 0.6931471805599453, float("-inf"))
    p_out = out_ptr + (o_t * out_stride_t + o_h * out_stride_h)[:, None] + o_v[None, :]
    tl.store(p_out, b_out.to(out_ptr.dtype.element_ty), mask=m_m[:, None] & m_v[None, :])
    tl.store(lse_ptr + o_t * H + o_h, b_lse, mask=m_m)


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


def sparse_prefill(
    q_THC: Tensor,
    kv_SC: Tensor,
    indices_TK: Tensor,
    scale: float,
    v_dim: int,
    group: int | None = None,
    config: dict[str, int] | None = None,
) -> Attended:
    """See `kernels.sparse_prefill.sparse_prefill`; `group` queries share a gather (None: chosen)."""
    num_queries, num_heads, width = q_THC.shape
    num_keys, num_picked = kv_SC.shape[0], indices_TK.shape[1]
    out = torch.empty(num_queries, num_heads, v_dim, dtype=q_THC.dtype, device=q_THC.device)
    lse = torch.empty(num_queries, num_heads, dtype=torch.float32, device=q_THC.device)
    if not num_queries:
        return Attended(out, lse)
    if not num_keys or not num_picked:
        return Attended(out.zero_(), lse.fill_(float("-inf")))
    block_h = min(TILE_ROWS, triton.next_power_of_2(num_heads))
    if group is None:
        group = max(1, TILE_ROWS // block_h)
    elif group * block_h < 16:
        block_h = 16 // group
    block_h = max(block_h, triton.cdiv(16, group))
    union = unite(indices_TK, num_keys, group) if group > 1 else None
    walked = indices_TK if union is None else union.index_GU
    is_float32 = q_THC.dtype == torch.float32
    chosen = {"block_n": 64, "warps": 8, "stages": 2}
    if is_float32:
        chosen = {"block_n": 16, "warps": 8, "stages": 1}
    chosen |= config or {}
    _forward[(triton.cdiv(num_queries, group), triton.cdiv(num_heads, block_h))](
        q_THC, kv_SC, walked,
        walked if union is None else union.bits_GU, walked if union is None else union.count_G,
        out, lse,
        q_THC.stride(0), q_THC.stride(1), kv_SC.stride(0), walked.stride(0),
        out.stride(0), out.stride(1), num_queries, num_keys, num_picked, scale * math.log2(math.e),
        H=num_heads, V=v_dim, R=width - v_dim, SHARED=union is not None, G=group, BLOCK_H=block_h,
        BLOCK_V=max(16, triton.next_power_of_2(v_dim)),
        BLOCK_R=max(16, triton.next_power_of_2(width - v_dim)),
        BLOCK_N=chosen["block_n"], BLOCK_K=triton.next_power_of_2(num_picked),
        STAGES=chosen["stages"], PRECISION="ieee" if is_float32 else "tf32",
        num_warps=chosen["warps"],
    )  # fmt: skip
    return Attended(out, lse)
