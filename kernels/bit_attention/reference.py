"""Attention under a selection held as bits, and the selection itself, in plain torch.

Legend: B batch, T tokens, H heads, G groups of heads, D head dim, I index heads, W words of 64 keys.
"""

import torch
from torch import Tensor

from kernels.index_topk.reference import index_scores, select_topk

BITS = 64


def select_bits(q_BTID: Tensor, k_BTD: Tensor, w_BTI: Tensor, topk: int) -> Tensor:
    """The selection of `kernels.index_topk`, as words."""
    num_tokens = q_BTID.shape[1]
    ends = torch.arange(1, num_tokens + 1, device=q_BTID.device)
    masks = []
    for q, k, w in zip(q_BTID.detach(), k_BTD.detach(), w_BTI.detach(), strict=True):
        picks = select_topk(index_scores(q, k, w), torch.zeros_like(ends), ends, topk).long()
        hit = torch.zeros(num_tokens, num_tokens + 1, dtype=torch.bool, device=q.device)
        masks.append(hit.scatter_(1, torch.where(picks >= 0, picks, num_tokens), True)[:, :-1])
    return pack(torch.stack(masks))


def pack(mask_BTS: Tensor) -> Tensor:
    """Words of 64 keys; bit n of word w is key 64 w + n."""
    padded = torch.nn.functional.pad(mask_BTS, (0, -mask_BTS.shape[-1] % BITS))
    bits = padded.unflatten(-1, (-1, BITS)).long()  # type: ignore[no-untyped-call]
    words: Tensor = (bits << torch.arange(BITS, device=bits.device)).sum(-1)
    return words


def unpack(words_BTW: Tensor | None, num_tokens: int, device: torch.device) -> Tensor:
    """The mask of `pack`, or the causal one for None; [B or 1, T, T]."""
    if words_BTW is None:
        return torch.ones(1, num_tokens, num_tokens, dtype=torch.bool, device=device).tril()
    bits = (words_BTW[..., None] >> torch.arange(BITS, device=device)) & 1
    return bits.flatten(-2)[..., :num_tokens].bool()


def attend(
    q_BTHD: Tensor, k_BTGD: Tensor, v_BTGD: Tensor, words_BTW: Tensor | None, scale: float
) -> tuple[Tensor, Tensor]:
    """Output, and the base-2 log-sum-exp [B, H, T] of the scaled logits; +inf without keys."""
    logits = scaled_logits(q_BTHD, k_BTGD, scale)
    seen = unpack(words_BTW, q_BTHD.shape[1], q_BTHD.device)[:, None]
    logits = logits.masked_fill(~seen, float("-inf"))
    weights = torch.nan_to_num(torch.softmax(logits, -1))
    each = q_BTHD.shape[2] // k_BTGD.shape[2]
    out = torch.einsum("bhts,bshd->bthd", weights, v_BTGD.float().repeat_interleave(each, 2))
    lse = torch.logsumexp(logits.detach(), -1) / torch.log(torch.tensor(2.0))
    return out.to(q_BTHD.dtype), torch.where(lse == float("-inf"), float("inf"), lse)


def scaled_logits(q_BTHD: Tensor, k_BTGD: Tensor, scale: float) -> Tensor:
    """Of every head, query and key, [B, H, T, T]."""
    each = q_BTHD.shape[2] // k_BTGD.shape[2]
    keys = k_BTGD.float().repeat_interleave(each, 2)
    return torch.einsum("bthd,bshd->bhts", q_BTHD.float(), keys) * scale
