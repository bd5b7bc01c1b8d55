"""The model as vLLM runs it: the modules of `model.transformer`, with attention over vLLM's pages."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from vllm.config import VllmConfig

from model.config import ModelConfig
from model.grouped import GroupedAttention
from model.rope import Rotation, rotation
from model.transformer import Decoder, Layer
from model.vllm_plugin.attention import FusedRowAttention
from model.vllm_plugin.paged import Inputs


def _inputs(attention: GroupedAttention, x_BTE: Tensor, at: Rotation) -> Inputs:
    """What the pages need of one layer; the batch is one row of tokens."""
    q_BTHD, rows_BTC = attention.queries_and_rows(x_BTE, at)
    index = attention.indexer(x_BTE, x_BTE, at)
    rows_BTW = torch.cat((rows_BTC, index.k_BTD), dim=-1)
    return Inputs(q_BTHD[0], rows_BTW[0], index.q_BTID[0], index.w_BTI[0])


class PalaestraDsaForCausalLM(nn.Module):
    """Grouped-query DeepSeek Sparse Attention; one process, no parallelism within the model."""

    def __init__(self, *, vllm_config: VllmConfig, prefix: str = "") -> None:
        super().__init__()
        parallel = vllm_config.parallel_config
        if parallel.tensor_parallel_size * parallel.pipeline_parallel_size > 1:
            raise ValueError("this model fits one device; serve it with data parallelism instead")
        self.config = ModelConfig.from_hf(vllm_config.model_config.hf_config.to_dict())
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
        x = x_TE[None]
        at = rotation(self.model.inv_freq, positions[None], 1.0)
        for layer, pages in zip(self.model.layers, self.pages, strict=True):
            assert isinstance(layer, Layer)
            assert isinstance(layer.self_attn, GroupedAttention)
            heads = pages(_inputs(layer.self_attn, layer.input_layernorm(x), at))
            x = x + layer.self_attn.o_proj(heads.flatten(1))[None]
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        out: Tensor = self.model.norm(x)[0]
        return out

    def compute_logits(self, hidden_states: Tensor) -> Tensor:
        return F.linear(hidden_states, self.model.embed_tokens.weight)

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
        return set(found)
