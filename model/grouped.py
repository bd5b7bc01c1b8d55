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
        return Projected(widened(q_BTHD, self.config), rows_BTC, x_BTE)

    def queries_and_rows(self, x_BTE: Tensor, at: Rotation) -> tuple[Tensor, Tensor]:
        """Rotated queries of single heads, [B, T, H, D], and rows, [B, T, C]."""
        dim = self.config.qk_rope_head_dim
        q_BTHD = rotate_interleaved(self.q_proj(x_BTE).unflatten(-1, (-1, dim)), at)
        k_BTGD = rotate_interleaved(self.k_proj(x_BTE).unflatten(-1, (-1, dim)), at)
        return q_BTHD, torch.cat((self.v_proj(x_BTE), k_BTGD.flatten(2)), dim=-1)

    def output(self, latent_BTHR: Tensor) -> Tensor:
        out: Tensor = self.o_proj(narrowed(latent_BTHR, self.config).flatten(-2))
        return out


def widened(q_HD: Tensor, config: ModelConfig) -> Tensor:
    """Queries [..., H, D] against whole rows, [..., H, C]: zero but for their group's key slot."""
    groups = config.num_key_value_heads or 1
    grouped = q_HD.unflatten(-2, (groups, -1)).unsqueeze(-2)  # type: ignore[no-untyped-call]
    slots = torch.eye(groups, dtype=q_HD.dtype, device=q_HD.device)[:, None, :, None]
    keys = (grouped * slots).flatten(-2).flatten(-3, -2)
    return torch.cat((keys.new_zeros(*keys.shape[:-1], config.kv_lora_rank), keys), dim=-1)


def narrowed(latent_HR: Tensor, config: ModelConfig) -> Tensor:
    """Every head's own slot of the summed values: [..., H, R] to [..., H, V]."""
    groups, heads = config.num_key_value_heads or 1, config.num_attention_heads
    split = latent_HR.unflatten(-1, (groups, -1))  # type: ignore[no-untyped-call]
    group = torch.arange(heads, device=latent_HR.device) // (heads // groups)
    kept: Tensor = split[..., torch.arange(heads, device=latent_HR.device), group, :]
    return kept
