"""Sparse MLA attention of one new token a sequence, over a paged cache."""

import torch
from torch import Tensor

from kernels import checks
from kernels.backend import Backend, choose
from kernels.cache_write.layout import CacheViews
from kernels.sparse_decode import reference
from kernels.sparse_prefill.reference import Attended


def sparse_decode(
    q_BHC: Tensor,
    views: CacheViews,
    table_BL: Tensor,
    indices_BK: Tensor,
    scale: float,
    *,
    backend: Backend | None = None,
) -> Attended:
    """Attention of each sequence's query over its logical positions `indices_BK` (-1: unused).

    `table_BL` (int32) names the pages of each sequence in order; `views` come from a
    `CacheLayout`, 16-bit or fp8. The result of a sequence does not depend on the others. Raises
    ValueError for unusable arguments.
    """
    rope_dim = views.rope_PNR.shape[-1]
    checks.shape("q_BHC", q_BHC, (None, None, views.latent_PNV.shape[-1] + rope_dim))
    checks.shape("table_BL", table_BL, (q_BHC.shape[0], None))
    checks.shape("indices_BK", indices_BK, (q_BHC.shape[0], None))
    checks.dtype("q_BHC", q_BHC, (views.rope_PNR.dtype,))
    checks.dtype("table_BL", table_BL, (torch.int32,))
    checks.dtype("indices_BK", indices_BK, (torch.int32,))
    checks.between("number of heads", q_BHC.shape[1], 1, 1024)
    for name, tensor in (("q_BHC", q_BHC), ("table_BL", table_BL), ("indices_BK", indices_BK)):
        checks.rows(name, tensor)
    num_pages, page_size = views.latent_PNV.shape[:2]
    checks.index_range("table_BL", table_BL, num_pages)
    checks.index_range("indices_BK", indices_BK, table_BL.shape[1] * page_size)
    checks.same_device(q_BHC=q_BHC, table_BL=table_BL, indices_BK=indices_BK, cache=views.rope_PNR)
    if choose(backend, q_BHC) is Backend.REFERENCE:
        return reference.sparse_decode(q_BHC, views, table_BL, indices_BK, scale)
    from kernels.sparse_decode import kernel

    return kernel.sparse_decode(q_BHC, views, table_BL, indices_BK, scale)
