"""Index scores of one new token a sequence over its pages, then the shared row selection."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.cache_write.layout import CacheViews
from kernels.index_topk.select import select_topk

BLOCK_N = 64
STRIP = 256


@triton.jit
def _scores(
    q_ptr, w_ptr, key_ptr, scale_ptr, table_ptr, length_ptr, out_ptr,
    q_stride_b, q_stride_i, w_stride, key_stride, scale_stride, table_stride, out_stride,
    page_size, num_keys, num_slots,
    FP8: tl.constexpr, HEADS: tl.constexpr, D: tl.constexpr,
    BLOCK_I: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_N: tl.constexpr, STRIP: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    i_b = tl.program_id(1).to(tl.int64)
    length = tl.minimum(tl.load(length_ptr + i_b), num_keys)
    begin = tl.program_id(0) * STRIP
    if begin >= length:
        return
    o_i = tl.arange(0, BLOCK_I)
    o_d = tl.arange(0, BLOCK_D)
    # [BLOCK_I, BLOCK_D]
    p_q = q_ptr + i_b * q_stride_b + o_i[:, None] * q_stride_i + o_d[None, :]
    b_q = tl.load(p_q, mask=(o_i < HEADS)[:, None] & (o_d < D)[None, :], other=0.0)
    b_w = tl.load(w_ptr + i_b * w_stride + o_i, mask=o_i < HEADS, other=0.0).to(tl.float32)
    for i_n in range(begin, tl.minimum(begin + STRIP, length), BLOCK_N):
        o_n = i_n + tl.arange(0, BLOCK_N)
        m_n = o_n < length
        p_page = table_ptr + i_b * table_stride + o_n // page_size
        b_slot = tl.load(p_page, mask=m_n, other=0).to(tl.int64) * page_size + o_n % page_size
        m_k = m_n & (b_slot >= 0) & (b_slot < num_slots)
        # [BLOCK_N, BLOCK_D]
        p_k = key_ptr + b_slot[:, None] * key_stride + o_d[None, :]
        b_k = tl.load(p_k, mask=m_k[:, None] & (o_d < D)[None, :], other=0.0)
        # [BLOCK_N, BLOCK_I]
        b_dot = tl.dot(b_k, tl.trans(b_q), input_precision=PRECISION)
        b_score = tl.sum(tl.maximum(b_dot, 0.0) * b_w[None, :], 1)
        if FP8:
            b_score = b_score * tl.load(scale_ptr + b_slot * scale_stride, mask=m_k, other=0.0)
        tl.store(out_ptr + i_b * out_stride + o_n, b_score, mask=m_n)


def paged_topk(
    q_BID: Tensor, w_BI: Tensor, views: CacheViews, table_BL: Tensor, lengths_B: Tensor, topk: int
) -> Tensor:
    """See `kernels.paged_topk.paged_topk`."""
    batch, num_heads, dim = q_BID.shape
    num_pages, page_size = views.index_PND.shape[:2]
    num_keys = table_BL.shape[1] * page_size
    out = torch.full((batch, topk), -1, dtype=torch.int32, device=q_BID.device)
    if not batch or not num_keys:
        return out
    scores = torch.empty(batch, num_keys, dtype=torch.float32, device=q_BID.device)
    scale = views.index_scale_PN if views.index_scale_PN is not None else w_BI
    is_float32 = q_BID.dtype == torch.float32
    _scores[(triton.cdiv(num_keys, STRIP), batch)](
        q_BID, w_BI, views.index_PND, scale, table_BL, lengths_B, scores,
        q_BID.stride(0), q_BID.stride(1), w_BI.stride(0), views.index_PND.stride(1),
        scale.stride(1), table_BL.stride(0), scores.stride(0),
        page_size, num_keys, num_pages * page_size,
        FP8=views.index_scale_PN is not None, HEADS=num_heads, D=dim,
        BLOCK_I=max(16, triton.next_power_of_2(num_heads)),
        BLOCK_D=max(32, triton.next_power_of_2(dim)), BLOCK_N=BLOCK_N, STRIP=STRIP,
        PRECISION="ieee" if is_float32 else "tf32", num_warps=4,
    )  # fmt: skip
    ends = lengths_B.clamp(max=num_keys)
    select_topk(scores, torch.zeros_like(lengths_B), ends, topk, out)
    return out
