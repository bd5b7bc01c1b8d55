"""Indexer scores and deterministic top-k for decoding, over a paged cache."""

import torch
from torch import Tensor

from kernels import checks
from kernels.backend import Backend, choose
from kernels.cache_write.layout import CacheViews
from kernels.paged_topk import reference


def paged_topk(
    q_BID: Tensor,
    w_BI: Tensor,
    views: CacheViews,
    table_BL: Tensor,
    lengths_B: Tensor,
    topk: int,
    *,
    backend: Backend | None = None,
) -> Tensor:
    """Logical positions of each sequence's `topk` best keys below `lengths_B`, int32 [B, topk].

    With an fp8 cache `q_BID` is e4m3, Hadamard-rotated as the keys are, and its scale lies in the
    float32 `w_BI`. Order, padding and tie-break are those of `index_topk`. Raises ValueError for
    unusable arguments.
    """
    batch, num_heads, _ = q_BID.shape
    checks.shape("q_BID", q_BID, (None, None, views.index_PND.shape[-1]))
    checks.dtype("q_BID", q_BID, (views.index_PND.dtype,))
    checks.shape("w_BI", w_BI, (batch, num_heads))
    checks.shape("table_BL", table_BL, (batch, None))
    checks.shape("lengths_B", lengths_B, (batch,))
    checks.dtype("table_BL", table_BL, (torch.int32,))
    checks.dtype("lengths_B", lengths_B, (torch.int32,))
    checks.between("topk", topk, 1, 1 << 20)
    for name, tensor in (("q_BID", q_BID), ("w_BI", w_BI), ("table_BL", table_BL)):
        checks.rows(name, tensor)
    checks.rows("lengths_B", lengths_B)
    num_pages, page_size = views.index_PND.shape[:2]
    checks.index_range("table_BL", table_BL, num_pages)
    checks.index_range("lengths_B", lengths_B, table_BL.shape[1] * page_size + 1)
    checks.same_device(q_BID=q_BID, w_BI=w_BI, table_BL=table_BL, cache=views.index_PND)
    if choose(backend, q_BID) is Backend.REFERENCE:
        return reference.paged_topk(q_BID, w_BI, views, table_BL, lengths_B, topk)
    from kernels.paged_topk import kernel

    return kernel.paged_topk(q_BID, w_BI, views, table_BL, lengths_B, topk)
