"""Sparse MLA attention in MQA mode, as a definition in plain torch.

Legend: T queries, S keys, H heads, C row width (latent + rope), V value width, K selected keys.
One latent row serves all heads: its first V numbers are the value, the whole row is the key.
"""

from typing import NamedTuple

import torch
from torch import Tensor

ROW_BLOCK_ELEMENTS = 1 << 25
"""Gathered numbers held at once; bounds the reference's memory."""


class Attended(NamedTuple):
    """What attention returns; the log-sum-exp (natural logarithm) feeds the backward pass."""

    out_THV: Tensor
    lse_TH: Tensor


def attend_rows(
    q_THC: Tensor, kv_SC: Tensor, indices_TK: Tensor, scale: float, v_dim: int
) -> Attended:
    """u_t = Attn(h_t, {c_s : s in S_t}) (arXiv:2512.02556 eq. 2) in float32, one block of rows.

    Indices of -1 are unused. A query without any key gives zeros and an lse of -inf.
    """
    valid_TK = indices_TK >= 0
    rows_TKC = kv_SC[indices_TK.clamp_min(0).long()]
    rows_TKC = torch.where(valid_TK[..., None], rows_TKC, 0).float()
    logits = torch.einsum("thc,tkc->thk", q_THC.float(), rows_TKC) * scale
    logits = logits.masked_fill(~valid_TK[:, None, :], float("-inf"))
    empty_T = ~valid_TK.any(-1)
    safe = logits.masked_fill(empty_T[:, None, None], 0.0)
    probs = torch.softmax(safe, dim=-1).masked_fill(empty_T[:, None, None], 0.0)
    out = torch.einsum("thk,tkv->thv", probs, rows_TKC[..., :v_dim])
    lse = torch.logsumexp(safe, dim=-1).masked_fill(empty_T[:, None], float("-inf"))
    return Attended(out, lse)


def sparse_prefill(
    q_THC: Tensor, kv_SC: Tensor, indices_TK: Tensor, scale: float, v_dim: int
) -> Attended:
    """`attend_rows` over all queries; the output has the type of `q_THC`, the lse is float32."""
    num_keys_per_query = max(1, indices_TK.shape[1])
    block = max(1, ROW_BLOCK_ELEMENTS // (num_keys_per_query * q_THC.shape[-1]))
    parts = [
        attend_rows(q_THC[i : i + block], kv_SC, indices_TK[i : i + block], scale, v_dim)
        for i in range(0, q_THC.shape[0], block)
    ]
    if not parts:
        heads = q_THC.shape[1]
        return Attended(q_THC.new_empty(0, heads, v_dim), q_THC.new_empty(0, heads).float())
    out = torch.cat([p.out_THV for p in parts]).to(q_THC.dtype)
    return Attended(out, torch.cat([p.lse_TH for p in parts]))
