"""Checkpoint folders and configurations as they are found in the wild."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from model.config import ModelConfig
from model.convert import load, save
from model.testing import tiny_config, tiny_model


def test_missing_and_misshapen_tensors_are_named(tmp_path: Path) -> None:
    save(tiny_model(), tmp_path)
    (file,) = tmp_path.glob("*.safetensors")
    state = load_file(file)
    state.pop("model.norm.weight")
    state["lm_head.weight"] = state["lm_head.weight"][:5].clone()
    save_file(state, file)
    with pytest.raises(ValueError, match=r"2 tensors .*lm_head.weight has shape \(5, 48\)") as e:
        load(tmp_path)
    assert "missing model.norm.weight" in str(e.value)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(tiny_config().to_hf()))
    with pytest.raises(ValueError, match="no .safetensors file"):
        load(tmp_path)


def test_block_scaled_fp8_weights_and_the_extra_layer_are_handled(tmp_path: Path) -> None:
    model = tiny_model()
    save(model, tmp_path)
    (file,) = tmp_path.glob("*.safetensors")
    state = load_file(file)
    name = "model.layers.0.mlp.down_proj.weight"
    state[f"{name}_scale_inv"] = torch.full((1, 1), 0.25)
    state[name] = (state[name] * 4).to(torch.float8_e4m3fn)
    state["model.layers.3.eh_proj.weight"] = torch.zeros(1)
    save_file(state, file)
    weight = load(tmp_path).state_dict()[name].float()
    assert (weight - model.state_dict()[name]).norm() < 0.05 * weight.norm()


def test_both_spellings_of_rope_give_one_config() -> None:
    official = tiny_config().to_hf()
    scaling = official["rope_scaling"]
    newer = {k: v for k, v in official.items() if k not in ("rope_scaling", "rope_theta")}
    newer["rope_parameters"] = {
        **{k: v for k, v in scaling.items() if k != "type"},
        "rope_type": "yarn",
        "rope_theta": official["rope_theta"],
    }
    assert ModelConfig.from_hf(newer).to_hf() == ModelConfig.from_hf(official).to_hf()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model_type", "deepseek_v3"),
        ("hidden_act", "gelu"),
        ("attention_bias", True),
        ("scoring_func", "softmax"),
        ("num_key_value_heads", 2),
        ("rope_scaling", {"type": "linear", "factor": 2}),
        ("n_group", 3),
        ("num_experts_per_tok", 7),
        ("index_head_dim", 4),
    ],
)
def test_an_unsupported_setting_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        ModelConfig.from_hf({**tiny_config().to_hf(), field: value})


def test_unknown_settings_survive_a_round_trip() -> None:
    raw = {**tiny_config().to_hf(), "bos_token_id": 3}
    assert ModelConfig.from_hf(raw).to_hf()["bos_token_id"] == 3
