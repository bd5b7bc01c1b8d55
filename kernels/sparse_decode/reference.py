"""Sparse MLA decoding over a paged cache, in plain torch.

Legend: B sequences with one new token each, H heads, C = V + R row width, K selected keys, L pages
of a sequence.
"""

import torch
from torch import Tensor

from kernels.cache_write.layout import TILE, CacheViews
from kernels.sparse_prefill.reference import Attended, attend_rows


def slots(table_BL: Tensor, indices_BK: Tensor, page_size: int) -> Tensor:
    """Physical token slots of logical positions, int64; -1 stays -1."""
    safe = indices_BK.clamp_min(0).long()
    physical = table_BL.long().gather(1, safe // page_size) * page_size + safe % page_size
    return torch.where(indices_BK >= 0, physical, -1)


def latent_rows(views: CacheViews, slots_BK: Tensor) -> Tensor:
    """Dequantised [latent | rotary key] rows, float32 [B * K, C]; unused places give row 0."""
    page_size = views.latent_PNV.shape[1]
    slot = slots_BK.clamp_min(0).flatten()
    page, offset = slot // page_size, slot % page_size
    if views.scales_PNG is None:
        latent = views.latent_PNV[page, offset].float()
    else:
        raw = views.latent_PNV.view(torch.uint8)[page, offset].view(torch.float8_e4m3fn)
        scale = views.scales_PNG[page, offset].repeat_interleave(TILE, dim=1)
        latent = raw.float() * scale[:, : raw.shape[1]]
    return torch.cat((latent, views.rope_PNR[page, offset].float()), dim=1)


def sparse_decode(
    q_BHC: Tensor, views: CacheViews, table_BL: Tensor, indices_BK: Tensor, scale: float
) -> Attended:
    """`attend_rows` over the rows that logical positions `indices_BK` name."""
    batch, num_picked = indices_BK.shape
    rows = latent_rows(views, slots(table_BL, indices_BK, views.latent_PNV.shape[1]))
    place = torch.arange(batch * num_picked, device=indices_BK.device).view(batch, num_picked)
    local = torch.where(indices_BK >= 0, place, -1)
    out, lse = attend_rows(q_BHC, rows, local, scale, views.latent_PNV.shape[-1])
    return Attended(out.to(q_BHC.dtype), lse)
