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
from model.vllm_plugin.paged import Inputs, Step, attend_sequence, select, sequence_rows


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
    for span in step.spans:
        new = slice(span.first, span.first + span.num_new)
        rows_SW = sequence_rows(cache_PNW, span)
        picks_TK = select(inputs, new, rows_SW, config)
        if picks_TK is None:
            out_THV[new] = attend_sequence(inputs.q_THD[new], rows_SW, None, config)
        else:
            kv_SC = rows_SW[:, : config.latent_dim]
            q_THC = widened(inputs.q_THD[new], config)
            scale, v_dim = config.softmax_scale, config.kv_lora_rank
            latent_THR = sparse_prefill(q_THC, kv_SC, picks_TK, scale, v_dim).out_THV
            out_THV[new] = narrowed(latent_THR, config)
    return out_THV


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
