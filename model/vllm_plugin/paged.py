"""Attention over vLLM's pages: which rows a sequence sees, and how they are attended to.

Every token has one fused row, [values | rotary keys | index key], written at once, so whatever reuses
or evicts a page treats attention and indexer alike. On CUDA the Triton kernels attend, for decoding
straight from the pages (`model.vllm_plugin.paged_kernels`); on a CPU torch does. Nothing here knows
vLLM.
Legend as in `model.dsa`; W row width (C + D), P pages, N tokens a page, L pages of a sequence.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from kernels.index_topk import index_topk
from model.config import ModelConfig


class Span(NamedTuple):
    """The new tokens of one sequence in a step."""

    first: int
    """Where they begin among all new tokens."""
    num_new: int
    length: int
    """Tokens of the sequence, the new ones included."""
    pages: Tensor | slice
    """Its pages in order, int32; a slice where they lie side by side."""


class Step(NamedTuple):
    """What all layers share in one forward pass. Tensors of decoding stay where vLLM keeps them, so
    that a recorded CUDA graph finds the numbers of its next step there."""

    slots_T: Tensor
    """Where each new row goes, page * page size + offset; -1 for padding of a CUDA graph."""
    table_BL: Tensor
    """Pages of the decoding sequences in order, int32."""
    lengths_B: Tensor
    """Tokens of the decoding sequences, int32; token b is the new one of sequence b."""
    spans: tuple[Span, ...]
    """The other sequences; all of them where the kernels are not used."""


class Inputs(NamedTuple):
    """One layer's projections of the new tokens."""

    q_THD: Tensor
    """Rotated queries, not widened."""
    rows_TW: Tensor
    """Fused rows."""
    index_q_TID: Tensor
    index_w_TI: Tensor


def joined(pages_L: Tensor) -> Tensor | slice:
    """Pages that lie side by side as a slice; on CUDA nobody waits to find that out."""
    if pages_L.is_cuda or not bool((pages_L.diff() == 1).all()):
        return pages_L
    return slice(int(pages_L[0]), int(pages_L[-1]) + 1)


def write_rows(cache_PNW: Tensor, step: Step, rows_TW: Tensor) -> None:
    """Stores the new rows; padding tokens behind the last slot are left out."""
    count = step.slots_T.shape[0]
    # Padding goes to page 0, which vLLM gives to no sequence.
    slots_T = step.slots_T.clamp_min(0) if cache_PNW.is_cuda else step.slots_T
    cache_PNW.view(-1, cache_PNW.shape[-1]).index_copy_(0, slots_T, rows_TW[:count])


def attend(inputs: Inputs, cache_PNW: Tensor, step: Step, config: ModelConfig) -> Tensor:
    """Every head's output before the output projection, [T, H, V]; tokens of no span give zeros."""
    if cache_PNW.is_cuda:
        from model.vllm_plugin.paged_kernels import attend_with_kernels

        return attend_with_kernels(inputs, cache_PNW, step, config)
    heads, v_dim = inputs.q_THD.shape[1], config.v_head_dim
    out = inputs.q_THD.new_zeros(inputs.q_THD.shape[0], heads, v_dim)
    for span in step.spans:
        rows_SW = sequence_rows(cache_PNW, span)
        new = slice(span.first, span.first + span.num_new)
        picks_TK = select(inputs, new, rows_SW, config)
        out[new] = attend_sequence(inputs.q_THD[new], rows_SW, picks_TK, config)
    return out


def sequence_rows(cache_PNW: Tensor, span: Span) -> Tensor:
    """The rows of one sequence, [S, W]; no copy where its pages lie side by side."""
    if isinstance(span.pages, slice):
        pages_LNW = cache_PNW[span.pages]
    else:
        pages_LNW = cache_PNW.index_select(0, span.pages)
    return pages_LNW.view(-1, cache_PNW.shape[-1])[: span.length]


def select(inputs: Inputs, new: slice, rows_SW: Tensor, config: ModelConfig) -> Tensor | None:
    """Positions of the selected keys, [T, K] ascending with -1 behind; None selects all visible.

    Exactly the set of `kernels.index_topk`, whatever the batch, the chunks and the cached prefix.
    """
    length, num_new = rows_SW.shape[0], new.stop - new.start
    if length <= config.index_topk:
        return None
    ends = torch.arange(length - num_new + 1, length + 1, dtype=torch.int32, device=rows_SW.device)
    return index_topk(
        inputs.index_q_TID[new],
        rows_SW[:, config.latent_dim :],
        inputs.index_w_TI[new],
        torch.zeros_like(ends),
        ends,
        config.index_topk,
    )


def attend_sequence(
    q_THD: Tensor, rows_SW: Tensor, picks_TK: Tensor | None, config: ModelConfig
) -> Tensor:
    """Grouped attention of one sequence's newest tokens over its rows, [T, H, V]."""
    num_new, length = q_THD.shape[0], rows_SW.shape[0]
    if num_new == 1 and picks_TK is not None:
        rows_SW = rows_SW.index_select(0, picks_TK[0, : min(config.index_topk, length)])
        picks_TK = None
    k_GSD, v_GSV = _keys_values(rows_SW, config)
    if num_new == 1:
        q_GJD = q_THD.view(k_GSD.shape[0], -1, q_THD.shape[-1])
        out = F.scaled_dot_product_attention(
            q_GJD[None], k_GSD[None], v_GSV[None], scale=config.softmax_scale
        )
        return out.reshape(1, q_THD.shape[1], -1)
    per_group = q_THD.shape[1] // k_GSD.shape[0]
    out = F.scaled_dot_product_attention(
        q_THD.transpose(0, 1)[None],
        k_GSD.repeat_interleave(per_group, 0)[None],
        v_GSV.repeat_interleave(per_group, 0)[None],
        attn_mask=_mask(num_new, length, picks_TK, q_THD.device),
        is_causal=picks_TK is None and num_new == length,
        scale=config.softmax_scale,
    )
    return out[0].transpose(0, 1)


def _keys_values(rows_SW: Tensor, config: ModelConfig) -> tuple[Tensor, Tensor]:
    split, end = config.kv_lora_rank, config.latent_dim
    values = rows_SW[:, :split].view(len(rows_SW), -1, config.v_head_dim)
    keys = rows_SW[:, split:end].view(len(rows_SW), -1, config.qk_rope_head_dim)
    return keys.transpose(0, 1), values.transpose(0, 1)


def _mask(
    num_new: int, length: int, picks_TK: Tensor | None, device: torch.device
) -> Tensor | None:
    """True where a query sees a key; None where plain causal attention says it all."""
    if picks_TK is not None:
        mask = torch.zeros(num_new, length + 1, dtype=torch.bool, device=device)
        # One column more takes the unused entries.
        return mask.scatter_(1, torch.where(picks_TK < 0, length, picks_TK).long(), True)[:, :-1]
    if num_new == length:
        return None
    key = torch.arange(length, device=device)
    return key <= torch.arange(length - num_new, length, device=device)[:, None]
