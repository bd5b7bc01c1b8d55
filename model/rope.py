"""Rotary position embedding with YaRN, in the two layouts that DeepSeek-V3.2 mixes.

MLA rotates interleaved pairs (x0, x1), (x2, x3), ...; the indexer rotates the two halves of its
leading dims, (x0, x_{n/2}), ... Early releases of the inference code rotated the indexer
interleaved; the official correction of November 2025 is what is implemented here.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from model.config import ModelConfig, Yarn


class Rotation(NamedTuple):
    """Cosine and sine of every position and frequency, float32."""

    cos_BTF: Tensor
    sin_BTF: Tensor


def inverse_frequencies(config: ModelConfig) -> Tensor:
    """One angle per position for each of the rope_head_dim / 2 pairs, float32."""
    dim = config.qk_rope_head_dim
    periods = config.rope_theta ** (torch.arange(0, dim, 2, dtype=torch.float32) / dim)
    if config.yarn is None:
        return 1.0 / periods
    keep = _share_extrapolated(config.yarn, config.rope_theta, dim)
    return (1.0 / periods) * keep + (1.0 / (config.yarn.factor * periods)) * (1 - keep)


def _share_extrapolated(yarn: Yarn, theta: float, dim: int) -> Tensor:
    """1 for the fast pairs that YaRN leaves alone, 0 for the slow ones it stretches, a ramp between."""

    def pair_with_rotations(rotations: float) -> float:
        length = yarn.original_max_position_embeddings
        return dim * math.log(length / (rotations * 2 * math.pi)) / (2 * math.log(theta))

    low = max(math.floor(pair_with_rotations(yarn.beta_fast)), 0)
    high = min(math.ceil(pair_with_rotations(yarn.beta_slow)), dim - 1)
    width = high - low or 0.001
    return 1 - ((torch.arange(dim // 2, dtype=torch.float32) - low) / width).clamp(0, 1)


def rotation(inv_freq_F: Tensor, positions_BT: Tensor, mscale: float) -> Rotation:
    """Cosine and sine at `positions_BT`, scaled by YaRN's `mscale`."""
    angles = positions_BT[..., None].float() * inv_freq_F
    return Rotation(angles.cos() * mscale, angles.sin() * mscale)


def rotate_interleaved(x: Tensor, at: Rotation) -> Tensor:
    """MLA's layout: neighbouring numbers form a pair. `x` is [B, T, P] or [B, T, heads, P]."""
    cos, sin = _fit(x, at)
    even, odd = x[..., 0::2].float(), x[..., 1::2].float()
    turned = torch.stack((even * cos - odd * sin, odd * cos + even * sin), dim=-1)
    return turned.flatten(-2).to(x.dtype)


def rotate_halves(x: Tensor, at: Rotation) -> Tensor:
    """The indexer's layout: number i of the first half pairs with number i of the second."""
    cos, sin = _fit(x, at)
    first, second = x.float().chunk(2, dim=-1)
    turned = torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
    return turned.to(x.dtype)


def _fit(x: Tensor, at: Rotation) -> Rotation:
    if x.dim() == at.cos_BTF.dim():
        return at
    return Rotation(at.cos_BTF.unsqueeze(2), at.sin_BTF.unsqueeze(2))
