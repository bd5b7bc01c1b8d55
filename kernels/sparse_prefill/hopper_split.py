"""Sparse MLA forward for Hopper where queries share nothing: a warpgroup of its own gathers.

In `hopper` the eight warps that multiply also issue the copies of the next keys, which costs them a
fifth of every step. Here four more warps do nothing else: they fill two buffers in turn and are
told by barriers in shared memory when a buffer is free.
"""

import math

import triton
from torch import Tensor
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.ampere import async_copy
from triton.experimental.gluon.language.nvidia.hopper import (
    fence_async_shared,
    mbarrier,
    warpgroup_mma,
    warpgroup_mma_wait,
)

from kernels.sparse_prefill import hopper
from kernels.sparse_prefill.hopper import BLOCK_N, TILE_ROWS, WARPS

REGISTERS = 72
"""Of a thread that gathers; the others share what is left."""

# Renamed after Triton 3.6.
_barrier = gl.barrier if hasattr(gl, "barrier") else gl.thread_barrier
_copy = getattr(async_copy, "async_load", None) or async_copy.async_copy_global_to_shared


@gluon.jit
def _producer(
    kv_ptr, walked, kv_stride, num_keys, stop, s_kv, s_kr, full, empty,
    V: gl.constexpr, BLOCK_N: gl.constexpr,
):  # fmt: skip
    """Gathers tile after tile into whichever buffer is free; rows of unused places become zeros."""
    wide: gl.constexpr = gl.BlockedLayout([1, 8], [1, 32], [4, 1], [1, 0])
    narrow: gl.constexpr = gl.BlockedLayout([1, 8], [4, 8], [4, 1], [1, 0])
    o_nv = gl.arange(0, BLOCK_N, layout=gl.SliceLayout(1, wide))
    o_nr = gl.arange(0, BLOCK_N, layout=gl.SliceLayout(1, narrow))
    o_v = gl.arange(0, V, layout=gl.SliceLayout(0, wide))
    o_r = gl.arange(0, 64, layout=gl.SliceLayout(0, narrow))
    b_iv = gl.load(walked + o_nv, mask=o_nv < stop, other=-1)
    b_ir = gl.load(walked + o_nr, mask=o_nr < stop, other=-1)
    turn = 0
    phase = 0
    for i_n in range(0, stop, BLOCK_N):
        m_v = (b_iv >= 0) & (b_iv < num_keys)
        m_r = (b_ir >= 0) & (b_ir < num_keys)
        p_v = kv_ptr + b_iv.to(gl.int64)[:, None] * kv_stride + o_v[None, :]
        p_r = kv_ptr + b_ir.to(gl.int64)[:, None] * kv_stride + (o_r[None, :] + V)
        mbarrier.wait(empty.index(turn), phase ^ 1)
        _copy(s_kv.index(turn), p_v, mask=m_v[:, None])
        _copy(s_kr.index(turn), p_r, mask=m_r[:, None])
        async_copy.mbarrier_arrive(full.index(turn), increment_count=False)
        ahead = i_n + BLOCK_N
        b_iv = gl.load(walked + ahead + o_nv, mask=o_nv + ahead < stop, other=-1)
        b_ir = gl.load(walked + ahead + o_nr, mask=o_nr + ahead < stop, other=-1)
        phase = phase ^ turn
        turn = 1 - turn
    async_copy.commit_group()
    async_copy.wait_group(0)


