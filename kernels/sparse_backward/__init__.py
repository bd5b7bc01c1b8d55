"""Sparse MLA attention with gradients; the gradient of the rows is summed in a fixed order."""

from typing import Any

import torch
from torch import Tensor

from kernels import checks
from kernels.backend import Backend, choose
from kernels.sparse_backward import reference
from kernels.sparse_backward.reference import Gradients
from kernels.sparse_prefill import check_attention, sparse_prefill


def sparse_backward(
    dout_THV: Tensor,
    q_THC: Tensor,
    kv_SC: Tensor,
    indices_TK: Tensor,
    out_THV: Tensor,
    lse_TH: Tensor,
    scale: float,
    *,
    backend: Backend | None = None,
) -> Gradients:
    """Gradients of `sparse_prefill` for its queries and rows, float32, the same bits on every run.

    `out_THV` and `lse_TH` are what the forward pass returned. Raises ValueError for unusable
    arguments.
    """
    check_attention(q_THC, kv_SC, indices_TK, dout_THV.shape[-1])
    checks.shape("dout_THV", dout_THV, (*q_THC.shape[:2], None))
    checks.shape("out_THV", out_THV, dout_THV.shape)
    checks.shape("lse_TH", lse_TH, q_THC.shape[:2])
    checks.rows("dout_THV", dout_THV)
    if choose(backend, q_THC) is Backend.REFERENCE:
        return reference.sparse_backward(dout_THV, q_THC, kv_SC, indices_TK, out_THV, lse_TH, scale)
    from kernels.sparse_backward import kernel

    return kernel.sparse_backward(dout_THV, q_THC, kv_SC, indices_TK, out_THV, lse_TH, scale)


def sparse_attention(
    q_THC: Tensor,
    kv_SC: Tensor,
    indices_TK: Tensor,
    scale: float,
    v_dim: int,
    *,
    backend: Backend | None = None,
) -> Tensor:
    """The output of `sparse_prefill`, differentiable in `q_THC` and `kv_SC`."""
    chosen = choose(backend, q_THC)
    out: Tensor = _SparseAttention.apply(q_THC, kv_SC, indices_TK, scale, v_dim, chosen)  # type: ignore[no-untyped-call]
    return out


class _SparseAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, q: Tensor, kv: Tensor, indices: Tensor, scale: float, v_dim: int, backend: Backend
    ) -> Tensor:
        out, lse = sparse_prefill(q, kv, indices, scale, v_dim, backend=backend)
        ctx.save_for_backward(q, kv, indices, out, lse)
        ctx.scale, ctx.backend = scale, backend
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        q, kv, indices, out, lse = ctx.saved_tensors
        dq, dkv = sparse_backward(
            grads[0].contiguous(), q, kv, indices, out, lse, ctx.scale, backend=ctx.backend
        )
        return dq.to(q.dtype), dkv.to(kv.dtype), None, None, None, None
