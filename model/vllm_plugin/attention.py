"""The layer that owns the pages: vLLM binds its cache here and asks here for its specification."""

from typing import Any

import torch
from torch import Tensor, nn
from vllm.config import VllmConfig, get_current_vllm_config
from vllm.forward_context import get_forward_context
from vllm.model_executor.layers.attention_layer_base import AttentionLayerBase
from vllm.v1.kv_cache_interface import KVCacheSpec, MLAAttentionSpec

from model.config import ModelConfig
from model.vllm_plugin.backend import FusedRowBackend, StepMetadata
from model.vllm_plugin.paged import Inputs, attend, write_rows


class FusedRowAttention(nn.Module, AttentionLayerBase):
    """Writes the new rows and attends over the pages; has no weights."""

    def __init__(self, config: ModelConfig, dtype: torch.dtype, prefix: str) -> None:
        super().__init__()
        self.config, self.dtype, self.prefix = config, dtype, prefix
        self.kv_cache = torch.tensor([])
        layers = get_current_vllm_config().compilation_config.static_forward_context
        if prefix in layers:
            raise ValueError(f"layer {prefix} exists twice")
        layers[prefix] = self

    def bind_kv_cache(self, kv_cache: Tensor) -> None:
        """From vLLM 0.27 on pages have an axis of heads, which is one here."""
        self.kv_cache = kv_cache.squeeze(1) if kv_cache.dim() == 4 else kv_cache

    def get_attn_backend(self) -> type[FusedRowBackend]:
        return FusedRowBackend

    def get_kv_cache_spec(self, vllm_config: VllmConfig) -> KVCacheSpec:
        return MLAAttentionSpec(
            block_size=vllm_config.cache_config.block_size,
            num_kv_heads=1,
            head_size=self.config.latent_dim + self.config.index_head_dim,
            dtype=self.dtype,
        )

    def forward(self, inputs: Inputs) -> Tensor:
        """[T, H, V]; zeros where vLLM only measures memory and there are no pages yet."""
        metadata: Any = get_forward_context().attn_metadata
        found = metadata.get(self.prefix) if metadata is not None else None
        if found is None:
            return torch.zeros_like(inputs.q_THD)
        assert isinstance(found, StepMetadata)
        write_rows(self.kv_cache, found.step, inputs.rows_TW)
        return attend(inputs, self.kv_cache, found.step, self.config)
