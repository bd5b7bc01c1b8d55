"""The indexer's KL loss (arXiv:2512.02556 eq. 3 and 4) and its gradients on masked tiles.

`_index_lse` finds log sum exp of the index scores, `_differences` leaves dI = softmax(I) - p behind
in 16 bits, and the last two kernels turn that into gradients of queries, head weights and keys.
"""

import math
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.bit_attention.kernel import BLOCK_N, FLOAT32_TILE, precision, seen_tile, words_of
from kernels.bit_attention.select import scores_tile

TILES = {"lse": (64, 4, 3), "differences": (64, 4, 3), "dq": (64, 4, 3), "dk": (64, 4, 3)}
"""Queries of a tile, warps and stages of the 16-bit kernels."""
LOG2E = tl.constexpr(math.log2(math.e))


@triton.jit
def _index_lse(
    q_ptr, k_ptr, w_ptr, word_ptr, lse_ptr, num_tokens, num_words,
    J: tl.constexpr, D: tl.constexpr, HAS_WORDS: tl.constexpr,
    BLOCK_Q: tl.constexpr, BLOCK_N: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    i_q = (tl.num_programs(0) - 1 - tl.program_id(0)) * BLOCK_Q
    row = tl.program_id(1).to(tl.int64) * num_tokens
    o_q = i_q + tl.arange(0, BLOCK_Q)
    o_d = tl.arange(0, D)
    b_max = tl.full([BLOCK_Q], float("-inf"), tl.float32)
    b_sum = tl.zeros([BLOCK_Q], dtype=tl.float32)
    stop = tl.minimum(i_q + BLOCK_Q, num_tokens)
    for i_n in range(0, stop, BLOCK_N):
        o_n = i_n + tl.arange(0, BLOCK_N)
        # [BLOCK_N, D]
        p_k = k_ptr + ((row + o_n) * D)[:, None] + o_d[None, :]
        b_k = tl.load(p_k, mask=(o_n < num_tokens)[:, None], other=0.0)
        m_s = seen_tile(word_ptr, row, i_n, o_q, num_tokens, num_words, HAS_WORDS, BLOCK_N)
        b_s = scores_tile(
            q_ptr, w_ptr, b_k, row, o_q, num_tokens, J, D, BLOCK_Q, BLOCK_N, PRECISION
        )
        b_s = tl.where(m_s, b_s * LOG2E, float("-inf"))
        b_new = tl.maximum(b_max, tl.max(b_s, 1))
        b_ref = tl.where(b_new == float("-inf"), 0.0, b_new)
        b_sum = b_sum * tl.exp2(b_max - b_ref) + tl.sum(tl.exp2(b_s - b_ref[:, None]), 1)
        b_max = b_new
    b_lse = tl.where(b_sum > 0, b_max + tl.log2(tl.where(b_sum > 0, b_sum, 1.0)), 0.0)
    tl.store(lse_ptr + row + o_q, b_lse, mask=o_q < num_tokens)


@triton.jit
def _differences(
    q_ptr, k_ptr, w_ptr, main_q_ptr, main_k_ptr, word_ptr, main_lse_ptr, lse_ptr, length_ptr,
    diff_ptr, loss_ptr, num_tokens, num_words, scale_log2,
    H: tl.constexpr, G: tl.constexpr, C: tl.constexpr, J: tl.constexpr, D: tl.constexpr,
    HAS_WORDS: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_N: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    i_n = tl.program_id(0) * BLOCK_N
    i_q = tl.program_id(1) * BLOCK_Q
    i_b = tl.program_id(2).to(tl.int64)
    p_loss = loss_ptr + (i_b * tl.num_programs(1) + tl.program_id(1)) * tl.num_programs(0)
    p_loss += tl.program_id(0)
    if i_n >= tl.minimum(i_q + BLOCK_Q, num_tokens):
        tl.store(p_loss, 0.0)
        return
    row = i_b * num_tokens
    o_q = i_q + tl.arange(0, BLOCK_Q)
    o_n = i_n + tl.arange(0, BLOCK_N)
    m_q = o_q < num_tokens
    m_n = o_n < num_tokens
    m_s = seen_tile(word_ptr, row, i_n, o_q, num_tokens, num_words, HAS_WORDS, BLOCK_N)
    o_c = tl.arange(0, C)
    # The attention of all heads, summed: [BLOCK_Q, BLOCK_N]
    b_p = tl.zeros([BLOCK_Q, BLOCK_N], dtype=tl.float32)
    for i_h in range(H):
        o_row = (((row + o_q) * H + i_h) * C)[:, None] + o_c[None, :]
        b_q = tl.load(main_q_ptr + o_row, mask=m_q[:, None], other=0.0)
        o_key = (((row + o_n) * G + i_h // (H // G)) * C)[:, None] + o_c[None, :]
        b_k = tl.load(main_k_ptr + o_key, mask=m_n[:, None], other=0.0)
        p_lse = main_lse_ptr + (i_b * H + i_h) * num_tokens + o_q
        b_lse = tl.load(p_lse, mask=m_q, other=float("inf"))
        b_dot = tl.dot(b_q, tl.trans(b_k), input_precision=PRECISION)
        b_p += tl.exp2(b_dot * scale_log2 - b_lse[:, None])
    b_p = tl.where(m_s, b_p / H, 0.0)
    o_d = tl.arange(0, D)
    p_k = k_ptr + ((row + o_n) * D)[:, None] + o_d[None, :]
    b_k = tl.load(p_k, mask=m_n[:, None], other=0.0)
    b_s = scores_tile(q_ptr, w_ptr, b_k, row, o_q, num_tokens, J, D, BLOCK_Q, BLOCK_N, PRECISION)
    # Logarithms to base 2, the loss back to the natural one.
    b_log = b_s * LOG2E - tl.load(lse_ptr + row + o_q, mask=m_q, other=0.0)[:, None]
    m_real = m_s & (o_q < tl.load(length_ptr + i_b))[:, None]
    b_diff = tl.where(m_real, tl.exp2(b_log) - b_p, 0.0)
    p_diff = diff_ptr + ((row + o_q) * num_tokens)[:, None] + o_n[None, :]
    tl.store(p_diff, b_diff.to(diff_ptr.dtype.element_ty), mask=m_q[:, None] & m_n[None, :])
    b_own = tl.log2(tl.where(b_p > 0, b_p, 1.0))
    b_loss = tl.where(m_real & (b_p > 0), b_p * (b_own - b_log), 0.0)
    tl.store(p_loss, tl.sum(tl.sum(b_loss, 1), 0) / LOG2E)


@triton.jit
def _query_gradients(
    q_ptr, k_ptr, w_ptr, diff_ptr, dq_ptr, dw_ptr, num_tokens,
    J: tl.constexpr, D: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_N: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    # The heads of a block of queries follow each other and share its differences in the cache.
    i_i = tl.program_id(0) % J
    i_q = (tl.num_programs(0) // J - 1 - tl.program_id(0) // J) * BLOCK_Q
    row = tl.program_id(1).to(tl.int64) * num_tokens
    o_q = i_q + tl.arange(0, BLOCK_Q)
    m_q = o_q < num_tokens
    o_d = tl.arange(0, D)
    o_i = (row + o_q) * J + i_i
    # [BLOCK_Q, D]
    b_q = tl.load(q_ptr + (o_i * D)[:, None] + o_d[None, :], mask=m_q[:, None], other=0.0)
    b_w = tl.load(w_ptr + o_i, mask=m_q, other=0.0)
    b_dq = tl.zeros([BLOCK_Q, D], dtype=tl.float32)
    b_dw = tl.zeros([BLOCK_Q], dtype=tl.float32)
    stop = tl.minimum(i_q + BLOCK_Q, num_tokens)
    for i_n in range(0, stop, BLOCK_N):
        o_n = i_n + tl.arange(0, BLOCK_N)
        m_n = o_n < num_tokens
        p_k = k_ptr + ((row + o_n) * D)[:, None] + o_d[None, :]
        b_k = tl.load(p_k, mask=m_n[:, None], other=0.0)
        p_diff = diff_ptr + ((row + o_q) * num_tokens)[:, None] + o_n[None, :]
        b_diff = tl.load(p_diff, mask=m_q[:, None] & m_n[None, :], other=0.0).to(tl.float32)
        # [BLOCK_Q, BLOCK_N]
        b_dot = tl.dot(b_q, tl.trans(b_k), input_precision=PRECISION)
        b_dw += tl.sum(b_diff * tl.maximum(b_dot, 0.0), 1)
        b_slope = tl.where(b_dot > 0, b_diff * b_w[:, None], 0.0).to(b_k.dtype)
        b_dq = tl.dot(b_slope, b_k, b_dq, input_precision=PRECISION)
    tl.store(dq_ptr + (o_i * D)[:, None] + o_d[None, :], b_dq, mask=m_q[:, None])
    tl.store(dw_ptr + o_i, b_dw, mask=m_q)


@triton.jit
def _key_gradients(
    q_ptr, k_ptr, w_ptr, diff_ptr, dk_ptr, num_tokens,
    J: tl.constexpr, D: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_N: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    i_n = tl.program_id(0) * BLOCK_N
    row = tl.program_id(1).to(tl.int64) * num_tokens
    o_n = i_n + tl.arange(0, BLOCK_N)
    m_n = o_n < num_tokens
    o_d = tl.arange(0, D)
    # [BLOCK_N, D]
    p_k = ((row + o_n) * D)[:, None] + o_d[None, :]
    b_k = tl.load(k_ptr + p_k, mask=m_n[:, None], other=0.0)
    b_dk = tl.zeros([BLOCK_N, D], dtype=tl.float32)
    for i_q in range((i_n // BLOCK_Q) * BLOCK_Q, num_tokens, BLOCK_Q):
        o_q = i_q + tl.arange(0, BLOCK_Q)
        m_q = o_q < num_tokens
        # Tiles beyond the diagonal were never written; a tile on it may begin before its queries.
        m_s = m_q[:, None] & m_n[None, :] & (o_n[None, :] <= o_q[:, None])
        p_diff = diff_ptr + ((row + o_q) * num_tokens)[:, None] + o_n[None, :]
        b_diff = tl.load(p_diff, mask=m_s, other=0.0).to(tl.float32)
        for i_i in tl.static_range(J):
            o_i = (row + o_q) * J + i_i
            p_q = q_ptr + (o_i * D)[:, None] + o_d[None, :]
            b_q = tl.load(p_q, mask=m_q[:, None], other=0.0)
            b_w = tl.load(w_ptr + o_i, mask=m_q, other=0.0)
            # [BLOCK_Q, BLOCK_N]
            b_dot = tl.dot(b_q, tl.trans(b_k), input_precision=PRECISION)
            b_slope = tl.where(b_dot > 0, b_diff * b_w[:, None], 0.0).to(b_q.dtype)
            b_dk = tl.dot(tl.trans(b_slope), b_q, b_dk, input_precision=PRECISION)
    tl.store(dk_ptr + p_k, b_dk, mask=m_n[:, None])


class IndexLoss(torch.autograd.Function):
    """The gradients are linear in the upstream scalar, so the forward pass makes them at once."""

    @staticmethod
    def forward(
        ctx: Any, q_BTID: Tensor, k_BTD: Tensor, w_BTI: Tensor, main_q_BTHC: Tensor,
        main_k_BTGC: Tensor, main_lse_BHT: Tensor, words_BTW: Tensor | None, lengths_B: Tensor,
        scale: float,
    ) -> Tensor:  # fmt: skip
        q, k, w = q_BTID.contiguous(), k_BTD.contiguous(), w_BTI.float().contiguous()
        main_q, main_k = main_q_BTHC.contiguous(), main_k_BTGC.contiguous()
        batch, num_tokens, index_heads, dim = q.shape
        heads, width = main_q.shape[2:]
        lse = torch.empty(batch, num_tokens, dtype=torch.float32, device=q.device)
        diff = torch.empty(batch, num_tokens, num_tokens, dtype=q.dtype, device=q.device)
        dq, dw, dk = (torch.empty_like(x, dtype=torch.float32) for x in (q, w, k))
        pointer, num_words, has_words = words_of(words_BTW, q)
        blocks_n = triton.cdiv(num_tokens, BLOCK_N)

        def shared(name: str) -> tuple[int, dict[str, Any]]:
            """Blocks of queries, and what every kernel takes."""
            block_q, warps, stages = FLOAT32_TILE if q.dtype == torch.float32 else TILES[name]
            return triton.cdiv(num_tokens, block_q), {
                "J": index_heads, "D": dim, "BLOCK_Q": block_q, "BLOCK_N": BLOCK_N,
                "PRECISION": precision(q), "num_warps": warps, "num_stages": stages,
            }  # fmt: skip

        blocks_q, given = shared("lse")
        _index_lse[(blocks_q, batch)](
            q, k, w, pointer, lse, num_tokens, num_words, HAS_WORDS=has_words, **given
        )
        blocks_q, given = shared("differences")
        losses = torch.empty(batch, blocks_q, blocks_n, dtype=torch.float32, device=q.device)
        _differences[(blocks_n, blocks_q, batch)](
            q, k, w, main_q, main_k, pointer, main_lse_BHT, lse, lengths_B, diff, losses,
            num_tokens, num_words, scale * math.log2(math.e), H=heads, G=main_k.shape[2], C=width,
            HAS_WORDS=has_words, **given,
        )  # fmt: skip
        blocks_q, given = shared("dq")
        _query_gradients[(blocks_q * index_heads, batch)](
            q, k, w, diff, dq, dw, num_tokens, **given
        )
        _, given = shared("dk")
        _key_gradients[(blocks_n, batch)](q, k, w, diff, dk, num_tokens, **given)
        ctx.save_for_backward(dq.to(q.dtype), dk.to(k.dtype), dw.to(w_BTI.dtype))
        total: Tensor = losses.sum()
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        dq, dk, dw = (g * grads[0] for g in ctx.saved_tensors)
        return dq, dk, dw, None, None, None, None, None, None
