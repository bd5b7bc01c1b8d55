"""DeepSeek Sparse Attention: lightning indexer, top-k selection, MLA over the selected rows.

Legend: B batch, T new tokens, S tokens so far, H heads, I index heads, D index head dim, C latent
row (kv_lora_rank + rope), N nope dim, P rope dim, V value dim, K = index_topk.

All sequences of a batch have the same length; padding on the right is harmless (attention is
causal), padding on the left is not supported.
"""

from enum import StrEnum
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kernels.index_loss import index_loss
from kernels.index_topk import index_topk
from kernels.sparse_backward import sparse_attention
from model.cache import Cache
from model.config import ModelConfig
from model.quantise import hadamard, quantise_e4m3
from model.rope import Rotation, rotate_halves, rotate_interleaved

LATENT_NORM_EPS = INDEX_NORM_EPS = 1e-6
"""Fixed in the official code, whatever `rms_norm_eps` says."""


class Stage(StrEnum):
    """Which attention runs, and which indexer loss is computed (arXiv:2512.02556 sec. 2.1)."""

    SERVE = "serve"
    """Sparse attention, no indexer loss."""
    WARMUP = "warmup"
    """Dense attention; the loss of eq. 3 over all visible keys."""
    SPARSE = "sparse"
    """Sparse attention; the loss of eq. 4 over the selected keys."""


class Attention(NamedTuple):
    """What one attention layer returns."""

    out_BTE: Tensor
    selection_BTK: Tensor
    """Sequence-relative key positions, ascending, filled up with -1."""
    index_loss: Tensor
    """Sum over queries; 0 in stage `SERVE`."""


class RMSNorm(nn.Module):
    """x / rms(x) times a weight, computed in float32."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        x32 = x.float()
        normed = x32 * torch.rsqrt(x32.pow(2).mean(-1, keepdim=True) + self.eps)
        return self.weight * normed.to(x.dtype)


class IndexInputs(NamedTuple):
    """What the index score is made of."""

    q_BTID: Tensor
    k_BTD: Tensor
    w_BTI: Tensor
    """Head weights with both scale factors, float32."""


class Indexer(nn.Module):
    """Projections of the lightning indexer; its inputs are detached from the main graph."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        heads, dim = config.index_n_heads, config.index_head_dim
        self.wq_b = nn.Linear(config.q_lora_rank, heads * dim, bias=False)
        self.wk = nn.Linear(config.hidden_size, dim, bias=False)
        # LayerNorm with a bias, unlike every other norm of the model.
        self.k_norm = nn.LayerNorm(dim, eps=INDEX_NORM_EPS)
        self.weights_proj = nn.Linear(config.hidden_size, heads, bias=False)

    def forward(self, x_BTE: Tensor, q_latent_BTQ: Tensor, at: Rotation) -> IndexInputs:
        """From the layer input and the post-norm query latent; rotary dims come first here."""
        x, latent = x_BTE.detach(), q_latent_BTQ.detach()
        heads, dim = self.config.index_n_heads, self.config.index_head_dim
        q = self._rotate(self.wq_b(latent).unflatten(-1, (heads, dim)), at)
        k = self._rotate(self.k_norm(self.wk(x)), at)
        # The checkpoint keeps this projection in float32 and so do we.
        weights = F.linear(x.float(), self.weights_proj.weight.float()) * self.config.index_scale
        return IndexInputs(q, k, weights)

    def _rotate(self, x: Tensor, at: Rotation) -> Tensor:
        rope = self.config.qk_rope_head_dim
        return torch.cat((rotate_halves(x[..., :rope], at), x[..., rope:]), dim=-1)


class Projected(NamedTuple):
    """One layer's input as attention needs it."""

    q_BTHC: Tensor
    """Queries against whole rows."""
    rows_BTC: Tensor
    """New rows, [latent | rotary key]."""
    q_latent_BTQ: Tensor
    """What the indexer's queries are made of."""


