"""The loss of the dense warm-up: every visible key is in the support, so nothing is gathered.

`dense_target` gives the head-summed attention, `_scores` the index scores; `_divergence` turns both
into the loss and dI = softmax(I) - p; `_query_gradients` and `_key_gradients` multiply dI out.
Numbers a pair lie in scratches as `dense_target` describes; the caller bounds their rows.
"""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.device import is_roomy
from kernels.index_loss.dense_target import attention_target, columns, rows

LN2 = tl.constexpr(0.6931471805599453)


@triton.jit
def _scores(
    q_ptr, k_ptr, w_ptr, start_ptr, end_ptr, out_ptr,
    q_stride_t, q_stride_i, k_stride, w_stride, out_stride, num_queries,
    HEADS: tl.constexpr, D: tl.constexpr, BLOCK_T: tl.constexpr, BLOCK_D: tl.constexpr,
    BLOCK_N: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    o_t = tl.program_id(1).to(tl.int64) * BLOCK_T + tl.arange(0, BLOCK_T)
    o_n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    m_t = o_t < num_queries
    b_start, b_end = rows(start_ptr, end_ptr, o_t, m_t)
    last = tl.max(b_end)
    if (tl.program_id(0) * BLOCK_N >= last) | (
        tl.program_id(0) * BLOCK_N + BLOCK_N <= tl.min(b_start)
    ):
        return
    o_d = tl.arange(0, BLOCK_D)
    p_k = k_ptr + o_n.to(tl.int64)[:, None] * k_stride + o_d[None, :]
    # [BLOCK_N, BLOCK_D]
    b_k = tl.load(p_k, mask=(o_n < last)[:, None] & (o_d < D)[None, :], other=0.0)
    b_score = tl.zeros([BLOCK_T, BLOCK_N], dtype=tl.float32)
    for i_i in tl.range(0, HEADS, num_stages=STAGES):
        p_q = q_ptr + (o_t * q_stride_t + i_i * q_stride_i)[:, None] + o_d[None, :]
        b_q = tl.load(p_q, mask=m_t[:, None] & (o_d < D)[None, :], other=0.0)
        b_w = tl.load(w_ptr + o_t * w_stride + i_i, mask=m_t, other=0.0).to(tl.float32)
        b_dot = tl.dot(b_q, tl.trans(b_k), input_precision=PRECISION)
        b_score += tl.maximum(b_dot, 0.0) * b_w[:, None]
    b_row, m_s = columns(start_ptr, o_t, m_t, o_n, out_stride)
    tl.store(out_ptr + b_row[:, None] + o_n[None, :], b_score, mask=m_s)


@triton.jit
def _divergence(
    p_ptr, score_ptr, start_ptr, end_ptr, loss_ptr, stride,
    BLOCK: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    i_t = tl.program_id(0).to(tl.int64)
    start = tl.load(start_ptr + i_t)
    begin = start % 16
    stop = begin + tl.load(end_ptr + i_t) - start
    if stop <= begin:
        tl.store(loss_ptr + i_t, 0.0)
        return
    p_p = p_ptr + i_t * stride
    p_score = score_ptr + i_t * stride
    b_max = tl.full([BLOCK], float("-inf"), tl.float32)
    b_sum = tl.zeros([BLOCK], dtype=tl.float32)
    b_gain = tl.zeros([BLOCK], dtype=tl.float32)
    b_mass = tl.zeros([BLOCK], dtype=tl.float32)
    for i_n in tl.range(0, stop, BLOCK, num_stages=STAGES):
        o_n = i_n + tl.arange(0, BLOCK)
        m_n = (o_n >= begin) & (o_n < stop)
        b_p = tl.where(m_n, tl.load(p_p + o_n, mask=o_n < stride, other=0.0), 0.0)
        b_s = tl.where(m_n, tl.load(p_score + o_n, mask=o_n < stride, other=0.0), 0.0)
        # 0 log 0 is 0.
        b_gain += b_p * (tl.log2(tl.where(b_p > 0, b_p, 1.0)) * LN2 - b_s)
        b_mass += b_p
        b_s = tl.where(m_n, b_s, float("-inf"))
        b_new = tl.maximum(b_max, b_s)
        b_ref = tl.where(b_new == float("-inf"), 0.0, b_new)
        b_sum = b_sum * tl.exp(b_max - b_ref) + tl.exp(b_s - b_ref)
        b_max = b_new
    top = tl.max(b_max)
    lse = top + tl.log2(tl.sum(b_sum * tl.exp(b_max - top))) * LN2
    tl.store(loss_ptr + i_t, tl.sum(b_gain) + lse * tl.sum(b_mass))
    for i_n in tl.range(0, stop, BLOCK, num_stages=STAGES):
        o_n = i_n + tl.arange(0, BLOCK)
        b_p = tl.load(p_p + o_n, mask=o_n < stride, other=0.0)
        b_s = tl.load(p_score + o_n, mask=o_n < stride, other=0.0)
        m_n = (o_n >= begin) & (o_n < stop)
        tl.store(p_p + o_n, tl.where(m_n, tl.exp(b_s - lse) - b_p, 0.0), mask=o_n < stride)


@triton.jit
def _query_gradients(
    q_ptr, k_ptr, w_ptr, ds_ptr, start_ptr, end_ptr, dq_ptr, dw_ptr,
    q_stride_t, q_stride_i, k_stride, w_stride, ds_stride, num_queries,
    HEADS: tl.constexpr, D: tl.constexpr, BLOCK_T: tl.constexpr, BLOCK_D: tl.constexpr,
    BLOCK_N: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    i_i = tl.program_id(0)
    i_block = tl.num_programs(1) - 1 - tl.program_id(1)
    o_t = i_block.to(tl.int64) * BLOCK_T + tl.arange(0, BLOCK_T)
    m_t = o_t < num_queries
    b_start, b_end = rows(start_ptr, end_ptr, o_t, m_t)
    first = tl.min(b_start) // BLOCK_N * BLOCK_N
    last = tl.max(b_end)
    o_d = tl.arange(0, BLOCK_D)
    m_td = m_t[:, None] & (o_d < D)[None, :]
    p_q = q_ptr + (o_t * q_stride_t + i_i * q_stride_i)[:, None] + o_d[None, :]
    # [BLOCK_T, BLOCK_D]
    b_q = tl.load(p_q, mask=m_td, other=0.0)
    b_w = tl.load(w_ptr + o_t * w_stride + i_i, mask=m_t, other=0.0).to(tl.float32)
    b_dq = tl.zeros([BLOCK_T, BLOCK_D], dtype=tl.float32)
    b_dw = tl.zeros([BLOCK_T], dtype=tl.float32)
    for i_n in tl.range(first, last, BLOCK_N, num_stages=STAGES):
        o_n = i_n + tl.arange(0, BLOCK_N)
        p_k = k_ptr + o_n.to(tl.int64)[:, None] * k_stride + o_d[None, :]
        # [BLOCK_N, BLOCK_D]
        b_k = tl.load(p_k, mask=(o_n < last)[:, None] & (o_d < D)[None, :], other=0.0)
        # [BLOCK_T, BLOCK_N]
        m_s = (o_n[None, :] >= b_start[:, None]) & (o_n[None, :] < b_end[:, None])
        b_row, m_in = columns(start_ptr, o_t, m_t, o_n, ds_stride)
        b_ds = tl.load(ds_ptr + b_row[:, None] + o_n[None, :], mask=m_in, other=0.0)
        b_ds = tl.where(m_s, b_ds, 0.0)
        b_dot = tl.dot(b_q, tl.trans(b_k), input_precision=PRECISION)
        b_dw += tl.sum(b_ds * tl.maximum(b_dot, 0.0), 1)
        b_slope = tl.where(b_dot > 0, b_ds, 0.0).to(b_k.dtype)
        b_dq = tl.dot(b_slope, b_k, b_dq, input_precision=PRECISION)
    p_dq = dq_ptr + ((o_t * HEADS + i_i) * D)[:, None] + o_d[None, :]
    tl.store(p_dq, b_dq * b_w[:, None], mask=m_td)
    tl.store(dw_ptr + o_t * HEADS + i_i, b_dw, mask=m_t)


@triton.jit
def _key_gradients(
    q_ptr, k_ptr, w_ptr, ds_ptr, start_ptr, end_ptr, first_ptr, last_ptr, part_ptr,
    q_stride_t, q_stride_i, k_stride, w_stride, ds_stride, num_queries, num_keys,
    D: tl.constexpr, BLOCK_T: tl.constexpr, BLOCK_D: tl.constexpr,
    BLOCK_N: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    i_i = tl.program_id(0)
    i_s = tl.program_id(1)
    o_n = i_s * BLOCK_N + tl.arange(0, BLOCK_N)
    o_d = tl.arange(0, BLOCK_D)
    m_nd = (o_n < num_keys)[:, None] & (o_d < D)[None, :]
    p_k = k_ptr + o_n.to(tl.int64)[:, None] * k_stride + o_d[None, :]
    # [BLOCK_N, BLOCK_D]
    b_k = tl.load(p_k, mask=m_nd, other=0.0)
    b_dk = tl.zeros([BLOCK_N, BLOCK_D], dtype=tl.float32)
    first = tl.load(first_ptr + i_s)
    last = tl.load(last_ptr + i_s)
    for i_t in tl.range(first, last, BLOCK_T, num_stages=STAGES):
        o_t = i_t + tl.arange(0, BLOCK_T)
        m_t = o_t < num_queries
        o_t = o_t.to(tl.int64)
        b_start, b_end = rows(start_ptr, end_ptr, o_t, m_t)
        p_q = q_ptr + (o_t * q_stride_t + i_i * q_stride_i)[:, None] + o_d[None, :]
        # [BLOCK_T, BLOCK_D]
        b_q = tl.load(p_q, mask=m_t[:, None] & (o_d < D)[None, :], other=0.0)
        b_w = tl.load(w_ptr + o_t * w_stride + i_i, mask=m_t, other=0.0).to(tl.float32)
        # [BLOCK_T, BLOCK_N]
        m_s = (o_n[None, :] >= b_start[:, None]) & (o_n[None, :] < b_end[:, None])
        b_row, m_in = columns(start_ptr, o_t, m_t, o_n, ds_stride)
        b_ds = tl.load(ds_ptr + b_row[:, None] + o_n[None, :], mask=m_in, other=0.0)
        b_ds = tl.trans(tl.where(m_s, b_ds * b_w[:, None], 0.0))
        # [BLOCK_N, BLOCK_T]
        b_dot = tl.dot(b_k, tl.trans(b_q), input_precision=PRECISION)
        b_slope = tl.where(b_dot > 0, b_ds, 0.0).to(b_q.dtype)
        b_dk = tl.dot(b_slope, b_q, b_dk, input_precision=PRECISION)
    p_part = part_ptr + (i_i.to(tl.int64) * num_keys + o_n)[:, None] * D + o_d[None, :]
    tl.store(p_part, b_dk, mask=m_nd)


class Dense(NamedTuple):
    """Value and gradients of a block of queries, float32."""

    loss: Tensor
    dq_TID: Tensor
    dk_SD: Tensor
    dw_TI: Tensor


def loss_and_gradients(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    q_THC: Tensor,
    kv_SC: Tensor,
    starts_T: Tensor,
    ends_T: Tensor,
    scale: float,
    width: int,
    config: dict[str, int] | None = None,
) -> Dense:
    """The loss of these queries; starts and ends lie in 0..S, `width` is what `row_width` gives."""
    num_queries, num_index, dim = q_TID.shape
    num_keys = k_SD.shape[0]
    device = q_TID.device
    wide = q_TID.dtype == torch.float32
    precision = "ieee" if wide else "tf32"
    chosen = {"t": 64, "n": 64, "warps": 4, "stages": 2, "score_n": 64}
    if wide or not is_roomy(q_TID):
        chosen |= {"t": 32, "n": 32, "warps": 4, "score_n": 32, "stages": 1}
    chosen |= config or {}
    target = attention_target(q_THC, kv_SC, starts_T, ends_T, scale, width, config)
    scores = torch.empty_like(target)
    block_d = max(16, triton.next_power_of_2(dim))
    tile = {"D": dim, "BLOCK_D": block_d, "PRECISION": precision, "STAGES": chosen["stages"]}
    strides = (q_TID.stride(0), q_TID.stride(1), k_SD.stride(0), w_TI.stride(0), width)
    num_tiles = triton.cdiv(num_queries, chosen["t"])
    _scores[(triton.cdiv(num_keys, chosen["score_n"]), num_tiles)](
        q_TID, k_SD, w_TI, starts_T, ends_T, scores, *strides, num_queries,
        HEADS=num_index, BLOCK_T=chosen["t"], BLOCK_N=chosen["score_n"], **tile,
        num_warps=chosen["warps"],
    )  # fmt: skip
    losses = torch.empty(num_queries, dtype=torch.float32, device=device)
    _divergence[(num_queries,)](
        target, scores, starts_T, ends_T, losses, width,
        BLOCK=1024, STAGES=2, num_warps=4,
    )  # fmt: skip
    dq = torch.empty(num_queries, num_index, dim, dtype=torch.float32, device=device)
    dw = torch.empty(num_queries, num_index, dtype=torch.float32, device=device)
    _query_gradients[(num_index, num_tiles)](
        q_TID, k_SD, w_TI, target, starts_T, ends_T, dq, dw, *strides, num_queries,
        HEADS=num_index, BLOCK_T=chosen["t"], BLOCK_N=chosen["n"], **tile,
        num_warps=chosen["warps"],
    )  # fmt: skip
    first, last = _query_ranges(starts_T, ends_T, num_keys, chosen["t"], chosen["n"])
    parts = torch.empty(num_index, num_keys, dim, dtype=torch.float32, device=device)
    _key_gradients[(num_index, first.shape[0])](
        q_TID, k_SD, w_TI, target, starts_T, ends_T, first, last, parts, *strides, num_queries,
        num_keys, BLOCK_T=chosen["n"], BLOCK_N=chosen["t"], **tile, num_warps=chosen["warps"],
    )  # fmt: skip
    return Dense(losses.sum(), dq, parts.sum(0), dw)


def _query_ranges(
    starts_T: Tensor, ends_T: Tensor, num_keys: int, keys: int, queries: int
) -> tuple[Tensor, Tensor]:
    """For every tile of `keys` keys the first and last (exclusive) query that may see one of them.

    Both are multiples of `queries`, so the last may lie behind the end.
    """
    num_tiles = triton.cdiv(starts_T.shape[0], queries)
    padding = num_tiles * queries - starts_T.shape[0]
    seen = ends_T > starts_T
    low = torch.where(seen, starts_T, num_keys)
    high = torch.where(seen, ends_T, 0)
    low = torch.nn.functional.pad(low, (0, padding), value=num_keys).view(-1, queries).amin(1)
    high = torch.nn.functional.pad(high, (0, padding), value=0).view(-1, queries).amax(1)
    begin = torch.arange(0, num_keys, keys, dtype=torch.int32, device=starts_T.device)[:, None]
    meets = ((low < begin + keys) & (high > begin)).to(torch.int8)
    first = meets.argmax(1)
    last = num_tiles - meets.flip(1).argmax(1)
    last = torch.where(meets.any(1), last, first)
    return (first * queries).to(torch.int32), (last * queries).to(torch.int32)
