"""Sparse MLA forward: a program serves a few neighbouring queries and walks over their keys.

With few heads the gather, not the arithmetic, is the limit. So neighbouring queries share it: the
union of their selections is built once (`union`), each key with one bit a query, and one tile of
queries x heads rows runs over it. With 64 heads a query fills a tile alone.
"""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.device import is_narrow
from kernels.sparse_prefill.reference import Attended
from kernels.sparse_prefill.union import unite

TILE_ROWS = 64
SHARED_PICKS = 1024
"""Selections from this size on share their gather with their neighbours'."""


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
    chosen = {"block_n": 64, "warps": 8, "stages": 2, "hopper": 1} | (config or {})
    tile_rows = TILE_ROWS
    if is_narrow(q_THC):
        tile_rows = TILE_ROWS // 2
        chosen |= {"block_n": 16, "stages": 1}
    block_h = min(tile_rows, triton.next_power_of_2(num_heads))
    if group is None:
        # The union costs as much as a short walk that it would save.
        group = max(1, tile_rows // block_h) if num_picked >= SHARED_PICKS else 1
    union = unite(indices_TK, num_keys, group) if group > 1 else None
    walked = indices_TK if union is None else union.index_GU
    if q_THC.is_cuda and chosen["hopper"]:
        from kernels.sparse_prefill import hopper, hopper_split

        if hopper_split.fits(q_THC, v_dim) and union is None:
            hopper_split.launch(q_THC, kv_SC, indices_TK, out, lse, scale)
            return Attended(out, lse)
        if hopper.fits(q_THC, v_dim):
            hopper.launch(q_THC, kv_SC, walked, union, out, lse, num_picked, scale, group)
            return Attended(out, lse)
    block_h = max(block_h, triton.cdiv(16, group))
    is_float32 = q_THC.dtype == torch.float32
    if is_float32:
        chosen |= {"block_n": 16, "stages": 1}
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
