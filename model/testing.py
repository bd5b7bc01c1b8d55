"""Tiny models with random weights, for tests and quick experiments."""

import torch

from model.config import ModelConfig, Yarn
from model.transformer import Transformer


def tiny_config(**changes: object) -> ModelConfig:
    """Three layers, one of them dense; every size differs from every other where it may."""
    values: dict[str, object] = {
        "vocab_size": 97,
        "hidden_size": 48,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "q_lora_rank": 24,
        "kv_lora_rank": 16,
        "qk_nope_head_dim": 12,
        "qk_rope_head_dim": 8,
        "v_head_dim": 10,
        "index_n_heads": 6,
        "index_head_dim": 16,
        "index_topk": 5,
        "first_k_dense_replace": 1,
        "moe_intermediate_size": 20,
        "n_routed_experts": 8,
        "num_experts_per_tok": 3,
        "n_group": 4,
        "topk_group": 2,
        "initializer_range": 0.2,
        "max_position_embeddings": 64,
        "yarn": Yarn(factor=4.0, original_max_position_embeddings=16),
    }
    return ModelConfig(**{**values, **changes})  # type: ignore[arg-type]


def tiny_model(seed: int = 0, **changes: object) -> Transformer:
    """A tiny model whose norms and router biases are random too, so that none can be left out."""
    generator = torch.Generator().manual_seed(seed)
    model = Transformer(tiny_config(**changes))
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            noise = torch.randn(tensor.shape, generator=generator)
            if tensor.dim() >= 2:
                tensor.copy_(0.2 * noise)
            elif name.endswith("e_score_correction_bias"):
                tensor.copy_(0.1 * noise)
            else:
                tensor.add_(0.1 * noise)
    return model.eval()


def random_tokens(seed: int, *shape: int) -> torch.Tensor:
    """Token ids of the tiny vocabulary."""
    return torch.randint(0, 97, shape, generator=torch.Generator().manual_seed(seed))
