"""Configuration of a DeepSeek-V3.2 model, with the field names of its Hugging Face `config.json`.

Only what the architecture needs is kept; a value this implementation would silently get wrong (an
activation other than SiLU, biases, a scoring function other than sigmoid) is refused. One extension
goes beyond DeepSeek's field values: grouped-query attention in MQA form (`num_key_value_heads`),
under a model type of its own.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

DEEPSEEK = "deepseek_v32"
GROUPED = "palaestra_dsa"
"""Model type of grouped-query attention in MQA form."""
ARCHITECTURE = "PalaestraDsaForCausalLM"

FIXED = {
    "hidden_act": "silu",
    "scoring_func": "sigmoid",
    "topk_method": "noaux_tc",
    "attention_bias": False,
    "mlp_bias": False,
    "moe_layer_freq": 1,
}
"""What the architecture fixes; a checkpoint may state it, and must then agree."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Yarn:
    """YaRN context extension (arXiv:2309.00071) with DeepSeek's two mscale factors."""

    factor: float
    original_max_position_embeddings: int
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    mscale: float = 1.0
    mscale_all_dim: float = 1.0

    @property
    def softmax_mscale(self) -> float:
        """Factor on the attention scale, squared by the caller."""
        return _mscale(self.factor, self.mscale_all_dim) if self.mscale_all_dim else 1.0

    @property
    def rotation_mscale(self) -> float:
        """Factor on the rotary cosine and sine; 1 where both mscales agree, as in DeepSeek's."""
        if self.mscale and self.mscale_all_dim:
            return _mscale(self.factor, self.mscale) / _mscale(self.factor, self.mscale_all_dim)
        return _mscale(self.factor, 1.0)


