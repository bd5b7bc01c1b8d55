"""Grouped-query attention as MQA over one row a token, without any loss: [values | rotary keys].

A row holds the values of all G groups, then their rotated keys. The query of head h is zero outside
its group's slot, so its product with a whole row is the product with its group's key, and its output
is its group's slot of the summed values. In MLA's terms the latent is the values, the rotary key is
G keys wide, and the up-projections are block selectors, which are never multiplied.
Legend as in `model.dsa`; G groups, J heads a group, D head dim.
"""

import torch
from torch import Tensor, nn

from model.config import ModelConfig
from model.dsa import Indexer, Projected, SparseAttention
from model.rope import Rotation, rotate_interleaved


class GroupedAttention(SparseAttention):
    """Queries, keys and values straight from the layer's input, as the converted model has them."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__(config, layer)
        assert config.num_key_value_heads is not None
        self.groups = config.num_key_value_heads
        queries = config.num_attention_heads * config.qk_rope_head_dim
        values = config.num_attention_heads * config.v_head_dim
        self.q_proj = nn.Linear(config.hidden_size, queries, bias=False)
        self.k_proj = nn.Linear(config.hidden_size, config.rope_row_dim, bias=False)
        self.v_proj = nn.Linear(config.hidden_size, config.kv_lora_rank, bias=False)
        self.o_proj = nn.Linear(values, config.hidden_size, bias=False)
        self.indexer = Indexer(config)

    def project(self, x_BTE: Tensor, at: Rotation) -> Projected:
        """The indexer's query input is the layer's input itself: there is no query latent."""
        q_BTHD, rows_BTC = self.queries_and_rows(x_BTE, at)
        return Projected(self.widened(q_BTHD), rows_BTC, x_BTE)

    def queries_and_rows(self, x_BTE: Tensor, at: Rotation) -> tuple[Tensor, Tensor]:
        """Rotated queries of single heads, [B, T, H, D], and rows, [B, T, C]."""
        dim = self.config.qk_rope_head_dim
        q_BTHD = rotate_interleaved(self.q_proj(x_BTE).unflatten(-1, (-1, dim)), at)
        k_BTGD = rotate_interleaved(self.k_proj(x_BTE).unflatten(-1, (-1, dim)), at)
        return q_BTHD, torch.cat((self.v_proj(x_BTE), k_BTGD.flatten(2)), dim=-1)

    def widened(self, q_BTHD: Tensor) -> Tensor:
        """Queries against whole rows: zero but for the key slot of their group."""
        batch, num_new, heads, dim = q_BTHD.shape
        grouped = q_BTHD.view(batch, num_new, self.groups, -1, dim)
        wide = q_BTHD.new_zeros(*grouped.shape[:4], self.groups, dim)
        for group in range(self.groups):
            wide[:, :, group, :, group] = grouped[:, :, group]
        padding = q_BTHD.new_zeros(batch, num_new, heads, self.config.kv_lora_rank)
        return torch.cat((padding, wide.view(batch, num_new, heads, -1)), dim=-1)

    def output(self, latent_BTHR: Tensor) -> Tensor:
        """Every head keeps its group's slot of the values."""
        size = (self.groups, -1, self.groups, self.config.v_head_dim)
        split = latent_BTHR.view(*latent_BTHR.shape[:2], *size)
        kept = torch.stack([split[:, :, g, :, g] for g in range(self.groups)], dim=2)
        out: Tensor = self.o_proj(kept.flatten(2))
        return out
