"""Losses of the report: the indexer's two stages and GRPO with its four stabilisers.

All are pure functions of tensors. Equation numbers are those of arXiv:2512.02556. Legend: G
rollouts of one prompt, T tokens (padded), V vocabulary.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from kernels.index_loss import index_loss


def warmup_index_loss(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    q_THC: Tensor,
    kv_SC: Tensor,
    starts_T: Tensor,
    ends_T: Tensor,
    scale: float,
) -> Tensor:
    """Eq. 3: sum_t KL(p[t, :] || softmax(I[t, :])) over all visible keys."""
    return index_loss(q_TID, k_SD, w_TI, q_THC, kv_SC, None, starts_T, ends_T, scale)


def sparse_index_loss(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    q_THC: Tensor,
    kv_SC: Tensor,
    indices_TK: Tensor,
    starts_T: Tensor,
    ends_T: Tensor,
    scale: float,
) -> Tensor:
    """Eq. 4: sum_t KL(p[t, S_t] || softmax(I[t, S_t])) over the selected keys."""
    return index_loss(q_TID, k_SD, w_TI, q_THC, kv_SC, indices_TK, starts_T, ends_T, scale)


class Rollouts(NamedTuple):
    """One group of answers to one prompt, and what is known of each of its tokens."""

    logp_GT: Tensor
    """Log-probability under the model being trained; the only input with a gradient."""
    sampler_logp_GT: Tensor
    """Under the model that sampled, as the inference engine returned it (pi_old)."""
    reference_logp_GT: Tensor
    """Under the frozen reference model (pi_ref)."""
    mask_GT: Tensor
    """True at the answer's own tokens; prompt, tool output and padding are False."""
    advantage_G: Tensor


class GrpoLoss(NamedTuple):
    """The loss to minimise and what to watch, all scalars."""

    loss: Tensor
    mean_ratio: Tensor
    clipped_fraction: Tensor
    """Share of tokens whose ratio lies outside the clip range."""
    masked_fraction: Tensor
    """Share of rollouts that off-policy masking dropped."""
    mean_kl: Tensor


def group_advantages(reward_G: Tensor) -> Tensor:
    """A_i = R_i - mean(R): not divided by the standard deviation, which would favour groups that
    are nearly solved or nearly hopeless.
    """
    return reward_G - reward_G.mean()


def importance_ratio(logp_GT: Tensor, sampler_logp_GT: Tensor) -> Tensor:
    """r = pi_theta / pi_old, token by token (eq. 6); exactly 1 where the two are the same bits."""
    return torch.exp(logp_GT - sampler_logp_GT.detach())


def unbiased_kl(logp_GT: Tensor, sampler_logp_GT: Tensor, reference_logp_GT: Tensor) -> Tensor:
    """Eq. 7: r * (pi_ref/pi_theta - log(pi_ref/pi_theta) - 1).

    The importance ratio keeps its gradient: only then is the expected gradient over samples of
    pi_old the gradient of KL(pi_theta || pi_ref).
    """
    log_ratio = reference_logp_GT.detach() - logp_GT
    k3 = torch.exp(log_ratio) - log_ratio - 1
    return importance_ratio(logp_GT, sampler_logp_GT) * k3


def off_policy_mask(rollouts: Rollouts, delta: float) -> Tensor:
    """Eq. 9, [G] float32: 0 for a rollout with negative advantage whose tokens have drifted.

    Drift is the mean over tokens of log(pi_old / pi_theta); 1 wherever it is at most `delta` or
    the advantage is not negative. A rollout without tokens keeps 1.
    """
    mask = rollouts.mask_GT
    gap = (rollouts.sampler_logp_GT - rollouts.logp_GT).detach().masked_fill(~mask, 0.0)
    drift = gap.sum(-1) / mask.sum(-1).clamp_min(1)
    dropped = (rollouts.advantage_G < 0) & (drift > delta)
    return (~dropped).float()


