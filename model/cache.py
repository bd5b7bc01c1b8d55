"""Decoding cache: one fused row per token and layer, [latent | rotary key | index key].

Attention row and index key travel together, so no reuse of a prefix can separate them.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from model.config import ModelConfig


@dataclass(slots=True)
class Cache:
    """Rows of every layer for a batch of sequences of equal length; grows up to `max_tokens`."""

    config: ModelConfig
    batch_size: int
    max_tokens: int
    dtype: torch.dtype = torch.float32
    device: torch.device | str = "cpu"
    length: int = 0
    """Tokens held by every layer; advanced by the model once a step is complete."""
    _layers: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        width = self.config.latent_dim + self.config.index_head_dim
        size = (self.batch_size, self.max_tokens, width)
        self._layers = [
            torch.zeros(size, dtype=self.dtype, device=self.device)
            for _ in range(self.config.num_hidden_layers)
        ]

    def reserve(self, num_new: int) -> None:
        """Raises ValueError where `num_new` more tokens do not fit."""
        if self.length + num_new > self.max_tokens:
            raise ValueError(
                f"cache: {self.length} + {num_new} tokens exceed max_tokens={self.max_tokens}; "
                "make a larger cache"
            )

    def append(self, layer: int, latent_BTC: Tensor, index_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """Stores the new rows of `layer` and returns all its rows, [B, S, C] and [B, S, D]."""
        rows = self._layers[layer]
        end = self.length + latent_BTC.shape[1]
        split = self.config.latent_dim
        rows[:, self.length : end, :split] = latent_BTC
        rows[:, self.length : end, split:] = index_BTD
        return rows[:, :end, :split], rows[:, :end, split:]

    def truncated(self, length: int) -> "Cache":
        """A copy of the first `length` tokens: the prefix that another continuation may reuse."""
        if not 0 <= length <= self.length:
            raise ValueError(f"length: must be between 0 and {self.length}, got {length}")
        copy = Cache(self.config, self.batch_size, self.max_tokens, self.dtype, self.device, length)
        for mine, theirs in zip(self._layers, copy._layers, strict=True):
            theirs[:, :length] = mine[:, :length]
        return copy
