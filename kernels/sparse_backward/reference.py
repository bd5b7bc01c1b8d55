"""Gradients of sparse MLA attention, written out as equations in plain torch (no autograd).

Legend: T queries, S keys, H heads, C row width, V value width, K selected keys.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Gradients(NamedTuple):
    """Gradients with respect to the two inputs of sparse attention, float32."""

    dq_THC: Tensor
    dkv_SC: Tensor


def sparse_backward(
    dout_THV: Tensor,
    q_THC: Tensor,
    kv_SC: Tensor,
    indices_TK: Tensor,
    out_THV: Tensor,
    lse_TH: Tensor,
    scale: float,
) -> Gradients:
    """P = exp(logits - lse); dV = P^T dO; dS = P (dO V^T - rowsum(dO O)) scale; dQ = dS K; dK = dS^T Q.

    Value and key share a row of `kv_SC`, so dV lands on the first V numbers of dK.
    """
    v_dim = dout_THV.shape[-1]
    valid_TK = indices_TK >= 0
    rows_TKC = kv_SC[indices_TK.clamp_min(0).long()].float() * valid_TK[..., None]
    q, dout = q_THC.float(), dout_THV.float()
    logits = torch.einsum("thc,tkc->thk", q, rows_TKC) * scale
    probs = torch.where(valid_TK[:, None], torch.exp(logits - lse_TH[..., None]), 0)
    delta_TH = (dout * out_THV.float()).sum(-1)
    dprobs = torch.einsum("thv,tkv->thk", dout, rows_TKC[..., :v_dim])
    dlogits = probs * (dprobs - delta_TH[..., None]) * scale
    drows_TKC = torch.einsum("thk,thc->tkc", dlogits, q)
    drows_TKC[..., :v_dim] += torch.einsum("thk,thv->tkv", probs, dout)
    dkv = torch.zeros(kv_SC.shape, dtype=torch.float32, device=kv_SC.device)
    dkv.index_add_(0, indices_TK[valid_TK].long(), drows_TKC[valid_TK])
    return Gradients(torch.einsum("thk,tkc->thc", dlogits, rows_TKC), dkv)
