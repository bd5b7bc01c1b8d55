"""The model on the GPU's kernels against the same model on the CPU's definitions."""

import pytest
import torch

from model.dsa import Stage
from model.testing import random_tokens, tiny_model

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
TOKENS = 60


@torch.no_grad()
def test_logits_and_selections_are_those_of_the_cpu() -> None:
    model, ids = tiny_model(51, index_n_heads=2), random_tokens(52, 3, TOKENS)
    expected = model(ids)
    found = model.cuda()(ids.cuda())
    assert (found.logits_BTV.cpu() - expected.logits_BTV).abs().max() < 1e-4
    for a, b in zip(found.selection, expected.selection, strict=True):
        assert torch.equal(a.cpu(), b)


@torch.no_grad()
def test_a_hundred_repeats_and_any_batch_give_the_same_bits() -> None:
    model, ids = tiny_model(53, index_n_heads=2).cuda(), random_tokens(54, 4, TOKENS).cuda()
    first = model(ids)
    for _ in range(100):
        again = model(ids)
        assert torch.equal(again.logits_BTV, first.logits_BTV)
        assert all(torch.equal(a, b) for a, b in zip(again.selection, first.selection, strict=True))
    alone = model(ids[:1])
    for a, b in zip(alone.selection, first.selection, strict=True):
        assert torch.equal(a[0], b[0])


@pytest.mark.parametrize("stage", [Stage.WARMUP, Stage.SPARSE])
def test_gradients_are_those_of_the_cpu(stage: Stage) -> None:
    gradients = []
    for device in ("cpu", "cuda"):
        model = tiny_model(55).to(device)
        out = model(random_tokens(56, 2, TOKENS).to(device), stage=stage)
        (out.index_loss + out.logits_BTV.square().mean()).backward()
        gradients.append({n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    expected, found = gradients
    assert expected.keys() == found.keys()
    for name, gradient in expected.items():
        gap = (found[name].cpu() - gradient).norm() / gradient.norm().clamp_min(1e-6)
        assert gap < 1e-3, name
