"""Sparse MLA forward for Hopper in Gluon: the same walk as `kernel._forward`, scheduled by hand.

Triton's pipeliner issues the gather of the next keys after the arithmetic of the current ones, so
half of the gather is waited for. Here it is issued first, and two buffers make it overlap all of
the arithmetic. Needs wgmma, hence compute capability 9.0; `kernel.py` serves every other device.
"""

import math

import torch
import triton
from torch import Tensor
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.ampere import async_copy
from triton.experimental.gluon.language.nvidia.hopper import (
    fence_async_shared,
    warpgroup_mma,
    warpgroup_mma_wait,
)

from kernels.sparse_prefill.union import Union

TILE_ROWS = 64
BLOCK_N = 64
WARPS = 8

# Renamed after Triton 3.6.
_barrier = gl.barrier if hasattr(gl, "barrier") else gl.thread_barrier
_copy = getattr(async_copy, "async_load", None) or async_copy.async_copy_global_to_shared


@gluon.jit
def _gather(
    kv_ptr, b_index_v, b_index_r, kv_stride, num_keys, s_kv, s_kr,
    V: gl.constexpr, wide: gl.constexpr, narrow: gl.constexpr,
):  # fmt: skip
    """Starts the copy of the indexed rows; rows of unused places become zeros."""
    o_v = gl.arange(0, V, layout=gl.SliceLayout(0, wide))
    o_r = gl.arange(0, 64, layout=gl.SliceLayout(0, narrow))
    m_v = (b_index_v >= 0) & (b_index_v < num_keys)
    m_r = (b_index_r >= 0) & (b_index_r < num_keys)
    p_v = kv_ptr + b_index_v.to(gl.int64)[:, None] * kv_stride + o_v[None, :]
    p_r = kv_ptr + b_index_r.to(gl.int64)[:, None] * kv_stride + (o_r[None, :] + V)
    _copy(s_kv, p_v, mask=m_v[:, None])
    _copy(s_kr, p_r, mask=m_r[:, None])
    async_copy.commit_group()


