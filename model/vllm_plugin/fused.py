"""A layer as it is served: few large products in place of many small ones, the same numbers.

The rows of all rotary projections (queries, keys, index queries, index key) are one matrix, and one
rotation turns them together. For that the indexer's rows are put into interleaved order, queries and
key alike, which changes no product between them. Legend as in `model.dsa`; X rotary heads in all.
"""

from collections.abc import Callable

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


class FusedLayer(nn.Module):
    """Made of a loaded layer, whose matrices it takes over."""

    projection: Tensor
    index_scale: Tensor
    index_shift: Tensor
    index_weights: Tensor
    out: Tensor
    gate_up: Tensor
    down: Tensor
    norm: Tensor
    mlp_norm: Tensor

    def __init__(
        self,
        layer: Layer,
        config: ModelConfig,
        selects: bool,
        normed: Callable[[Tensor, Tensor, float], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.normed = normed or _normed
        attention, mlp = layer.self_attn, layer.mlp
        assert isinstance(attention, GroupedAttention)
        assert isinstance(mlp, MLP)
        self.config, self.selects = config, selects
        index, turn = attention.indexer, _interleaving(config)
        queries = index.wq_b.weight.view(config.index_n_heads, -1, config.hidden_size)
        rotary = [attention.q_proj.weight, attention.k_proj.weight, index.wk.weight[turn]]
        # Where the window fits into the selection, nobody asks for scores.
        rotary += [queries[:, turn].flatten(0, 1)] if selects else []
        gate_up = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight])
        # Buffers, because vLLM holds every parameter to be a tensor of the checkpoint.
        for name, tensor in {
            "projection": torch.cat([attention.v_proj.weight, *rotary]),
            "index_scale": index.k_norm.weight[turn],
            "index_shift": index.k_norm.bias[turn],
            "index_weights": index.weights_proj.weight.float() * config.index_scale,
            "out": attention.o_proj.weight,
            "gate_up": gate_up,
            "down": mlp.down_proj.weight,
            "norm": layer.input_layernorm.weight,
            "mlp_norm": layer.post_attention_layernorm.weight,
        }.items():
            self.register_buffer(name, tensor.detach().contiguous(), persistent=False)

    def inputs(self, x_TE: Tensor, turns_TF: Tensor) -> Inputs:
        """What the pages need; `turns_TF` are complex numbers of length 1."""
        c, index_heads = self.config, self.config.index_n_heads * self.selects
        hidden = self.normed(x_TE, self.norm, self.config.rms_norm_eps)
        values, rotary = F.linear(hidden, self.projection).tensor_split([c.kv_lora_rank], dim=1)
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
        x_TE = x_TE + F.linear(heads_THV.flatten(1), self.out)
        size = len(x_TE) if x_TE.is_cuda else BLOCK_TOKENS
        parts = []
        for x in x_TE.split(size):
            hidden = self.normed(x, self.mlp_norm, self.config.rms_norm_eps)
            gate, up = F.linear(hidden, self.gate_up).chunk(2, dim=1)
            parts.append(x + F.linear(F.silu(gate) * up, self.down))
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def turns(inv_freq_F: Tensor, positions_T: Tensor) -> Tensor:
    """The rotation of every position and frequency as complex numbers."""
    angles = positions_T[:, None].float() * inv_freq_F
    return torch.polar(torch.ones_like(angles), angles)


def _turned(x_TR: Tensor, turns_TF: Tensor, dim: int) -> Tensor:
    """Interleaved rotation of heads of `dim` numbers that lie side by side."""
    size = len(x_TR) if x_TR.is_cuda else BLOCK_TOKENS
    parts = []
    for x, turns in zip(x_TR.split(size), turns_TF.split(size), strict=True):
        pairs = torch.view_as_complex(x.float().view(len(x), -1, dim // 2, 2))
        parts.append(torch.view_as_real(pairs * turns[:, None]).flatten(1).to(x_TR.dtype))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _normed(x_TE: Tensor, weight_E: Tensor, eps: float) -> Tensor:
    return F.rms_norm(x_TE, weight_E.shape, weight_E, eps)


def _interleaving(config: ModelConfig) -> Tensor:
    """Where the numbers of an index head go, so that pairs of halves become neighbours."""
    rope = config.qk_rope_head_dim
    if config.index_head_dim != rope:
        raise ValueError(
            f"index_head_dim: is served only where it equals qk_rope_head_dim ({rope}), "
            f"got {config.index_head_dim}"
        )
    return torch.arange(rope).view(2, -1).T.flatten()
