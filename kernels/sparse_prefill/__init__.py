"""Sparse MLA attention over selected keys, forward only; `sparse_backward` adds the gradients."""

import torch
from torch import Tensor

from kernels import checks
from kernels.backend import Backend, choose
from kernels.sparse_prefill import reference
from kernels.sparse_prefill.reference import Attended


def sparse_prefill(
    q_THC: Tensor,
    kv_SC: Tensor,
    indices_TK: Tensor,
    scale: float,
    v_dim: int,
    *,
    backend: Backend | None = None,
) -> Attended:
    """Softmax attention of every query over its rows `indices_TK` of `kv_SC`.

    `kv_SC` holds [latent | rotary key] rows; the first `v_dim` numbers are the value. Indices are
    int32, -1 marks an unused place, no key may appear twice in a row. Returns the output in the
    type of `q_THC` and the float32 log-sum-exp of the scaled logits (natural logarithm, -inf for a
    query without keys, whose output is 0). Raises ValueError for unusable arguments.
    """
    check_attention(q_THC, kv_SC, indices_TK, v_dim)
    if choose(backend, q_THC) is Backend.REFERENCE:
        return reference.sparse_prefill(q_THC, kv_SC, indices_TK, scale, v_dim)
    from kernels.sparse_prefill import kernel

    return kernel.sparse_prefill(q_THC, kv_SC, indices_TK, scale, v_dim)


def check_attention(q_THC: Tensor, kv_SC: Tensor, indices_TK: Tensor, v_dim: int) -> None:
    """What every sparse attention kernel needs of its inputs."""
    checks.shape("q_THC", q_THC, (None, None, None))
    num_queries, num_heads, width = q_THC.shape
    checks.shape("kv_SC", kv_SC, (None, width))
    checks.shape("indices_TK", indices_TK, (num_queries, None))
    checks.dtype("q_THC", q_THC, checks.FLOATS)
    checks.dtype("kv_SC", kv_SC, (q_THC.dtype,))
    checks.dtype("indices_TK", indices_TK, (torch.int32,))
    checks.between("number of heads", num_heads, 1, 1024)
    checks.between("v_dim", v_dim, 1, width)
    for name, tensor in (("q_THC", q_THC), ("kv_SC", kv_SC), ("indices_TK", indices_TK)):
        checks.rows(name, tensor)
    checks.same_device(q_THC=q_THC, kv_SC=kv_SC, indices_TK=indices_TK)
    checks.index_range("indices_TK", indices_TK, kv_SC.shape[0])
