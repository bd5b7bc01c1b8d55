"""The model as vLLM runs it: loaded as `model.transformer`, fused, with attention over vLLM's pages."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from vllm.config import VllmConfig

from model.config import ModelConfig
from model.transformer import Decoder, Layer
from model.vllm_plugin.attention import FusedRowAttention
from model.vllm_plugin.fused import FusedLayer, turns
from model.vllm_plugin.operations import OPERATIONS


class PalaestraDsaForCausalLM(nn.Module):
    """Grouped-query DeepSeek Sparse Attention; one process, no parallelism within the model."""

    def __init__(self, *, vllm_config: VllmConfig, prefix: str = "") -> None:
        super().__init__()
        parallel = vllm_config.parallel_config
        if parallel.tensor_parallel_size * parallel.pipeline_parallel_size > 1:
            raise ValueError("this model fits one device; serve it with data parallelism instead")
        self.config = ModelConfig.from_hf(vllm_config.model_config.hf_config.to_dict())
        self.selects = vllm_config.model_config.max_model_len > self.config.index_topk
        self.model = Decoder(self.config)
        dtype = vllm_config.model_config.dtype
        self.pages = [
            FusedRowAttention(self.config, dtype, f"model.layers.{i}.self_attn.pages")
            for i in range(self.config.num_hidden_layers)
        ]

    def embed_input_ids(self, input_ids: Tensor) -> Tensor:
        out: Tensor = self.model.embed_tokens(input_ids)
        return out

    def forward(
        self,
        input_ids: Tensor,
        positions: Tensor,
        intermediate_tensors: object = None,
        inputs_embeds: Tensor | None = None,
    ) -> Tensor:
        """Final hidden states, [T, E]."""
        x_TE = self.embed_input_ids(input_ids) if inputs_embeds is None else inputs_embeds
        turns_TF = turns(self.model.inv_freq, positions)
        for layer, pages in zip(self.model.layers, self.pages, strict=True):
            assert isinstance(layer, FusedLayer)
            x_TE = layer.finish(x_TE, pages(layer.inputs(x_TE, turns_TF)))
        out: Tensor = self.model.norm(x_TE)
        return out

    def compute_logits(self, hidden_states: Tensor) -> Tensor:
        return self.head(hidden_states)

    def load_weights(self, weights: Iterable[tuple[str, Tensor]]) -> set[str]:
        """Raises ValueError where a tensor is missing, unknown or misshapen."""
        own = dict(self.named_parameters())
        found = {}
        for name, tensor in weights:
            if name not in own or own[name].shape != tensor.shape:
                raise ValueError(f"the checkpoint's {name} {tuple(tensor.shape)} does not fit")
            found[name] = tensor
            own[name].data.copy_(tensor)
        if missing := own.keys() - found.keys():
            raise ValueError(f"the checkpoint lacks {len(missing)} tensors, e.g. {min(missing)}")
        self._fuse()
        return set(found)

    def _fuse(self) -> None:
        """Once, after loading."""
        with torch.no_grad():
            for number, layer in enumerate(self.model.layers):
                assert isinstance(layer, Layer)
                self.model.layers[number] = FusedLayer(layer, self.config, self.selects, OPERATIONS)
        self.head = OPERATIONS.linear(self.model.embed_tokens.weight.detach())
