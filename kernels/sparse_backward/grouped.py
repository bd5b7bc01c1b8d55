"""The backward pass of few heads and short rows: neighbouring queries share everything.

As in the forward pass a tile of queries x heads rows walks over the union of its queries'
selections, and one program makes all five products. A key's gradient row is summed over the whole
tile before it is written, so a group of queries that agree leaves hardly more rows than one query.
"""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.device import is_roomy
from kernels.sparse_prefill.union import unite

TILE_ROWS = 64
MAX_GROUP = 31
"""Queries that a union of int32 bits tells apart."""
MAX_ROW = 384


@triton.jit
def _group_gradients(
    q_ptr, kv_ptr, dout_ptr, out_ptr, lse_ptr, index_ptr, bits_ptr, count_ptr, dq_ptr, part_ptr,
    q_stride_t, q_stride_h, kv_stride, dout_stride_t, dout_stride_h, out_stride_t, out_stride_h,
    index_stride, num_places, num_queries, scale, scale_log2,
    H: tl.constexpr, V: tl.constexpr, C: tl.constexpr, G: tl.constexpr, M: tl.constexpr,
    BLOCK_A: tl.constexpr, BLOCK_B: tl.constexpr, BLOCK_N: tl.constexpr,
    PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    i_g = tl.program_id(0).to(tl.int64)
    o_m = tl.arange(0, M)
    o_t = i_g * G + o_m // H
    o_h = o_m % H
    m_m = (o_m < G * H) & (o_t < num_queries)
    # A row is a power of two of numbers, values among them, and a rest.
    o_a = tl.arange(0, BLOCK_A)
    o_b = BLOCK_A + tl.arange(0, BLOCK_B)
    m_b = o_b < C
    m_v = m_m[:, None] & (o_a < V)[None, :]
    # [M, BLOCK_A] and [M, BLOCK_B]
    p_q = q_ptr + (o_t * q_stride_t + o_h * q_stride_h)[:, None]
    b_qa = tl.load(p_q + o_a[None, :], mask=m_m[:, None], other=0.0)
    b_qb = tl.load(p_q + o_b[None, :], mask=m_m[:, None] & m_b[None, :], other=0.0)
    p_dout = dout_ptr + (o_t * dout_stride_t + o_h * dout_stride_h)[:, None] + o_a[None, :]
    b_dout = tl.load(p_dout, mask=m_v, other=0.0)
    p_out = out_ptr + (o_t * out_stride_t + o_h * out_stride_h)[:, None] + o_a[None, :]
    b_out = tl.load(p_out, mask=m_v, other=0.0)
    # [M]; a query without keys has lse -inf and must give probabilities of 0.
    b_delta = tl.sum(b_dout.to(tl.float32) * b_out.to(tl.float32), 1)
    b_lse = tl.load(lse_ptr + o_t * H + o_h, mask=m_m, other=float("inf"))
    b_lse = tl.where(b_lse == float("-inf"), float("inf"), b_lse) * 1.4426950408889634
    b_dqa = tl.zeros([M, BLOCK_A], dtype=tl.float32)
    b_dqb = tl.zeros([M, BLOCK_B], dtype=tl.float32)
    stop = tl.load(count_ptr + i_g)
    for i_n in tl.range(0, stop, BLOCK_N, num_stages=STAGES):
        o_n = i_n + tl.arange(0, BLOCK_N)
        m_n = o_n < stop
        b_index = tl.load(index_ptr + i_g * index_stride + o_n, mask=m_n, other=0)
        b_bits = tl.load(bits_ptr + i_g * index_stride + o_n, mask=m_n, other=0)
        p_kv = kv_ptr + b_index.to(tl.int64)[:, None] * kv_stride
        # [BLOCK_N, BLOCK_A] and [BLOCK_N, BLOCK_B]
        b_ka = tl.load(p_kv + o_a[None, :], mask=m_n[:, None], other=0.0)
        b_kb = tl.load(p_kv + o_b[None, :], mask=m_n[:, None] & m_b[None, :], other=0.0)
        # [M, BLOCK_N]
        b_s = tl.dot(b_qa, tl.trans(b_ka), input_precision=PRECISION)
        b_s = tl.dot(b_qb, tl.trans(b_kb), b_s, input_precision=PRECISION)
        b_dp = tl.dot(b_dout, tl.trans(b_ka), input_precision=PRECISION)
        m_s = ((b_bits[None, :] >> (o_m // H)[:, None]) & 1) != 0
        b_p = tl.where(m_s, tl.exp2(b_s * scale_log2 - b_lse[:, None]), 0.0)
        b_ds = (b_p * (b_dp - b_delta[:, None]) * scale).to(b_ka.dtype)
        b_dqa = tl.dot(b_ds, b_ka, b_dqa, input_precision=PRECISION)
        b_dqb = tl.dot(b_ds, b_kb, b_dqb, input_precision=PRECISION)
        # [BLOCK_N, M]
        b_ds = tl.trans(b_ds)
        b_p = tl.trans(b_p.to(b_ka.dtype))
        p_part = part_ptr + (i_g * num_places + o_n)[:, None] * C
        b_part = tl.dot(b_ds, b_qa, input_precision=PRECISION)
        b_part = tl.dot(b_p, b_dout, b_part, input_precision=PRECISION)
        tl.store(p_part + o_a[None, :], b_part.to(part_ptr.dtype.element_ty), mask=m_n[:, None])
        b_part = tl.dot(b_ds, b_qb, input_precision=PRECISION)
        m_part = m_n[:, None] & m_b[None, :]
        tl.store(p_part + o_b[None, :], b_part.to(part_ptr.dtype.element_ty), mask=m_part)
    p_dq = dq_ptr + ((o_t * H + o_h) * C)[:, None]
    tl.store(p_dq + o_a[None, :], b_dqa, mask=m_m[:, None])
    tl.store(p_dq + o_b[None, :], b_dqb, mask=m_m[:, None] & m_b[None, :])


def fits(q_THC: Tensor, v_dim: int) -> bool:
    """Whether queries, gradients and two buffers of keys fit into one program."""
    _, num_heads, width = q_THC.shape
    return (
        is_roomy(q_THC)
        and q_THC.dtype != torch.float32
        and num_heads <= TILE_ROWS
        and 16 <= width <= MAX_ROW
        and v_dim <= _whole(width)
    )


def _whole(width: int) -> int:
    return 1 << (width.bit_length() - 1)


def backward(
    dout: Tensor, q: Tensor, kv: Tensor, indices: Tensor, out: Tensor, lse: Tensor, scale: float,
    dq: Tensor, dkv: Tensor, workspace_bytes: int, config: dict[str, int],
) -> None:  # fmt: skip
    """Fills `dq` and adds to `dkv`; at most about `workspace_bytes` of rows are kept at once."""
    from kernels.sparse_backward.kernel import add_parts

    num_queries, num_heads, width = q.shape
    group = min(MAX_GROUP, TILE_ROWS // num_heads)
    union = unite(indices, kv.shape[0], group)
    # Waits for the device: what follows is as large as the largest union, not as the largest possible.
    num_places = max(16, triton.cdiv(int(union.count_G.max()), 16) * 16)
    num_places = min(num_places, union.index_GU.shape[1])
    num_groups = union.count_G.shape[0]
    block_a = _whole(width)
    chosen = {"group_n": 64, "group_warps": 8, "group_stages": 2} | config
    place = torch.arange(num_places, dtype=torch.int32, device=q.device)
    block = max(1, min(num_groups, workspace_bytes // (num_places * width * q.element_size())))
    parts = torch.empty(block * num_places, width, dtype=q.dtype, device=q.device)
    for i in range(0, num_groups, block):
        part = slice(i, min(i + block, num_groups))
        at = slice(i * group, min(part.stop * group, num_queries))
        count = union.count_G[part]
        _group_gradients[(part.stop - i,)](
            q[at], kv, dout[at], out[at], lse[at], union.index_GU[part], union.bits_GU[part], count,
            dq[at], parts,
            q.stride(0), q.stride(1), kv.stride(0), dout.stride(0), dout.stride(1),
            out.stride(0), out.stride(1), union.index_GU.stride(0), num_places, at.stop - at.start,
            scale, scale * math.log2(math.e),
            H=num_heads, V=dout.shape[-1], C=width, G=group, M=TILE_ROWS, BLOCK_A=block_a,
            BLOCK_B=max(16, triton.next_power_of_2(width - block_a)),
            BLOCK_N=chosen["group_n"], PRECISION="tf32", STAGES=chosen["group_stages"],
            num_warps=chosen["group_warps"],
        )  # fmt: skip
        used = torch.where(place < count[:, None], union.index_GU[part, :num_places], -1)
        add_parts(parts[: used.numel()], used, dkv, config)
