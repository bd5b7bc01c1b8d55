"""What vLLM wants of an attention backend: names, page sizes, and the metadata of a step.

The layer attends by itself (`model.vllm_plugin.attention`), so there is no implementation class here
that vLLM could select; that is also why its refusal of sparse attention on CPUs does not apply.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from vllm.v1.attention.backend import (
    AttentionBackend,
    AttentionImplBase,
    AttentionMetadata,
    AttentionMetadataBuilder,
    CommonAttentionMetadata,
)

from model.vllm_plugin.paged import Span, Step


@dataclass
class StepMetadata(AttentionMetadata):
    """One step of the batch, for every layer alike."""

    step: Step


class StepBuilder(AttentionMetadataBuilder[StepMetadata]):
    """Reads vLLM's batch; the lengths come to the host once a step."""

    def __init__(self, kv_cache_spec: Any, layer_names: Any, vllm_config: Any, device: Any) -> None:
        super().__init__(kv_cache_spec, layer_names, vllm_config, device)

    def build(
        self,
        common_prefix_len: int,
        common_attn_metadata: CommonAttentionMetadata,
        fast_build: bool = False,
    ) -> StepMetadata:
        common = common_attn_metadata
        starts = common.query_start_loc_cpu[: common.num_reqs + 1].tolist()
        lengths = common.seq_lens[: common.num_reqs].tolist()
        spans = tuple(
            Span(first, end - first, length)
            for first, end, length in zip(starts, starts[1:], lengths, strict=False)
            if end > first
        )
        slots = common.slot_mapping[: common.num_actual_tokens].long()
        return StepMetadata(Step(slots, common.block_table_tensor, spans))


class FusedRowBackend(AttentionBackend):
    """One fused row a token: [values | rotary keys | index key]."""

    supported_dtypes: ClassVar[list[torch.dtype]] = [torch.float32, torch.bfloat16, torch.float16]
    supported_kv_cache_dtypes: ClassVar[list[Any]] = ["auto"]

    @staticmethod
    def get_name() -> str:
        return "PALAESTRA_DSA"

    @staticmethod
    def get_impl_cls() -> type[AttentionImplBase]:
        raise NotImplementedError("the layer attends by itself")

    @staticmethod
    def get_builder_cls() -> type[StepBuilder]:
        return StepBuilder

    @staticmethod
    def get_kv_cache_shape(
        num_blocks: int,
        block_size: int,
        num_kv_heads: int,
        head_size: int,
        cache_dtype_str: str = "auto",
    ) -> tuple[int, ...]:
        """What vLLM 0.26 asks for; newer ones derive it from the cache specification."""
        return (num_blocks, block_size, head_size)
