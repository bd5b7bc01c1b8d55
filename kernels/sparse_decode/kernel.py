"""Split-K decoding: programs share a query's keys in splits of fixed size, then a combine.

The size of a split is a constant, so a query's result does not depend on the rest of the batch.
"""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.cache_write.layout import TILE, CacheViews
from kernels.device import is_narrow
from kernels.sparse_prefill import hopper
from kernels.sparse_prefill.reference import Attended

SPLIT = 256
"""Keys of one program."""
TILE_ROWS = 64


@triton.jit
def _partial(
    q_ptr, latent_ptr, scales_ptr, rope_ptr, table_ptr, index_ptr, out_ptr, lse_ptr,
    q_stride_b, q_stride_h, latent_stride, scales_stride, rope_stride, table_stride, index_stride,
    page_size, num_pages, num_slots, num_picked, num_splits, scale_log2,
    H: tl.constexpr, V: tl.constexpr, R: tl.constexpr, FP8: tl.constexpr, TILE: tl.constexpr,
    SPLIT: tl.constexpr, BLOCK_H: tl.constexpr, BLOCK_V: tl.constexpr, BLOCK_R: tl.constexpr,
    BLOCK_N: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    i_split = tl.program_id(0)
    i_b = tl.program_id(1).to(tl.int64)
    o_h = tl.program_id(2) * BLOCK_H + tl.arange(0, BLOCK_H)
    m_h = o_h < H
    o_v = tl.arange(0, BLOCK_V)
    o_r = tl.arange(0, BLOCK_R)
    m_v = o_v < V
    m_r = o_r < R
    # [BLOCK_H, V] and [BLOCK_H, R]
    p_q = q_ptr + i_b * q_stride_b + o_h[:, None] * q_stride_h
    b_q = tl.load(p_q + o_v[None, :], mask=m_h[:, None] & m_v[None, :], other=0.0)
    b_qr = tl.load(p_q + V + o_r[None, :], mask=m_h[:, None] & m_r[None, :], other=0.0)
    b_max = tl.full([BLOCK_H], float("-inf"), tl.float32)
    b_sum = tl.zeros([BLOCK_H], dtype=tl.float32)
    b_out = tl.zeros([BLOCK_H, BLOCK_V], dtype=tl.float32)
    for i_n in range(i_split * SPLIT, i_split * SPLIT + SPLIT, BLOCK_N):
        o_n = i_n + tl.arange(0, BLOCK_N)
        b_index = tl.load(index_ptr + i_b * index_stride + o_n, mask=o_n < num_picked, other=-1)
        m_n = (b_index >= 0) & (b_index // page_size < num_pages)
        p_page = table_ptr + i_b * table_stride + b_index // page_size
        b_slot = tl.load(p_page, mask=m_n, other=0).to(tl.int64) * page_size + b_index % page_size
        m_n = m_n & (b_slot >= 0) & (b_slot < num_slots)
        # [BLOCK_N, V] and [BLOCK_N, R]
        p_latent = latent_ptr + b_slot[:, None] * latent_stride + o_v[None, :]
        b_kv = tl.load(p_latent, mask=m_n[:, None] & m_v[None, :], other=0.0)
        if FP8:
            if BLOCK_V % TILE == 0:
                # One load a scale, not one a number.
                o_g = tl.arange(0, BLOCK_V // TILE)
                p_scale = scales_ptr + b_slot[:, None] * scales_stride + o_g[None, :]
                m_g = m_n[:, None] & (o_g * TILE < V)[None, :]
                b_scale = tl.load(p_scale, mask=m_g, other=0.0)
                b_kv = tl.reshape(b_kv.to(tl.float32), [BLOCK_N, BLOCK_V // TILE, TILE])
                b_kv = tl.reshape(b_kv * b_scale[:, :, None], [BLOCK_N, BLOCK_V]).to(b_q.dtype)
            else:
                p_scale = scales_ptr + b_slot[:, None] * scales_stride + o_v[None, :] // TILE
                b_scale = tl.load(p_scale, mask=m_n[:, None] & m_v[None, :], other=0.0)
                b_kv = (b_kv.to(tl.float32) * b_scale).to(b_q.dtype)
        p_rope = rope_ptr + b_slot[:, None] * rope_stride + o_r[None, :]
        b_kr = tl.load(p_rope, mask=m_n[:, None] & m_r[None, :], other=0.0).to(b_q.dtype)
        # [BLOCK_H, BLOCK_N]
        b_s = tl.dot(b_q, tl.trans(b_kv), input_precision=PRECISION)
        b_s = tl.dot(b_qr, tl.trans(b_kr), b_s, input_precision=PRECISION)
        b_s = tl.where(m_n[None, :], b_s * scale_log2, float("-inf"))
        b_new = tl.maximum(b_max, tl.max(b_s, 1))
        b_ref = tl.where(b_new == float("-inf"), 0.0, b_new)
        b_p = tl.exp2(b_s - b_ref[:, None])
        b_shrink = tl.exp2(b_max - b_ref)
        b_sum = b_sum * b_shrink + tl.sum(b_p, 1)
        b_out = b_out * b_shrink[:, None]
        b_out = tl.dot(b_p.to(b_kv.dtype), b_kv, b_out, input_precision=PRECISION)
        b_max = b_new
    m_some = b_sum > 0
    b_sum = tl.where(m_some, b_sum, 1.0)
    o_part = (i_b * num_splits + i_split) * H + o_h
    p_out = out_ptr + o_part[:, None] * V + o_v[None, :]
    tl.store(p_out, b_out / b_sum[:, None], mask=m_h[:, None] & m_v[None, :])
    tl.store(lse_ptr + o_part, tl.where(m_some, b_max + tl.log2(b_sum), float("-inf")), mask=m_h)


@triton.jit
def _slots(
    table_ptr, index_ptr, slot_ptr, table_stride, index_stride, page_size, num_pages, num_slots,
    num_picked, num_places, BLOCK: tl.constexpr,
):  # fmt: skip
    """Where in the cache each picked position lies; -1 for unused places and pages out of range."""
    i_b = tl.program_id(1).to(tl.int64)
    o_n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    b_index = tl.load(index_ptr + i_b * index_stride + o_n, mask=o_n < num_picked, other=-1)
    m_n = (b_index >= 0) & (b_index // page_size < num_pages)
    b_page = tl.load(table_ptr + i_b * table_stride + b_index // page_size, mask=m_n, other=-1)
    b_slot = b_page * page_size + b_index % page_size
    b_slot = tl.where(m_n & (b_page >= 0) & (b_slot < num_slots), b_slot, -1)
    tl.store(slot_ptr + i_b * num_places + o_n, b_slot, mask=o_n < num_places)


@triton.jit
def _combine(
    part_ptr, part_lse_ptr, out_ptr, lse_ptr, num_splits, to_base_2,
    H: tl.constexpr, V: tl.constexpr, BLOCK_V: tl.constexpr,
):  # fmt: skip
    i_b = tl.program_id(0).to(tl.int64)
    i_h = tl.program_id(1)
    o_v = tl.arange(0, BLOCK_V)
    largest = float("-inf")
    total = 0.0
    b_out = tl.zeros([BLOCK_V], dtype=tl.float32)
    for i_split in range(num_splits):
        o_part = (i_b * num_splits + i_split) * H + i_h
        lse = tl.load(part_lse_ptr + o_part) * to_base_2
        b_part = tl.load(part_ptr + o_part * V + o_v, mask=o_v < V, other=0.0)
        new = tl.maximum(largest, lse)
        ref = tl.where(new == float("-inf"), 0.0, new)
        shrink = tl.exp2(largest - ref)
        weight = tl.exp2(lse - ref)
        total = total * shrink + weight
        b_out = b_out * shrink + b_part * weight
        largest = new
    some = total > 0
    total = tl.where(some, total, 1.0)
    p_out = out_ptr + (i_b * H + i_h) * V + o_v
    tl.store(p_out, (b_out / total).to(out_ptr.dtype.element_ty), mask=o_v < V)
    lse = tl.where(some, (largest + tl.log2(total)) * 0.6931471805599453, float("-inf"))
    tl.store(lse_ptr + i_b * H + i_h, lse)


def sparse_decode(
    q_BHC: Tensor, views: CacheViews, table_BL: Tensor, indices_BK: Tensor, scale: float
) -> Attended:
    """See `kernels.sparse_decode.sparse_decode`."""
    batch, num_heads, width = q_BHC.shape
    v_dim, num_picked = views.latent_PNV.shape[-1], indices_BK.shape[1]
    device = q_BHC.device
    out = torch.empty(batch, num_heads, v_dim, dtype=q_BHC.dtype, device=device)
    lse = torch.empty(batch, num_heads, dtype=torch.float32, device=device)
    if not batch:
        return Attended(out, lse)
    num_splits = triton.cdiv(num_picked, SPLIT)
    parts = torch.empty(batch, num_splits, num_heads, v_dim, dtype=torch.float32, device=device)
    part_lse = torch.empty(batch, num_splits, num_heads, dtype=torch.float32, device=device)
    tile_rows = TILE_ROWS // 2 if is_narrow(q_BHC) else TILE_ROWS
    block_h = min(tile_rows, max(16, triton.next_power_of_2(num_heads)))
    block_v = max(16, triton.next_power_of_2(v_dim))
    is_float32 = q_BHC.dtype == torch.float32
    rows_SC = _rows(views) if num_heads >= 32 else None
    if rows_SC is not None and hopper.fits(q_BHC, v_dim):
        _on_hopper(q_BHC, rows_SC, views, table_BL, indices_BK, scale, parts, part_lse)
        _combine[(batch, num_heads)](
            parts, part_lse, out, lse, num_splits, math.log2(math.e),
            H=num_heads, V=v_dim, BLOCK_V=block_v, num_warps=4,
        )  # fmt: skip
        return Attended(out, lse)
    scales = views.scales_PNG if views.scales_PNG is not None else views.latent_PNV
    num_pages, page_size = views.latent_PNV.shape[:2]
    _partial[(num_splits, batch, triton.cdiv(num_heads, block_h))](
        q_BHC, views.latent_PNV, scales, views.rope_PNR, table_BL, indices_BK, parts, part_lse,
        q_BHC.stride(0), q_BHC.stride(1), views.latent_PNV.stride(1), scales.stride(1),
        views.rope_PNR.stride(1), table_BL.stride(0), indices_BK.stride(0),
        page_size, table_BL.shape[1], num_pages * page_size, num_picked, num_splits,
        scale * math.log2(math.e),
        H=num_heads, V=v_dim, R=width - v_dim, FP8=views.scales_PNG is not None, TILE=TILE,
        SPLIT=SPLIT, BLOCK_H=block_h, BLOCK_V=block_v,
        BLOCK_R=max(16, triton.next_power_of_2(width - v_dim)), BLOCK_N=16 if is_float32 or is_narrow(q_BHC) else 32,
        PRECISION="ieee" if is_float32 else "tf32", num_warps=8,
    )  # fmt: skip
    _combine[(batch, num_heads)](
        parts, part_lse, out, lse, num_splits, 1.0,
        H=num_heads, V=v_dim, BLOCK_V=block_v, num_warps=4,
    )  # fmt: skip
    return Attended(out, lse)


def _rows(views: CacheViews) -> Tensor | None:
    """All rows as one matrix [S, C] where latent and rotary key lie next to each other, else None."""
    latent, rope = views.latent_PNV, views.rope_PNR
    num_pages, page_size, v_dim = latent.shape
    row = latent.stride(1)
    follows = rope.data_ptr() - latent.data_ptr() == v_dim * latent.element_size()
    dense = latent.stride(0) == page_size * row and rope.stride()[:2] == latent.stride()[:2]
    if latent.dtype != rope.dtype or not follows or not dense or num_pages * page_size >= 1 << 31:
        return None
    return latent.as_strided((num_pages * page_size, v_dim + rope.shape[-1]), (row, 1))


def _on_hopper(
    q_BHC: Tensor, rows_SC: Tensor, views: CacheViews, table_BL: Tensor, indices_BK: Tensor,
    scale: float, parts: Tensor, part_lse: Tensor,
) -> None:  # fmt: skip
    """Fills `parts` and `part_lse` (natural): every split is a query of its own to `hopper`."""
    batch, num_picked = indices_BK.shape
    num_splits = parts.shape[1]
    num_pages, page_size = views.latent_PNV.shape[:2]
    slots = torch.empty(batch, num_splits * SPLIT, dtype=torch.int32, device=q_BHC.device)
    _slots[(triton.cdiv(slots.shape[1], 1024), batch)](
        table_BL, indices_BK, slots, table_BL.stride(0), indices_BK.stride(0),
        page_size, table_BL.shape[1], num_pages * page_size, num_picked, slots.shape[1],
        BLOCK=1024, num_warps=4,
    )  # fmt: skip
    hopper.launch(
        q_BHC, rows_SC, slots.view(-1, SPLIT), None, parts.flatten(0, 1), part_lse.flatten(0, 1),
        SPLIT, scale, 1, repeat=num_splits,
    )  # fmt: skip
