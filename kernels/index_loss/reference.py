"""The indexer's KL loss, both stages, as a definition in plain torch.

Legend: T queries, S keys, H heads, C row width, I index heads, D index dim, K selected keys.
"""

import torch
from torch import Tensor

from kernels.index_topk.reference import index_scores


def attention_target(q_THC: Tensor, kv_SC: Tensor, support_TS: Tensor, scale: float) -> Tensor:
    """p[t, s]: the attention of all heads summed and L1-normalised over the support; no gradient."""
    with torch.no_grad():
        logits = torch.einsum("thc,sc->ths", q_THC.float(), kv_SC.float()) * scale
        logits = logits.masked_fill(~support_TS[:, None, :], float("-inf"))
        # Each head sums to one over the support, so the mean over heads is the L1 normalisation.
        return torch.softmax(logits, dim=-1).mean(dim=1)


def support_mask(
    indices_TK: Tensor | None, starts_T: Tensor, ends_T: Tensor, num_keys: int
) -> Tensor:
    """The keys that the loss sums over: the selected ones, or all visible ones for None."""
    key_S = torch.arange(num_keys, device=starts_T.device)
    visible = (key_S >= starts_T[:, None]) & (key_S < ends_T[:, None])
    if indices_TK is None:
        return visible
    # One column more takes the unused entries.
    hit = torch.zeros(visible.shape[0], num_keys + 1, dtype=torch.bool, device=starts_T.device)
    slots = torch.where(indices_TK >= 0, indices_TK.long(), num_keys)
    return hit.scatter_(1, slots, True)[:, :num_keys] & visible


def index_loss(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    q_THC: Tensor,
    kv_SC: Tensor,
    indices_TK: Tensor | None,
    starts_T: Tensor,
    ends_T: Tensor,
    scale: float,
) -> Tensor:
    """sum_t KL(p[t, X] || softmax(I[t, X])), a scalar with gradients for q_TID, k_SD and w_TI only.

    X is every visible key (`indices_TK` None: arXiv:2512.02556 eq. 3, dense warm-up) or the
    selected keys (eq. 4, sparse stage). Queries without any key add 0.
    """
    support = support_mask(indices_TK, starts_T, ends_T, k_SD.shape[0])
    rows = support.any(-1)
    support = support[rows]
    target = attention_target(q_THC[rows], kv_SC, support, scale)
    scores = index_scores(q_TID[rows], k_SD, w_TI[rows]).masked_fill(~support, float("-inf"))
    log_q = torch.log_softmax(scores, dim=-1).masked_fill(~support, 0.0)
    # xlogy gives 0 where the target is 0, whatever the logarithm says.
    return (torch.xlogy(target, target) - target * log_q).sum()
