"""Sparse MLA backward without float atomics: every run sums in the same order.

`_query_gradient` walks over a query's keys as the forward pass does and leaves P and dS behind.
`_row_parts` turns them into one gradient row per (query, picked key), and `_sum_parts` adds each
key's rows in ascending order of query. The parts live in a workspace of bounded size, so queries
are served a block at a time; blocks add up in order too.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.device import is_narrow
from kernels.sparse_backward.reference import Gradients

TILE_ROWS = 64
WORKSPACE_BYTES = 8 << 30


@triton.jit
def _delta(dout_ptr, out_ptr, delta_ptr, dout_stride_t, dout_stride_h, out_stride_t, out_stride_h,
           H: tl.constexpr, V: tl.constexpr, BLOCK_V: tl.constexpr):  # fmt: skip
    i_t = tl.program_id(0).to(tl.int64)
    i_h = tl.program_id(1)
    o_v = tl.arange(0, BLOCK_V)
    b_dout = tl.load(
        dout_ptr + i_t * dout_stride_t + i_h * dout_stride_h + o_v, mask=o_v < V, other=0.0
    )
    b_out = tl.load(
        out_ptr + i_t * out_stride_t + i_h * out_stride_h + o_v, mask=o_v < V, other=0.0
    )
    tl.store(delta_ptr + i_t * H + i_h, tl.sum(b_dout.to(tl.float32) * b_out.to(tl.float32)))


@triton.jit
def _probabilities(
    q_ptr, kv_ptr, index_ptr, dout_ptr, lse_ptr, delta_ptr, p_ptr, ds_ptr,
    q_stride_t, q_stride_h, kv_stride, index_stride, dout_stride_t, dout_stride_h,
    num_keys, num_picked, scale,
    H: tl.constexpr, V: tl.constexpr, R: tl.constexpr, BLOCK_H: tl.constexpr,
    BLOCK_V: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_N: tl.constexpr,
    STAGES: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    i_t = tl.program_id(0).to(tl.int64)
    o_h = tl.program_id(1) * BLOCK_H + tl.arange(0, BLOCK_H)
    m_h = o_h < H
    o_v = tl.arange(0, BLOCK_V)
    o_r = tl.arange(0, BLOCK_R)
    m_v = o_v < V
    m_r = o_r < R
    # [BLOCK_H, V] and [BLOCK_H, R]
    p_q = q_ptr + i_t * q_stride_t + o_h[:, None] * q_stride_h
    b_q = tl.load(p_q + o_v[None, :], mask=m_h[:, None] & m_v[None, :], other=0.0)
    b_qr = tl.load(p_q + V + o_r[None, :], mask=m_h[:, None] & m_r[None, :], other=0.0)
    p_dout = dout_ptr + i_t * dout_stride_t + o_h[:, None] * dout_stride_h + o_v[None, :]
    b_dout = tl.load(p_dout, mask=m_h[:, None] & m_v[None, :], other=0.0)
    # [BLOCK_H]; a query without keys has lse -inf and must give probabilities of 0.
    b_lse = tl.load(lse_ptr + i_t * H + o_h, mask=m_h, other=float("inf"))
    b_lse = tl.where(b_lse == float("-inf"), float("inf"), b_lse) * 1.4426950408889634
    b_delta = tl.load(delta_ptr + i_t * H + o_h, mask=m_h, other=0.0)
    for i_n in tl.range(0, num_picked, BLOCK_N, num_stages=STAGES):
        o_n = i_n + tl.arange(0, BLOCK_N)
        b_index = tl.load(index_ptr + i_t * index_stride + o_n, mask=o_n < num_picked, other=-1)
        m_n = (b_index >= 0) & (b_index < num_keys)
        p_kv = kv_ptr + b_index.to(tl.int64)[:, None] * kv_stride
        # [BLOCK_N, V] and [BLOCK_N, R]
        b_kv = tl.load(p_kv + o_v[None, :], mask=m_n[:, None] & m_v[None, :], other=0.0)
        b_kr = tl.load(p_kv + V + o_r[None, :], mask=m_n[:, None] & m_r[None, :], other=0.0)
        # [BLOCK_H, BLOCK_N]
        b_s = tl.dot(b_q, tl.trans(b_kv), input_precision=PRECISION)
        b_s = tl.dot(b_qr, tl.trans(b_kr), b_s, input_precision=PRECISION)
        b_dp = tl.dot(b_dout, tl.trans(b_kv), input_precision=PRECISION)
        b_p = tl.exp2(b_s * (scale * 1.4426950408889634) - b_lse[:, None])
        b_p = tl.where(m_n[None, :], b_p, 0.0)
        b_ds = b_p * (b_dp - b_delta[:, None]) * scale
        o_part = (i_t * H + o_h)[:, None] * num_picked + o_n[None, :]
        m_part = m_h[:, None] & (o_n < num_picked)[None, :]
        tl.store(p_ptr + o_part, b_p.to(p_ptr.dtype.element_ty), mask=m_part)
        tl.store(ds_ptr + o_part, b_ds.to(ds_ptr.dtype.element_ty), mask=m_part)


@triton.jit
def _query_gradient(
    kv_ptr, index_ptr, ds_ptr, dq_ptr, kv_stride, index_stride, num_keys, num_picked,
    H: tl.constexpr, V: tl.constexpr, R: tl.constexpr, BLOCK_H: tl.constexpr,
    BLOCK_V: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_N: tl.constexpr,
    STAGES: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    i_t = tl.program_id(0).to(tl.int64)
    o_h = tl.program_id(1) * BLOCK_H + tl.arange(0, BLOCK_H)
    m_h = o_h < H
    o_v = tl.arange(0, BLOCK_V)
    o_r = tl.arange(0, BLOCK_R)
    m_v = o_v < V
    m_r = o_r < R
    b_dq = tl.zeros([BLOCK_H, BLOCK_V], dtype=tl.float32)
    b_dqr = tl.zeros([BLOCK_H, BLOCK_R], dtype=tl.float32)
    for i_n in tl.range(0, num_picked, BLOCK_N, num_stages=STAGES):
        o_n = i_n + tl.arange(0, BLOCK_N)
        b_index = tl.load(index_ptr + i_t * index_stride + o_n, mask=o_n < num_picked, other=-1)
        m_n = (b_index >= 0) & (b_index < num_keys)
        # [BLOCK_H, BLOCK_N]
        p_ds = ds_ptr + (i_t * H + o_h)[:, None] * num_picked + o_n[None, :]
        b_ds = tl.load(p_ds, mask=m_h[:, None] & (o_n < num_picked)[None, :], other=0.0)
        p_kv = kv_ptr + b_index.to(tl.int64)[:, None] * kv_stride
        # [BLOCK_N, V] and [BLOCK_N, R]
        b_kv = tl.load(p_kv + o_v[None, :], mask=m_n[:, None] & m_v[None, :], other=0.0)
        b_kr = tl.load(p_kv + V + o_r[None, :], mask=m_n[:, None] & m_r[None, :], other=0.0)
        b_dq = tl.dot(b_ds, b_kv, b_dq, input_precision=PRECISION)
        b_dqr = tl.dot(b_ds, b_kr, b_dqr, input_precision=PRECISION)
    p_dq = dq_ptr + (i_t * H + o_h)[:, None] * (V + R)
    tl.store(p_dq + o_v[None, :], b_dq, mask=m_h[:, None] & m_v[None, :])
    tl.store(p_dq + V + o_r[None, :], b_dqr, mask=m_h[:, None] & m_r[None, :])


@triton.jit
def _row_parts(
    q_ptr, dout_ptr, index_ptr, p_ptr, ds_ptr, part_ptr,
    q_stride_t, q_stride_h, dout_stride_t, dout_stride_h, index_stride, num_picked,
    H: tl.constexpr, V: tl.constexpr, R: tl.constexpr, BLOCK_H: tl.constexpr,
    BLOCK_N: tl.constexpr, BLOCK_C: tl.constexpr, STAGES: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    # One axis, because only the first one may exceed 65,535 programs.
    num_tiles = tl.cdiv(num_picked, BLOCK_N)
    i_t = (tl.program_id(0) // num_tiles).to(tl.int64)
    o_n = tl.program_id(0) % num_tiles * BLOCK_N + tl.arange(0, BLOCK_N)
    b_index = tl.load(index_ptr + i_t * index_stride + o_n, mask=o_n < num_picked, other=-1)
    m_n = b_index >= 0
    if tl.max(b_index) < 0:
        return
    o_h = tl.arange(0, BLOCK_H)
    # [BLOCK_H, BLOCK_N]
    o_part = (i_t * H + o_h)[:, None] * num_picked + o_n[None, :]
    m_part = (o_h < H)[:, None] & m_n[None, :]
    b_ds = tl.load(ds_ptr + o_part, mask=m_part, other=0.0)
    b_p = tl.load(p_ptr + o_part, mask=m_part, other=0.0)
    p_row = part_ptr + (i_t * num_picked + o_n)[:, None] * (V + R)
    for i_c in tl.range(0, V + R, BLOCK_C, num_stages=STAGES):
        o_c = i_c + tl.arange(0, BLOCK_C)
        m_c = o_c < V + R
        # [BLOCK_H, BLOCK_C]
        p_q = q_ptr + i_t * q_stride_t + o_h[:, None] * q_stride_h + o_c[None, :]
        b_q = tl.load(p_q, mask=(o_h < H)[:, None] & m_c[None, :], other=0.0)
        p_dout = dout_ptr + i_t * dout_stride_t + o_h[:, None] * dout_stride_h + o_c[None, :]
        b_dout = tl.load(p_dout, mask=(o_h < H)[:, None] & (o_c < V)[None, :], other=0.0)
        # [BLOCK_N, BLOCK_C]
        b_part = tl.dot(tl.trans(b_ds), b_q, input_precision=PRECISION)
        b_part = tl.dot(tl.trans(b_p), b_dout, b_part, input_precision=PRECISION)
        b_part = b_part.to(part_ptr.dtype.element_ty)
        tl.store(p_row + o_c[None, :], b_part, mask=m_n[:, None] & m_c[None, :])


@triton.jit
def _sum_parts(
    part_ptr, order_ptr, bound_ptr, sum_ptr, width,
    BLOCK_P: tl.constexpr, BLOCK_C: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    num_columns = tl.cdiv(width, BLOCK_C)
    i_s = (tl.program_id(0) // num_columns).to(tl.int64)
    o_c = tl.program_id(0) % num_columns * BLOCK_C + tl.arange(0, BLOCK_C)
    m_c = o_c < width
    begin = tl.load(bound_ptr + i_s)
    end = tl.load(bound_ptr + i_s + 1)
    if begin == end:
        return
    b_sum = tl.zeros([BLOCK_P, BLOCK_C], dtype=tl.float32)
    for i_p in tl.range(begin, end, BLOCK_P, num_stages=STAGES):
        o_p = i_p + tl.arange(0, BLOCK_P)
        m_p = o_p < end
        b_part = tl.load(order_ptr + o_p, mask=m_p, other=0).to(tl.int64)
        # [BLOCK_P, BLOCK_C]
        p_part = part_ptr + b_part[:, None] * width + o_c[None, :]
        b_sum += tl.load(p_part, mask=m_p[:, None] & m_c[None, :], other=0.0).to(tl.float32)
    p_sum = sum_ptr + i_s * width + o_c
    tl.store(p_sum, tl.load(p_sum, mask=m_c) + tl.sum(b_sum, 0), mask=m_c)


def add_parts(
    parts_PC: Tensor, indices_TK: Tensor, total_SC: Tensor, config: dict[str, int] | None = None
) -> None:
    """Adds row (t, k) of `parts_PC` to row indices[t, k] of `total_SC`, in ascending order of t.

    Rows of unused places (-1) are not read. The order of a sum depends on the indices alone.
    """
    num_keys, width = total_SC.shape
    flat = indices_TK.flatten()
    key = torch.where(flat >= 0, flat, num_keys)
    ordered, order = key.sort(stable=True)
    bounds = torch.searchsorted(
        ordered, torch.arange(num_keys + 1, dtype=ordered.dtype, device=key.device), out_int32=True
    )
    chosen = {"sum_p": 32, "sum_c": 128, "sum_warps": 4, "sum_stages": 3} | (config or {})
    block_c = min(chosen["sum_c"], triton.next_power_of_2(width))
    _sum_parts[(triton.cdiv(width, block_c) * num_keys,)](
        parts_PC, order.to(torch.int32), bounds, total_SC, width,
        BLOCK_P=chosen["sum_p"], BLOCK_C=block_c, STAGES=chosen["sum_stages"],
        num_warps=chosen["sum_warps"],
    )  # fmt: skip


def sparse_backward(
    dout_THV: Tensor,
    q_THC: Tensor,
    kv_SC: Tensor,
    indices_TK: Tensor,
    out_THV: Tensor,
    lse_TH: Tensor,
    scale: float,
    config: dict[str, int] | None = None,
) -> Gradients:
    """See `kernels.sparse_backward.sparse_backward`."""
    num_queries, num_heads, width = q_THC.shape
    num_picked, v_dim = indices_TK.shape[1], dout_THV.shape[-1]
    dq = torch.zeros(num_queries, num_heads, width, dtype=torch.float32, device=q_THC.device)
    dkv = torch.zeros(kv_SC.shape, dtype=torch.float32, device=kv_SC.device)
    if not num_queries or not num_picked or not kv_SC.shape[0]:
        return Gradients(dq, dkv)
    item = q_THC.element_size()
    per_query = num_picked * item * (width + 2 * num_heads)
    block = max(1, min(num_queries, WORKSPACE_BYTES // per_query, (1 << 31) // num_picked - 1))
    for i in range(0, num_queries, block):
        part = slice(i, min(i + block, num_queries))
        _backward_block(
            dout_THV[part], q_THC[part], kv_SC, indices_TK[part], out_THV[part], lse_TH[part],
            scale, v_dim, dq[part], dkv, config or {},
        )  # fmt: skip
    return Gradients(dq, dkv)


def _backward_block(
    dout: Tensor,
    q: Tensor,
    kv: Tensor,
    indices: Tensor,
    out: Tensor,
    lse: Tensor,
    scale: float,
    v_dim: int,
    dq: Tensor,
    dkv: Tensor,
    config: dict[str, int],
) -> None:
    num_queries, num_heads, width = q.shape
    num_picked = indices.shape[1]
    device = q.device
    delta = torch.empty(num_queries, num_heads, dtype=torch.float32, device=device)
    probs = torch.empty(num_queries, num_heads, num_picked, dtype=q.dtype, device=device)
    dlogits = torch.empty_like(probs)
    parts = torch.empty(num_queries * num_picked, width, dtype=q.dtype, device=device)
    block_h = min(TILE_ROWS, max(16, triton.next_power_of_2(num_heads)))
    block_v = max(16, triton.next_power_of_2(v_dim))
    is_float32 = q.dtype == torch.float32
    precision = "ieee" if is_float32 else "tf32"
    chosen = {
        "p_n": 64, "p_warps": 4, "p_stages": 1,
        "dq_n": 64, "dq_warps": 8, "dq_stages": 3,
        "part_n": 128, "part_c": 64, "part_warps": 8, "part_stages": 3,
    }  # fmt: skip
    if is_narrow(q):
        block_h = min(block_h, TILE_ROWS // 2)
        chosen |= {"p_n": 16, "dq_n": 32, "dq_stages": 2, "part_n": 64, "part_stages": 2}
    if is_float32:
        chosen |= {"p_n": 16, "p_stages": 1, "dq_n": 16, "dq_stages": 1, "part_n": 32}
    chosen |= config
    sizes = {
        "H": num_heads, "V": v_dim, "R": width - v_dim, "PRECISION": precision,
    }  # fmt: skip
    tile = {
        "BLOCK_H": block_h,
        "BLOCK_V": block_v,
        "BLOCK_R": max(16, triton.next_power_of_2(width - v_dim)),
    }
    _delta[(num_queries, num_heads)](
        dout, out, delta, dout.stride(0), dout.stride(1), out.stride(0), out.stride(1),
        H=num_heads, V=v_dim, BLOCK_V=block_v, num_warps=4,
    )  # fmt: skip
    by_heads = (num_queries, triton.cdiv(num_heads, block_h))
    _probabilities[by_heads](
        q, kv, indices, dout, lse.contiguous(), delta, probs, dlogits,
        q.stride(0), q.stride(1), kv.stride(0), indices.stride(0), dout.stride(0), dout.stride(1),
        kv.shape[0], num_picked, scale, **sizes, **tile,
        BLOCK_N=chosen["p_n"], STAGES=chosen["p_stages"], num_warps=chosen["p_warps"],
    )  # fmt: skip
    _query_gradient[by_heads](
        kv, indices, dlogits, dq, kv.stride(0), indices.stride(0), kv.shape[0], num_picked,
        **sizes, **tile,
        BLOCK_N=chosen["dq_n"], STAGES=chosen["dq_stages"], num_warps=chosen["dq_warps"],
    )  # fmt: skip
    _row_parts[(triton.cdiv(num_picked, chosen["part_n"]) * num_queries,)](
        q, dout, indices, probs, dlogits, parts,
        q.stride(0), q.stride(1), dout.stride(0), dout.stride(1), indices.stride(0), num_picked,
        **sizes, BLOCK_H=max(16, triton.next_power_of_2(num_heads)),
        BLOCK_N=chosen["part_n"], BLOCK_C=chosen["part_c"], STAGES=chosen["part_stages"],
        num_warps=chosen["part_warps"],
    )  # fmt: skip
    add_parts(parts, indices, dkv, config)
