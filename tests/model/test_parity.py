"""Our model against transformers' own DeepSeek-V3.2, through checkpoints in both directions.

Where public implementations differ, these tests fix the side we are on: half-split RoPE in the
indexer and interleaved RoPE in MLA (the official correction), LayerNorm with bias on the index
key, no Hadamard rotation (a no-op without quantisation). Ties are ours alone, so compared inputs
have none at the selection boundary; that is asserted, not assumed.
"""

from pathlib import Path

import pytest
import torch

from model.cache import Cache
from model.convert import load, save
from model.testing import random_tokens, tiny_config, tiny_model
from model.transformer import Transformer

transformers = pytest.importorskip("transformers", reason="transformers is the other side")

LONG, SHORT = 64, 5


def public(folder: Path) -> torch.nn.Module:
    model = transformers.DeepseekV32ForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    )
    return model.eval()


CASES = [
    pytest.param({"index_topk": LONG, "first_k_dense_replace": 3}, id="dense-layers-all-keys"),
    pytest.param({"index_topk": SHORT, "first_k_dense_replace": 3}, id="dense-layers-small-topk"),
    pytest.param({"index_topk": LONG, "first_k_dense_replace": 1}, id="mixture-all-keys"),
    pytest.param({"index_topk": SHORT, "first_k_dense_replace": 1}, id="mixture-small-topk"),
    pytest.param({"index_topk": SHORT, "yarn": None}, id="plain-rope-small-topk"),
    pytest.param({"index_topk": SHORT, "norm_topk_prob": False}, id="raw-expert-weights"),
    pytest.param({"index_topk": 1, "index_n_heads": 16}, id="one-key"),
]


@pytest.mark.parametrize("changes", CASES)
@torch.no_grad()
def test_logits_match_the_public_implementation(changes: dict[str, object], tmp_path: Path) -> None:
    model = tiny_model(1, **{"index_n_heads": 16, **changes})
    save(model, tmp_path)
    theirs = public(tmp_path)
    ids = random_tokens(2, 2, 23)
    difference = model(ids).logits_BTV - theirs(ids).logits
    assert difference.abs().max() < 1e-4


@pytest.mark.parametrize("topk", [LONG, SHORT])
@torch.no_grad()
def test_cached_decoding_matches_the_public_cache(topk: int, tmp_path: Path) -> None:
    model = tiny_model(3, index_topk=topk, index_n_heads=16)
    save(model, tmp_path)
    theirs, past = (
        public(tmp_path),
        transformers.DynamicCache(config=transformers.AutoConfig.from_pretrained(tmp_path)),
    )
    cache = Cache(model.config, batch_size=2, max_tokens=23)
    ids = random_tokens(4, 2, 23)
    for chunk in (ids[:, :9], ids[:, 9:16], *ids[:, 16:].split(1, dim=1)):
        ours = model(chunk, cache=cache).logits_BTV
        expected = theirs(chunk, past_key_values=past, use_cache=True).logits
        assert (ours - expected).abs().max() < 1e-4


@torch.no_grad()
def test_a_public_checkpoint_loads_and_matches(tmp_path: Path) -> None:
    config = transformers.DeepseekV32Config(**tiny_config(index_n_heads=16).to_hf())
    torch.manual_seed(5)
    theirs = transformers.DeepseekV32ForCausalLM._from_config(
        config, attn_implementation="eager"
    ).eval()
    theirs.save_pretrained(tmp_path)
    ids = random_tokens(6, 1, 19)
    assert (load(tmp_path)(ids).logits_BTV - theirs(ids).logits).abs().max() < 1e-4


@torch.no_grad()
def test_a_wrong_indexer_rotation_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Guards the parity tests themselves: with few keys an indexer fault must reach the logits.
    from model import dsa

    model = tiny_model(1, index_topk=SHORT, index_n_heads=16)
    save(model, tmp_path)
    ids = random_tokens(2, 2, 23)
    expected = public(tmp_path)(ids).logits
    monkeypatch.setattr(dsa, "rotate_halves", dsa.rotate_interleaved)
    assert (model(ids).logits_BTV - expected).abs().max() > 1e-2


@torch.no_grad()
def test_saving_and_loading_keeps_every_bit(tmp_path: Path) -> None:
    model = tiny_model(7, tie_word_embeddings=True)
    save(model, tmp_path)
    again = load(tmp_path)
    assert isinstance(again, Transformer)
    assert again.config == model.config or again.config.to_hf() == model.config.to_hf()
    ids = random_tokens(8, 1, 11)
    assert torch.equal(model(ids).logits_BTV, again(ids).logits_BTV)
    assert again.lm_head.weight is again.model.embed_tokens.weight