class SparseAttention(nn.Module):
    """Attention in MQA mode over the keys that the indexer selects; subclasses project."""

    indexer: Indexer

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.config, self.layer = config, layer

    def project(self, x_BTE: Tensor, at: Rotation) -> Projected:
        """Queries and rows of the new tokens."""
        raise NotImplementedError

    def output(self, latent_BTHR: Tensor) -> Tensor:
        """The layer's output, [B, T, E], from every head's sum of latents."""
        raise NotImplementedError

    def forward(
        self,
        x_BTE: Tensor,
        at: Rotation,
        cache: Cache | None,
        stage: Stage,
        selection_BTK: Tensor | None,
    ) -> Attention:
        """One layer; `selection_BTK` replays recorded selections instead of computing them."""
        q_BTHC, rows_BTC, q_latent = self.project(x_BTE, at)
        index = self.indexer(x_BTE, q_latent, at)
        if cache is None:
            kv_BSC, index_k_BSD = rows_BTC, index.k_BTD
        else:
            kv_BSC, index_k_BSD = cache.append(self.layer, rows_BTC, index.k_BTD)
        keys = _Flat.of(kv_BSC, x_BTE.shape[1])
        index = index._replace(k_BTD=index_k_BSD)
        if selection_BTK is None:
            selection_BTK = self._select(index, keys, stage)
        flat_TK = keys.to_flat(selection_BTK)
        latent_BTHR = sparse_attention(
            q_BTHC.flatten(0, 1),
            kv_BSC.reshape(-1, self.config.latent_dim),
            flat_TK,
            self.config.softmax_scale,
            self.config.kv_lora_rank,
        ).view(*q_BTHC.shape[:3], -1)
        loss = self._loss(index, q_BTHC, kv_BSC, keys, flat_TK, stage)
        return Attention(self.output(latent_BTHR), selection_BTK, loss)

    def _select(self, index: IndexInputs, keys: "_Flat", stage: Stage) -> Tensor:
        num_keys = keys.num_keys
        if stage is Stage.WARMUP or num_keys <= self.config.index_topk:
            return keys.all_visible()
        q, k, w, k_scale = index.q_BTID, index.k_BTD, index.w_BTI, None
        if self.config.index_hadamard_fp8:
            q, q_scale = quantise_e4m3(hadamard(q))
            k, k_scale = quantise_e4m3(hadamard(k))
            w, k_scale = w * q_scale, k_scale.flatten()
        flat_TK = index_topk(
            q.flatten(0, 1),
            k.reshape(-1, k.shape[-1]),
            w.flatten(0, 1),
            keys.starts_T,
            keys.ends_T,
            self.config.index_topk,
            k_scale_S=k_scale,
        )
        return keys.to_relative(flat_TK)

    def _loss(
        self,
        index: IndexInputs,
        q_BTHC: Tensor,
        kv_BSC: Tensor,
        keys: "_Flat",
        flat_TK: Tensor,
        stage: Stage,
    ) -> Tensor:
        if stage is Stage.SERVE:
            return torch.zeros((), device=q_BTHC.device)
        return index_loss(
            index.q_BTID.flatten(0, 1),
            index.k_BTD.reshape(-1, index.k_BTD.shape[-1]),
            index.w_BTI.flatten(0, 1),
            q_BTHC.flatten(0, 1),
            kv_BSC.reshape(-1, kv_BSC.shape[-1]),
            None if stage is Stage.WARMUP else flat_TK,
            keys.starts_T,
            keys.ends_T,
            self.config.softmax_scale,
        )


