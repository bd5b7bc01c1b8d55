"""Attention over vLLM's pages by the operations of `kernels`: Triton on CUDA, references elsewhere.

Sequences with one new token go together and never leave their pages; the others are gathered one by
one. Legend as in `model.vllm_plugin.paged`.
"""

import torch
from torch import Tensor

from kernels.cache_write import CacheLayout, CacheViews
from kernels.paged_topk import paged_topk
from kernels.sparse_decode import sparse_decode
from kernels.sparse_prefill import sparse_prefill
from model.config import ModelConfig
from model.grouped import narrowed, widened
from model.vllm_plugin.paged import Inputs, Span, Step, select, sequence_rows


def attend_with_kernels(
    inputs: Inputs, cache_PNW: Tensor, step: Step, config: ModelConfig
) -> Tensor:
    """The same as `model.vllm_plugin.paged.attend`."""
    q_THC = widened(inputs.q_THD, config)
    latent_THR = q_THC.new_zeros(*q_THC.shape[:2], config.kv_lora_rank)
    single = [(number, span) for number, span in enumerate(step.spans) if span.num_new == 1]
    if single:
        rows = torch.tensor([span.first for _, span in single], device=q_THC.device)
        latent_THR[rows] = _decode(inputs, q_THC[rows], rows, cache_PNW, step, single, config)
    for number, span in enumerate(step.spans):
        if span.num_new > 1:
            new = slice(span.first, span.first + span.num_new)
            rows_SW = sequence_rows(cache_PNW, step.table_BL[number], span.length)
            picks_TK = select(inputs, new, rows_SW, config)
            if picks_TK is None:
                picks_TK = _all_visible(_ends(span, q_THC.device), span.length)
            kv_SC = rows_SW[:, : config.latent_dim]
            latent_THR[new] = sparse_prefill(
                q_THC[new], kv_SC, picks_TK, config.softmax_scale, config.kv_lora_rank
            ).out_THV
    return narrowed(latent_THR, config)


def cache_views(cache_PNW: Tensor, config: ModelConfig) -> CacheViews:
    """vLLM's pages as the kernels' rows. Raises ValueError where rows are not aligned alike."""
    layout = CacheLayout(
        config.kv_lora_rank, config.rope_row_dim, config.index_head_dim, dtype=cache_PNW.dtype
    )
    return layout.views(cache_PNW.view(torch.uint8))


def _decode(
    inputs: Inputs,
    q_BHC: Tensor,
    rows_B: Tensor,
    cache_PNW: Tensor,
    step: Step,
    single: list[tuple[int, Span]],
    config: ModelConfig,
) -> Tensor:
    """[B, H, R] for the sequences with one new token."""
    views = cache_views(cache_PNW, config)
    table_BL = step.table_BL[torch.tensor([number for number, _ in single], device=q_BHC.device)]
    lengths = [span.length for _, span in single]
    lengths_B = torch.tensor(lengths, dtype=torch.int32, device=q_BHC.device)
    if max(lengths) <= config.index_topk:
        picks_BK = _all_visible(lengths_B, max(lengths))
    else:
        q_BID, w_BI = inputs.index_q_TID[rows_B], inputs.index_w_TI[rows_B]
        picks_BK = paged_topk(q_BID, w_BI, views, table_BL, lengths_B, config.index_topk)
    return sparse_decode(q_BHC, views, table_BL, picks_BK, config.softmax_scale).out_THV


def _ends(span: Span, device: torch.device) -> Tensor:
    first = span.length - span.num_new + 1
    return torch.arange(first, span.length + 1, dtype=torch.int32, device=device)


def _all_visible(ends_T: Tensor, length: int) -> Tensor:
    key = torch.arange(length, dtype=torch.int32, device=ends_T.device)
    return torch.where(key < ends_T[:, None], key, -1)
