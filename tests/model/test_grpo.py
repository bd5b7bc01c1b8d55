"""GRPO and its four stabilisers: numbers worked out by hand, signs of gradients, exact ratios."""

import math

import pytest
import torch

from model.losses import (
    Rollouts,
    group_advantages,
    grpo_loss,
    importance_ratio,
    kept_logp,
    off_policy_mask,
    sampling_mask,
    unbiased_kl,
)
from model.testing import random_tokens, tiny_model

OPEN = {"clip_low": 0.2, "clip_high": 0.28, "kl_weight": 0.0, "delta": math.inf}


def rollouts(
    logp: list[list[float]],
    sampler: list[list[float]],
    advantage: list[float],
    reference: list[list[float]] | None = None,
    mask: list[list[bool]] | None = None,
) -> Rollouts:
    trained = torch.tensor(logp, requires_grad=True)
    return Rollouts(
        trained,
        torch.tensor(sampler),
        torch.tensor(reference if reference is not None else logp),
        torch.tensor(mask) if mask is not None else torch.ones_like(trained, dtype=torch.bool),
        torch.tensor(advantage),
    )


def test_two_tokens_by_hand() -> None:
    # Ratios 0.5/0.4 = 1.25 and 0.3/0.6 = 0.5, advantage 2: min(2.5, 2.5) and min(1.0, 1.6).
    group = rollouts([[math.log(0.5), math.log(0.3)]], [[math.log(0.4), math.log(0.6)]], [2.0])
    loss = grpo_loss(group, **OPEN)
    assert loss.loss.item() == pytest.approx(-(2.5 + 1.0) / 2)
    assert float(loss.clipped_fraction) == 0.5
    assert float(loss.mean_ratio) == pytest.approx(0.875)


def test_short_and_long_answers_weigh_the_same() -> None:
    group = rollouts(
        [[0.0, 0.0, 0.0], [0.0, 9.0, 9.0]],
        [[0.0, 0.0, 0.0], [0.0, -9.0, float("nan")]],
        [1.0, -1.0],
        mask=[[True, True, True], [True, False, False]],
    )
    loss = grpo_loss(group, **{**OPEN, "kl_weight": 1.0})
    assert loss.loss.item() == 0.0
    loss.loss.backward()
    assert torch.equal(
        group.logp_GT.grad, torch.tensor([[-1 / 6, -1 / 6, -1 / 6], [0.5, 0.0, 0.0]])
    )


@pytest.mark.parametrize("advantage", [1.0, -1.0])
def test_the_step_follows_the_sign_of_the_advantage(advantage: float) -> None:
    group = rollouts([[-1.0, -2.0]], [[-1.0, -2.0]], [advantage])
    grpo_loss(group, **OPEN).loss.backward()
    # Descent moves against the gradient.
    assert (torch.sign(-group.logp_GT.grad) == advantage).all()


@pytest.mark.parametrize(
    ("logp", "advantage", "moves"),
    [(0.5, 1.0, False), (0.5, -1.0, True), (-0.5, -1.0, False), (-0.5, 1.0, True)],
)
def test_clipping_stops_only_the_step_that_goes_further(
    logp: float, advantage: float, moves: bool
) -> None:
    group = rollouts([[logp]], [[0.0]], [advantage])
    grpo_loss(group, **OPEN).loss.backward()
    assert bool(group.logp_GT.grad.abs().max() > 0) is moves


def test_advantages_are_centred_and_not_rescaled() -> None:
    assert group_advantages(torch.tensor([1.0, 0.0, 0.0, 1.0])).tolist() == [0.5, -0.5, -0.5, 0.5]


def test_unbiased_kl_by_hand() -> None:
    # pi 0.5, pi_old 0.25, pi_ref 0.75: ratio 2, times (1.5 - log 1.5 - 1).
    kl = unbiased_kl(
        torch.tensor([[math.log(0.5)]]),
        torch.tensor([[math.log(0.25)]]),
        torch.tensor([[math.log(0.75)]]),
    )
    assert float(kl) == pytest.approx(2 * (0.5 - math.log(1.5)), rel=1e-6)


