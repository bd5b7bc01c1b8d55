"""Norm, rotate, quantise and store new rows of the paged cache, in plain torch.

Legend: T new tokens, V latent width, R rotary width, D index width, F = R / 2 frequencies.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from kernels.cache_write.layout import TILE, CacheLayout

INDEX_NORM_EPS = 1e-6
E4M3_MAX = 448.0
SMALLEST_AMAX = 1e-4


class NewRows(NamedTuple):
    """What the projections give for the new tokens, before any norm or rotation."""

    latent_TV: Tensor
    rope_TR: Tensor
    index_TD: Tensor
    cos_TF: Tensor
    sin_TF: Tensor


class Norms(NamedTuple):
    """Parameters of the two norms: RMSNorm of the latent, LayerNorm of the index key."""

    latent_weight_V: Tensor
    latent_eps: float
    index_weight_D: Tensor
    index_bias_D: Tensor


class Parts(NamedTuple):
    """Finished float32 parts of the rows, before they are rounded to the cache's types."""

    latent_TV: Tensor
    rope_TR: Tensor
    index_TD: Tensor


def hadamard_matrix(dim: int, device: torch.device) -> Tensor:
    """The Walsh-Hadamard matrix over sqrt(dim): +1 where popcount(i & j) is even, else -1."""
    index = torch.arange(dim, device=device)
    both = index[:, None] & index[None, :]
    parity = torch.zeros_like(both)
    for bit in range(dim.bit_length()):
        parity ^= (both >> bit) & 1
    return (1 - 2 * parity).float() / math.sqrt(dim)


def finish(new: NewRows, norms: Norms, fp8: bool) -> Parts:
    """Norms and rotations; with `fp8` the index key is Hadamard-rotated as well."""
    latent = new.latent_TV.float()
    latent = latent * torch.rsqrt(latent.pow(2).mean(-1, keepdim=True) + norms.latent_eps)
    latent = latent * norms.latent_weight_V.float()
    cos, sin = new.cos_TF.float(), new.sin_TF.float()
    even, odd = new.rope_TR.float()[:, 0::2], new.rope_TR.float()[:, 1::2]
    rope = torch.stack((even * cos - odd * sin, odd * cos + even * sin), dim=-1).flatten(1)
    index = torch.nn.functional.layer_norm(
        new.index_TD.float(),
        (new.index_TD.shape[1],),
        norms.index_weight_D.float(),
        norms.index_bias_D.float(),
        INDEX_NORM_EPS,
    )
    half = cos.shape[1]
    first, second, rest = index[:, :half], index[:, half : 2 * half], index[:, 2 * half :]
    index = torch.cat((first * cos - second * sin, second * cos + first * sin, rest), dim=1)
    if fp8:
        index = index @ hadamard_matrix(index.shape[1], index.device)
    return Parts(latent, rope, index)


def power_of_two_scale(amax: Tensor) -> Tensor:
    """amax / 448, at least 1e-4 / 448, rounded up to a power of two."""
    bits = (amax.clamp_min(SMALLEST_AMAX) / E4M3_MAX).view(torch.int32)
    exponent = (bits >> 23) + ((bits & 0x7FFFFF) != 0)
    return (exponent << 23).to(torch.int32).view(torch.float32)


def quantise(x: Tensor, tile: int) -> tuple[Tensor, Tensor]:
    """e4m3 values and float32 scales, one per `tile` numbers of the last dimension."""
    width = x.shape[1]
    padded = torch.nn.functional.pad(x, (0, -width % tile)).view(x.shape[0], -1, tile)
    scale = power_of_two_scale(padded.abs().amax(-1))
    values = (padded / scale[..., None]).flatten(1)[:, :width]
    return values.to(torch.float8_e4m3fn), scale


def cache_write(
    buffer: Tensor, layout: CacheLayout, new: NewRows, norms: Norms, slots_T: Tensor
) -> None:
    """Stores row t at token slot `slots_T[t]` (page * page_size + offset); -1 is skipped."""
    parts = finish(new, norms, layout.fp8)
    views = layout.views(buffer)
    kept = slots_T >= 0
    slot = slots_T[kept].long()
    page, offset = slot // buffer.shape[1], slot % buffer.shape[1]
    views.rope_PNR[page, offset] = parts.rope_TR[kept].to(layout.dtype)
    if views.scales_PNG is None or views.index_scale_PN is None:
        views.latent_PNV[page, offset] = parts.latent_TV[kept].to(layout.dtype)
        views.index_PND[page, offset] = parts.index_TD[kept].to(layout.dtype)
        return
    latent, scales = quantise(parts.latent_TV[kept], TILE)
    index, index_scale = quantise(parts.index_TD[kept], layout.index_dim)
    # Advanced indexing has no e4m3 assignment; the bytes are the same.
    views.latent_PNV.view(torch.uint8)[page, offset] = latent.view(torch.uint8)
    views.index_PND.view(torch.uint8)[page, offset] = index.view(torch.uint8)
    views.scales_PNG[page, offset] = scales
    views.index_scale_PN[page, offset] = index_scale[:, 0]
