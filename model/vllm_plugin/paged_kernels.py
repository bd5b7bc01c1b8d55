"""Attention over vLLM's pages by the operations of `kernels`: Triton on CUDA, references elsewhere.

Sequences with one new token go together and never leave their pages; the others are gathered in
groups. Legend as in `model.vllm_plugin.paged`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from kernels.cache_write import CacheLayout, CacheViews
from kernels.index_topk import index_topk
from kernels.paged_topk import paged_topk
from kernels.sparse_decode import sparse_decode
from kernels.sparse_prefill import sparse_prefill
from model.config import ModelConfig
from model.grouped import narrowed, widened
from model.vllm_plugin.paged import Inputs, Span, Step, attend_sequence, sequence_rows

GROUP_KEYS = 1 << 16
"""Rows that are gathered at once; a longer sequence is a group of its own."""


class Group(NamedTuple):
    """Sequences that are read together, as one list of keys and one of queries."""

    new: slice
    """Their tokens among all new ones."""
    slots_S: Tensor
    """Where the rows of all of them lie, int64."""
    starts_T: Tensor
    ends_T: Tensor
    """Which of these rows a query sees, int32."""


def groups_of(spans: Sequence[Span], page_size: int, device: torch.device) -> tuple[Group, ...]:
    """All of a step's spans in order, in as few groups as their keys allow."""
    groups: list[Group] = []
    waiting: list[Span] = []
    num_keys = 0
    for span in spans:
        if waiting and num_keys + span.length > GROUP_KEYS:
            groups.append(_group(waiting, page_size, device))
            waiting, num_keys = [], 0
        waiting.append(span)
        num_keys += span.length
    if waiting:
        groups.append(_group(waiting, page_size, device))
    return tuple(groups)


def _group(spans: Sequence[Span], page_size: int, device: torch.device) -> Group:
    offset = torch.arange(page_size, device=device)
    slots, starts, ends, num_keys = [], [], [], 0
    for span in spans:
        pages = span.pages
        if isinstance(pages, slice):
            pages = torch.arange(pages.start, pages.stop, device=device)
        slots.append((pages.long()[:, None] * page_size + offset).flatten()[: span.length])
        starts.append(np.full(span.num_new, num_keys, dtype=np.int32))
        num_keys += span.length
        ends.append(np.arange(num_keys - span.num_new + 1, num_keys + 1, dtype=np.int32))
    new = slice(spans[0].first, spans[-1].first + spans[-1].num_new)
    bounds = torch.from_numpy(np.stack((np.concatenate(starts), np.concatenate(ends))))
    starts_T, ends_T = bounds.to(device)
    return Group(new, torch.cat(slots), starts_T, ends_T)


def attend_with_kernels(
    inputs: Inputs, cache_PNW: Tensor, step: Step, config: ModelConfig
) -> Tensor:
    """The same as `model.vllm_plugin.paged.attend`."""
    num_decoding, num_new = step.lengths_B.shape[0], inputs.q_THD.shape[0]
    if num_decoding == num_new:
        return _decode(inputs, cache_PNW, step, config)
    out_THV = inputs.q_THD.new_zeros(num_new, inputs.q_THD.shape[1], config.v_head_dim)
    if num_decoding:
        out_THV[:num_decoding] = _decode(inputs, cache_PNW, step, config)
    if inputs.index_q_TID.shape[1]:
        for group in step.groups:
            out_THV[group.new] = _read(inputs, cache_PNW, group, config)
        return out_THV
    # The window fits into the selection.
    for span in step.spans:
        new = slice(span.first, span.first + span.num_new)
        rows_SW = sequence_rows(cache_PNW, span)
        out_THV[new] = attend_sequence(inputs.q_THD[new], rows_SW, None, config)
    return out_THV


def _read(inputs: Inputs, cache_PNW: Tensor, group: Group, config: ModelConfig) -> Tensor:
    """[T, H, V] of a group's tokens."""
    rows_SW = cache_PNW.view(-1, cache_PNW.shape[-1]).index_select(0, group.slots_S)
    picks_TK = index_topk(
        inputs.index_q_TID[group.new],
        rows_SW[:, config.latent_dim :],
        inputs.index_w_TI[group.new],
        group.starts_T,
        group.ends_T,
        config.index_topk,
    )
    q_THC, kv_SC = widened(inputs.q_THD[group.new], config), rows_SW[:, : config.latent_dim]
    scale, v_dim = config.softmax_scale, config.kv_lora_rank
    return narrowed(sparse_prefill(q_THC, kv_SC, picks_TK, scale, v_dim).out_THV, config)


def cache_views(cache_PNW: Tensor, config: ModelConfig) -> CacheViews:
    """vLLM's pages as the kernels' rows. Raises ValueError where rows are not aligned alike."""
    layout = CacheLayout(
        config.kv_lora_rank, config.rope_row_dim, config.index_head_dim, dtype=cache_PNW.dtype
    )
    return layout.views(cache_PNW.view(torch.uint8))


def _decode(inputs: Inputs, cache_PNW: Tensor, step: Step, config: ModelConfig) -> Tensor:
    """[B, H, V] of the first B tokens. What is launched depends on shapes alone."""
    batch, window = step.lengths_B.shape[0], step.table_BL.shape[1] * cache_PNW.shape[1]
    views = cache_views(cache_PNW, config)
    if not inputs.index_q_TID.shape[1]:
        # The window fits into the selection.
        key_S = torch.arange(window, dtype=torch.int32, device=cache_PNW.device)
        picks_BK = torch.where(key_S < step.lengths_B[:, None], key_S, -1)
    else:
        q_BID, w_BI = inputs.index_q_TID[:batch], inputs.index_w_TI[:batch]
        topk = config.index_topk
        picks_BK = paged_topk(q_BID, w_BI, views, step.table_BL, step.lengths_B, topk)
    q_BHC = widened(inputs.q_THD[:batch], config)
    attended = sparse_decode(q_BHC, views, step.table_BL, picks_BK, config.softmax_scale)
    return narrowed(attended.out_THV, config)
