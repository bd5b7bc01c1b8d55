"""The selection of `kernels.index_topk` as bits, for whole sequences of one length."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.bit_attention.kernel import BLOCK_N, precision
from kernels.index_topk.search import ordered
from kernels.index_topk.select import MAX_BLOCK, MIN_BLOCK, THREADS, row_thresholds

SCRATCH_BYTES = 4 << 30


@triton.jit
def scores_tile(
    q_ptr, w_ptr, b_k, row, o_q, num_tokens,
    J: tl.constexpr, D: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_N: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    """Index scores of the queries `o_q` against the keys `b_k`, [BLOCK_Q, BLOCK_N]."""
    o_d = tl.arange(0, D)
    m_q = o_q < num_tokens
    b_score = tl.zeros([BLOCK_Q, BLOCK_N], dtype=tl.float32)
    for i_i in tl.static_range(J):
        o_i = (row + o_q) * J + i_i
        b_q = tl.load(q_ptr + (o_i * D)[:, None] + o_d[None, :], mask=m_q[:, None], other=0.0)
        b_w = tl.load(w_ptr + o_i, mask=m_q, other=0.0)
        b_dot = tl.dot(b_q, tl.trans(b_k), input_precision=PRECISION)
        b_score += tl.maximum(b_dot, 0.0) * b_w[:, None]
    return b_score


@triton.jit
def _scores(
    q_ptr, k_ptr, w_ptr, out_ptr, num_tokens,
    J: tl.constexpr, D: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_N: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    i_n = tl.program_id(0) * BLOCK_N
    i_q = tl.program_id(1) * BLOCK_Q
    if i_n >= i_q + BLOCK_Q:
        return
    row = tl.program_id(2).to(tl.int64) * num_tokens
    o_q = i_q + tl.arange(0, BLOCK_Q)
    o_n = i_n + tl.arange(0, BLOCK_N)
    o_d = tl.arange(0, D)
    # [BLOCK_N, D]
    p_k = k_ptr + ((row + o_n) * D)[:, None] + o_d[None, :]
    b_k = tl.load(p_k, mask=(o_n < num_tokens)[:, None], other=0.0)
    b_s = scores_tile(q_ptr, w_ptr, b_k, row, o_q, num_tokens, J, D, BLOCK_Q, BLOCK_N, PRECISION)
    p_out = out_ptr + ((row + o_q) * num_tokens)[:, None] + o_n[None, :]
    tl.store(p_out, b_s, mask=(o_q < num_tokens)[:, None] & (o_n < num_tokens)[None, :])


@triton.jit
def _bits(
    score_ptr, threshold_ptr, dropped_ptr, word_ptr, num_tokens, num_words,
    WORDS: tl.constexpr, BITS: tl.constexpr,
):  # fmt: skip
    """Sets the bits of keys above the threshold and, of those at it, of all but the first."""
    i_row = tl.program_id(0).to(tl.int64)
    count = (i_row % num_tokens).to(tl.int32) + 1
    threshold = tl.load(threshold_ptr + i_row)
    num_dropped = tl.load(dropped_ptr + i_row)
    o_bit = tl.arange(0, BITS).to(tl.int64)
    num_tied = 0
    for i_w in range(0, num_words, WORDS):
        o_n = i_w * BITS + tl.arange(0, WORDS * BITS)
        m_n = o_n < count
        b_score = tl.load(score_ptr + i_row * num_tokens + o_n, mask=m_n, other=0.0)
        b_key = ordered(b_score, m_n)
        m_tied = b_key == threshold
        b_tied = num_tied + tl.cumsum(m_tied.to(tl.int32), 0)
        m_chosen = m_n & ((b_key > threshold) | (m_tied & (b_tied > num_dropped)))
        num_tied += tl.sum(m_tied.to(tl.int32))
        b_set = tl.reshape(m_chosen.to(tl.int64), [WORDS, BITS]) << o_bit[None, :]
        o_w = i_w + tl.arange(0, WORDS)
        tl.store(word_ptr + i_row * num_words + o_w, tl.sum(b_set, 1), mask=o_w < num_words)


def select_bits(q_BTID: Tensor, k_BTD: Tensor, w_BTI: Tensor, topk: int) -> Tensor:
    """See `kernels.bit_attention.select_bits`."""
    batch, num_tokens = q_BTID.shape[:2]
    num_words = triton.cdiv(num_tokens, BLOCK_N)
    words = torch.empty(batch, num_tokens, num_words, dtype=torch.int64, device=q_BTID.device)
    block = max(1, SCRATCH_BYTES // (4 * num_tokens * num_tokens))
    for i in range(0, batch, block):
        part = slice(i, min(i + block, batch))
        _select(q_BTID[part], k_BTD[part], w_BTI[part], topk, words[part])
    return words


def _select(q: Tensor, k: Tensor, w: Tensor, topk: int, words: Tensor) -> None:
    q, k, w = q.contiguous(), k.contiguous(), w.float().contiguous()
    batch, num_tokens, index_heads, dim = q.shape
    num_rows, device = batch * num_tokens, q.device
    scores = torch.empty(num_rows, num_tokens, dtype=torch.float32, device=device)
    block_q = 32 if q.dtype == torch.float32 else 64
    grid = (triton.cdiv(num_tokens, BLOCK_N), triton.cdiv(num_tokens, block_q), batch)
    _scores[grid](
        q, k, w, scores, num_tokens, J=index_heads, D=dim, BLOCK_Q=block_q, BLOCK_N=BLOCK_N,
        PRECISION=precision(q), num_warps=4,
    )  # fmt: skip
    starts = torch.zeros(num_rows, dtype=torch.int32, device=device)
    ends = torch.arange(1, num_tokens + 1, dtype=torch.int32, device=device).repeat(batch)
    # Every valid key is above the lowest: a row without a threshold is chosen whole, without ties.
    thresholds = torch.full((2, num_rows, 1), 1 << 30, dtype=torch.int32, device=device)
    thresholds[0] = -(2**31)
    largest = min(MAX_BLOCK, max(THREADS, triton.next_power_of_2(num_tokens)))
    block, smallest = min(MIN_BLOCK, largest), 0
    while num_tokens > topk:
        row_thresholds[(num_rows, 1)](
            scores, thresholds, starts, ends, thresholds[0], thresholds[1],
            scores.stride(0), 0, 1, topk, num_tokens, smallest,
            HAS_MAP=False, BLOCK=block, num_warps=max(4, min(16, block // 1024)),
        )  # fmt: skip
        if block == largest:
            break
        block, smallest = block * 2, block
    _bits[(num_rows,)](
        scores, thresholds[0], thresholds[1], words, num_tokens, words.shape[-1],
        WORDS=16, BITS=BLOCK_N, num_warps=4,
    )  # fmt: skip