@gluon.jit
def _consumer(
    walked, stop, s_q, s_qr, s_kv, s_kr, s_p, full, empty, out_ptr, lse_ptr,
    out_stride_t, out_stride_h, i_t, first_head, scale_log2,
    H: gl.constexpr, V: gl.constexpr, M: gl.constexpr, BLOCK_N: gl.constexpr,
):  # fmt: skip
    """Scores, softmax and values of the tiles as they arrive; stores the output."""
    wide: gl.constexpr = gl.BlockedLayout([1, 8], [1, 32], [8, 1], [1, 0])
    scores: gl.constexpr = gl.NVMMADistributedLayout([3, 0], [4, 2], [16, BLOCK_N // 2, 16])
    values: gl.constexpr = gl.NVMMADistributedLayout([3, 0], [4, 2], [16, V // 2, 16])
    item: gl.constexpr = s_p.dtype
    o_ns = gl.arange(0, BLOCK_N, layout=gl.SliceLayout(0, scores))
    b_max = gl.full([M], float("-inf"), gl.float32, layout=gl.SliceLayout(1, scores))
    b_sum = gl.zeros([M], gl.float32, layout=gl.SliceLayout(1, scores))
    b_out = gl.zeros([M, V], gl.float32, layout=values)
    turn = 0
    phase = 0
    for i_n in range(0, stop, BLOCK_N):
        b_index_s = gl.load(walked + i_n + o_ns, mask=o_ns + i_n < stop, other=-1)
        mbarrier.wait(full.index(turn), phase)
        fence_async_shared()
        b_s = gl.zeros([M, BLOCK_N], gl.float32, layout=scores)
        b_s = warpgroup_mma(
            s_q, s_kv.index(turn).permute((1, 0)), b_s, use_acc=False, is_async=True
        )
        b_s = warpgroup_mma(s_qr, s_kr.index(turn).permute((1, 0)), b_s, is_async=True)
        b_s = warpgroup_mma_wait(0, deps=(b_s,))
        b_s = gl.where((b_index_s >= 0)[None, :], b_s * scale_log2, float("-inf"))
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
        # All readers of the buffer are through.
        _barrier()
        mbarrier.arrive(empty.index(turn), count=1)
        phase = phase ^ turn
        turn = 1 - turn
    m_some = b_sum > 0
    b_sum = gl.where(m_some, b_sum, 1.0)
    b_lse = gl.where(m_some, (b_max + gl.log2(b_sum)) * 0.6931471805599453, float("-inf"))
    b_out = b_out / gl.convert_layout(b_sum, gl.SliceLayout(1, values))[:, None]
    o_h = first_head + gl.arange(0, M, layout=gl.SliceLayout(1, scores))
    gl.store(lse_ptr + i_t * H + o_h, b_lse, mask=o_h < H)
    o_h = first_head + gl.arange(0, M, layout=gl.SliceLayout(1, wide))
    o_v = gl.arange(0, V, layout=gl.SliceLayout(0, wide))
    p_out = out_ptr + (i_t * out_stride_t + o_h * out_stride_h)[:, None] + o_v[None, :]
    # The buffers are free now: the output goes through one of them into wide stores.
    s_kv.index(0).store(b_out.to(item))
    _barrier()
    gl.store(p_out, s_kv.index(0).load(wide), mask=(o_h < H)[:, None])


@gluon.jit
def _forward(
    q_ptr, kv_ptr, index_ptr, out_ptr, lse_ptr,
    q_stride_t, q_stride_h, kv_stride, index_stride, out_stride_t, out_stride_h,
    num_keys, num_picked, scale_log2,
    H: gl.constexpr, V: gl.constexpr, M: gl.constexpr, BLOCK_N: gl.constexpr, BLOCK_K: gl.constexpr,
    REGS: gl.constexpr,
):  # fmt: skip
    wide: gl.constexpr = gl.BlockedLayout([1, 8], [1, 32], [8, 1], [1, 0])
    narrow: gl.constexpr = gl.BlockedLayout([1, 8], [4, 8], [8, 1], [1, 0])
    flat: gl.constexpr = gl.BlockedLayout([1], [32], [8], [0])
    shared: gl.constexpr = gl.NVMMASharedLayout(128, 16, 2)
    item: gl.constexpr = q_ptr.dtype.element_ty
    i_t = gl.program_id(0).to(gl.int64)
    first_head = gl.program_id(1) * M
    s_q = gl.allocate_shared_memory(item, [M, V], shared)
    s_qr = gl.allocate_shared_memory(item, [M, 64], shared)
    s_kv = gl.allocate_shared_memory(item, [2, BLOCK_N, V], shared)
    s_kr = gl.allocate_shared_memory(item, [2, BLOCK_N, 64], shared)
    s_p = gl.allocate_shared_memory(item, [M, BLOCK_N], shared)
    full = gl.allocate_shared_memory(gl.int64, [2, 1], mbarrier.MBarrierLayout())
    empty = gl.allocate_shared_memory(gl.int64, [2, 1], mbarrier.MBarrierLayout())
    for i in gl.static_range(2):
        # Every thread of the producer arrives when its copies have.
        mbarrier.init(full.index(i), count=128)
        mbarrier.init(empty.index(i), count=1)
    o_h = first_head + gl.arange(0, M, layout=gl.SliceLayout(1, wide))
    o_v = gl.arange(0, V, layout=gl.SliceLayout(0, wide))
    _copy(
        s_q,
        q_ptr + (i_t * q_stride_t + o_h * q_stride_h)[:, None] + o_v[None, :],
        mask=(o_h < H)[:, None],
    )
    o_h = first_head + gl.arange(0, M, layout=gl.SliceLayout(1, narrow))
    o_r = gl.arange(0, 64, layout=gl.SliceLayout(0, narrow))
    _copy(
        s_qr,
        q_ptr + (i_t * q_stride_t + o_h * q_stride_h)[:, None] + (o_r[None, :] + V),
        mask=(o_h < H)[:, None],
    )
    async_copy.commit_group()
    walked = index_ptr + i_t * index_stride
    o_k = gl.arange(0, BLOCK_K, layout=flat)
    b_all = gl.load(walked + o_k, mask=o_k < num_picked, other=-1)
    stop = gl.max(gl.where(b_all >= 0, o_k + 1, 0), 0)
    async_copy.wait_group(0)
    fence_async_shared()
    _barrier()
    gl.warp_specialize(
        [
            (_consumer, (
                walked, stop, s_q, s_qr, s_kv, s_kr, s_p, full, empty, out_ptr, lse_ptr,
                out_stride_t, out_stride_h, i_t, first_head, scale_log2, H, V, M, BLOCK_N,
            )),
            (_producer, (
                kv_ptr, walked, kv_stride, num_keys, stop, s_kv, s_kr, full, empty, V, BLOCK_N,
            )),
        ],
        [4],
        [REGS],
    )  # fmt: skip


def fits(q_THC: Tensor, v_dim: int) -> bool:
    """Whether this path serves the call: what `hopper` takes, with full tiles of wide rows."""
    return hopper.fits(q_THC, v_dim) and v_dim == 512 and q_THC.shape[1] >= TILE_ROWS


def launch(
    q_THC: Tensor, kv_SC: Tensor, indices_TK: Tensor, out_THV: Tensor, lse_TH: Tensor, scale: float
) -> None:
    """Runs the kernel over all queries; needs a call that `fits`."""
    num_queries, num_heads, _ = q_THC.shape
    _forward[(num_queries, triton.cdiv(num_heads, TILE_ROWS))](
        q_THC, kv_SC, indices_TK, out_THV, lse_TH,
        q_THC.stride(0), q_THC.stride(1), kv_SC.stride(0), indices_TK.stride(0),
        out_THV.stride(0), out_THV.stride(1), kv_SC.shape[0], indices_TK.shape[1],
        scale * math.log2(math.e),
        H=num_heads, V=out_THV.shape[-1], M=TILE_ROWS, BLOCK_N=BLOCK_N,
        BLOCK_K=triton.next_power_of_2(indices_TK.shape[1]), REGS=REGISTERS, num_warps=WARPS,
    )  # fmt: skip