def _mscale(factor: float, mscale: float) -> float:
    return 1.0 if factor <= 1 else 0.1 * mscale * math.log(factor) + 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig:
    """Sizes of one model; the defaults are DeepSeek-V3.2 (671B)."""

    vocab_size: int = 129280
    hidden_size: int = 7168
    intermediate_size: int = 18432
    num_hidden_layers: int = 61
    num_attention_heads: int = 128
    num_key_value_heads: int | None = None
    """None: MLA. A number: grouped-query attention in MQA form, see `model.grouped`."""
    q_lora_rank: int = 1536
    """Also the width of the indexer's query input; the hidden size where attention is grouped."""
    kv_lora_rank: int = 512
    qk_nope_head_dim: int = 128
    qk_rope_head_dim: int = 64
    v_head_dim: int = 128
    index_n_heads: int = 64
    index_head_dim: int = 128
    index_topk: int = 2048
    first_k_dense_replace: int = 3
    """Leading layers with a dense MLP; the rest are mixtures of experts."""
    moe_intermediate_size: int = 2048
    n_routed_experts: int = 256
    n_shared_experts: int = 1
    num_experts_per_tok: int = 8
    n_group: int = 8
    topk_group: int = 4
    norm_topk_prob: bool = True
    routed_scaling_factor: float = 2.5
    rms_norm_eps: float = 1e-6
    initializer_range: float = 0.02
    max_position_embeddings: int = 163840
    rope_theta: float = 10000.0
    yarn: Yarn | None = None
    """None: plain rotary embedding."""
    tie_word_embeddings: bool = False
    index_hadamard_fp8: bool = False
    """Score with Hadamard-rotated e4m3 queries and keys, as DeepSeek serves; not in config.json."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Other keys of the checkpoint's config.json, written back unchanged."""

    def __post_init__(self) -> None:
        for name in ("hidden_size", "num_attention_heads", "index_n_heads", "index_topk"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: must be at least 1, got {getattr(self, name)}")
        if self.num_key_value_heads is not None:
            self._check_groups(self.num_key_value_heads)
        if self.qk_rope_head_dim % 2:
            raise ValueError(f"qk_rope_head_dim: must be even, got {self.qk_rope_head_dim}")
        if self.index_head_dim < self.qk_rope_head_dim:
            raise ValueError(
                f"index_head_dim: must be at least qk_rope_head_dim ({self.qk_rope_head_dim}), "
                f"got {self.index_head_dim}"
            )
        if self.num_moe_layers and self.n_routed_experts % self.n_group:
            raise ValueError(
                f"n_routed_experts: must be a multiple of n_group ({self.n_group}), "
                f"got {self.n_routed_experts}"
            )
        eligible = self.topk_group * self.n_routed_experts // self.n_group
        if self.num_moe_layers and self.num_experts_per_tok > eligible:
            raise ValueError(
                f"num_experts_per_tok: at most {eligible} experts lie in topk_group groups, "
                f"got {self.num_experts_per_tok}"
            )

    def _check_groups(self, groups: int) -> None:
        if groups < 1 or self.num_attention_heads % groups:
            raise ValueError(
                f"num_key_value_heads: must divide num_attention_heads "
                f"({self.num_attention_heads}), got {groups}"
            )
        implied = {
            "q_lora_rank": self.hidden_size,
            "kv_lora_rank": groups * self.v_head_dim,
            "qk_nope_head_dim": 0,
        }
        for name, expected in implied.items():
            if (found := getattr(self, name)) != expected:
                raise ValueError(f"{name}: grouped attention makes it {expected}, got {found}")

    @property
    def num_moe_layers(self) -> int:
        """Layers after the leading dense ones."""
        return max(0, self.num_hidden_layers - self.first_k_dense_replace)

    @property
    def qk_head_dim(self) -> int:
        """Width of one query head before absorption."""
        return self.qk_nope_head_dim + self.qk_rope_head_dim

    @property
    def rope_row_dim(self) -> int:
        """Width of the cached rotary key: one for all heads, or one for each group of them."""
        return (self.num_key_value_heads or 1) * self.qk_rope_head_dim

    @property
    def latent_dim(self) -> int:
        """Width of the cached attention row: latent, then rotary key."""
        return self.kv_lora_rank + self.rope_row_dim

    @property
    def softmax_scale(self) -> float:
        """(nope + rope)^-0.5 times YaRN's mscale squared; not the width of the latent row."""
        mscale = self.yarn.softmax_mscale if self.yarn else 1.0
        return mscale * mscale / math.sqrt(self.qk_head_dim)

    @property
    def index_scale(self) -> float:
        """Factor on the indexer's head weights; it matters to the KL loss, not to the top-k."""
        return 1 / math.sqrt(self.index_n_heads * self.index_head_dim)

    @classmethod
    def from_hf(cls, raw: Mapping[str, Any]) -> "ModelConfig":
        """From a parsed `config.json`, in the official or the transformers 5 spelling of RoPE."""
        rest = dict(raw)
        model_type = rest.pop("model_type", DEEPSEEK)
        if model_type not in (DEEPSEEK, GROUPED):
            raise ValueError(f"model_type: expected {DEEPSEEK} or {GROUPED}, got {model_type!r}")
        for name, expected in FIXED.items():
            if (found := rest.pop(name, expected)) != expected:
                raise ValueError(f"{name}: only {expected!r} is supported, got {found!r}")
        heads = rest.get("num_attention_heads")
        if model_type == DEEPSEEK and (groups := rest.pop("num_key_value_heads", heads)) != heads:
            raise ValueError(f"num_key_value_heads: must equal num_attention_heads, got {groups}")
        if model_type == GROUPED:
            rest.pop("architectures", None)
        rope = {
            **(rest.pop("rope_scaling", None) or {}),
            **(rest.pop("rope_parameters", None) or {}),
        }
        values: dict[str, Any] = {"yarn": _yarn_from_hf(rope)}
        theta = rope.get("rope_theta", rest.pop("rope_theta", None))
        if theta is not None:
            values["rope_theta"] = float(theta)
        own = {f.name for f in fields(cls)} - {"yarn", "extra", "rope_theta", "index_hadamard_fp8"}
        values |= {name: rest.pop(name) for name in own & rest.keys()}
        # Derived by transformers from fields that are kept; stale copies would contradict them.
        for derived in ("qk_head_dim", "head_dim", "mlp_layer_types", "layer_types"):
            rest.pop(derived, None)
        return cls(**values, extra=rest)

    def to_hf(self) -> dict[str, Any]:
        """The `config.json` of this model, in the official spelling."""
        own = asdict(self)
        yarn, extra = own.pop("yarn"), own.pop("extra")
        own.pop("index_hadamard_fp8")
        grouped = self.num_key_value_heads is not None
        fixed: dict[str, Any] = {
            "model_type": GROUPED if grouped else DEEPSEEK,
            "architectures": [ARCHITECTURE if grouped else "DeepseekV32ForCausalLM"],
            "num_key_value_heads": self.num_key_value_heads or self.num_attention_heads,
        }
        # The public implementation wants the key; readers of other types warn of it.
        if yarn or not grouped:
            fixed["rope_scaling"] = {"type": "yarn", **yarn} if yarn else None
        return {**extra, **FIXED, **own, **fixed}


def _yarn_from_hf(rope: Mapping[str, Any]) -> Yarn | None:
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind == "default":
        return None
    if kind != "yarn":
        raise ValueError(f"rope_scaling: only type 'yarn' is supported, got {kind!r}")
    if rope.get("attention_factor") is not None or not rope.get("truncate", True):
        raise ValueError("rope_scaling: attention_factor and truncate=false are not supported")
    return Yarn(
        factor=float(rope["factor"]),
        original_max_position_embeddings=int(rope["original_max_position_embeddings"]),
        beta_fast=float(rope.get("beta_fast") or 32),
        beta_slow=float(rope.get("beta_slow") or 1),
        mscale=float(rope.get("mscale") or 0),
        mscale_all_dim=float(rope.get("mscale_all_dim") or 0),
    )
