"""Attention over vLLM's pages: which rows a sequence sees, and how they are attended to.

Every token has one fused row, [values | rotary keys | index key], written at once, so whatever reuses
or evicts a page treats attention and indexer alike. On CUDA the Triton kernels attend, for decoding
straight from the pages (`model.vllm_plugin.paged_kernels`); on a CPU torch does. Nothing here knows
vLLM.
Legend as in `model.dsa`; W row width (C + D), P pages, N tokens a page, L pages of a sequence.
"""

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from kernels.index_topk.cpu import select_latest
from model.config import ModelConfig

if TYPE_CHECKING:
    from model.vllm_plugin.paged_kernels import Group

BLOCK_QUERIES = 256
"""Queries that attend at once on a CPU, over the keys that the last of them sees."""


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
    groups: "tuple[Group, ...]" = ()
    """The same for the kernels."""


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
        new = slice(span.first, span.first + span.num_new)
        selected_TS = None
        if span.length > config.index_topk:
            # Only the index keys: scattered pages are copied, and a row is seven times as wide.
            keys_SD = sequence_rows(cache_PNW[:, :, config.latent_dim :], span)
            q_TID, w_TI = inputs.index_q_TID[new], inputs.index_w_TI[new]
            selected_TS = select_latest(q_TID, keys_SD, w_TI, config.index_topk)
        if span.num_new == 1 and selected_TS is not None:
            rows_KW = picked_rows(cache_PNW, span, selected_TS[0].nonzero()[:, 0])
            out[new] = _attended(inputs.q_THD[new], rows_KW, None, config)
        else:
            rows_SW = sequence_rows(cache_PNW, span)
            out[new] = attend_sequence(inputs.q_THD[new], rows_SW, selected_TS, config)
    return out


def sequence_rows(cache_PNW: Tensor, span: Span) -> Tensor:
    """The rows of one sequence, [S, W]; no copy where its pages lie side by side."""
    if isinstance(span.pages, slice):
        pages_LNW = cache_PNW[span.pages]
    else:
        pages_LNW = cache_PNW.index_select(0, span.pages)
    return pages_LNW.flatten(0, 1)[: span.length]


def picked_rows(cache_PNW: Tensor, span: Span, picks_K: Tensor) -> Tensor:
    """The rows of one sequence at the positions `picks_K`, [K, W]."""
    page_size, width = cache_PNW.shape[1:]
    if isinstance(span.pages, slice):
        slots_K = picks_K + span.pages.start * page_size
    else:
        slots_K = span.pages[picks_K // page_size] * page_size + picks_K % page_size
    return cache_PNW.view(-1, width).index_select(0, slots_K)


def attend_sequence(
    q_THD: Tensor, rows_SW: Tensor, selected_TS: Tensor | None, config: ModelConfig
) -> Tensor:
    """Grouped attention of one sequence's newest tokens over its rows, [T, H, V].

    `selected_TS` says which keys a token sees; None is all up to itself.
    """
    num_new, length = q_THD.shape[0], rows_SW.shape[0]
    if num_new == 1 and selected_TS is None:
        return _attended(q_THD, rows_SW, None, config)
    if selected_TS is None and num_new == length:
        return _attended(q_THD, rows_SW, None, config, is_causal=True)
    # In blocks, since no query sees what comes after its block.
    parts = []
    for begin in range(0, num_new, BLOCK_QUERIES):
        end = min(begin + BLOCK_QUERIES, num_new)
        seen = length - num_new + end
        if selected_TS is None:
            key_S = torch.arange(seen, device=q_THD.device)
            mask = key_S <= key_S[begin - end :, None]
        else:
            mask = selected_TS[begin:end, :seen]
        parts.append(_attended(q_THD[begin:end], rows_SW[:seen], mask, config))
    return torch.cat(parts)


def _attended(
    q_THD: Tensor,
    rows_SW: Tensor,
    mask_TS: Tensor | None,
    config: ModelConfig,
    is_causal: bool = False,
) -> Tensor:
    split, end = config.kv_lora_rank, config.latent_dim
    v_SGV = rows_SW[:, :split].view(len(rows_SW), -1, config.v_head_dim)
    k_SGD = rows_SW[:, split:end].view(len(rows_SW), -1, config.qk_rope_head_dim)
    out = F.scaled_dot_product_attention(
        q_THD.transpose(0, 1)[None],
        k_SGD.transpose(0, 1)[None],
        v_SGV.transpose(0, 1)[None],
        attn_mask=mask_TS,
        is_causal=is_causal,
        scale=config.softmax_scale,
        enable_gqa=True,
    )
    return out[0].transpose(0, 1)
