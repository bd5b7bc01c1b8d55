"""The DeepSeek-V3.2 language model: sparse attention, dense and mixture-of-experts layers.

Module names equal the parameter names of a `deepseek_v32` checkpoint. Legend: B batch, T new
tokens, E hidden size, N tokens of the batch in a row, A active experts per token.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.cache import Cache
from model.config import ModelConfig
from model.dsa import LatentAttention, RMSNorm, Stage
from model.grouped import GroupedAttention
from model.rope import Rotation, inverse_frequencies, rotation


class Output(NamedTuple):
    """Logits, and what a later pass may replay (one entry a layer)."""

    logits_BTV: Tensor
    selection: list[Tensor]
    """Selected keys of every layer, [B, T, K] int32."""
    routing: list[Tensor]
    """Expert ids of every mixture layer, [B, T, A] int64."""
    index_loss: Tensor
    """Sum over layers and queries of the indexer's KL loss; 0 in stage `SERVE`."""


class MLP(nn.Module):
    """down(silu(gate(x)) * up(x))."""

    def __init__(self, hidden_size: int, intermediate_size: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.up_proj = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.down_proj = nn.Linear(intermediate_size, hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Router(nn.Module):
    """Sigmoid scores; experts are chosen by score + bias within the best groups."""

    e_score_correction_bias: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.weight = nn.Parameter(torch.empty(config.n_routed_experts, config.hidden_size))
        # Balances load without a loss; adjusted by the trainer, never by gradients.
        bias = torch.zeros(config.n_routed_experts, dtype=torch.float32)
        self.register_buffer("e_score_correction_bias", bias)

    def forward(self, x_NE: Tensor, ids_NA: Tensor | None) -> tuple[Tensor, Tensor]:
        """Weights (float32) and ids of the active experts; given `ids_NA` are used as they are."""
        scores = F.linear(x_NE.float(), self.weight.float()).sigmoid()
        if ids_NA is None:
            ids_NA = self._choose(scores.detach() + self.e_score_correction_bias)
        weights = scores.gather(1, ids_NA)
        if self.config.norm_topk_prob:
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
        return weights * self.config.routed_scaling_factor, ids_NA

    def _choose(self, scores_NX: Tensor) -> Tensor:
        """Groups rank by the sum of their two best experts; equal scores favour the lower id."""
        groups = scores_NX.view(scores_NX.shape[0], self.config.n_group, -1)
        best_two = groups.topk(min(2, groups.shape[-1]), dim=-1).values.sum(-1)
        kept = best_two.sort(dim=-1, descending=True, stable=True).indices
        keep = torch.zeros_like(best_two, dtype=torch.bool)
        keep.scatter_(1, kept[:, : self.config.topk_group], True)
        masked = groups.masked_fill(~keep[..., None], float("-inf")).flatten(1)
        order = masked.sort(dim=-1, descending=True, stable=True).indices
        chosen: Tensor = order[:, : self.config.num_experts_per_tok]
        return chosen


class MoE(nn.Module):
    """Routed experts plus shared experts that every token passes."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        size = config.moe_intermediate_size
        self.gate = Router(config)
        self.experts = nn.ModuleList(
            MLP(config.hidden_size, size) for _ in range(config.n_routed_experts)
        )
        self.shared_experts = MLP(config.hidden_size, size * config.n_shared_experts)

    def forward(self, x_BTE: Tensor, ids_BTA: Tensor | None) -> tuple[Tensor, Tensor]:
        """Output and the ids of the experts that ran."""
        x = x_BTE.flatten(0, 1)
        weights, ids = self.gate(x, None if ids_BTA is None else ids_BTA.flatten(0, 1))
        routed = torch.zeros_like(x, dtype=torch.float32)
        # Ascending expert order: the sum of a token's experts is the same for any batch.
        for expert in ids.unique().tolist():
            token, slot = (ids == expert).nonzero(as_tuple=True)
            out = self.experts[expert](x[token]) * weights[token, slot, None]
            routed = routed.index_add(0, token, out.float())
        out = routed.to(x.dtype) + self.shared_experts(x)
        return out.view_as(x_BTE), ids.view(*x_BTE.shape[:2], -1)


class LayerOutput(NamedTuple):
    """Hidden states and what the layer chose; `routing_BTA` is None for a dense layer."""

    x_BTE: Tensor
    selection_BTK: Tensor
    routing_BTA: Tensor | None
    index_loss: Tensor


class Layer(nn.Module):
    """Pre-norm attention and feed-forward with residuals."""

    def __init__(self, config: ModelConfig, index: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        attention = GroupedAttention if config.num_key_value_heads else LatentAttention
        self.self_attn = attention(config, index)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.is_moe = index >= config.first_k_dense_replace
        self.mlp: nn.Module = (
            MoE(config) if self.is_moe else MLP(config.hidden_size, config.intermediate_size)
        )

    def forward(
        self,
        x: Tensor,
        at: Rotation,
        cache: Cache | None,
        stage: Stage,
        selection_BTK: Tensor | None,
        routing_BTA: Tensor | None,
    ) -> LayerOutput:
        """Given selections and expert ids are used in place of the layer's own choice."""
        attention = self.self_attn(self.input_layernorm(x), at, cache, stage, selection_BTK)
        x = x + attention.out_BTE
        hidden = self.post_attention_layernorm(x)
        if self.is_moe:
            out, routing_BTA = self.mlp(hidden, routing_BTA)
        else:
            out = self.mlp(hidden)
        return LayerOutput(x + out, attention.selection_BTK, routing_BTA, attention.index_loss)


class Decoder(nn.Module):
    """Embedding, layers and final norm."""

    inv_freq: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config, i) for i in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.register_buffer("inv_freq", inverse_frequencies(config), persistent=False)


class Transformer(nn.Module):
    """The whole model, with random weights until a checkpoint is loaded (`model.convert`)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Decoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight
        self._initialise()

    def _initialise(self) -> None:
        """Matrices normal with `initializer_range`; norms 1, biases 0 as their modules set them."""
        for parameter in self.parameters():
            if parameter.dim() >= 2:
                nn.init.normal_(parameter, std=self.config.initializer_range)

    def index_parameters(self) -> list[nn.Parameter]:
        """What the dense warm-up trains: the indexers and nothing else."""
        return [p for name, p in self.named_parameters() if ".indexer." in name]

    def forward(
        self,
        ids_BT: Tensor,
        *,
        cache: Cache | None = None,
        stage: Stage = Stage.SERVE,
        selection: Sequence[Tensor] | None = None,
        routing: Sequence[Tensor] | None = None,
    ) -> Output:
        """Logits of every token; with `cache` the tokens continue what it holds.

        `selection` and `routing` replay a recorded `Output`. Raises ValueError for an empty batch,
        a full cache, a recording of the wrong length, or a training stage with a cache.
        """
        self._check(ids_BT, cache, stage, selection, routing)
        at = self._rotation(ids_BT, cache.length if cache else 0)
        x = self.model.embed_tokens(ids_BT)
        chosen: list[Tensor] = []
        routed: list[Tensor] = []
        loss = torch.zeros((), device=x.device)
        first_moe = self.config.first_k_dense_replace
        for i, layer in enumerate(self.model.layers):
            out: LayerOutput = layer(
                x,
                at,
                cache,
                stage,
                selection[i] if selection else None,
                routing[i - first_moe] if routing and i >= first_moe else None,
            )
            x = out.x_BTE
            chosen.append(out.selection_BTK)
            if out.routing_BTA is not None:
                routed.append(out.routing_BTA)
            loss = loss + out.index_loss
        if cache:
            cache.length += ids_BT.shape[1]
        return Output(self.lm_head(self.model.norm(x)), chosen, routed, loss)

    def _rotation(self, ids_BT: Tensor, past: int) -> Rotation:
        positions = torch.arange(past, past + ids_BT.shape[1], device=ids_BT.device)
        mscale = self.config.yarn.rotation_mscale if self.config.yarn else 1.0
        return rotation(self.model.inv_freq, positions.expand_as(ids_BT), mscale)

    def _check(
        self,
        ids_BT: Tensor,
        cache: Cache | None,
        stage: Stage,
        selection: Sequence[Tensor] | None,
        routing: Sequence[Tensor] | None,
    ) -> None:
        if ids_BT.dim() != 2 or not ids_BT.numel():
            raise ValueError(f"ids_BT: expected [batch, tokens], not empty, got {ids_BT.shape}")
        if cache and stage is not Stage.SERVE:
            raise ValueError(f"cache: only stage 'serve' decodes, got stage {stage.value!r}")
        if cache and cache.batch_size != ids_BT.shape[0]:
            raise ValueError(f"cache: holds {cache.batch_size} sequences, got {ids_BT.shape[0]}")
        if cache:
            cache.reserve(ids_BT.shape[1])
        if selection is not None and len(selection) != self.config.num_hidden_layers:
            raise ValueError(
                f"selection: expected {self.config.num_hidden_layers} layers, got {len(selection)}"
            )
        if routing is not None and len(routing) != self.config.num_moe_layers:
            raise ValueError(
                f"routing: expected {self.config.num_moe_layers} layers, got {len(routing)}"
            )
