"""The loss of the dense warm-up: every visible key is in the support, so nothing is gathered.

`_normalisers` finds each head's log-sum-exp, `_target` the head-summed attention, `_scores` the index
scores; `_divergence` turns both into the loss and dI = softmax(I) - p; `_query_gradients` and
`_key_gradients` multiply dI out. Numbers a pair live in scratches of [queries, longest row], whose
rows begin at their query's first key, rounded down to a multiple of 16; the caller bounds them.
"""

import math
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.device import is_narrow, is_roomy

LN2 = tl.constexpr(0.6931471805599453)


@triton.jit
def _rows(start_ptr, end_ptr, o_t, m_t):
    """First and last key (exclusive) of queries; one without keys gets an empty, neutral range."""
    b_start = tl.load(start_ptr + o_t, mask=m_t, other=0)
    b_end = tl.load(end_ptr + o_t, mask=m_t, other=0)
    m_some = b_end > b_start
    return tl.where(m_some, b_start, 2147483647), tl.where(m_some, b_end, 0)


@triton.jit
def _columns(start_ptr, o_t, m_t, o_n, stride):
    """Per query: where key 0 would lie in a scratch; per pair: whether it lies in the query's row.

    Rows begin at a multiple of 16 keys, which keeps accesses wide: they are masked by the row, and
    what is not visible is masked after loading.
    """
    b_base = tl.multiple_of(tl.load(start_ptr + o_t, mask=m_t, other=0) // 16 * 16, [16])
    b_column = o_n[None, :] - b_base[:, None]
    m_in = (b_column >= 0) & (b_column < stride) & m_t[:, None]
    return tl.multiple_of(o_t * stride - b_base, [16]), m_in


@triton.jit
def _normalisers(
    q_ptr, kv_ptr, start_ptr, end_ptr, lse_ptr,
    q_stride_t, q_stride_h, kv_stride, num_queries, first_head, scale_log2,
    H: tl.constexpr, C: tl.constexpr, HB: tl.constexpr, G: tl.constexpr, M: tl.constexpr,
    BLOCK_A: tl.constexpr, BLOCK_B: tl.constexpr, BLOCK_N: tl.constexpr,
    PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    # Late queries first: they see the most keys, so the short programs fill the tail.
    i_g = tl.num_programs(0) - 1 - tl.program_id(0)
    o_m = tl.arange(0, M)
    o_t = i_g.to(tl.int64) * G + o_m // HB
    o_h = first_head + o_m % HB
    m_m = (o_m < G * HB) & (o_t < num_queries) & (o_h < H)
    b_start, b_end = _rows(start_ptr, end_ptr, o_t, m_m)
    first = tl.min(b_start) // BLOCK_N * BLOCK_N
    last = tl.max(b_end)
    o_a = tl.arange(0, BLOCK_A)
    o_b = BLOCK_A + tl.arange(0, BLOCK_B)
    # [M, BLOCK_A] and [M, BLOCK_B]
    p_q = q_ptr + (o_t * q_stride_t + o_h * q_stride_h)[:, None]
    b_qa = tl.load(p_q + o_a[None, :], mask=m_m[:, None], other=0.0)
    b_qb = tl.load(p_q + o_b[None, :], mask=m_m[:, None] & (o_b < C)[None, :], other=0.0)
    b_max = tl.full([M], float("-inf"), tl.float32)
    b_sum = tl.zeros([M], dtype=tl.float32)
    for i_n in tl.range(first, last, BLOCK_N, num_stages=STAGES):
        o_n = i_n + tl.arange(0, BLOCK_N)
        m_n = o_n < last
        p_kv = kv_ptr + o_n.to(tl.int64)[:, None] * kv_stride
        # [BLOCK_N, BLOCK_A] and [BLOCK_N, BLOCK_B]
        b_ka = tl.load(p_kv + o_a[None, :], mask=m_n[:, None], other=0.0)
        b_s = tl.dot(b_qa, tl.trans(b_ka), input_precision=PRECISION)
        if BLOCK_A < C:
            b_kb = tl.load(p_kv + o_b[None, :], mask=m_n[:, None] & (o_b < C)[None, :], other=0.0)
            b_s = tl.dot(b_qb, tl.trans(b_kb), b_s, input_precision=PRECISION)
        # [M, BLOCK_N]
        m_s = (o_n[None, :] >= b_start[:, None]) & (o_n[None, :] < b_end[:, None])
        b_s = tl.where(m_s, b_s * scale_log2, float("-inf"))
        b_new = tl.maximum(b_max, tl.max(b_s, 1))
        b_ref = tl.where(b_new == float("-inf"), 0.0, b_new)
        b_sum = b_sum * tl.exp2(b_max - b_ref) + tl.sum(tl.exp2(b_s - b_ref[:, None]), 1)
        b_max = b_new
    # To base 2; a query without keys has inf and so probabilities of 0.
    b_lse = tl.where(b_sum > 0, b_max + tl.log2(tl.where(b_sum > 0, b_sum, 1.0)), float("inf"))
    tl.store(lse_ptr + o_t * H + o_h, b_lse, mask=m_m)


@triton.jit
def _target(
    q_ptr, kv_ptr, start_ptr, end_ptr, lse_ptr, p_ptr,
    q_stride_t, q_stride_h, kv_stride, p_stride, num_queries, first_head, scale_log2,
    H: tl.constexpr, C: tl.constexpr, HB: tl.constexpr, G: tl.constexpr, M: tl.constexpr,
    BLOCK_A: tl.constexpr, BLOCK_B: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_G: tl.constexpr,
    ADD: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    i_g = tl.num_programs(0) - 1 - tl.program_id(0)
    o_m = tl.arange(0, M)
    o_t = i_g.to(tl.int64) * G + o_m // HB
    o_h = first_head + o_m % HB
    m_m = (o_m < G * HB) & (o_t < num_queries) & (o_h < H)
    o_a = tl.arange(0, BLOCK_A)
    o_b = BLOCK_A + tl.arange(0, BLOCK_B)
    p_q = q_ptr + (o_t * q_stride_t + o_h * q_stride_h)[:, None]
    b_qa = tl.load(p_q + o_a[None, :], mask=m_m[:, None], other=0.0)
    b_qb = tl.load(p_q + o_b[None, :], mask=m_m[:, None] & (o_b < C)[None, :], other=0.0)
    b_lse = tl.load(lse_ptr + o_t * H + o_h, mask=m_m, other=float("inf"))
    o_g = tl.arange(0, BLOCK_G)
    o_tg = i_g.to(tl.int64) * G + o_g
    m_g = (o_g < G) & (o_tg < num_queries)
    b_start, b_end = _rows(start_ptr, end_ptr, o_tg, m_g)
    first = tl.min(b_start) // BLOCK_N * BLOCK_N
    last = tl.max(b_end)
    # [M, BLOCK_G]: column g adds up the heads of query g. Keys lie on the rows of the tile, so that
    # probabilities are a product's first operand and never leave the registers.
    b_pick = ((o_m // HB)[:, None] == o_g[None, :]).to(b_qa.dtype)
    for i_n in tl.range(first, last, BLOCK_N, num_stages=STAGES):
        o_n = i_n + tl.arange(0, BLOCK_N)
        m_n = o_n < last
        p_kv = kv_ptr + o_n.to(tl.int64)[:, None] * kv_stride
        b_ka = tl.load(p_kv + o_a[None, :], mask=m_n[:, None], other=0.0)
        b_s = tl.dot(b_ka, tl.trans(b_qa), input_precision=PRECISION)
        if BLOCK_A < C:
            b_kb = tl.load(p_kv + o_b[None, :], mask=m_n[:, None] & (o_b < C)[None, :], other=0.0)
            b_s = tl.dot(b_kb, tl.trans(b_qb), b_s, input_precision=PRECISION)
        # [BLOCK_N, M]; what lies outside a query's keys may overflow and is not stored.
        b_p = tl.exp2(tl.minimum(b_s * scale_log2 - b_lse[None, :], 0.0))
        # [BLOCK_N, BLOCK_G]
        b_p = tl.dot(b_p.to(b_qa.dtype), b_pick, input_precision=PRECISION) * (1.0 / H)
        b_row, m_p = _columns(start_ptr, o_tg, m_g, o_n, p_stride)
        p_p = p_ptr + b_row[:, None] + o_n[None, :]
        b_p = tl.trans(b_p)
        if ADD:
            b_p += tl.load(p_p, mask=m_p, other=0.0)
        tl.store(p_p, b_p, mask=m_p)


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
    b_start, b_end = _rows(start_ptr, end_ptr, o_t, m_t)
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
    b_row, m_s = _columns(start_ptr, o_t, m_t, o_n, out_stride)
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
    b_start, b_end = _rows(start_ptr, end_ptr, o_t, m_t)
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
        b_row, m_in = _columns(start_ptr, o_t, m_t, o_n, ds_stride)
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
        b_start, b_end = _rows(start_ptr, end_ptr, o_t, m_t)
        p_q = q_ptr + (o_t * q_stride_t + i_i * q_stride_i)[:, None] + o_d[None, :]
        # [BLOCK_T, BLOCK_D]
        b_q = tl.load(p_q, mask=m_t[:, None] & (o_d < D)[None, :], other=0.0)
        b_w = tl.load(w_ptr + o_t * w_stride + i_i, mask=m_t, other=0.0).to(tl.float32)
        # [BLOCK_T, BLOCK_N]
        m_s = (o_n[None, :] >= b_start[:, None]) & (o_n[None, :] < b_end[:, None])
        b_row, m_in = _columns(start_ptr, o_t, m_t, o_n, ds_stride)
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


def row_width(starts_T: Tensor, ends_T: Tensor) -> int:
    """Columns of a scratch, a multiple of 16, or 0 where no query sees a key; waits for the device."""
    seen = ends_T > starts_T
    longest = int(torch.where(seen, ends_T - starts_T // 16 * 16, 0).max()) if seen.numel() else 0
    return triton.cdiv(longest, 16) * 16


def attention_target(
    q_THC: Tensor,
    kv_SC: Tensor,
    starts_T: Tensor,
    ends_T: Tensor,
    scale: float,
    width: int,
    config: dict[str, int] | None = None,
) -> Tensor:
    """p of every visible pair, float32; columns beyond a query's keys stay unwritten."""
    num_queries, num_heads, row = q_THC.shape
    block_a = 1 << (row.bit_length() - 1)
    if block_a < 16:
        raise ValueError(f"q_THC: rows must have at least 16 numbers, got {row}")
    chosen = {"rows": 128, "keys": 64, "warps": 8, "stages": 2}
    if row > 400:
        chosen |= {"rows": 64, "warps": 4}
    if not is_roomy(q_THC):
        chosen |= {"rows": 64, "keys": 64, "warps": 4, "stages": 1}
    if q_THC.dtype == torch.float32 or is_narrow(q_THC):
        chosen |= {"rows": 32, "keys": 32, "warps": 4, "stages": 1}
    chosen |= {k: v for k, v in (config or {}).items() if k in ("rows", "keys")}
    head_block = min(num_heads, chosen["rows"])
    group = chosen["rows"] // head_block
    lse = torch.empty(num_queries, num_heads, dtype=torch.float32, device=q_THC.device)
    target = torch.empty(num_queries, width, dtype=torch.float32, device=q_THC.device)
    strides = (q_THC.stride(0), q_THC.stride(1), kv_SC.stride(0))
    tile = {
        "H": num_heads, "C": row, "HB": head_block, "G": group, "M": chosen["rows"],
        "BLOCK_A": block_a, "BLOCK_B": max(16, triton.next_power_of_2(row - block_a)),
        "BLOCK_N": chosen["keys"], "STAGES": chosen["stages"],
        "PRECISION": "ieee" if q_THC.dtype == torch.float32 else "tf32",
        "num_warps": chosen["warps"],
    }  # fmt: skip
    for head in range(0, num_heads, head_block):
        grid = (triton.cdiv(num_queries, group),)
        _normalisers[grid](
            q_THC, kv_SC, starts_T, ends_T, lse, *strides, num_queries, head,
            scale * math.log2(math.e), **tile,
        )  # fmt: skip
        _target[grid](
            q_THC, kv_SC, starts_T, ends_T, lse, target, *strides, width, num_queries, head,
            scale * math.log2(math.e), **tile,
            BLOCK_G=max(16, triton.next_power_of_2(group)), ADD=head > 0,
        )  # fmt: skip
    return target


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
