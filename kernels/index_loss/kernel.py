"""The indexer's KL loss and its gradients, a block of queries at a time.

`_target` gives the head-summed attention on the support, `_picked_scores` the index scores there,
`_gradients` what follows from dI = softmax(I) - p. Nothing of size T x S is kept: the sparse stage
holds [T, K], the dense one [block, S] with `BLOCK_BYTES` bounding a block. The key gradient is
summed in a fixed order, as in `sparse_backward`.
"""

import math
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.device import is_roomy
from kernels.index_loss import dense, fused
from kernels.index_loss.dense_target import row_width
from kernels.sparse_backward.kernel import add_parts

TILE_ROWS = 64
BLOCK_BYTES = 1 << 30


@triton.jit
def _target(
    q_ptr, kv_ptr, index_ptr, part_ptr,
    q_stride_t, q_stride_h, kv_stride, index_stride, num_queries, num_picked, scale_log2,
    H: tl.constexpr, C: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_A: tl.constexpr,
    BLOCK_B: tl.constexpr, BLOCK_N: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    i_t = tl.program_id(0).to(tl.int64)
    i_block = tl.program_id(1)
    o_h = i_block * BLOCK_H + tl.arange(0, BLOCK_H)
    m_h = o_h < H
    # A row is a power of two of numbers and a rest: 576 = 512 + 64 wastes nothing.
    o_a = tl.arange(0, BLOCK_A)
    o_b = BLOCK_A + tl.arange(0, BLOCK_B)
    # [BLOCK_H, BLOCK_A] and [BLOCK_H, BLOCK_B]
    p_q = q_ptr + i_t * q_stride_t + o_h[:, None] * q_stride_h
    b_qa = tl.load(p_q + o_a[None, :], mask=m_h[:, None], other=0.0)
    b_qb = tl.load(p_q + o_b[None, :], mask=m_h[:, None] & (o_b < C)[None, :], other=0.0)
    b_max = tl.full([BLOCK_H], float("-inf"), tl.float32)
    b_sum = tl.zeros([BLOCK_H], dtype=tl.float32)
    # The first walk finds each head's log-sum-exp, the second the probabilities.
    for i_walk in tl.static_range(2):
        for i_n in range(0, num_picked, BLOCK_N):
            o_n = i_n + tl.arange(0, BLOCK_N)
            p_index = index_ptr + i_t * index_stride + o_n
            b_index = tl.load(p_index, mask=o_n < num_picked, other=-1)
            m_n = b_index >= 0
            p_kv = kv_ptr + b_index.to(tl.int64)[:, None] * kv_stride
            # [BLOCK_N, BLOCK_A] and [BLOCK_N, BLOCK_B]
            b_ka = tl.load(p_kv + o_a[None, :], mask=m_n[:, None], other=0.0)
            b_kb = tl.load(p_kv + o_b[None, :], mask=m_n[:, None] & (o_b < C)[None, :], other=0.0)
            # [BLOCK_H, BLOCK_N]
            b_s = tl.dot(b_qa, tl.trans(b_ka), input_precision=PRECISION)
            b_s = tl.dot(b_qb, tl.trans(b_kb), b_s, input_precision=PRECISION) * scale_log2
            b_s = tl.where(m_n[None, :], b_s, float("-inf"))
            if i_walk == 0:
                b_new = tl.maximum(b_max, tl.max(b_s, 1))
                b_ref = tl.where(b_new == float("-inf"), 0.0, b_new)
                b_sum = b_sum * tl.exp2(b_max - b_ref) + tl.sum(tl.exp2(b_s - b_ref[:, None]), 1)
                b_max = b_new
            else:
                b_p = tl.exp2(b_s - tl.where(b_sum > 0, b_max, 0.0)[:, None])
                b_p = b_p / tl.where(b_sum > 0, b_sum, 1.0)[:, None]
                b_p = tl.sum(tl.where(m_h[:, None], b_p, 0.0), 0) / H
                p_part = part_ptr + (i_block * num_queries + i_t) * num_picked + o_n
                tl.store(p_part, b_p, mask=o_n < num_picked)


@triton.jit
def _picked_scores(
    q_ptr, k_ptr, w_ptr, index_ptr, out_ptr,
    q_stride_t, q_stride_i, k_stride, w_stride, index_stride, num_picked,
    HEADS: tl.constexpr, D: tl.constexpr, BLOCK_I: tl.constexpr, BLOCK_D: tl.constexpr,
    BLOCK_N: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    i_t = tl.program_id(0).to(tl.int64)
    o_n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    o_i = tl.arange(0, BLOCK_I)
    o_d = tl.arange(0, BLOCK_D)
    b_index = tl.load(index_ptr + i_t * index_stride + o_n, mask=o_n < num_picked, other=-1)
    # [BLOCK_I, BLOCK_D] and [BLOCK_N, BLOCK_D]
    p_q = q_ptr + i_t * q_stride_t + o_i[:, None] * q_stride_i + o_d[None, :]
    b_q = tl.load(p_q, mask=(o_i < HEADS)[:, None] & (o_d < D)[None, :], other=0.0)
    p_k = k_ptr + b_index.to(tl.int64)[:, None] * k_stride + o_d[None, :]
    b_k = tl.load(p_k, mask=(b_index >= 0)[:, None] & (o_d < D)[None, :], other=0.0)
    b_w = tl.load(w_ptr + i_t * w_stride + o_i, mask=o_i < HEADS, other=0.0).to(tl.float32)
    b_dot = tl.dot(b_k, tl.trans(b_q), input_precision=PRECISION)
    b_score = tl.sum(tl.maximum(b_dot, 0.0) * b_w[None, :], 1)
    b_score = tl.where(b_index >= 0, b_score, float("-inf"))
    tl.store(out_ptr + i_t * num_picked + o_n, b_score, mask=o_n < num_picked)


@triton.jit
def _gradients(
    q_ptr, k_ptr, w_ptr, index_ptr, ds_ptr, dq_ptr, dw_ptr, part_ptr,
    q_stride_t, q_stride_i, k_stride, w_stride, index_stride, num_picked,
    HEADS: tl.constexpr, D: tl.constexpr, BLOCK_I: tl.constexpr, BLOCK_D: tl.constexpr,
    BLOCK_N: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    i_t = tl.program_id(0).to(tl.int64)
    o_i = tl.arange(0, BLOCK_I)
    o_d = tl.arange(0, BLOCK_D)
    m_i = o_i < HEADS
    m_d = o_d < D
    # [BLOCK_I, BLOCK_D]
    p_q = q_ptr + i_t * q_stride_t + o_i[:, None] * q_stride_i + o_d[None, :]
    b_q = tl.load(p_q, mask=m_i[:, None] & m_d[None, :], other=0.0)
    b_w = tl.load(w_ptr + i_t * w_stride + o_i, mask=m_i, other=0.0).to(tl.float32)
    b_dq = tl.zeros([BLOCK_I, BLOCK_D], dtype=tl.float32)
    b_dw = tl.zeros([BLOCK_I], dtype=tl.float32)
    for i_n in range(0, num_picked, BLOCK_N):
        o_n = i_n + tl.arange(0, BLOCK_N)
        m_n = o_n < num_picked
        b_index = tl.load(index_ptr + i_t * index_stride + o_n, mask=m_n, other=-1)
        b_ds = tl.load(ds_ptr + i_t * num_picked + o_n, mask=m_n, other=0.0)
        p_k = k_ptr + b_index.to(tl.int64)[:, None] * k_stride + o_d[None, :]
        # [BLOCK_N, BLOCK_D]
        b_k = tl.load(p_k, mask=(b_index >= 0)[:, None] & m_d[None, :], other=0.0)
        # [BLOCK_N, BLOCK_I]
        b_dot = tl.dot(b_k, tl.trans(b_q), input_precision=PRECISION)
        b_dw += tl.sum(b_ds[:, None] * tl.maximum(b_dot, 0.0), 0)
        b_slope = tl.where(b_dot > 0, b_ds[:, None] * b_w[None, :], 0.0).to(b_k.dtype)
        b_dq = tl.dot(tl.trans(b_slope), b_k, b_dq, input_precision=PRECISION)
        b_part = tl.dot(b_slope, b_q, input_precision=PRECISION)
        p_part = part_ptr + (i_t * num_picked + o_n)[:, None] * D + o_d[None, :]
        m_part = (b_index >= 0)[:, None] & m_d[None, :]
        tl.store(p_part, b_part.to(part_ptr.dtype.element_ty), mask=m_part)
    p_dq = dq_ptr + (i_t * HEADS + o_i)[:, None] * D + o_d[None, :]
    tl.store(p_dq, b_dq, mask=m_i[:, None] & m_d[None, :])
    tl.store(dw_ptr + i_t * HEADS + o_i, b_dw, mask=m_i)


class _IndexLoss(torch.autograd.Function):
    """The gradients are linear in the upstream scalar, so the forward pass makes them at once."""

    @staticmethod
    def forward(
        ctx: Any, q_TID: Tensor, k_SD: Tensor, w_TI: Tensor, q_THC: Tensor, kv_SC: Tensor,
        indices_TK: Tensor | None, starts_T: Tensor, ends_T: Tensor, scale: float,
    ) -> Tensor:  # fmt: skip
        num_queries, num_heads, dim = q_TID.shape
        num_keys = k_SD.shape[0]
        device = q_TID.device
        dq = torch.zeros(num_queries, num_heads, dim, dtype=torch.float32, device=device)
        dw = torch.zeros(num_queries, num_heads, dtype=torch.float32, device=device)
        dk = torch.zeros(num_keys, dim, dtype=torch.float32, device=device)
        loss = torch.zeros((), dtype=torch.float32, device=device)
        starts, ends = starts_T.clamp_min(0), ends_T.clamp_max(num_keys)
        if indices_TK is None:
            # Waits for the device: scratches are as wide as the longest row, not as all keys.
            width = row_width(starts, ends)
            per_query = 8 * width
        else:
            width = indices_TK.shape[1]
            per_query = width * (dim * q_TID.element_size() + 32)
        block = max(1, BLOCK_BYTES // max(1, per_query))
        for i in range(0, num_queries if width > 0 else 0, block):
            part = slice(i, min(i + block, num_queries))
            given = (q_TID[part], k_SD, w_TI[part], q_THC[part], kv_SC)
            if indices_TK is None:
                found = dense.loss_and_gradients(*given, starts[part], ends[part], scale, width)
                dq[part], dw[part] = found.dq_TID, found.dw_TI
                loss, dk = loss + found.loss, dk + found.dk_SD
                continue
            picked = _picked(indices_TK[part], starts[part], ends[part])
            if fused.fits(num_heads, width, q_TID):
                loss += fused.loss_and_gradients(*given, picked, scale, dq[part], dk, dw[part])
                continue
            target = _attention_target(q_THC[part], kv_SC, picked, scale)
            scores = _index_scores(q_TID[part], k_SD, w_TI[part], picked)
            valid = picked >= 0
            scores = torch.where(valid.any(-1, keepdim=True), scores, 0.0)
            log_q = torch.log_softmax(scores, dim=-1)
            kept_log = torch.where(valid, log_q, 0.0)
            loss += (torch.xlogy(target, target) - target * kept_log).sum()
            dscores = torch.where(valid, torch.exp(log_q) - target, 0.0)
            _backward(q_TID[part], k_SD, w_TI[part], picked, dscores, dq[part], dk, dw[part])
        ctx.save_for_backward(dq.to(q_TID.dtype), dk.to(k_SD.dtype), dw.to(w_TI.dtype))
        return loss

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        dq, dk, dw = (g * grads[0] for g in ctx.saved_tensors)
        return dq, dk, dw, None, None, None, None, None, None


def _picked(indices_TK: Tensor, starts_T: Tensor, ends_T: Tensor) -> Tensor:
    """The support of a block of queries: its selected keys that are visible, else -1."""
    seen = (indices_TK >= starts_T[:, None]) & (indices_TK < ends_T[:, None])
    return torch.where(seen, indices_TK, -1)


def _precision(x: Tensor) -> str:
    return "ieee" if x.dtype == torch.float32 else "tf32"


def _attention_target(q_THC: Tensor, kv_SC: Tensor, picked_TK: Tensor, scale: float) -> Tensor:
    num_queries, num_heads, width = q_THC.shape
    num_picked = picked_TK.shape[1]
    tile_rows = TILE_ROWS if is_roomy(q_THC) else 16
    block_h = min(tile_rows, max(16, triton.next_power_of_2(num_heads)))
    num_blocks = triton.cdiv(num_heads, block_h)
    block_a = 1 << (width.bit_length() - 1)
    if block_a < 16:
        raise ValueError(f"q_THC: rows must have at least 16 numbers, got {width}")
    parts = torch.empty(
        num_blocks, num_queries, num_picked, dtype=torch.float32, device=q_THC.device
    )
    _target[(num_queries, num_blocks)](
        q_THC, kv_SC, picked_TK, parts,
        q_THC.stride(0), q_THC.stride(1), kv_SC.stride(0), picked_TK.stride(0),
        num_queries, num_picked, scale * math.log2(math.e),
        H=num_heads, C=width, BLOCK_H=block_h, BLOCK_A=block_a,
        BLOCK_B=max(16, triton.next_power_of_2(width - block_a)),
        BLOCK_N=32 if is_roomy(q_THC) and q_THC.dtype != torch.float32 else 16, PRECISION=_precision(q_THC), num_warps=8,
    )  # fmt: skip
    return parts.sum(0)


def _index_scores(q_TID: Tensor, k_SD: Tensor, w_TI: Tensor, picked_TK: Tensor) -> Tensor:
    num_queries, num_heads, dim = q_TID.shape
    num_picked = picked_TK.shape[1]
    out = torch.empty(num_queries, num_picked, dtype=torch.float32, device=q_TID.device)
    _picked_scores[(num_queries, triton.cdiv(num_picked, 64))](
        q_TID, k_SD, w_TI, picked_TK, out,
        q_TID.stride(0), q_TID.stride(1), k_SD.stride(0), w_TI.stride(0), picked_TK.stride(0),
        num_picked, HEADS=num_heads, D=dim, BLOCK_I=max(16, triton.next_power_of_2(num_heads)),
        BLOCK_D=max(16, triton.next_power_of_2(dim)), BLOCK_N=64, PRECISION=_precision(q_TID),
        num_warps=4,
    )  # fmt: skip
    return out


def _backward(
    q_TID: Tensor, k_SD: Tensor, w_TI: Tensor, picked_TK: Tensor, dscores_TK: Tensor,
    dq_TID: Tensor, dk_SD: Tensor, dw_TI: Tensor,
) -> None:  # fmt: skip
    num_queries, num_heads, dim = q_TID.shape
    num_picked = picked_TK.shape[1]
    parts = torch.empty(num_queries * num_picked, dim, dtype=q_TID.dtype, device=q_TID.device)
    _gradients[(num_queries,)](
        q_TID, k_SD, w_TI, picked_TK, dscores_TK.contiguous(), dq_TID, dw_TI, parts,
        q_TID.stride(0), q_TID.stride(1), k_SD.stride(0), w_TI.stride(0), picked_TK.stride(0),
        num_picked, HEADS=num_heads, D=dim, BLOCK_I=max(16, triton.next_power_of_2(num_heads)),
        BLOCK_D=max(16, triton.next_power_of_2(dim)), BLOCK_N=32, PRECISION=_precision(q_TID),
        num_warps=4,
    )  # fmt: skip
    add_parts(parts, picked_TK, dk_SD)


def index_loss(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    q_THC: Tensor,
    kv_SC: Tensor,
    indices_TK: Tensor | None,
    starts_T: Tensor,
    ends_T: Tensor,
    scale: float,
) -> Tensor:
    """See `kernels.index_loss.index_loss`."""
    loss: Tensor = _IndexLoss.apply(
        q_TID, k_SD, w_TI, q_THC, kv_SC, indices_TK, starts_T, ends_T, scale
    )
    return loss
