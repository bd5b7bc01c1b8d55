"""What a selection is worth: attention recalled, overlap with the best keys, perplexity, needles.

The oracle of a query is the keys with the most attention, all heads summed. A sliding window and a
random draw of the same size are what the indexer has to beat. Legend as in `model.dsa`.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from data.hashing import derive_rng
from kernels.index_loss.reference import attention_target, support_mask
from kernels.index_topk.reference import index_scores, select_topk
from model.dsa import IndexInputs, Projected, SparseAttention
from model.rope import Rotation
from model.transformer import Transformer

QUERIES = 64
"""Queries looked at in every layer, evenly spaced behind the first `index_topk`."""


class Selections(NamedTuple):
    """Means over layers and queries; shares between 0 and 1."""

    recall: float
    """Attention that falls on the indexer's keys."""
    recall_window: float
    recall_random: float
    recall_oracle: float
    overlap: float
    """Share of the oracle's keys that the indexer picks."""
    overlap_window: float
    overlap_random: float


def perplexity(model: Transformer, ids_BT: Tensor) -> float:
    """exp of the mean loss over all tokens but the first."""
    with torch.no_grad():
        logits = model(ids_BT).logits_BTV[:, :-1]
        loss = F.cross_entropy(logits.flatten(0, 1).float(), ids_BT[:, 1:].flatten().long())
    return float(loss.exp())


def needle(
    model: Transformer, filler_N: Tensor, needle_M: Tensor, query_Q: Tensor, at: int
) -> bool:
    """Whether the model, asked `query_Q` behind `filler_N`, repeats the last token of `needle_M`.

    The needle stands before filler token `at`; its last token must not follow from anything else.
    """
    ids = torch.cat((filler_N[:at], needle_M, filler_N[at:], query_Q))[None].long()
    with torch.no_grad():
        best = model(ids).logits_BTV[0, -1].argmax()
    return bool(best == needle_M[-1])


def selections(model: Transformer, ids_1T: Tensor, seed: int = 0) -> Selections:
    """Looks at one sequence, which must be longer than `index_topk`."""
    topk = model.config.index_topk
    if ids_1T.shape[1] <= topk:
        raise ValueError(f"ids_1T: more than index_topk={topk} tokens are needed")
    found: list[Tensor] = []
    handles = [
        layer.get_submodule("self_attn").register_forward_pre_hook(
            lambda module, args, number=number: found.append(
                _layer(module, args[0], args[1], seed, number)
            )
        )
        for number, layer in enumerate(model.model.layers)
    ]
    try:
        with torch.no_grad():
            model(ids_1T)
    finally:
        for handle in handles:
            handle.remove()
    return Selections(*torch.stack(found).mean(0).tolist())


def _layer(
    attention: SparseAttention, x_BTE: Tensor, at: Rotation, seed: int, number: int
) -> Tensor:
    """The fields of `Selections` for one layer."""
    config, length = attention.config, x_BTE.shape[1]
    projected = attention.project(x_BTE, at)
    index: IndexInputs = attention.indexer(x_BTE, projected.q_latent_BTQ, at)
    rows = torch.linspace(config.index_topk, length - 1, QUERIES, device=x_BTE.device).long()
    ends = (rows + 1).int()
    starts = torch.zeros_like(ends)
    mass = _attention(projected, rows, starts, ends, config.softmax_scale)
    scores = index_scores(index.q_BTID[0, rows], index.k_BTD[0], index.w_BTI[0, rows])
    generator = torch.Generator().manual_seed(derive_rng("keys", seed, number).getrandbits(62))
    drawn = torch.rand(mass.shape, generator=generator).to(mass.device)
    recent = torch.arange(length, device=mass.device, dtype=torch.float32).expand_as(mass)
    picks = [select_topk(s, starts, ends, config.index_topk) for s in (scores, recent, drawn, mass)]
    mine, window, random, oracle = (support_mask(p, starts, ends, length) for p in picks)
    recalls = [(mass * chosen).sum(-1).mean() for chosen in (mine, window, random, oracle)]
    shares = [
        ((chosen & oracle).sum(-1) / oracle.sum(-1)).mean() for chosen in (mine, window, random)
    ]
    return torch.stack([*recalls, *shares]).cpu()


def _attention(
    projected: Projected, rows: Tensor, starts: Tensor, ends: Tensor, scale: float
) -> Tensor:
    """Attention of all heads, summed and normalised, [queries, S]."""
    kv_SC = projected.rows_BTC[0]
    visible = support_mask(None, starts, ends, kv_SC.shape[0])
    return attention_target(projected.q_BTHC[0, rows], kv_SC, visible, scale)
