"""Flash attention of grouped heads over the keys whose bits are set, forward and backward.

Tiles are computed whole and masked: below some ten thousand keys this is faster than gathering,
and the gradients need no scatter, so that every run gives the same bits. A word of 64 bits belongs to
one query and one tile of keys.
"""

import math
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK_N = 64
"""Keys of a tile, and bits of a word."""
TILES = {"forward": (128, 8, 3), "dq": (128, 8, 2), "dkv": (64, 4, 2)}
"""Queries of a tile, warps and stages of the 16-bit kernels."""
FLOAT32_TILE = (32, 4, 2)


@triton.jit
def seen_tile(
    word_ptr, row, i_n, o_q, num_tokens, num_words, HAS_WORDS: tl.constexpr, BLOCK_N: tl.constexpr
):
    """Which keys of the tile at `i_n` the queries `o_q` see; `row` is the first row of words."""
    o_k = tl.arange(0, BLOCK_N)
    if HAS_WORDS:
        p_word = word_ptr + (row + o_q) * num_words + i_n // BLOCK_N
        b_word = tl.load(p_word, mask=o_q < num_tokens, other=0)
        return ((b_word[:, None] >> o_k.to(tl.int64)[None, :]) & 1) != 0
    return ((i_n + o_k)[None, :] <= o_q[:, None]) & (o_q < num_tokens)[:, None]