@gluon.jit
def _forward(
    q_ptr, kv_ptr, index_ptr, bits_ptr, count_ptr, out_ptr, lse_ptr,
    q_stride_t, q_stride_h, kv_stride, index_stride, out_stride_t, out_stride_h,
    num_queries, num_keys, num_picked, scale_log2,
    H: gl.constexpr, V: gl.constexpr, SHARED: gl.constexpr, G: gl.constexpr,
    BLOCK_H: gl.constexpr, BLOCK_N: gl.constexpr, BLOCK_K: gl.constexpr, REPEAT: gl.constexpr,
):  # fmt: skip
    M: gl.constexpr = G * BLOCK_H
    wide: gl.constexpr = gl.BlockedLayout([1, 8], [1, 32], [8, 1], [1, 0])
    narrow: gl.constexpr = gl.BlockedLayout([1, 8], [4, 8], [8, 1], [1, 0])
    flat: gl.constexpr = gl.BlockedLayout([1], [32], [8], [0])
    shared: gl.constexpr = gl.NVMMASharedLayout(128, 16, 2)
    scores: gl.constexpr = gl.NVMMADistributedLayout([3, 0], [4, 2], [16, BLOCK_N // 2, 16])
    values: gl.constexpr = gl.NVMMADistributedLayout([3, 0], [4, 2], [16, V // 2, 16])
    item: gl.constexpr = q_ptr.dtype.element_ty
    i_g = gl.program_id(0).to(gl.int64)
    first_head = gl.program_id(1) * BLOCK_H

    s_q = gl.allocate_shared_memory(item, [M, V], shared)
    s_qr = gl.allocate_shared_memory(item, [M, 64], shared)
    s_kv = gl.allocate_shared_memory(item, [2, BLOCK_N, V], shared)
    s_kr = gl.allocate_shared_memory(item, [2, BLOCK_N, 64], shared)
    s_p = gl.allocate_shared_memory(item, [M, BLOCK_N], shared)

    # [M, V] and [M, 64]
    o_m = gl.arange(0, M, layout=gl.SliceLayout(1, wide))
    o_t = i_g * G + o_m // BLOCK_H
    o_h = first_head + o_m % BLOCK_H
    o_v = gl.arange(0, V, layout=gl.SliceLayout(0, wide))
    m_m = (o_t < num_queries) & (o_h < H)
    p_q = q_ptr + (o_t // REPEAT * q_stride_t + o_h * q_stride_h)[:, None] + o_v[None, :]
    _copy(s_q, p_q, mask=m_m[:, None])
    o_m = gl.arange(0, M, layout=gl.SliceLayout(1, narrow))
    o_t = i_g * G + o_m // BLOCK_H
    o_h = first_head + o_m % BLOCK_H
    o_r = gl.arange(0, 64, layout=gl.SliceLayout(0, narrow))
    m_m = (o_t < num_queries) & (o_h < H)
    p_q = q_ptr + (o_t // REPEAT * q_stride_t + o_h * q_stride_h)[:, None] + (o_r[None, :] + V)
    _copy(s_qr, p_q, mask=m_m[:, None])

    walked = index_ptr + i_g * index_stride
    if SHARED:
        stop = gl.load(count_ptr + i_g)
    else:
        o_k = gl.arange(0, BLOCK_K, layout=flat)
        b_all = gl.load(walked + o_k, mask=o_k < num_picked, other=-1)
        stop = gl.max(gl.where(b_all >= 0, o_k + 1, 0), 0)
    o_nv = gl.arange(0, BLOCK_N, layout=gl.SliceLayout(1, wide))
    o_nr = gl.arange(0, BLOCK_N, layout=gl.SliceLayout(1, narrow))
    o_ns = gl.arange(0, BLOCK_N, layout=gl.SliceLayout(0, scores))
    o_ms = gl.arange(0, M, layout=gl.SliceLayout(1, scores)) // BLOCK_H
    b_index_v = gl.load(walked + o_nv, mask=o_nv < stop, other=-1)
    b_index_r = gl.load(walked + o_nr, mask=o_nr < stop, other=-1)
    _gather(
        kv_ptr,
        b_index_v,
        b_index_r,
        kv_stride,
        num_keys,
        s_kv.index(0),
        s_kr.index(0),
        V,
        wide,
        narrow,
    )
    b_index_v = gl.load(walked + BLOCK_N + o_nv, mask=o_nv + BLOCK_N < stop, other=-1)
    b_index_r = gl.load(walked + BLOCK_N + o_nr, mask=o_nr + BLOCK_N < stop, other=-1)

    b_max = gl.full([M], float("-inf"), gl.float32, layout=gl.SliceLayout(1, scores))
    b_sum = gl.zeros([M], gl.float32, layout=gl.SliceLayout(1, scores))
    b_out = gl.zeros([M, V], gl.float32, layout=values)
    turn = 0
    for i_n in range(0, stop, BLOCK_N):
        m_n = o_ns + i_n < stop
        b_index_s = gl.load(walked + i_n + o_ns, mask=m_n, other=-1)
        if SHARED:
            b_bits = gl.load(bits_ptr + i_g * index_stride + i_n + o_ns, mask=m_n, other=0)
        async_copy.wait_group(0)
        fence_async_shared()
        _barrier()
        # The other buffer's last reader, the previous value product, has been waited for.
        _gather(
            kv_ptr, b_index_v, b_index_r, kv_stride, num_keys,
            s_kv.index(1 - turn), s_kr.index(1 - turn), V, wide, narrow,
        )  # fmt: skip
        ahead = i_n + 2 * BLOCK_N
        b_index_v = gl.load(walked + ahead + o_nv, mask=o_nv + ahead < stop, other=-1)
        b_index_r = gl.load(walked + ahead + o_nr, mask=o_nr + ahead < stop, other=-1)
        # [M, BLOCK_N]
        b_s = gl.zeros([M, BLOCK_N], gl.float32, layout=scores)
        b_s = warpgroup_mma(
            s_q, s_kv.index(turn).permute((1, 0)), b_s, use_acc=False, is_async=True
        )
        b_s = warpgroup_mma(s_qr, s_kr.index(turn).permute((1, 0)), b_s, is_async=True)
        b_s = warpgroup_mma_wait(0, deps=(b_s,))
        m_s = (b_index_s >= 0)[None, :]
        if SHARED:
            m_s = m_s & (((b_bits[None, :] >> o_ms[:, None]) & 1) != 0)
        b_s = gl.where(m_s, b_s * scale_log2, float("-inf"))
        b_new = gl.maximum(b_max, gl.max(b_s, 1))
        b_ref = gl.where(b_new == float("-inf"), 0.0, b_new)
        b_p = gl.exp2(b_s - b_ref[:, None])
        b_shrink = gl.exp2(b_max - b_ref)
        b_sum = b_sum * b_shrink + gl.sum(b_p, 1)
        b_max = b_new
        s_p.store(b_p.to(item))
        b_out = b_out * gl.convert_layout(b_shrink, gl.SliceLayout(1, values))[:, None]
        fence_async_shared()
        _barrier()
        b_out = warpgroup_mma(s_p, s_kv.index(turn), b_out, is_async=True)
        b_out = warpgroup_mma_wait(0, deps=(b_out,))
        turn = 1 - turn
    async_copy.wait_group(0)

    m_some = b_sum > 0
    b_sum = gl.where(m_some, b_sum, 1.0)
    # Natural logarithm: log2(x) * ln 2.
    b_lse = gl.where(m_some, (b_max + gl.log2(b_sum)) * 0.6931471805599453, float("-inf"))
    b_out = b_out / gl.convert_layout(b_sum, gl.SliceLayout(1, values))[:, None]
    o_m = gl.arange(0, M, layout=gl.SliceLayout(1, scores))
    o_t = i_g * G + o_m // BLOCK_H
    o_h = first_head + o_m % BLOCK_H
    gl.store(lse_ptr + o_t * H + o_h, b_lse, mask=(o_t < num_queries) & (o_h < H))
    o_m = gl.arange(0, M, layout=gl.SliceLayout(1, wide))
    o_t = i_g * G + o_m // BLOCK_H
    o_h = first_head + o_m % BLOCK_H
    m_m = (o_t < num_queries) & (o_h < H)
    p_out = out_ptr + (o_t * out_stride_t + o_h * out_stride_h)[:, None] + o_v[None, :]
    b_out = b_out.to(out_ptr.dtype.element_ty)
    gl.store(p_out, gl.convert_layout(b_out, wide), mask=m_m[:, None])


def fits(q_THC: Tensor, v_dim: int) -> bool:
    """Whether this path serves the call: a Hopper device, 16-bit rows of 64 rotary numbers."""
    return (
        q_THC.is_cuda
        and torch.cuda.get_device_capability(q_THC.device)[0] == 9
        and q_THC.dtype in (torch.bfloat16, torch.float16)
        and q_THC.shape[-1] - v_dim == 64
        and v_dim in (128, 256, 512)
    )


def launch(
    q_THC: Tensor,
    kv_SC: Tensor,
    walked: Tensor,
    union: Union | None,
    out_THV: Tensor,
    lse_TH: Tensor,
    num_picked: int,
    scale: float,
    group: int,
    repeat: int = 1,
) -> None:
    """Runs the kernel over groups of `group` queries; `walked` holds indices, or their unions.

    Each query of `q_THC` has `repeat` consecutive rows of `walked`, outputs and sums of its own.
    """
    num_queries, num_heads = lse_TH.shape
    block_h = TILE_ROWS // group
    _forward[(triton.cdiv(num_queries, group), triton.cdiv(num_heads, block_h))](
        q_THC, kv_SC, walked, walked if union is None else union.bits_GU,
        walked if union is None else union.count_G,
        out_THV, lse_TH,
        q_THC.stride(0), q_THC.stride(1), kv_SC.stride(0), walked.stride(0),
        out_THV.stride(0), out_THV.stride(1), num_queries, kv_SC.shape[0], num_picked,
        scale * math.log2(math.e),
        H=num_heads, V=out_THV.shape[-1], SHARED=union is not None, G=group, BLOCK_H=block_h,
        BLOCK_N=BLOCK_N, BLOCK_K=triton.next_power_of_2(num_picked),
        REPEAT=repeat, num_warps=WARPS,
    )  # fmt: skip
