"""Who learns from what: the gradient flow of the two indexer stages, and that training works."""

import pytest
import torch
import torch.nn.functional as F

from model.dsa import Stage
from model.testing import random_tokens, tiny_model
from model.transformer import Transformer


def gradients(model: Transformer) -> tuple[dict[str, float], dict[str, float]]:
    """Largest gradient of each parameter (0 for none): indexer, then everything else."""
    size = {
        n: 0.0 if p.grad is None else float(p.grad.abs().max()) for n, p in model.named_parameters()
    }
    index = {n: s for n, s in size.items() if ".indexer." in n}
    return index, {n: s for n, s in size.items() if n not in index}


def language_loss(model: Transformer, ids: torch.Tensor) -> torch.Tensor:
    logits = model(ids, stage=Stage.SPARSE).logits_BTV
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


def test_warm_up_leaves_the_backbone_exactly_untouched() -> None:
    model = tiny_model(21)
    model(random_tokens(22, 2, 20), stage=Stage.WARMUP).index_loss.backward()
    index, backbone = gradients(model)
    assert all(size == 0.0 for size in backbone.values())
    assert all(size > 0.0 for size in index.values())


def test_the_sparse_stage_trains_the_indexer_by_its_own_loss_only() -> None:
    model = tiny_model(23)
    model(random_tokens(24, 2, 20), stage=Stage.SPARSE).index_loss.backward()
    index, backbone = gradients(model)
    assert all(size == 0.0 for size in backbone.values())
    assert all(size > 0.0 for size in index.values())


def test_the_language_loss_never_reaches_the_indexer() -> None:
    model = tiny_model(25)
    language_loss(model, random_tokens(26, 2, 20)).backward()
    index, backbone = gradients(model)
    assert all(size == 0.0 for size in index.values())
    # A key of layer 0 is all that an early token gives; every matrix must still move.
    assert all(size > 0.0 for name, size in backbone.items() if ".experts." not in name)


def test_sparse_loss_over_all_keys_equals_the_warm_up_loss() -> None:
    model = tiny_model(27, index_topk=64)
    ids = random_tokens(28, 2, 20)
    warm = model(ids, stage=Stage.WARMUP).index_loss
    assert torch.allclose(warm, model(ids, stage=Stage.SPARSE).index_loss)


def test_warm_up_makes_the_indexer_find_the_attended_keys() -> None:
    model = tiny_model(29, index_topk=4)
    ids = random_tokens(30, 2, 24)
    optimiser = torch.optim.Adam(model.index_parameters(), lr=1e-2)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = model(ids, stage=Stage.WARMUP).index_loss
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_one_batch_can_be_learnt_by_heart() -> None:
    model = tiny_model(31).train()
    ids = random_tokens(32, 2, 16)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(40):
        optimiser.zero_grad()
        loss = language_loss(model, ids)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.2


@pytest.mark.parametrize("stage", [Stage.WARMUP, Stage.SPARSE])
def test_the_index_loss_is_never_negative_and_zero_for_one_token(stage: Stage) -> None:
    model = tiny_model(33)
    assert model(random_tokens(34, 1, 20), stage=stage).index_loss.item() > 0
    assert model(random_tokens(35, 1, 1), stage=stage).index_loss.item() == pytest.approx(
        0, abs=1e-6
    )
