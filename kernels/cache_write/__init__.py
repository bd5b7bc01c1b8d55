"""Fused write of new tokens into the paged cache: norms, RoPE, quantisation, store."""

import torch
from torch import Tensor

from kernels import checks
from kernels.backend import Backend, choose
from kernels.cache_write import reference
from kernels.cache_write.layout import CacheLayout, CacheViews
from kernels.cache_write.reference import NewRows, Norms

__all__ = ["CacheLayout", "CacheViews", "NewRows", "Norms", "cache_write"]


def cache_write(
    buffer: Tensor,
    layout: CacheLayout,
    new: NewRows,
    norms: Norms,
    slots_T: Tensor,
    *,
    backend: Backend | None = None,
) -> None:
    """Stores token t of `new` at slot `slots_T[t]` (page * page_size + offset) of `buffer`.

    `buffer` comes from `layout.allocate`; slots are int32, distinct, -1 skips a token. The norms
    are applied here, so `new` holds raw projections. Raises ValueError for unusable arguments.
    """
    num_tokens = new.latent_TV.shape[0]
    checks.shape("latent_TV", new.latent_TV, (None, layout.v_dim))
    checks.shape("rope_TR", new.rope_TR, (num_tokens, layout.rope_dim))
    checks.shape("index_TD", new.index_TD, (num_tokens, layout.index_dim))
    checks.shape("cos_TF", new.cos_TF, (num_tokens, layout.rope_dim // 2))
    checks.shape("sin_TF", new.sin_TF, (num_tokens, layout.rope_dim // 2))
    checks.shape("latent_weight_V", norms.latent_weight_V, (layout.v_dim,))
    checks.shape("index_weight_D", norms.index_weight_D, (layout.index_dim,))
    checks.shape("index_bias_D", norms.index_bias_D, (layout.index_dim,))
    checks.shape("slots_T", slots_T, (num_tokens,))
    checks.dtype("slots_T", slots_T, (torch.int32,))
    if layout.fp8 and layout.index_dim & (layout.index_dim - 1):
        raise ValueError(f"index_dim: must be a power of two with fp8, got {layout.index_dim}")
    for name, tensor in new._asdict().items():
        checks.rows(name, tensor)
    checks.rows("slots_T", slots_T)
    checks.same_device(buffer=buffer, slots_T=slots_T, **new._asdict())
    checks.index_range("slots_T", slots_T, buffer.shape[0] * buffer.shape[1])
    if choose(backend, buffer) is Backend.REFERENCE:
        reference.cache_write(buffer, layout, new, norms, slots_T)
        return
    from kernels.cache_write import kernel

    kernel.cache_write(buffer, layout, new, norms, slots_T)
