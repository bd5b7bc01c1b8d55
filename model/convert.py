"""`deepseek_v32` checkpoints: a folder of `config.json` and safetensors files, in and out.

Reads the official fp8 release (blocks of 128 x 128 with inverse scales become bfloat16) and skips
its multi-token-prediction layer, which the main model does not use.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from model.config import ModelConfig
from model.quantise import dequantise_blocks
from model.rope import inverse_frequencies
from model.transformer import Transformer

SHARD_BYTES = 4 << 30
INDEX_NAME = "model.safetensors.index.json"


def load(folder: Path, dtype: torch.dtype | None = None) -> Transformer:
    """The model of a checkpoint folder, on the CPU, in the stored type unless `dtype` is given.

    Raises ValueError naming the folder and the tensors where any is missing, unknown or misshapen.
    """
    config = ModelConfig.from_hf(json.loads((folder / "config.json").read_text()))
    with torch.device("meta"):
        model = Transformer(config)
    found = dict(_tensors(folder, config))
    if config.tie_word_embeddings:
        found.setdefault("lm_head.weight", found["model.embed_tokens.weight"])
    _compare(folder, model, found)
    if dtype is not None:
        found = {n: t if n.endswith("_bias") else t.to(dtype) for n, t in found.items()}
    model.load_state_dict(found, assign=True)
    # Not stored, and created on the meta device above.
    model.model.inv_freq = inverse_frequencies(config)
    if config.tie_word_embeddings:
        model.lm_head.weight = model.model.embed_tokens.weight
    return model


def save(model: Transformer, folder: Path) -> None:
    """Writes `config.json` and shards of at most 4 GiB, each tensor under its checkpoint name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(model.config.to_hf(), indent=2) + "\n")
    state = {n: t.detach().contiguous().cpu() for n, t in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        state.pop("lm_head.weight")
    shards = _shards(state)
    names = [f"model-{i + 1:05d}-of-{len(shards):05d}.safetensors" for i in range(len(shards))]
    for name, shard in zip(names, shards, strict=True):
        save_file(shard, folder / name, metadata={"format": "pt"})
    index = {
        "metadata": {"total_size": sum(t.nbytes for t in state.values())},
        "weight_map": {t: n for n, shard in zip(names, shards, strict=True) for t in shard},
    }
    (folder / INDEX_NAME).write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")


def _shards(state: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in state.items():
        if shards[-1] and size + tensor.nbytes > SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += tensor.nbytes
    return shards


def _tensors(folder: Path, config: ModelConfig) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of the main model, dequantised."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ValueError(f"{folder}: no .safetensors file; expected a checkpoint folder")
    raw: dict[str, Tensor] = {}
    for file in files:
        with safe_open(file, framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118 (not a mapping)
                if not name.startswith(f"model.layers.{config.num_hidden_layers}."):
                    raw[name] = opened.get_tensor(name)
    for name, tensor in raw.items():
        if name.endswith(".weight_scale_inv"):
            continue
        scale = raw.get(f"{name}_scale_inv")
        yield name, tensor if scale is None else dequantise_blocks(tensor, scale)


def _compare(folder: Path, model: Transformer, found: dict[str, Tensor]) -> None:
    expected = {n: tuple(t.shape) for n, t in model.state_dict().items()}
    problems = [f"missing {n}" for n in expected.keys() - found.keys()]
    problems += [f"unknown {n}" for n in found.keys() - expected.keys()]
    problems += [
        f"{n} has shape {tuple(found[n].shape)}, expected {shape}"
        for n, shape in expected.items()
        if n in found and tuple(found[n].shape) != shape
    ]
    if problems:
        shown = "; ".join(sorted(problems)[:5])
        raise ValueError(f"{folder}: {len(problems)} tensors do not fit the config: {shown}")
