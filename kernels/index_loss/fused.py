"""The sparse stage for short selections: all logits of a query fit into registers.

So `_target` gathers a query's rows once, where `kernel.py` walks over longer selections twice, and
`_query` makes index scores, the loss and all gradients in one program. Only the key gradient's sum
over queries is left to `add_parts`.
"""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.device import is_roomy
from kernels.sparse_backward.kernel import add_parts

LN2 = tl.constexpr(0.6931471805599453)
MAX_PICKED = 512
MAX_HEADS = 64
"""Index heads; attention heads are served `MAX_HEADS` at a time."""
MAX_PAIRS = 1 << 13
"""Keys times index heads of one program."""


@triton.jit
def _target(
    q_ptr, kv_ptr, index_ptr, p_ptr,
    q_stride_t, q_stride_h, kv_stride, index_stride, num_picked, scale_log2,
    H: tl.constexpr, C: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_C: tl.constexpr,
    BLOCK_K: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    i_t = tl.program_id(0).to(tl.int64)
    o_k = tl.arange(0, BLOCK_K)
    b_index = tl.load(index_ptr + i_t * index_stride + o_k, mask=o_k < num_picked, other=-1)
    m_k = b_index >= 0
    p_kv = kv_ptr + b_index.to(tl.int64)[:, None] * kv_stride
    # Rows of unused places are zeros. Added, not chosen: Triton 3.6 fails on the mask's second use.
    b_bias = tl.where(m_k, 0.0, float("-inf"))
    b_p = tl.zeros([BLOCK_K], dtype=tl.float32)
    for i_h in tl.static_range(0, H, BLOCK_H):
        o_h = i_h + tl.arange(0, BLOCK_H)
        m_h = o_h < H
        # [BLOCK_K, BLOCK_H]
        b_s = tl.zeros([BLOCK_K, BLOCK_H], dtype=tl.float32)
        for i_c in tl.range(0, C, BLOCK_C, num_stages=STAGES):
            o_c = i_c + tl.arange(0, BLOCK_C)
            p_q = q_ptr + i_t * q_stride_t + o_h[:, None] * q_stride_h + o_c[None, :]
            if C % BLOCK_C == 0:
                b_q = tl.load(p_q, mask=m_h[:, None], other=0.0)
                b_kv = tl.load(p_kv + o_c[None, :], mask=m_k[:, None], other=0.0)
            else:
                m_c = (o_c < C)[None, :]
                b_q = tl.load(p_q, mask=m_h[:, None] & m_c, other=0.0)
                b_kv = tl.load(p_kv + o_c[None, :], mask=m_k[:, None] & m_c, other=0.0)
            b_s = tl.dot(b_kv, tl.trans(b_q), b_s, input_precision=PRECISION)
        b_s = b_s * scale_log2 + b_bias[:, None]
        b_max = tl.max(b_s, 0)
        b_max = tl.where(b_max == float("-inf"), 0.0, b_max)
        b_e = tl.exp2(b_s - b_max[None, :])
        b_sum = tl.sum(b_e, 0)
        b_share = tl.where(m_h & (b_sum > 0), 1.0 / (tl.where(b_sum > 0, b_sum, 1.0) * H), 0.0)
        b_p += tl.sum(b_e * b_share[None, :], 1)
    tl.store(p_ptr + i_t * num_picked + o_k, b_p, mask=o_k < num_picked)


@triton.jit
def _query(
    q_ptr, k_ptr, w_ptr, index_ptr, p_ptr, loss_ptr, dq_ptr, dw_ptr, part_ptr,
    q_stride_t, q_stride_i, k_stride, w_stride, index_stride, num_picked,
    HEADS: tl.constexpr, D: tl.constexpr, BLOCK_I: tl.constexpr, BLOCK_D: tl.constexpr,
    BLOCK_K: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    i_t = tl.program_id(0).to(tl.int64)
    o_k = tl.arange(0, BLOCK_K)
    b_index = tl.load(index_ptr + i_t * index_stride + o_k, mask=o_k < num_picked, other=-1)
    m_k = b_index >= 0
    b_p = tl.load(p_ptr + i_t * num_picked + o_k, mask=o_k < num_picked, other=0.0)
    o_i = tl.arange(0, BLOCK_I)
    o_d = tl.arange(0, BLOCK_D)
    m_i = o_i < HEADS
    m_d = o_d < D
    # [BLOCK_I, BLOCK_D] and [BLOCK_K, BLOCK_D]
    p_q = q_ptr + i_t * q_stride_t + o_i[:, None] * q_stride_i + o_d[None, :]
    b_q = tl.load(p_q, mask=m_i[:, None] & m_d[None, :], other=0.0)
    b_w = tl.load(w_ptr + i_t * w_stride + o_i, mask=m_i, other=0.0).to(tl.float32)
    p_k = k_ptr + b_index.to(tl.int64)[:, None] * k_stride + o_d[None, :]
    b_k = tl.load(p_k, mask=m_k[:, None] & m_d[None, :], other=0.0)
    # [BLOCK_K, BLOCK_I]
    b_dot = tl.dot(b_k, tl.trans(b_q), input_precision=PRECISION)
    b_kept = tl.maximum(b_dot, 0.0)
    b_score = tl.where(m_k, tl.sum(b_kept * b_w[None, :], 1), float("-inf"))
    top = tl.max(b_score)
    top = tl.where(top == float("-inf"), 0.0, top)
    b_e = tl.exp(b_score - top)
    total = tl.sum(b_e)
    total = tl.where(total > 0, total, 1.0)
    b_log = tl.where(m_k, b_score - top - tl.log2(total) * LN2, 0.0)
    # 0 log 0 is 0.
    b_loss = b_p * (tl.log2(tl.where(b_p > 0, b_p, 1.0)) * LN2 - b_log)
    tl.store(loss_ptr + i_t, tl.sum(b_loss))
    b_ds = tl.where(m_k, b_e / total - b_p, 0.0)
    tl.store(dw_ptr + i_t * HEADS + o_i, tl.sum(b_kept * b_ds[:, None], 0), mask=m_i)
    b_slope = tl.where(b_dot > 0, b_ds[:, None] * b_w[None, :], 0.0).to(b_k.dtype)
    b_dq = tl.dot(tl.trans(b_slope), b_k, input_precision=PRECISION)
    p_dq = dq_ptr + (i_t * HEADS + o_i)[:, None] * D + o_d[None, :]
    tl.store(p_dq, b_dq, mask=m_i[:, None] & m_d[None, :])
    b_part = tl.dot(b_slope, b_q, input_precision=PRECISION).to(part_ptr.dtype.element_ty)
    p_part = part_ptr + (i_t * num_picked + o_k)[:, None] * D + o_d[None, :]
    tl.store(p_part, b_part, mask=m_k[:, None] & m_d[None, :])


def fits(num_heads: int, num_picked: int, tensor: Tensor) -> bool:
    """Whether a query's picks and index heads fit into one program."""
    half = tensor.dtype != torch.float32
    limit = MAX_PICKED if half and is_roomy(tensor) else 64
    size = triton.next_power_of_2(num_picked) * triton.next_power_of_2(num_heads)
    return num_picked <= limit and num_heads <= MAX_HEADS and size <= MAX_PAIRS


def loss_and_gradients(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    q_THC: Tensor,
    kv_SC: Tensor,
    picked_TK: Tensor,
    scale: float,
    dq_TID: Tensor,
    dk_SD: Tensor,
    dw_TI: Tensor,
    config: dict[str, int] | None = None,
) -> Tensor:
    """The loss of these queries; fills `dq_TID` and `dw_TI` and adds to `dk_SD`."""
    num_queries, num_index, dim = q_TID.shape
    num_heads, row = q_THC.shape[1:]
    num_picked = picked_TK.shape[1]
    wide = q_TID.dtype == torch.float32
    chosen = {"c": 64, "stages": 1 if wide or not is_roomy(q_TID) else 3, "warps": 4}
    if num_picked > 256:
        chosen["warps"] = 8
    chosen |= config or {}
    precision = "ieee" if wide else "tf32"
    block_k = max(16, triton.next_power_of_2(num_picked))
    target = torch.empty(num_queries, num_picked, dtype=torch.float32, device=q_TID.device)
    _target[(num_queries,)](
        q_THC, kv_SC, picked_TK, target,
        q_THC.stride(0), q_THC.stride(1), kv_SC.stride(0), picked_TK.stride(0),
        num_picked, scale * math.log2(math.e), H=num_heads, C=row,
        BLOCK_H=min(MAX_HEADS, max(16, triton.next_power_of_2(num_heads))), BLOCK_C=chosen["c"],
        BLOCK_K=block_k, PRECISION=precision, STAGES=chosen["stages"], num_warps=chosen["warps"],
    )  # fmt: skip
    losses = torch.empty(num_queries, dtype=torch.float32, device=q_TID.device)
    parts = torch.empty(num_queries * num_picked, dim, dtype=q_TID.dtype, device=q_TID.device)
    _query[(num_queries,)](
        q_TID, k_SD, w_TI, picked_TK, target, losses, dq_TID, dw_TI, parts,
        q_TID.stride(0), q_TID.stride(1), k_SD.stride(0), w_TI.stride(0), picked_TK.stride(0),
        num_picked, HEADS=num_index, D=dim,
        BLOCK_I=max(16, triton.next_power_of_2(num_index)),
        BLOCK_D=max(16, triton.next_power_of_2(dim)),
        BLOCK_K=block_k, PRECISION=precision, num_warps=chosen["warps"],
    )  # fmt: skip
    add_parts(parts, picked_TK, dk_SD)
    return losses.sum()
