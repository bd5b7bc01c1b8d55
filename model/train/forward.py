"""The bundled model as training runs it: whole sequences, losses in place of logits.

The same mathematics as `Transformer.forward` with a stage, for models of grouped attention: heads
keep their own width, the selection is bits, and logits exist only where something is learnt, a chunk
at a time. Legend as in `model.dsa`; G groups of heads, N tokens to be predicted.
"""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from kernels.bit_attention import attend, select_bits
from kernels.bit_loss import bit_loss
from model.dsa import Stage
from model.grouped import GroupedAttention
from model.rope import Rotation, inverse_frequencies, rotate_interleaved, rotation
from model.train.batches import Batch
from model.transformer import MLP, Layer, Transformer

CHUNK = 8192
"""Tokens whose logits exist at a time; 1.6 GiB in float32."""
Watch = Callable[[int, GroupedAttention, Tensor, Rotation], None]
"""Called with each layer's number, attention, normed input and angles."""


class Sums(NamedTuple):
    """Of a batch; both differentiable."""

    language: Tensor
    """Of the cross-entropy over the tokens to be learnt; 0 in the warm-up."""
    indexer: Tensor
    """Of the KL divergence over layers and queries."""


def losses(
    model: Transformer,
    batch: Batch,
    stage: Stage,
    index_layers: Collection[int] | None = None,
) -> Sums:
    """`index_layers` are the layers whose indexers have a loss; None: all."""
    hidden_BTE, index = hidden(model, batch.ids_BT, batch.lengths_B, stage, index_layers)
    if stage is Stage.WARMUP:
        return Sums(torch.zeros_like(index), index)
    learn = batch.learn_BT[:, 1:]
    found, targets = hidden_BTE[:, :-1][learn], batch.ids_BT[:, 1:][learn]
    language: Tensor = _CrossEntropy.apply(found, model.lm_head.weight, targets)  # type: ignore[no-untyped-call]
    return Sums(language, index)


def hidden(
    model: Transformer,
    ids_BT: Tensor,
    lengths_B: Tensor,
    stage: Stage,
    index_layers: Collection[int] | None = None,
    *,
    watch: Watch | None = None,
) -> tuple[Tensor, Tensor]:
    """What the head multiplies, [B, T, E], and the sum of the indexers' losses (0 when serving)."""
    # One row of angles serves the batch. The model's own frequencies share its narrow type.
    positions_1T = torch.arange(ids_BT.shape[1], device=ids_BT.device)[None]
    at = rotation(inverse_frequencies(model.config).to(ids_BT.device), positions_1T, 1.0)
    x = model.model.embed_tokens(ids_BT)
    total = torch.zeros((), device=x.device)
    for number, layer in enumerate(model.model.layers):
        assert isinstance(layer, Layer)
        attention = layer.self_attn
        assert isinstance(attention, GroupedAttention)
        assert isinstance(layer.mlp, MLP)
        h, q, k, v = _before(
            x,
            layer.input_layernorm.weight,
            attention.q_proj.weight,
            attention.k_proj.weight,
            attention.v_proj.weight,
            *at,
            layer.input_layernorm.eps,
        )
        if watch:
            watch(number, attention, h, at)
        learns = stage is not Stage.SERVE and (index_layers is None or number in index_layers)
        out, loss = _attention(
            attention, h, at, q, k, v, lengths_B, stage is not Stage.WARMUP, learns
        )
        total = total + loss
        x = _after(
            x,
            out.flatten(-2),
            attention.o_proj.weight,
            layer.post_attention_layernorm.weight,
            layer.mlp.gate_proj.weight,
            layer.mlp.up_proj.weight,
            layer.mlp.down_proj.weight,
            layer.post_attention_layernorm.eps,
        )
    return F.rms_norm(x, x.shape[-1:], model.model.norm.weight, model.model.norm.eps), total


def _attention(
    attention: GroupedAttention,
    h_BTE: Tensor,
    at: Rotation,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lengths_B: Tensor,
    sparse: bool,
    learns: bool,
) -> tuple[Tensor, Tensor]:
    """The heads' outputs, and the indexer's loss if it `learns`."""
    config = attention.config
    words = None
    sparse = sparse and h_BTE.shape[1] > config.index_topk
    if sparse or learns:
        with torch.set_grad_enabled(learns and torch.is_grad_enabled()):
            index = attention.indexer(h_BTE, h_BTE, at)
    if sparse:
        words = select_bits(index.q_BTID, index.k_BTD, index.w_BTI, config.index_topk)
    out, lse = attend(q, k, v, words, config.softmax_scale)
    if not learns:
        return out, torch.zeros((), device=out.device)
    loss = bit_loss(
        index.q_BTID,
        index.k_BTD,
        index.w_BTI,
        q.detach(),
        k.detach(),
        lse,
        words,
        lengths_B,
        config.softmax_scale,
    )
    return out, loss


def _before(
    x: Tensor, norm: Tensor, wq: Tensor, wk: Tensor, wv: Tensor, cos: Tensor, sin: Tensor,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """The normed input, and rotated queries, rotated keys and values of single heads."""
    h = F.rms_norm(x, x.shape[-1:], norm, eps)
    at, dim = Rotation(cos, sin), 2 * cos.shape[-1]
    q, k, v = (torch.unflatten(F.linear(h, w), -1, (-1, dim)) for w in (wq, wk, wv))
    return h, rotate_interleaved(q, at), rotate_interleaved(k, at), v


def _after(
    x: Tensor, out: Tensor, wo: Tensor, norm: Tensor, gate: Tensor, up: Tensor, down: Tensor,
    eps: float,
) -> Tensor:  # fmt: skip
    x = x + F.linear(out, wo)
    h = F.rms_norm(x, x.shape[-1:], norm, eps)
    return x + F.linear(F.silu(F.linear(h, gate)) * F.linear(h, up), down)


class _CrossEntropy(torch.autograd.Function):
    """Sum of the cross-entropy of `h W^T`; gradients are made at once, so no logits are kept."""

    @staticmethod
    def forward(ctx: Any, h_NE: Tensor, weight_VE: Tensor, targets_N: Tensor) -> Tensor:
        total = torch.zeros((), device=h_NE.device)
        dh = torch.empty_like(h_NE)
        needs_weight = ctx.needs_input_grad[1]
        dweight = torch.zeros_like(weight_VE, dtype=torch.float32) if needs_weight else None
        for i in range(0, len(h_NE), CHUNK):
            h, targets = h_NE[i : i + CHUNK], targets_N[i : i + CHUNK]
            logits = F.linear(h, weight_VE).float()
            total += F.cross_entropy(logits, targets, reduction="sum")
            grad = torch.softmax(logits, -1)
            grad[torch.arange(len(h), device=h.device), targets] -= 1
            narrow = grad.to(h.dtype)
            dh[i : i + CHUNK] = narrow @ weight_VE
            if dweight is not None:
                dweight += narrow.T @ h
        kept = None if dweight is None else dweight.to(weight_VE.dtype)
        ctx.save_for_backward(dh, kept)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        dh, dweight = ctx.saved_tensors
        return dh * grads[0], None if dweight is None else dweight * grads[0], None
