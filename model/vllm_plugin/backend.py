"""What vLLM wants of an attention backend: names, page sizes, and the metadata of a step.

The layer attends by itself (`model.vllm_plugin.attention`), so there is no implementation class here
that vLLM could select; that is also why its refusal of sparse attention on CPUs does not apply.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from vllm.v1.attention.backend import (
    AttentionBackend,
    AttentionCGSupport,
    AttentionImplBase,
    AttentionMetadata,
    AttentionMetadataBuilder,
    CommonAttentionMetadata,
)

from model.vllm_plugin.paged import Span, Step, joined

if TYPE_CHECKING:
    from model.vllm_plugin.paged_kernels import Group


@dataclass
class StepMetadata(AttentionMetadata):
    """One step of the batch, for every layer alike."""

    step: Step


class StepBuilder(AttentionMetadataBuilder[StepMetadata]):
    """Reads vLLM's batch; lengths come to the host once a step, and only where prompts are read."""

    # A step in which every sequence brings one token is the same work for any lengths and pages.
    _cudagraph_support: ClassVar[AttentionCGSupport] = (
        AttentionCGSupport.UNIFORM_SINGLE_TOKEN_DECODE
    )

    def __init__(self, kv_cache_spec: Any, layer_names: Any, vllm_config: Any, device: Any) -> None:
        super().__init__(kv_cache_spec, layer_names, vllm_config, device)
        # Asks vLLM for decoding sequences in front.
        self.reorder_batch_threshold = 1
        self.page_size = kv_cache_spec.block_size

    def build(
        self,
        common_prefix_len: int,
        common_attn_metadata: CommonAttentionMetadata,
        fast_build: bool = False,
    ) -> StepMetadata:
        common = common_attn_metadata
        starts = common.query_start_loc_cpu[: common.num_reqs + 1].tolist()
        counts = [end - first for first, end in pairwise(starts)]
        num_decoding = 0
        if self.device.type == "cuda":
            # Padding behind a batch that only decodes belongs to its CUDA graph.
            num_decoding = next((i for i, count in enumerate(counts) if count > 1), len(counts))
        spans = self._spans(common, starts, num_decoding)
        step = Step(
            common.slot_mapping[: common.num_actual_tokens],
            common.block_table_tensor[:num_decoding],
            common.seq_lens[:num_decoding],
            spans,
            self._groups(spans),
        )
        return StepMetadata(step)

    def _groups(self, spans: Sequence[Span]) -> "tuple[Group, ...]":
        if self.device.type != "cuda" or not spans:
            return ()
        from model.vllm_plugin.paged_kernels import groups_of

        return groups_of(spans, self.page_size, self.device)

    def _spans(
        self, common: CommonAttentionMetadata, starts: Sequence[int], skipped: int
    ) -> tuple[Span, ...]:
        if skipped == common.num_reqs:
            return ()
        lengths = common.seq_lens[: common.num_reqs].tolist()
        spans = []
        for number in range(skipped, common.num_reqs):
            num_new, length = starts[number + 1] - starts[number], lengths[number]
            if num_new:
                pages = common.block_table_tensor[number, : -(-length // self.page_size)]
                spans.append(Span(starts[number], num_new, length, joined(pages)))
        return tuple(spans)


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
