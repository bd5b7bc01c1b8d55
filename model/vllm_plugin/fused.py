"""A layer as it is served: few large products in place of many small ones, the same numbers.

The rows of all rotary projections (queries, keys, index queries, index key) are one matrix, and one
rotation turns them together. For that the indexer's rows are put into interleaved order, queries and
key alike, which changes no product between them. Legend as in `model.dsa`; X rotary heads in all.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.config import ModelConfig
from model.dsa import INDEX_NORM_EPS
from model.grouped import GroupedAttention
from model.transformer import MLP, Layer
from model.vllm_plugin.paged import Inputs

BLOCK_TOKENS = 256
"""Tokens that pass on a CPU at once, so that what lies between two products stays in its cache."""


class Operations(NamedTuple):
    """What a layer leaves to whoever runs it."""

    normed: Callable[[Tensor, Tensor, float], Tensor]
    """Root-mean-square norm of rows with a weight and an epsilon."""
    linear: Callable[[Tensor], Callable[[Tensor], Tensor]]
    """Multiplication of rows with a matrix [out, in], which may be repacked for it."""


def _normed(x_TE: Tensor, weight_E: Tensor, eps: float) -> Tensor:
    return F.rms_norm(x_TE, weight_E.shape, weight_E, eps)


def _linear(weight: Tensor) -> Callable[[Tensor], Tensor]:
    return partial(F.linear, weight=weight)


TORCH = Operations(_normed, _linear)


class FusedLayer(nn.Module):
    """Made of a loaded layer, whose matrices it takes over; holds no parameters of its own."""

    def __init__(
        self, layer: Layer, config: ModelConfig, selects: bool, operations: Operations = TORCH
    ) -> None:
        super().__init__()
        attention, mlp = layer.self_attn, layer.mlp
        assert isinstance(attention, GroupedAttention)
        assert isinstance(mlp, MLP)
        self.config, self.selects, self.normed = config, selects, operations.normed
        index, turn = attention.indexer, _interleaving(config)
        queries = index.wq_b.weight.view(config.index_n_heads, -1, config.hidden_size)
        rotary = [attention.q_proj.weight, attention.k_proj.weight, index.wk.weight[turn]]
        # Where the window fits into the selection, nobody asks for scores.
        rotary += [queries[:, turn].flatten(0, 1)] if selects else []
        linear = operations.linear
        self.project = linear(torch.cat([attention.v_proj.weight, *rotary]).detach())
        self.out = linear(attention.o_proj.weight.detach())
        self.gate_up = linear(torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]).detach())
        self.down = linear(mlp.down_proj.weight.detach())
        self.index_scale = index.k_norm.weight[turn].detach()
        self.index_shift = index.k_norm.bias[turn].detach()
        self.index_weights = (index.weights_proj.weight.float() * config.index_scale).detach()
        self.norm = layer.input_layernorm.weight.detach()
        self.mlp_norm = layer.post_attention_layernorm.weight.detach()

    def inputs(self, x_TE: Tensor, turns_TF: Tensor) -> Inputs:
        """What the pages need; `turns_TF` are complex numbers of length 1."""
        c, index_heads = self.config, self.config.index_n_heads * self.selects
        hidden = self.normed(x_TE, self.norm, self.config.rms_norm_eps)
        values, rotary = self.project(hidden).tensor_split([c.kv_lora_rank], dim=1)
        q_end = c.num_attention_heads * c.qk_rope_head_dim
        key_end = q_end + c.rope_row_dim
        index_end = key_end + c.index_head_dim
        index_key = F.layer_norm(
            rotary[:, key_end:index_end],
            (c.index_head_dim,),
            self.index_scale,
            self.index_shift,
            INDEX_NORM_EPS,
        )
        parts = [rotary[:, :key_end], index_key, rotary[:, index_end:]]
        turned = _turned(torch.cat(parts, dim=1), turns_TF, c.qk_rope_head_dim)
        rows = torch.cat((values, turned[:, q_end:index_end]), dim=1)
        q_THD = turned[:, :q_end].view(len(x_TE), -1, c.qk_rope_head_dim)
        index_q = turned[:, index_end:].view(len(x_TE), index_heads, c.index_head_dim)
        weights = F.linear(hidden.float(), self.index_weights[:index_heads])
        return Inputs(q_THD, rows, index_q, weights)

    def finish(self, x_TE: Tensor, heads_THV: Tensor) -> Tensor:
        """The layer's output from what its heads attended to."""
        x_TE = x_TE + self.out(heads_THV.flatten(1))
        size = len(x_TE) if x_TE.is_cuda else BLOCK_TOKENS
        parts = []
        for x in torch.split(x_TE, size):
            hidden = self.normed(x, self.mlp_norm, self.config.rms_norm_eps)
            gate, up = self.gate_up(hidden).chunk(2, dim=1)
            parts.append(x + self.down(F.silu(gate) * up))
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def turns(inv_freq_F: Tensor, positions_T: Tensor) -> Tensor:
    """The rotation of every position and frequency as complex numbers."""
    angles = positions_T[:, None].float() * inv_freq_F
    return torch.polar(torch.ones_like(angles), angles)


def _turned(x_TR: Tensor, turns_TF: Tensor, dim: int) -> Tensor:
    """Interleaved rotation of heads of `dim` numbers that lie side by side."""
    size = len(x_TR) if x_TR.is_cuda else BLOCK_TOKENS
    parts = []
    for x, turns in zip(torch.split(x_TR, size), torch.split(turns_TF, size), strict=True):
        pairs = torch.view_as_complex(x.float().view(len(x), -1, dim // 2, 2))
        parts.append(torch.view_as_real(pairs * turns[:, None]).flatten(1).to(x_TR.dtype))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _interleaving(config: ModelConfig) -> Tensor:
    """Where the numbers of an index head go, so that pairs of halves become neighbours."""
    rope = config.qk_rope_head_dim
    if config.index_head_dim != rope:
        raise ValueError(
            f"index_head_dim: is served only where it equals qk_rope_head_dim ({rope}), "
            f"got {config.index_head_dim}"
        )
    return torch.arange(rope).view(2, -1).T.flatten()