def grpo_loss(
    rollouts: Rollouts, *, clip_low: float, clip_high: float, kl_weight: float, delta: float
) -> GrpoLoss:
    """Negative of eq. 8: -1/G sum_i 1/|o_i| sum_t (M_i min(r A, clip(r) A) - kl_weight KL).

    The ratio is clipped to [1 - clip_low, 1 + clip_high]. `delta` is the threshold of
    `off_policy_mask`; math.inf switches it off. Raises ValueError for rollouts of unequal shapes.
    """
    _check_rollouts(rollouts)
    logp, sampler, reference, mask, advantage = rollouts
    # Padding may hold anything, -inf and NaN included; neutral numbers keep it out of gradients.
    logp, sampler, reference = (x.masked_fill(~mask, 0.0) for x in (logp, sampler, reference))
    ratio = importance_ratio(logp, sampler)
    clipped = ratio.clamp(1 - clip_low, 1 + clip_high)
    gain = torch.minimum(ratio * advantage[:, None], clipped * advantage[:, None])
    kept_G = off_policy_mask(rollouts, delta)
    kl = unbiased_kl(logp, sampler, reference)
    per_token = (kept_G[:, None] * gain - kl_weight * kl).masked_fill(~mask, 0.0)
    num_tokens_G = mask.sum(-1).clamp_min(1)
    loss = -(per_token.sum(-1) / num_tokens_G).mean()
    with torch.no_grad():
        total = mask.sum().clamp_min(1)
        return GrpoLoss(
            loss,
            mean_ratio=(ratio * mask).sum() / total,
            clipped_fraction=((ratio != clipped) & mask).sum() / total,
            masked_fraction=1 - kept_G.mean(),
            mean_kl=(kl * mask).sum() / total,
        )


def _check_rollouts(rollouts: Rollouts) -> None:
    shape = rollouts.logp_GT.shape
    for name, tensor in rollouts._asdict().items():
        expected = shape[:1] if name == "advantage_G" else shape
        if tensor.shape != expected:
            raise ValueError(f"{name}: expected shape {tuple(expected)}, got {tuple(tensor.shape)}")
    if not rollouts.logp_GT.numel():
        raise ValueError(f"logp_GT: no rollout or no token, got shape {tuple(shape)}")


def sampling_mask(logits_TV: Tensor, *, top_p: float = 1.0, top_k: int | None = None) -> Tensor:
    """The tokens that truncated sampling may draw, bool [T, V]; ties favour the lower token id.

    Top-k first, then the smallest set of the most likely tokens whose probability reaches `top_p`
    of what top-k left. `top_k` None keeps the whole vocabulary. Record this mask with the rollout:
    training renormalises over it (`kept_logp`).
    """
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p: must lie in (0, 1], got {top_p}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k: must be at least 1, got {top_k}")
    order = logits_TV.sort(dim=-1, descending=True, stable=True)
    values = order.values.float()
    rank = torch.arange(values.shape[-1], device=values.device)
    if top_k is not None:
        values = values.masked_fill(rank >= top_k, float("-inf"))
    probs = torch.softmax(values, dim=-1)
    before = probs.cumsum(-1) - probs
    # The first token stays whatever rounding does to the sums.
    kept = ((before < top_p) | (rank == 0)) & (values > float("-inf"))
    return torch.zeros_like(kept).scatter_(-1, order.indices, kept)


def kept_logp(logits_TV: Tensor, token_T: Tensor, kept_TV: Tensor | None = None) -> Tensor:
    """log pi(token), float32 [T]; with `kept_TV` pi is renormalised over the recorded mask.

    Raises ValueError where a token lies outside its mask: mask and rollout do not belong together.
    """
    logits = logits_TV.float()
    if kept_TV is not None:
        if not bool(kept_TV.gather(-1, token_T[:, None]).all()):
            raise ValueError("kept_TV: a sampled token lies outside its recorded sampling mask")
        logits = logits.masked_fill(~kept_TV, float("-inf"))
    return torch.log_softmax(logits, dim=-1).gather(-1, token_T[:, None]).squeeze(-1)