class LatentAttention(SparseAttention):
    """MLA with its up-projections absorbed: keys and values are never expanded."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__(config, layer)
        heads, eps = config.num_attention_heads, LATENT_NORM_EPS
        self.q_a_proj = nn.Linear(config.hidden_size, config.q_lora_rank, bias=False)
        self.q_a_layernorm = RMSNorm(config.q_lora_rank, eps)
        self.q_b_proj = nn.Linear(config.q_lora_rank, heads * config.qk_head_dim, bias=False)
        self.kv_a_proj_with_mqa = nn.Linear(config.hidden_size, config.latent_dim, bias=False)
        self.kv_a_layernorm = RMSNorm(config.kv_lora_rank, eps)
        expanded = heads * (config.qk_nope_head_dim + config.v_head_dim)
        self.kv_b_proj = nn.Linear(config.kv_lora_rank, expanded, bias=False)
        self.o_proj = nn.Linear(heads * config.v_head_dim, config.hidden_size, bias=False)
        self.indexer = Indexer(config)

    def project(self, x_BTE: Tensor, at: Rotation) -> Projected:
        q_latent = self.q_a_layernorm(self.q_a_proj(x_BTE))
        q_BTHC = self._absorbed_queries(q_latent, at)
        return Projected(q_BTHC, self._latent_rows(x_BTE, at), q_latent)

    def _absorbed_queries(self, q_latent_BTQ: Tensor, at: Rotation) -> Tensor:
        """[q_nope W_UK | q_rope]: queries against latent rows, so that keys are never expanded."""
        c = self.config
        q = self.q_b_proj(q_latent_BTQ).unflatten(-1, (c.num_attention_heads, c.qk_head_dim))
        nope, rope = q.split([c.qk_nope_head_dim, c.qk_rope_head_dim], dim=-1)
        absorbed = torch.einsum("bthn,hnr->bthr", nope, self._up_projections()[0])
        return torch.cat((absorbed, rotate_interleaved(rope, at)), dim=-1)

    def _latent_rows(self, x_BTE: Tensor, at: Rotation) -> Tensor:
        latent, rope = self.kv_a_proj_with_mqa(x_BTE).split(
            [self.config.kv_lora_rank, self.config.qk_rope_head_dim], dim=-1
        )
        return torch.cat((self.kv_a_layernorm(latent), rotate_interleaved(rope, at)), dim=-1)

    def output(self, latent_BTHR: Tensor) -> Tensor:
        values = torch.einsum("bthr,hvr->bthv", latent_BTHR, self._up_projections()[1])
        out: Tensor = self.o_proj(values.flatten(2))
        return out

    def _up_projections(self) -> tuple[Tensor, Tensor]:
        """W_UK [H, N, R] and W_UV [H, V, R], views of the one stored matrix."""
        c = self.config
        weight = self.kv_b_proj.weight.view(c.num_attention_heads, -1, c.kv_lora_rank)
        return weight[:, : c.qk_nope_head_dim], weight[:, c.qk_nope_head_dim :]


class _Flat(NamedTuple):
    """Batch and time flattened into one axis for the kernels; sequence b starts at key b * S."""

    batch: int
    num_new: int
    num_keys: int
    starts_T: Tensor
    ends_T: Tensor

    @classmethod
    def of(cls, kv_BSC: Tensor, num_new: int) -> "_Flat":
        batch, num_keys = kv_BSC.shape[:2]
        first = torch.arange(batch, device=kv_BSC.device, dtype=torch.int32)[:, None] * num_keys
        offset = torch.arange(num_new, device=kv_BSC.device, dtype=torch.int32)
        ends = first + (num_keys - num_new) + offset + 1
        # A single sequence would otherwise flatten to a view of one number.
        starts = first.expand_as(ends).contiguous().flatten()
        return cls(batch, num_new, num_keys, starts, ends.flatten())

    def all_visible(self) -> Tensor:
        key = torch.arange(self.num_keys, device=self.ends_T.device, dtype=torch.int32)
        count = (self.ends_T - self.starts_T)[:, None]
        return torch.where(key < count, key, -1).view(self.batch, self.num_new, -1)

    def to_flat(self, selection_BTK: Tensor) -> Tensor:
        flat = selection_BTK.flatten(0, 1)
        return torch.where(flat >= 0, flat + self.starts_T[:, None], -1).to(torch.int32)

    def to_relative(self, flat_TK: Tensor) -> Tensor:
        relative = torch.where(flat_TK >= 0, flat_TK - self.starts_T[:, None], -1)
        return relative.view(self.batch, self.num_new, -1)
