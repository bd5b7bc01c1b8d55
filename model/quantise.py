"""The indexer's optional number format: Hadamard rotation, then e4m3 with power-of-two scales.

Legend: D head dim. The rotation is orthogonal, so alone it changes no product; it spreads outliers
before quantisation.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

E4M3_MAX = 448.0
SMALLEST_AMAX = 1e-4


class Quantised(NamedTuple):
    """`values` (e4m3) times `scale` (float32, one per vector) is the original, rounded."""

    values: Tensor
    scale: Tensor


def hadamard(x: Tensor) -> Tensor:
    """x @ H / sqrt(D) along the last dimension, H the Walsh-Hadamard matrix; D a power of two."""
    dim = x.shape[-1]
    if dim & (dim - 1):
        raise ValueError(f"hadamard: the last dimension must be a power of two, got {dim}")
    out = x.float().reshape(-1, dim)
    half = 1
    while half < dim:
        pairs = out.view(-1, dim // (2 * half), 2, half)
        top, bottom = pairs[:, :, 0], pairs[:, :, 1]
        out = torch.stack((top + bottom, top - bottom), dim=2).reshape(-1, dim)
        half *= 2
    return (out / math.sqrt(dim)).reshape(x.shape).to(x.dtype)


def quantise_e4m3(x: Tensor) -> Quantised:
    """One ue8m0 scale per vector: amax / 448 rounded up to a power of two, amax at least 1e-4."""
    amax = x.float().abs().amax(dim=-1).clamp_min(SMALLEST_AMAX)
    # frexp is exact where log2 may round an exact power of two up.
    mantissa, exponent = torch.frexp(amax / E4M3_MAX)
    exponent = torch.where(mantissa == 0.5, exponent - 1, exponent)
    scale = torch.ldexp(torch.ones_like(amax), exponent)
    return Quantised((x.float() / scale[..., None]).to(torch.float8_e4m3fn), scale)


def dequantise_blocks(weight: Tensor, scale_inv: Tensor, block: int = 128) -> Tensor:
    """A checkpoint's e4m3 weight [N, M] times its scales [ceil(N/block), ceil(M/block)], bfloat16."""
    rows, columns = weight.shape
    expected = (math.ceil(rows / block), math.ceil(columns / block))
    if tuple(scale_inv.shape) != expected:
        raise ValueError(
            f"weight_scale_inv: expected shape {expected}, got {tuple(scale_inv.shape)}"
        )
    scales = scale_inv.repeat_interleave(block, 0)[:rows].repeat_interleave(block, 1)[:, :columns]
    return (weight.float() * scales).to(torch.bfloat16)
