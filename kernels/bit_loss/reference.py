"""The loss as a definition in plain torch. Legend as in `kernels.bit_attention.reference`."""

import torch
from torch import Tensor

from kernels.bit_attention.reference import scaled_logits, unpack
from kernels.index_topk.reference import index_scores


def bit_loss(
    q_BTID: Tensor,
    k_BTD: Tensor,
    w_BTI: Tensor,
    main_q_BTHC: Tensor,
    main_k_BTGC: Tensor,
    words_BTW: Tensor | None,
    lengths_B: Tensor,
    scale: float,
) -> Tensor:
    """sum over queries before `lengths_B` of KL(p || softmax(I)) on the keys that a query sees."""
    num_tokens = q_BTID.shape[1]
    seen = unpack(words_BTW, num_tokens, q_BTID.device).expand(len(q_BTID), -1, -1)
    with torch.no_grad():
        logits = scaled_logits(main_q_BTHC, main_k_BTGC, scale).masked_fill(
            ~seen[:, None], float("-inf")
        )
        p = torch.nan_to_num(torch.softmax(logits, -1)).mean(1)
    scores = torch.stack(
        [index_scores(q, k, w) for q, k, w in zip(q_BTID, k_BTD, w_BTI, strict=True)]
    )
    real = torch.arange(num_tokens, device=q_BTID.device) < lengths_B[:, None]
    used = seen & real[..., None]
    # A query without keys, or beyond its length, adds nothing.
    log_q = scores.masked_fill(~seen, -1e30).log_softmax(-1)
    return torch.where(used, torch.xlogy(p, p) - p * log_q, 0.0).sum()