@triton.jit
def _forward(
    q_ptr, k_ptr, v_ptr, word_ptr, out_ptr, lse_ptr, num_tokens, num_words, scale_log2,
    H: tl.constexpr, G: tl.constexpr, D: tl.constexpr, HAS_WORDS: tl.constexpr,
    BLOCK_Q: tl.constexpr, BLOCK_N: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    # Late queries first: they see the most keys, so the short programs fill the tail.
    i_q = (tl.num_programs(0) - 1 - tl.program_id(0)) * BLOCK_Q
    i_b = (tl.program_id(1) // H).to(tl.int64)
    i_h = tl.program_id(1) % H
    i_g = i_h // (H // G)
    o_q = i_q + tl.arange(0, BLOCK_Q)
    m_q = o_q < num_tokens
    o_d = tl.arange(0, D)
    # [BLOCK_Q, D]
    o_row = (((i_b * num_tokens + o_q) * H + i_h) * D)[:, None] + o_d[None, :]
    b_q = tl.load(q_ptr + o_row, mask=m_q[:, None], other=0.0)
    b_max = tl.full([BLOCK_Q], float("-inf"), tl.float32)
    b_sum = tl.zeros([BLOCK_Q], dtype=tl.float32)
    b_out = tl.zeros([BLOCK_Q, D], dtype=tl.float32)
    stop = tl.minimum(i_q + BLOCK_Q, num_tokens)
    for i_n in range(0, stop, BLOCK_N):
        o_n = i_n + tl.arange(0, BLOCK_N)
        o_key = (((i_b * num_tokens + o_n) * G + i_g) * D)[:, None] + o_d[None, :]
        # [BLOCK_N, D]
        b_k = tl.load(k_ptr + o_key, mask=(o_n < num_tokens)[:, None], other=0.0)
        b_v = tl.load(v_ptr + o_key, mask=(o_n < num_tokens)[:, None], other=0.0)
        m_s = seen_tile(
            word_ptr, i_b * num_tokens, i_n, o_q, num_tokens, num_words, HAS_WORDS, BLOCK_N
        )
        # [BLOCK_Q, BLOCK_N]
        b_s = tl.dot(b_q, tl.trans(b_k), input_precision=PRECISION) * scale_log2
        b_s = tl.where(m_s, b_s, float("-inf"))
        b_new = tl.maximum(b_max, tl.max(b_s, 1))
        b_ref = tl.where(b_new == float("-inf"), 0.0, b_new)
        b_p = tl.exp2(b_s - b_ref[:, None])
        b_old = tl.exp2(b_max - b_ref)
        b_sum = b_sum * b_old + tl.sum(b_p, 1)
        b_out = tl.dot(b_p.to(b_v.dtype), b_v, b_out * b_old[:, None], input_precision=PRECISION)
        b_max = b_new
    b_whole = tl.where(b_sum > 0, b_sum, 1.0)
    b_out = b_out / b_whole[:, None]
    tl.store(out_ptr + o_row, b_out.to(out_ptr.dtype.element_ty), mask=m_q[:, None])
    # Base 2. A query without keys gets +inf: its probabilities are 0 later on.
    b_lse = tl.where(b_sum > 0, b_max + tl.log2(b_whole), float("inf"))
    tl.store(lse_ptr + (i_b * H + i_h) * num_tokens + o_q, b_lse, mask=m_q)


@triton.jit
def _query_gradient(
    q_ptr, k_ptr, v_ptr, word_ptr, dout_ptr, lse_ptr, delta_ptr, dq_ptr,
    num_tokens, num_words, scale, scale_log2,
    H: tl.constexpr, G: tl.constexpr, D: tl.constexpr, HAS_WORDS: tl.constexpr,
    BLOCK_Q: tl.constexpr, BLOCK_N: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    i_q = (tl.num_programs(0) - 1 - tl.program_id(0)) * BLOCK_Q
    i_b = (tl.program_id(1) // H).to(tl.int64)
    i_h = tl.program_id(1) % H
    i_g = i_h // (H // G)
    o_q = i_q + tl.arange(0, BLOCK_Q)
    m_q = o_q < num_tokens
    o_d = tl.arange(0, D)
    # [BLOCK_Q, D]
    o_row = (((i_b * num_tokens + o_q) * H + i_h) * D)[:, None] + o_d[None, :]
    b_q = tl.load(q_ptr + o_row, mask=m_q[:, None], other=0.0)
    b_dout = tl.load(dout_ptr + o_row, mask=m_q[:, None], other=0.0)
    o_stat = (i_b * H + i_h) * num_tokens + o_q
    b_lse = tl.load(lse_ptr + o_stat, mask=m_q, other=float("inf"))
    b_delta = tl.load(delta_ptr + o_stat, mask=m_q, other=0.0)
    b_dq = tl.zeros([BLOCK_Q, D], dtype=tl.float32)
    stop = tl.minimum(i_q + BLOCK_Q, num_tokens)
    for i_n in range(0, stop, BLOCK_N):
        o_n = i_n + tl.arange(0, BLOCK_N)
        o_key = (((i_b * num_tokens + o_n) * G + i_g) * D)[:, None] + o_d[None, :]
        # [BLOCK_N, D]
        b_k = tl.load(k_ptr + o_key, mask=(o_n < num_tokens)[:, None], other=0.0)
        b_v = tl.load(v_ptr + o_key, mask=(o_n < num_tokens)[:, None], other=0.0)
        m_s = seen_tile(
            word_ptr, i_b * num_tokens, i_n, o_q, num_tokens, num_words, HAS_WORDS, BLOCK_N
        )
        # [BLOCK_Q, BLOCK_N]
        b_s = tl.dot(b_q, tl.trans(b_k), input_precision=PRECISION) * scale_log2
        b_p = tl.where(m_s, tl.exp2(b_s - b_lse[:, None]), 0.0)
        b_dp = tl.dot(b_dout, tl.trans(b_v), input_precision=PRECISION)
        b_ds = (b_p * (b_dp - b_delta[:, None])).to(b_k.dtype)
        b_dq = tl.dot(b_ds, b_k, b_dq, input_precision=PRECISION)
    tl.store(dq_ptr + o_row, (b_dq * scale).to(dq_ptr.dtype.element_ty), mask=m_q[:, None])


@triton.jit
def _key_gradient(
    q_ptr, k_ptr, v_ptr, word_ptr, dout_ptr, lse_ptr, delta_ptr, dk_ptr, dv_ptr,
    num_tokens, num_words, scale, scale_log2,
    H: tl.constexpr, G: tl.constexpr, D: tl.constexpr, HAS_WORDS: tl.constexpr,
    BLOCK_Q: tl.constexpr, BLOCK_N: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    # Early keys first: they are seen by the most queries.
    i_n = tl.program_id(0) * BLOCK_N
    i_b = (tl.program_id(1) // G).to(tl.int64)
    i_g = tl.program_id(1) % G
    o_n = i_n + tl.arange(0, BLOCK_N)
    m_n = o_n < num_tokens
    o_d = tl.arange(0, D)
    # [BLOCK_N, D]
    o_key = (((i_b * num_tokens + o_n) * G + i_g) * D)[:, None] + o_d[None, :]
    b_k = tl.load(k_ptr + o_key, mask=m_n[:, None], other=0.0)
    b_v = tl.load(v_ptr + o_key, mask=m_n[:, None], other=0.0)
    b_dk = tl.zeros([BLOCK_N, D], dtype=tl.float32)
    b_dv = tl.zeros([BLOCK_N, D], dtype=tl.float32)
    first = (i_n // BLOCK_Q) * BLOCK_Q
    for i_h in range(i_g * (H // G), (i_g + 1) * (H // G)):
        for i_q in range(first, num_tokens, BLOCK_Q):
            o_q = i_q + tl.arange(0, BLOCK_Q)
            m_q = o_q < num_tokens
            # [BLOCK_Q, D]
            o_row = (((i_b * num_tokens + o_q) * H + i_h) * D)[:, None] + o_d[None, :]
            b_q = tl.load(q_ptr + o_row, mask=m_q[:, None], other=0.0)
            b_dout = tl.load(dout_ptr + o_row, mask=m_q[:, None], other=0.0)
            o_stat = (i_b * H + i_h) * num_tokens + o_q
            b_lse = tl.load(lse_ptr + o_stat, mask=m_q, other=float("inf"))
            b_delta = tl.load(delta_ptr + o_stat, mask=m_q, other=0.0)
            m_s = seen_tile(
                word_ptr, i_b * num_tokens, i_n, o_q, num_tokens, num_words, HAS_WORDS, BLOCK_N
            )
            # [BLOCK_Q, BLOCK_N]
            b_s = tl.dot(b_q, tl.trans(b_k), input_precision=PRECISION) * scale_log2
            b_p = tl.where(m_s, tl.exp2(b_s - b_lse[:, None]), 0.0)
            b_dv = tl.dot(tl.trans(b_p.to(b_q.dtype)), b_dout, b_dv, input_precision=PRECISION)
            b_dp = tl.dot(b_dout, tl.trans(b_v), input_precision=PRECISION)
            b_ds = (b_p * (b_dp - b_delta[:, None])).to(b_q.dtype)
            b_dk = tl.dot(tl.trans(b_ds), b_q, b_dk, input_precision=PRECISION)
    tl.store(dk_ptr + o_key, (b_dk * scale).to(dk_ptr.dtype.element_ty), mask=m_n[:, None])
    tl.store(dv_ptr + o_key, b_dv.to(dv_ptr.dtype.element_ty), mask=m_n[:, None])


def precision(x: Tensor) -> str:
    """Float32 is multiplied as such; it serves tests."""
    return "ieee" if x.dtype == torch.float32 else "tf32"


def tile(name: str, x: Tensor) -> tuple[int, int, int]:
    """Queries of a tile, warps, stages."""
    return FLOAT32_TILE if x.dtype == torch.float32 else TILES[name]


def words_of(words_BTW: Tensor | None, stand_in: Tensor) -> tuple[Tensor, int, bool]:
    """What a kernel takes for its words: pointer, words a query, whether there are any."""
    if words_BTW is None:
        return stand_in, 0, False
    return words_BTW, words_BTW.shape[-1], True


class Attend(torch.autograd.Function):
    """Returns the output and the base-2 log-sum-exp, which has no gradient."""

    @staticmethod
    def forward(
        ctx: Any, q_BTHD: Tensor, k_BTGD: Tensor, v_BTGD: Tensor, words: Tensor | None, scale: float
    ) -> tuple[Tensor, Tensor]:
        q, k, v = q_BTHD.contiguous(), k_BTGD.contiguous(), v_BTGD.contiguous()
        batch, num_tokens, heads, dim = q.shape
        out = torch.empty_like(q)
        lse = torch.empty(batch, heads, num_tokens, dtype=torch.float32, device=q.device)
        pointer, num_words, has_words = words_of(words, q)
        block_q, warps, stages = tile("forward", q)
        _forward[(triton.cdiv(num_tokens, block_q), batch * heads)](
            q, k, v, pointer, out, lse, num_tokens, num_words, scale * math.log2(math.e),
            H=heads, G=k.shape[2], D=dim, HAS_WORDS=has_words, BLOCK_Q=block_q, BLOCK_N=BLOCK_N,
            PRECISION=precision(q), num_warps=warps, num_stages=stages,
        )  # fmt: skip
        ctx.save_for_backward(q, k, v, words, out, lse)
        ctx.scale = scale
        ctx.mark_non_differentiable(lse)
        return out, lse

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, words, out, lse = ctx.saved_tensors
        dout = grads[0].contiguous()
        batch, num_tokens, heads, dim = q.shape
        groups = k.shape[2]
        delta = (dout.float() * out.float()).sum(-1).transpose(1, 2).contiguous()
        dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        pointer, num_words, has_words = words_of(words, q)
        shared = {
            "H": heads, "G": groups, "D": dim, "HAS_WORDS": has_words, "BLOCK_N": BLOCK_N,
            "PRECISION": precision(q),
        }  # fmt: skip
        scales = (ctx.scale, ctx.scale * math.log2(math.e))
        block_q, warps, stages = tile("dq", q)
        _query_gradient[(triton.cdiv(num_tokens, block_q), batch * heads)](
            q, k, v, pointer, dout, lse, delta, dq, num_tokens, num_words, *scales, **shared,
            BLOCK_Q=block_q, num_warps=warps, num_stages=stages,
        )  # fmt: skip
        block_q, warps, stages = tile("dkv", q)
        _key_gradient[(triton.cdiv(num_tokens, BLOCK_N), batch * groups)](
            q, k, v, pointer, dout, lse, delta, dk, dv, num_tokens, num_words, *scales, **shared,
            BLOCK_Q=block_q, num_warps=warps, num_stages=stages,
        )  # fmt: skip
        return dq, dk, dv, None, None
