"""Selection inside the model: the same keys however the tokens arrive, and replay of recordings."""

import pytest
import torch

from model.cache import Cache
from model.dsa import Stage
from model.testing import random_tokens, tiny_model
from model.transformer import Output, Transformer

TOKENS = 40


def sets(output: Output) -> list[list[list[int]]]:
    """Per layer and query of the first sequence: the selected keys."""
    return [[[k for k in row if k >= 0] for row in layer[0].tolist()] for layer in output.selection]


@pytest.fixture(scope="module")
def model() -> Transformer:
    # Two index heads: about a quarter of all keys tie at a score of exactly 0.
    return tiny_model(11, index_n_heads=2)


@pytest.fixture(scope="module")
def ids() -> torch.Tensor:
    return random_tokens(12, 1, TOKENS)


@torch.no_grad()
def test_a_hundred_repeats_select_the_same_keys(model: Transformer, ids: torch.Tensor) -> None:
    first = model(ids).selection
    for _ in range(100):
        again = model(ids[:, :]).selection
        assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("chunk", [1, 7, 16, 39])
@torch.no_grad()
def test_chunks_select_the_same_keys(model: Transformer, ids: torch.Tensor, chunk: int) -> None:
    cache = Cache(model.config, batch_size=1, max_tokens=TOKENS)
    parts = [sets(model(part, cache=cache)) for part in ids.split(chunk, dim=1)]
    joined = [sum((p[i] for p in parts), []) for i in range(model.config.num_hidden_layers)]
    assert joined == sets(model(ids))


@torch.no_grad()
def test_a_batch_selects_as_each_sequence_alone(model: Transformer, ids: torch.Tensor) -> None:
    batch = torch.cat([ids, random_tokens(13, 4, TOKENS)])
    assert sets(model(batch)) == sets(model(ids))


@torch.no_grad()
def test_a_reused_prefix_selects_as_a_fresh_run(model: Transformer, ids: torch.Tensor) -> None:
    donor = Cache(model.config, batch_size=1, max_tokens=TOKENS)
    model(torch.cat([ids[:, :20], random_tokens(14, 1, 9)], dim=1), cache=donor)
    reused = model(ids[:, 20:], cache=donor.truncated(20))
    fresh = sets(model(ids))
    assert sets(reused) == [layer[20:] for layer in fresh]


@torch.no_grad()
def test_cached_decoding_equals_one_pass(model: Transformer, ids: torch.Tensor) -> None:
    cache = Cache(model.config, batch_size=1, max_tokens=TOKENS)
    steps = [model(t, cache=cache).logits_BTV for t in ids.split(1, dim=1)]
    assert (torch.cat(steps, dim=1) - model(ids).logits_BTV).abs().max() < 1e-4


@torch.no_grad()
def test_sparse_equals_dense_once_topk_covers_the_context(ids: torch.Tensor) -> None:
    sparse = tiny_model(11, index_topk=TOKENS)
    assert torch.equal(
        sparse(ids).logits_BTV, tiny_model(11, index_topk=3)(ids, stage=Stage.WARMUP).logits_BTV
    )


@torch.no_grad()
def test_replay_reproduces_selection_routing_and_logits(
    model: Transformer, ids: torch.Tensor
) -> None:
    first = model(ids)
    again = model(ids, selection=first.selection, routing=first.routing)
    assert torch.equal(first.logits_BTV, again.logits_BTV)


@torch.no_grad()
def test_replay_wins_over_what_the_weights_would_choose(
    model: Transformer, ids: torch.Tensor
) -> None:
    other = tiny_model(15, index_n_heads=2)
    recorded = model(ids)
    replayed = other(ids, selection=recorded.selection, routing=recorded.routing)
    assert all(torch.equal(a, b) for a, b in zip(recorded.routing, replayed.routing, strict=True))
    assert sets(replayed) == sets(recorded) != sets(other(ids))


@torch.no_grad()
def test_quantised_index_scores_mostly_agree_with_plain_ones(ids: torch.Tensor) -> None:
    plain = sets(tiny_model(11, index_topk=12)(ids))
    rounded = sets(tiny_model(11, index_topk=12, index_hadamard_fp8=True)(ids))
    # The first layer sees equal inputs, so only the number format differs.
    shared = sum(len(set(a) & set(b)) for a, b in zip(plain[0], rounded[0], strict=True))
    assert 0.85 < shared / sum(len(a) for a in plain[0]) < 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: m(torch.empty(1, 0, dtype=torch.long)), "ids_BT"),
        (lambda m: m(random_tokens(0, 1, 9), cache=Cache(m.config, 1, 8)), "max_tokens=8"),
        (lambda m: m(random_tokens(0, 2, 3), cache=Cache(m.config, 1, 8)), "holds 1 sequences"),
        (
            lambda m: m(random_tokens(0, 1, 3), cache=Cache(m.config, 1, 8), stage=Stage.SPARSE),
            "stage 'serve'",
        ),
        (lambda m: m(random_tokens(0, 1, 3), routing=[]), "routing: expected 2 layers"),
        (lambda m: m(random_tokens(0, 1, 3), selection=[]), "selection: expected 3 layers"),
    ],
    ids=["empty", "full-cache", "batch-size", "training-cache", "routing", "selection"],
)
def test_unusable_calls_are_refused(model: Transformer, make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        make(model)
