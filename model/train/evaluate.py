"""What a selection is worth: attention recalled, overlap with the best keys, perplexity, needles.

The oracle of a query is the keys with the most attention, all heads summed. A sliding window and a
random draw of the same size are what the indexer has to beat. Legend as in `model.dsa`.
"""

import random
from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from data.hashing import derive_rng
from kernels.index_loss.reference import attention_target, support_mask
from kernels.index_topk.reference import index_scores, select_topk
from model.dsa import IndexInputs, Stage
from model.grouped import GroupedAttention
from model.rope import Rotation
from model.train.batches import Batch
from model.train.forward import Watch, hidden
from model.transformer import Transformer

QUERIES = 64
"""Queries looked at in every layer, evenly spaced behind the first `index_topk`."""
CHUNK = 4096
"""Tokens whose logits exist at a time."""


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


class Needle(NamedTuple):
    """A sequence, and how many of its last tokens repeat what was said far before."""

    ids_T: Tensor
    num_asked: int


@torch.no_grad()
def perplexity(model: Transformer, ids_BT: Tensor) -> float:
    """exp of the mean loss over all tokens but the first of each row."""
    total, count = 0.0, 0
    for ids_T in ids_BT:
        found = _hidden(model, ids_T[None])[0, :-1]
        for i in range(0, len(found), CHUNK):
            logits = F.linear(found[i : i + CHUNK], model.lm_head.weight).float()
            targets = ids_T[1:][i : i + CHUNK].long()
            total += float(F.cross_entropy(logits, targets, reduction="sum"))
        count += len(found)
    return float(torch.tensor(total / count).exp())


class Learnt(NamedTuple):
    """Of the tokens that a reply consists of."""

    loss: float
    """Natural logarithm, a token."""
    share: float
    """Tokens that are the first choice, given all before them."""


@torch.no_grad()
def learnt(model: Transformer, parts: Iterable[Batch], device: str) -> Learnt:
    """How well replies of held-out rows are predicted."""
    loss, right, count = 0.0, 0, 0
    for batch in parts:
        ids_BT, mask_BT = batch.ids_BT.to(device), batch.learn_BT.to(device)[:, 1:]
        found_NE = _hidden(model, ids_BT)[:, :-1][mask_BT]
        targets_N = ids_BT[:, 1:][mask_BT]
        for i in range(0, len(found_NE), CHUNK):
            logits = F.linear(found_NE[i : i + CHUNK], model.lm_head.weight).float()
            targets = targets_N[i : i + CHUNK]
            loss += float(F.cross_entropy(logits, targets, reduction="sum"))
            right += int((logits.argmax(-1) == targets).sum())
        count += len(targets_N)
    return Learnt(loss / max(1, count), right / max(1, count))


@torch.no_grad()
def found_needles(model: Transformer, needles: list[Needle]) -> float:
    """Share of needles of which every asked token is the model's first choice."""
    found = 0
    for ids_T, num_asked in needles:
        last = _hidden(model, ids_T[None])[0, -num_asked - 1 : -1]
        best = F.linear(last, model.lm_head.weight).argmax(-1)
        found += bool((best == ids_T[-num_asked:]).all())
    return found / len(needles)


def needle(
    filler_N: Tensor, said_M: Tensor, asked_Q: Tensor, code_C: Tensor, length: int, depth: float
) -> Needle:
    """`said` and `code` at `depth` (0 the beginning) of `length` tokens that end with both again."""
    free = length - len(said_M) - len(asked_Q) - 2 * len(code_C)
    at = int(free * depth)
    filler = filler_N[:free]
    parts = (filler[:at], said_M, code_C, filler[at:], asked_Q, code_C)
    return Needle(torch.cat(parts), len(code_C))


def code(rng: random.Random, digits: list[int]) -> Tensor:
    """Five digits, as tokens."""
    return torch.tensor([rng.choice(digits) for _ in range(5)])


def selections(model: Transformer, ids_1T: Tensor, seed: int = 0) -> Selections:
    """Looks at one sequence, which must be longer than `index_topk`."""
    topk = model.config.index_topk
    if ids_1T.shape[1] <= topk:
        raise ValueError(f"ids_1T: more than index_topk={topk} tokens are needed")
    found: list[Tensor] = []

    def watch(number: int, attention: GroupedAttention, h_BTE: Tensor, at: Rotation) -> None:
        found.append(_layer(attention, h_BTE, at, seed, number))

    _hidden(model, ids_1T, watch)
    return Selections(*torch.stack(found).mean(0).tolist())


def _hidden(model: Transformer, ids_BT: Tensor, watch: Watch | None = None) -> Tensor:
    lengths = torch.full((len(ids_BT),), ids_BT.shape[1], device=ids_BT.device)
    with torch.no_grad():
        return hidden(model, ids_BT.long(), lengths, Stage.SERVE, watch=watch)[0]


def _layer(
    attention: GroupedAttention, x_BTE: Tensor, at: Rotation, seed: int, number: int
) -> Tensor:
    """The fields of `Selections` for one layer."""
    config, length = attention.config, x_BTE.shape[1]
    projected = attention.project(x_BTE, at)
    index: IndexInputs = attention.indexer(x_BTE, x_BTE, at)
    rows = torch.linspace(config.index_topk, length - 1, QUERIES, device=x_BTE.device).long()
    ends = (rows + 1).int()
    starts = torch.zeros_like(ends)
    kv_SC, q_THC = projected.rows_BTC[0], projected.q_BTHC[0, rows]
    visible = support_mask(None, starts, ends, length)
    mass = attention_target(q_THC, kv_SC, visible, config.softmax_scale)
    scores = index_scores(index.q_BTID[0, rows], index.k_BTD[0], index.w_BTI[0, rows])
    generator = torch.Generator().manual_seed(derive_rng("keys", seed, number).getrandbits(62))
    drawn = torch.rand(mass.shape, generator=generator).to(mass.device)
    recent = torch.arange(length, device=mass.device, dtype=torch.float32).expand_as(mass)
    picks = [select_topk(s, starts, ends, config.index_topk) for s in (scores, recent, drawn, mass)]
    mine, window, drawn_keys, oracle = (support_mask(p, starts, ends, length) for p in picks)
    recalls = [(mass * chosen).sum(-1).mean() for chosen in (mine, window, drawn_keys, oracle)]
    shares = [
        ((chosen & oracle).sum(-1) / oracle.sum(-1)).mean() for chosen in (mine, window, drawn_keys)
    ]
    return torch.stack([*recalls, *shares]).cpu()
