"""Index scores of a block of queries into a bounded scratch, then `select` picks each row's top-k.

Memory is O(T k) plus a scratch of `SCRATCH_ELEMENTS` scores, whatever the length. A program holds
BLOCK_Q queries with all heads and walks over key tiles; scores are a sum over heads in registers,
so each score is reduced in one fixed order wherever its query and key lie: the selection does not
depend on batch size or chunking.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.index_topk.select import select_topk

SCRATCH_ELEMENTS = 1 << 26
COLUMNS = 256
"""Queries times heads in one tile."""


@triton.jit
def _scores(
    q_ptr, k_ptr, w_ptr, k_scale_ptr, start_ptr, end_ptr, out_ptr,
    q_stride_t, q_stride_i, k_stride, w_stride, out_stride,
    num_rows,
    HAS_SCALE: tl.constexpr, HEADS: tl.constexpr, D: tl.constexpr,
    BLOCK_I: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_N: tl.constexpr,
    STRIP: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    # Late queries first: they see the most keys, so the short programs fill the tail.
    i_q = (tl.num_programs(1) - 1 - tl.program_id(1)).to(tl.int64) * BLOCK_Q
    o_q = i_q + tl.arange(0, BLOCK_Q)
    m_q = o_q < num_rows
    first = tl.min(tl.load(start_ptr + o_q, mask=m_q, other=2147483647))
    last = tl.max(tl.load(end_ptr + o_q, mask=m_q, other=0))
    begin = tl.maximum(tl.program_id(0) * STRIP, (first // BLOCK_N) * BLOCK_N)
    stop = tl.minimum(tl.program_id(0) * STRIP + STRIP, last)
    if begin >= stop:
        return
    o_c = tl.arange(0, BLOCK_Q * BLOCK_I)
    o_cq, o_ci = i_q + o_c // BLOCK_I, o_c % BLOCK_I
    m_c = (o_cq < num_rows) & (o_ci < HEADS)
    o_d = tl.arange(0, BLOCK_D)
    # [BLOCK_Q * BLOCK_I, BLOCK_D]
    p_q = q_ptr + (o_cq * q_stride_t + o_ci * q_stride_i)[:, None] + o_d[None, :]
    b_q = tl.load(p_q, mask=m_c[:, None] & (o_d < D)[None, :], other=0.0)
    # [BLOCK_Q * BLOCK_I]
    b_w = tl.load(w_ptr + o_cq * w_stride + o_ci, mask=m_c, other=0.0).to(tl.float32)
    for i_n in tl.range(begin, stop, BLOCK_N, num_stages=STAGES):
        o_n = i_n + tl.arange(0, BLOCK_N)
        m_n = o_n < last
        # [BLOCK_N, BLOCK_D]
        p_k = k_ptr + o_n.to(tl.int64)[:, None] * k_stride + o_d[None, :]
        b_k = tl.load(p_k, mask=m_n[:, None] & (o_d < D)[None, :], other=0.0)
        # [BLOCK_N, BLOCK_Q * BLOCK_I]
        b_dot = tl.dot(b_k, tl.trans(b_q), input_precision=PRECISION)
        b_dot = tl.maximum(b_dot, 0.0) * b_w[None, :]
        # [BLOCK_N, BLOCK_Q]
        b_score = tl.sum(tl.reshape(b_dot, [BLOCK_N, BLOCK_Q, BLOCK_I]), axis=2)
        if HAS_SCALE:
            b_scale = tl.load(k_scale_ptr + o_n, mask=m_n, other=0.0)
            b_score = b_score * b_scale[:, None]
        p_out = out_ptr + o_q[None, :] * out_stride + o_n[:, None]
        tl.store(p_out, b_score, mask=m_n[:, None] & m_q[None, :])


def write_scores(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    starts_T: Tensor,
    ends_T: Tensor,
    k_scale_S: Tensor | None,
    out_TS: Tensor,
    config: dict[str, int] | None = None,
) -> None:
    """Scores of every visible pair into `out_TS` (float32); other places may stay unwritten."""
    num_rows, num_heads, dim = q_TID.shape
    num_keys = k_SD.shape[0]
    if not num_rows or not num_keys:
        return
    block_i = triton.next_power_of_2(num_heads)
    is_float32 = q_TID.dtype == torch.float32
    # Float32 tiles take twice the registers and shared memory, and serve tests more than speed.
    stages = 3 if q_TID.dtype.itemsize == 1 else 2
    chosen = {"columns": COLUMNS, "block_n": 64, "strip": 2048, "warps": 4, "stages": stages}
    if is_float32:
        chosen |= {"columns": 64, "block_n": 64, "strip": 512, "warps": 4, "stages": 1}
    chosen |= config or {}
    block_q = max(1, chosen["columns"] // block_i)
    grid = (triton.cdiv(num_keys, chosen["strip"]), triton.cdiv(num_rows, block_q))
    _scores[grid](
        q_TID, k_SD, w_TI, k_scale_S if k_scale_S is not None else w_TI, starts_T, ends_T, out_TS,
        q_TID.stride(0), q_TID.stride(1), k_SD.stride(0), w_TI.stride(0), out_TS.stride(0),
        num_rows,
        HAS_SCALE=k_scale_S is not None, HEADS=num_heads, D=dim, BLOCK_I=block_i,
        BLOCK_D=max(32, triton.next_power_of_2(dim)), BLOCK_Q=block_q, BLOCK_N=chosen["block_n"],
        STRIP=chosen["strip"], PRECISION="ieee" if is_float32 else "tf32",
        STAGES=chosen["stages"], num_warps=chosen["warps"],
    )  # fmt: skip


def index_topk(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    starts_T: Tensor,
    ends_T: Tensor,
    topk: int,
    k_scale_S: Tensor | None,
) -> Tensor:
    """See `kernels.index_topk.index_topk`."""
    num_rows, num_keys = q_TID.shape[0], k_SD.shape[0]
    out = torch.full((num_rows, topk), -1, dtype=torch.int32, device=q_TID.device)
    block = max(1, min(num_rows, SCRATCH_ELEMENTS // max(1, num_keys)))
    # A multiple of 16 keeps rows aligned for wide stores.
    width = (num_keys + 15) // 16 * 16
    scratch = torch.empty(block, width, dtype=torch.float32, device=q_TID.device)[:, :num_keys]
    for i in range(0, num_rows, block):
        part = slice(i, min(i + block, num_rows))
        rows = scratch[: part.stop - i]
        starts, ends = starts_T[part], ends_T[part]
        write_scores(q_TID[part], k_SD, w_TI[part], starts, ends, k_scale_S, rows)
        select_topk(rows, starts, ends, topk, out[part])
    return out
