"""The paged cache: one fused row a token, [latent | scales | rotary key | index key | its scale].

A row lives in raw bytes, so that one block table serves attention and indexer alike; `views` gives
typed windows on it. With fp8 the latent is e4m3 with one float32 scale per 128 numbers, the index
key e4m3 with one scale, and the rotary key stays bfloat16; else every part has the type `dtype`.
Legend: P pages, N tokens a page, V latent width, R rotary width, D index width.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from kernels import checks

TILE = 128
"""Latent numbers that share a scale."""
ALIGNMENT = 16
"""Rows start at multiples of this many bytes, the widest load."""


class CacheViews(NamedTuple):
    """Typed windows on the rows of one buffer; the scales are None without fp8."""

    latent_PNV: Tensor
    scales_PNG: Tensor | None
    rope_PNR: Tensor
    index_PND: Tensor
    index_scale_PN: Tensor | None


@dataclass(frozen=True, slots=True)
class CacheLayout:
    """Where the parts of a row lie."""

    v_dim: int
    rope_dim: int
    index_dim: int
    fp8: bool = False
    dtype: torch.dtype = torch.bfloat16

    def __post_init__(self) -> None:
        if self.fp8 and self.v_dim % 4:
            raise ValueError(f"v_dim: must be a multiple of 4 with fp8, got {self.v_dim}")
        if self.dtype not in checks.FLOATS:
            raise ValueError(f"dtype: expected float32, bfloat16 or float16, got {self.dtype}")

    @property
    def num_tiles(self) -> int:
        """Scales of one latent."""
        return math.ceil(self.v_dim / TILE)

    @property
    def row_bytes(self) -> int:
        """Bytes from one token's row to the next."""
        item = self.dtype.itemsize
        if self.fp8:
            used = self.v_dim + 4 * self.num_tiles + self._rope_bytes + self._index_bytes + 4
        else:
            used = (self.v_dim + self.rope_dim + self.index_dim) * item
        return math.ceil(used / ALIGNMENT) * ALIGNMENT

    @property
    def _rope_bytes(self) -> int:
        return math.ceil(self.rope_dim * self.dtype.itemsize / 4) * 4

    @property
    def _index_bytes(self) -> int:
        return math.ceil(self.index_dim / 4) * 4

    def allocate(self, num_pages: int, page_size: int, device: torch.device | str) -> Tensor:
        """An empty buffer of bytes, [P, N, row_bytes]."""
        return torch.zeros(num_pages, page_size, self.row_bytes, dtype=torch.uint8, device=device)

    def views(self, buffer: Tensor) -> CacheViews:
        """The parts of `buffer`; writing to them writes to it. Raises ValueError for a misfit."""
        checks.shape("buffer", buffer, (None, None, self.row_bytes))
        checks.dtype("buffer", buffer, (torch.uint8,))
        if not buffer.is_contiguous():
            raise ValueError("buffer: must be contiguous; pages may not be slices of wider ones")

        def part(start: int, count: int, dtype: torch.dtype) -> Tensor:
            return buffer[..., start : start + count * dtype.itemsize].view(dtype)

        if not self.fp8:
            item = self.dtype.itemsize
            rope = self.v_dim * item
            index = rope + self.rope_dim * item
            return CacheViews(
                part(0, self.v_dim, self.dtype),
                None,
                part(rope, self.rope_dim, self.dtype),
                part(index, self.index_dim, self.dtype),
                None,
            )
        rope = self.v_dim + 4 * self.num_tiles
        index = rope + self._rope_bytes
        index_scale = index + self._index_bytes
        return CacheViews(
            part(0, self.v_dim, checks.FP8),
            part(self.v_dim, self.num_tiles, torch.float32),
            part(rope, self.rope_dim, self.dtype),
            part(index, self.index_dim, checks.FP8),
            part(index_scale, 1, torch.float32)[..., 0],
        )
