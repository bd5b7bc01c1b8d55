"""The base model as a sparse-attention model, without loss: same logits, indexers added.

Grouped-query attention becomes MQA over one row a token (`model.grouped`; arXiv:2512.02556 sec. 2
uses MLA the same way). No number of the base changes: GGUF's rows are in the interleaved order that
MLA rotates. Only the indexers are new, and with `index_topk` at the window they select everything.

    python -m model.absorb FOLDER
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from model.base import Base, read, write_tokenizer
from model.config import ModelConfig
from model.convert import save
from model.markers import SHOWN, renamed
from model.rope import inverse_frequencies
from model.transformer import Transformer

INDEX_HEADS = 4
SEED = 0
INDEX_STD = 0.02
"""Of the indexers' random matrices."""


def config_of(llama: Mapping[str, Any], index_topk: int | None = None) -> ModelConfig:
    """Sizes of the converted model; without `index_topk` the selection is the whole window."""
    hidden, heads = llama["hidden_size"], llama["num_attention_heads"]
    groups, dim = llama["num_key_value_heads"], llama["head_dim"]
    return ModelConfig(
        vocab_size=llama["vocab_size"],
        hidden_size=hidden,
        intermediate_size=llama["intermediate_size"],
        num_hidden_layers=llama["num_hidden_layers"],
        first_k_dense_replace=llama["num_hidden_layers"],
        num_attention_heads=heads,
        num_key_value_heads=groups,
        q_lora_rank=hidden,
        kv_lora_rank=groups * dim,
        qk_nope_head_dim=0,
        qk_rope_head_dim=dim,
        v_head_dim=dim,
        index_n_heads=INDEX_HEADS,
        index_head_dim=dim,
        index_topk=index_topk or llama["max_position_embeddings"],
        rms_norm_eps=llama["rms_norm_eps"],
        rope_theta=llama["rope_theta"],
        max_position_embeddings=llama["max_position_embeddings"],
        tie_word_embeddings=llama["tie_word_embeddings"],
        extra={name: llama[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id")},
    )


def absorb(source: Base, index_topk: int | None = None) -> Transformer:
    """The converted model in float32. Its logits are those of the base up to rounding."""
    config = config_of(source.config, index_topk)
    with torch.device("meta"):
        model = Transformer(config)
    tensors = {**source.tensors, **_index_tensors(model)}
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]
    model.load_state_dict(tensors, assign=True)
    model.lm_head.weight = model.model.embed_tokens.weight
    # Not stored, and created on the meta device above.
    model.model.inv_freq = inverse_frequencies(config)
    return model.eval()


def _index_tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """New indexers: small random matrices, norms that change nothing; the same for every run."""
    generator = torch.Generator().manual_seed(SEED)
    found = {}
    for name, parameter in model.named_parameters():
        if ".indexer." not in name:
            continue
        if parameter.dim() == 2:
            found[name] = torch.randn(parameter.shape, generator=generator) * INDEX_STD
        else:
            value = 1.0 if name.endswith("weight") else 0.0
            found[name] = torch.full(parameter.shape, value)
    return found


def write(folder: Path, index_topk: int | None = None) -> None:
    """The converted model as a checkpoint with its tokenizer, ready to be trained or served."""
    source = renamed(read())
    save(absorb(source, index_topk), folder)
    write_tokenizer(source, folder, SHOWN.values())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
