"""P and dS for Hopper in Gluon: the walk of `kernel._probabilities` with its copies issued first.

Queries, output gradients and two buffers of keys just fit into shared memory, so the gather of the
next keys overlaps all of the arithmetic on the current ones. Needs compute capability 9.0.
"""

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

TILE_ROWS = 64
BLOCK_N = 32
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
def _probabilities(
    q_ptr, kv_ptr, index_ptr, dout_ptr, lse_ptr, delta_ptr, p_ptr, ds_ptr,
    q_stride_t, q_stride_h, kv_stride, index_stride, dout_stride_t, dout_stride_h,
    num_keys, num_picked, scale,
    H: gl.constexpr, V: gl.constexpr, M: gl.constexpr, BLOCK_N: gl.constexpr,
):  # fmt: skip
    wide: gl.constexpr = gl.BlockedLayout([1, 8], [1, 32], [8, 1], [1, 0])
    narrow: gl.constexpr = gl.BlockedLayout([1, 8], [4, 8], [8, 1], [1, 0])
    stored: gl.constexpr = gl.BlockedLayout([1, 8], [8, 4], [8, 1], [1, 0])
    shared: gl.constexpr = gl.NVMMASharedLayout(128, 16, 2)
    scores: gl.constexpr = gl.NVMMADistributedLayout([3, 0], [4, 2], [16, BLOCK_N // 2, 16])
    item: gl.constexpr = q_ptr.dtype.element_ty
    i_t = gl.program_id(0).to(gl.int64)
    first_head = gl.program_id(1) * M

    s_q = gl.allocate_shared_memory(item, [M, V], shared)
    s_qr = gl.allocate_shared_memory(item, [M, 64], shared)
    s_do = gl.allocate_shared_memory(item, [M, V], shared)
    s_kv = gl.allocate_shared_memory(item, [2, BLOCK_N, V], shared)
    s_kr = gl.allocate_shared_memory(item, [2, BLOCK_N, 64], shared)

    o_h = first_head + gl.arange(0, M, layout=gl.SliceLayout(1, wide))
    o_v = gl.arange(0, V, layout=gl.SliceLayout(0, wide))
    m_h = (o_h < H)[:, None]
    _copy(s_q, q_ptr + (i_t * q_stride_t + o_h * q_stride_h)[:, None] + o_v[None, :], mask=m_h)
    p_do = dout_ptr + (i_t * dout_stride_t + o_h * dout_stride_h)[:, None] + o_v[None, :]
    _copy(s_do, p_do, mask=m_h)
    o_h = first_head + gl.arange(0, M, layout=gl.SliceLayout(1, narrow))
    o_r = gl.arange(0, 64, layout=gl.SliceLayout(0, narrow))
    p_q = q_ptr + (i_t * q_stride_t + o_h * q_stride_h)[:, None] + (o_r[None, :] + V)
    _copy(s_qr, p_q, mask=(o_h < H)[:, None])

    o_hs = first_head + gl.arange(0, M, layout=gl.SliceLayout(1, scores))
    # A query without keys has lse -inf and must give probabilities of 0.
    b_lse = gl.load(lse_ptr + i_t * H + o_hs, mask=o_hs < H, other=float("inf"))
    b_lse = gl.where(b_lse == float("-inf"), float("inf"), b_lse) * 1.4426950408889634
    b_delta = gl.load(delta_ptr + i_t * H + o_hs, mask=o_hs < H, other=0.0)

    walked = index_ptr + i_t * index_stride
    o_nv = gl.arange(0, BLOCK_N, layout=gl.SliceLayout(1, wide))
    o_nr = gl.arange(0, BLOCK_N, layout=gl.SliceLayout(1, narrow))
    o_ns = gl.arange(0, BLOCK_N, layout=gl.SliceLayout(0, scores))
    o_nw = gl.arange(0, BLOCK_N, layout=gl.SliceLayout(0, stored))
    o_hw = first_head + gl.arange(0, M, layout=gl.SliceLayout(1, stored))
    o_row = (i_t * H + o_hw) * num_picked
    b_index_v = gl.load(walked + o_nv, mask=o_nv < num_picked, other=-1)
    b_index_r = gl.load(walked + o_nr, mask=o_nr < num_picked, other=-1)
    _gather(kv_ptr, b_index_v, b_index_r, kv_stride, num_keys, s_kv.index(0), s_kr.index(0), V, wide, narrow)  # fmt: skip
    b_index_v = gl.load(walked + BLOCK_N + o_nv, mask=o_nv + BLOCK_N < num_picked, other=-1)
    b_index_r = gl.load(walked + BLOCK_N + o_nr, mask=o_nr + BLOCK_N < num_picked, other=-1)
    turn = 0
    for i_n in range(0, num_picked, BLOCK_N):
        b_index_s = gl.load(walked + i_n + o_ns, mask=o_ns + i_n < num_picked, other=-1)
        async_copy.wait_group(0)
        fence_async_shared()
        _barrier()
        # The other buffer's last readers, the previous products, have been waited for.
        _gather(
            kv_ptr, b_index_v, b_index_r, kv_stride, num_keys,
            s_kv.index(1 - turn), s_kr.index(1 - turn), V, wide, narrow,
        )  # fmt: skip
        ahead = i_n + 2 * BLOCK_N
        b_index_v = gl.load(walked + ahead + o_nv, mask=o_nv + ahead < num_picked, other=-1)
        b_index_r = gl.load(walked + ahead + o_nr, mask=o_nr + ahead < num_picked, other=-1)
        # [M, BLOCK_N]
        b_s = gl.zeros([M, BLOCK_N], gl.float32, layout=scores)
        b_dp = gl.zeros([M, BLOCK_N], gl.float32, layout=scores)
        keys = s_kv.index(turn).permute((1, 0))
        b_s = warpgroup_mma(s_q, keys, b_s, use_acc=False, is_async=True)
        b_s = warpgroup_mma(s_qr, s_kr.index(turn).permute((1, 0)), b_s, is_async=True)
        b_dp = warpgroup_mma(s_do, keys, b_dp, use_acc=False, is_async=True)
        b_s = warpgroup_mma_wait(1, deps=(b_s,))
        b_p = gl.exp2(b_s * (scale * 1.4426950408889634) - b_lse[:, None])
        m_s = (b_index_s >= 0) & (b_index_s < num_keys)
        b_p = gl.where(m_s[None, :], b_p, 0.0)
        b_dp = warpgroup_mma_wait(0, deps=(b_dp,))
        b_ds = b_p * (b_dp - b_delta[:, None]) * scale
        o_part = o_row[:, None] + (o_nw + i_n)[None, :]
        m_part = (o_hw < H)[:, None] & (o_nw + i_n < num_picked)[None, :]
        gl.store(p_ptr + o_part, gl.convert_layout(b_p.to(item), stored), mask=m_part)
        gl.store(ds_ptr + o_part, gl.convert_layout(b_ds.to(item), stored), mask=m_part)
        turn = 1 - turn
    async_copy.wait_group(0)


def fits(q_THC: Tensor, v_dim: int) -> bool:
    """Whether this path serves the call: a Hopper device, 16-bit rows of 64 rotary numbers."""
    return (
        q_THC.is_cuda
        and torch.cuda.get_device_capability(q_THC.device)[0] == 9
        and q_THC.dtype in (torch.bfloat16, torch.float16)
        and q_THC.shape[-1] - v_dim == 64
        and v_dim in (256, 512)
    )


def launch(
    q: Tensor, kv: Tensor, indices: Tensor, dout: Tensor, lse: Tensor, delta: Tensor,
    probs: Tensor, dlogits: Tensor, scale: float,
) -> None:  # fmt: skip
    """Fills `probs` and `dlogits`, [T, H, K]."""
    num_queries, num_heads, _ = q.shape
    _probabilities[(num_queries, triton.cdiv(num_heads, TILE_ROWS))](
        q, kv, indices, dout, lse, delta, probs, dlogits,
        q.stride(0), q.stride(1), kv.stride(0), indices.stride(0), dout.stride(0), dout.stride(1),
        kv.shape[0], indices.shape[1], scale,
        H=num_heads, V=dout.shape[-1], M=TILE_ROWS, BLOCK_N=BLOCK_N, num_warps=WARPS,
    )  # fmt: skip
