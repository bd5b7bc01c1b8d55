"""Index scores and the deterministic selection, as definitions in plain torch.

Legend: T queries, S keys, I index heads, D index head dim, K selected keys.

Tie-break. Scores compare as real numbers (-0.0 equals 0.0, NaN counts as -inf). Among equal scores
the later key wins. ReLU makes exact ties structural: every key whose head products are all <= 0
scores exactly 0, so without such a rule the selected set would depend on the implementation.
"""

import torch
from torch import Tensor

ROW_BLOCK_ELEMENTS = 1 << 24
"""Scores computed at once; bounds the reference's memory at 128 MiB of float64."""


def index_scores(
    q_TID: Tensor, k_SD: Tensor, w_TI: Tensor, k_scale_S: Tensor | None = None
) -> Tensor:
    """I[t, s] = sum_j w[t, j] ReLU(q[t, j] . k[s]) (arXiv:2512.02556 eq. 1) as float32 [T, S].

    Summed in float64 and rounded once: the result does not depend on the order of summation (on
    batch size, chunking or device) save where the exact sum lies within 1e-16 of a rounding edge.
    Scale factors (heads^-0.5, dim^-0.5, the query's quantisation scale) are part of `w_TI`;
    `k_scale_S` is the key's quantisation scale, which commutes with ReLU. Differentiable.
    """
    k_DS = k_SD.double().T
    total = torch.zeros(q_TID.shape[0], k_SD.shape[0], dtype=torch.float64, device=q_TID.device)
    for i in range(q_TID.shape[1]):
        total = total + w_TI[:, i, None].double() * torch.relu(q_TID[:, i].double() @ k_DS)
    if k_scale_S is not None:
        total = total * k_scale_S.double()
    return total.float()


def select_topk(scores_TS: Tensor, starts_T: Tensor, ends_T: Tensor, topk: int) -> Tensor:
    """The `topk` best keys of each row within starts[t] <= s < ends[t], as int32 [T, topk].

    Indices ascend and are filled up with -1. Ties: see the module's docstring.
    """
    num_rows, num_keys = scores_TS.shape
    width = min(topk, num_keys)
    key_S = torch.arange(num_keys, device=scores_TS.device)
    visible = (key_S >= starts_T[:, None]) & (key_S < ends_T[:, None])
    scores = torch.nan_to_num(scores_TS.detach(), nan=float("-inf"), neginf=float("-inf"))
    scores = scores.masked_fill(~visible, float("-inf"))
    threshold = scores.topk(width, dim=-1).values[:, -1:] if width else scores[:, :0]
    chosen = (scores > threshold) & visible
    tied = (scores == threshold) & visible
    later_ties = tied.flip(-1).cumsum(-1).flip(-1)
    chosen = chosen | (tied & (later_ties <= width - chosen.sum(-1, keepdim=True)))
    out = torch.full((num_rows, topk), -1, dtype=torch.int32, device=scores.device)
    rank = chosen.cumsum(-1) - 1
    row, key = chosen.nonzero(as_tuple=True)
    out[row, rank[row, key]] = key.to(torch.int32)
    return out


def index_topk(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    starts_T: Tensor,
    ends_T: Tensor,
    topk: int,
    k_scale_S: Tensor | None = None,
) -> Tensor:
    """`select_topk` of `index_scores`, a block of rows at a time."""
    block = max(1, ROW_BLOCK_ELEMENTS // max(1, k_SD.shape[0]))
    parts = [
        select_topk(
            index_scores(q_TID[i : i + block], k_SD, w_TI[i : i + block], k_scale_S),
            starts_T[i : i + block],
            ends_T[i : i + block],
            topk,
        )
        for i in range(0, q_TID.shape[0], block)
    ]
    return (
        torch.cat(parts) if parts else torch.empty(0, topk, dtype=torch.int32, device=q_TID.device)
    )
