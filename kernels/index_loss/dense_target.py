"""The head-summed attention over every visible key, for the dense warm-up.

`_normalisers` finds each head's log-sum-exp, `_target` the probabilities summed over heads. They lie
in a scratch of [queries, longest row], whose rows begin at their query's first key, rounded down to
a multiple of 16.
"""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.device import is_narrow, is_roomy


@triton.jit
def rows(start_ptr, end_ptr, o_t, m_t):
    """First and last key (exclusive) of queries; one without keys gets an empty, neutral range."""
    b_start = tl.load(start_ptr + o_t, mask=m_t, other=0)
    b_end = tl.load(end_ptr + o_t, mask=m_t, other=0)
    m_some = b_end > b_start
    return tl.where(m_some, b_start, 2147483647), tl.where(m_some, b_end, 0)


@triton.jit
def columns(start_ptr, o_t, m_t, o_n, stride):
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
    b_start, b_end = rows(start_ptr, end_ptr, o_t, m_m)
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
    b_start, b_end = rows(start_ptr, end_ptr, o_tg, m_g)
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
        b_row, m_p = columns(start_ptr, o_tg, m_g, o_n, p_stride)
        p_p = p_ptr + b_row[:, None] + o_n[None, :]
        b_p = tl.trans(b_p)
        if ADD:
            b_p += tl.load(p_p, mask=m_p, other=0.0)
        tl.store(p_p, b_p, mask=m_p)


def row_width(starts_T: Tensor, ends_T: Tensor) -> int:
    """Columns of a scratch, a multiple of 16, or 0 where no query sees a key; waits for the device."""
    seen = ends_T > starts_T
    longest = int(torch.where(seen, ends_T - starts_T // 16 * 16, 0).max()) if seen.numel() else 0
    return (longest + 15) // 16 * 16


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