def test_the_expected_kl_gradient_is_the_gradient_of_the_kl() -> None:
    # Over all of a 7-token vocabulary, weighted by the sampler: an expectation without noise.
    torch.manual_seed(0)
    logits = torch.randn(7, dtype=torch.float64, requires_grad=True)
    old, reference = torch.log_softmax(torch.randn(2, 7, dtype=torch.float64), dim=-1)
    logp = torch.log_softmax(logits, dim=-1)
    estimate = (old.exp() * unbiased_kl(logp[None], old[None], reference[None])[0]).sum()
    exact = (logp.exp() * (logp - reference)).sum()
    (found,) = torch.autograd.grad(estimate, logits, retain_graph=True)
    (expected,) = torch.autograd.grad(exact, logits)
    assert torch.allclose(estimate, exact)
    assert torch.allclose(found, expected)


def test_kl_pulls_towards_the_reference() -> None:
    group = rollouts([[-1.0, -1.0]], [[-1.0, -1.0]], [0.0], reference=[[-0.5, -1.5]])
    grpo_loss(group, **{**OPEN, "kl_weight": 1.0}).loss.backward()
    assert (torch.sign(-group.logp_GT.grad) == torch.tensor([[1.0, -1.0]])).all()


def test_off_policy_masking_drops_only_bad_rollouts_that_drifted() -> None:
    # Mean drift 0.5, 0.5, 0.1, 0.1, and one whose drift lies in masked tokens only.
    group = rollouts(
        [[-1.0, -1.0], [-1.0, -1.0], [-1.0, -1.0], [-1.0, -1.0], [-1.0, -99.0]],
        [[-0.5, -0.5], [-0.5, -0.5], [-0.9, -0.9], [-0.9, -0.9], [-1.0, 0.0]],
        [-1.0, 1.0, -1.0, 1.0, -1.0],
        mask=[[True, True]] * 4 + [[True, False]],
    )
    assert off_policy_mask(group, delta=0.3).tolist() == [0, 1, 1, 1, 1]
    assert float(grpo_loss(group, **{**OPEN, "delta": 0.3}).masked_fraction) == pytest.approx(0.2)
    grpo_loss(group, **{**OPEN, "delta": 0.3}).loss.backward()
    moved = group.logp_GT.grad.abs().sum(-1) > 0
    assert moved.tolist() == [False, True, True, True, True]


def test_sampling_mask_by_hand() -> None:
    logits = torch.log(torch.tensor([[0.1, 0.4, 0.3, 0.2]]))
    assert sampling_mask(logits, top_p=0.65).tolist() == [[False, True, True, False]]
    assert sampling_mask(logits, top_p=0.75).tolist() == [[False, True, True, True]]
    assert sampling_mask(logits, top_k=1).tolist() == [[False, True, False, False]]
    assert sampling_mask(logits).all()
    equal = torch.zeros(1, 4)
    assert sampling_mask(equal, top_p=0.5).tolist() == [[True, True, False, False]]


def test_a_kept_mask_renormalises_and_sends_no_gradient_outside() -> None:
    logits = torch.log(torch.tensor([[0.1, 0.4, 0.3, 0.2]])).requires_grad_()
    kept = torch.tensor([[False, True, True, False]])
    logp = kept_logp(logits, torch.tensor([2]), kept)
    assert logp.exp().item() == pytest.approx(0.3 / 0.7)
    logp.sum().backward()
    assert torch.equal(logits.grad == 0, ~kept)
    assert float(logits.grad[0, 2]) > 0 > float(logits.grad[0, 1])


def test_a_token_outside_its_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="outside its recorded sampling mask"):
        kept_logp(torch.zeros(1, 3), torch.tensor([0]), torch.tensor([[False, True, True]]))


@torch.no_grad()
def test_with_unchanged_weights_the_ratio_is_exactly_one() -> None:
    # Rollout and training pass share mask, routing and selection; nothing else differs.
    model, ids = tiny_model(41), random_tokens(42, 3, 25)
    rollout = model(ids)
    logits, tokens = rollout.logits_BTV[:, :-1].flatten(0, 1), ids[:, 1:].flatten()
    kept = sampling_mask(logits, top_p=0.999)
    kept[torch.arange(len(tokens)), tokens] = True
    sampled = kept_logp(logits, tokens, kept)
    trained = model(ids, selection=rollout.selection, routing=rollout.routing)
    again = kept_logp(trained.logits_BTV[:, :-1].flatten(0, 1), tokens, kept)
    assert (importance_ratio(again, sampled) == 1).all()


def test_shapes_that_do_not_fit_are_named() -> None:
    group = rollouts([[0.0]], [[0.0]], [1.0])._replace(advantage_G=torch.zeros(2))
    with pytest.raises(ValueError, match="advantage_G"):
        grpo_loss(group, **OPEN)
