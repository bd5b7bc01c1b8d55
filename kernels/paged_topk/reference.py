"""Index scores and selection over a paged cache, in plain torch.

Legend: B sequences with one new token each, I index heads, D index dim, K selected keys, L pages
of a sequence, S = L * page size.
"""

import torch
from torch import Tensor

from kernels.cache_write.layout import CacheViews
from kernels.index_topk.reference import index_scores, select_topk
from kernels.sparse_decode.reference import slots


def paged_topk(
    q_BID: Tensor, w_BI: Tensor, views: CacheViews, table_BL: Tensor, lengths_B: Tensor, topk: int
) -> Tensor:
    """Logical positions of the `topk` best keys below `lengths_B`, int32 [B, K]."""
    page_size = views.index_PND.shape[1]
    num_keys = table_BL.shape[1] * page_size
    device = q_BID.device
    key = torch.arange(num_keys, device=device).expand(q_BID.shape[0], -1)
    slot = slots(table_BL, key, page_size)
    rows = []
    for b in range(q_BID.shape[0]):
        page, offset = slot[b] // page_size, slot[b] % page_size
        if views.index_scale_PN is None:
            k, k_scale = views.index_PND[page, offset], None
        else:
            raw = views.index_PND.view(torch.uint8)[page, offset]
            k, k_scale = raw.view(torch.float8_e4m3fn), views.index_scale_PN[page, offset]
        rows.append(index_scores(q_BID[b : b + 1], k, w_BI[b : b + 1], k_scale))
    scores = torch.cat(rows) if rows else torch.zeros(0, num_keys, device=device)
    return select_topk(scores, torch.zeros_like(lengths_B), lengths_B, topk)
