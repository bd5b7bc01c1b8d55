"""A base model of the real one's shape in small, with random weights and a byte-level vocabulary."""

import torch
from tokenizers.pre_tokenizers import ByteLevel

from model.base import NAMES, Base

SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<reponame>", "<file_sep>",
    "<filename>", "<gh_stars>", "<issue_start>", "<issue_comment>",
)  # fmt: skip
SIZES = {
    "attn_norm": (48,),
    "ffn_norm": (48,),
    "attn_q": (96, 48),
    "attn_k": (32, 48),
    "attn_v": (32, 48),
    "attn_output": (48, 96),
    "ffn_gate": (64, 48),
    "ffn_up": (64, 48),
    "ffn_down": (48, 64),
}


def tiny_base(seed: int = 0, layers: int = 2) -> Base:
    """Six heads of 16 in two groups."""
    vocabulary = [*SPECIAL, *sorted(ByteLevel.alphabet())]
    generator = torch.Generator().manual_seed(seed)
    shapes = {"model.embed_tokens.weight": (len(vocabulary), 48), "model.norm.weight": (48,)}
    for layer in range(layers):
        shapes |= {f"model.layers.{layer}.{NAMES[n]}.weight": s for n, s in SIZES.items()}
    tensors = {}
    for name, shape in shapes.items():
        noise = torch.randn(shape, generator=generator)
        tensors[name] = 0.2 * noise if len(shape) == 2 else 1 + 0.1 * noise
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "attention_bias": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 2,
        "head_dim": 16,
        "hidden_act": "silu",
        "hidden_size": 48,
        "intermediate_size": 64,
        "max_position_embeddings": 4096,
        "mlp_bias": False,
        "num_attention_heads": 6,
        "num_hidden_layers": layers,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5,
        "rope_theta": 100000.0,
        "tie_word_embeddings": True,
        "vocab_size": len(vocabulary),
    }
    return Base(config, tensors, vocabulary, [], len(SPECIAL), "{{ messages[0].content }}")
