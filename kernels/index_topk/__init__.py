"""Indexer scores fused with the exact, deterministic top-k: no score matrix is kept."""

from torch import Tensor

from kernels import checks
from kernels.backend import Backend, choose
from kernels.index_topk import reference


def index_topk(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    starts_T: Tensor,
    ends_T: Tensor,
    topk: int,
    *,
    k_scale_S: Tensor | None = None,
    backend: Backend | None = None,
) -> Tensor:
    """The `topk` keys with the highest index score among starts[t] <= s < ends[t], int32 [T, topk].

    Queries and keys are float32, float16, bfloat16 or e4m3 (then `k_scale_S` holds the keys' scales
    and `w_TI`, always float32, carries the queries'). Indices ascend, unused places hold -1. The
    tie-break is written in `reference`. No gradient. Raises ValueError for unusable arguments.
    """
    num_rows, num_heads, dim = _check(q_TID, k_SD, w_TI, topk)
    checks.shape("starts_T", starts_T, (num_rows,))
    checks.shape("ends_T", ends_T, (num_rows,))
    if k_scale_S is not None:
        checks.shape("k_scale_S", k_scale_S, (k_SD.shape[0],))
        checks.rows("k_scale_S", k_scale_S)
    for name, tensor in (("w_TI", w_TI), ("starts_T", starts_T), ("ends_T", ends_T)):
        checks.rows(name, tensor)
    checks.same_device(
        q_TID=q_TID, k_SD=k_SD, w_TI=w_TI, starts_T=starts_T, ends_T=ends_T, k_scale_S=k_scale_S
    )
    q_TID, k_SD, w_TI = q_TID.detach(), k_SD.detach(), w_TI.detach()
    if choose(backend, q_TID) is Backend.REFERENCE:
        return reference.index_topk(q_TID, k_SD, w_TI, starts_T, ends_T, topk, k_scale_S)
    from kernels.index_topk import kernel

    return kernel.index_topk(q_TID, k_SD, w_TI, starts_T, ends_T, topk, k_scale_S)


def _check(q_TID: Tensor, k_SD: Tensor, w_TI: Tensor, topk: int) -> tuple[int, int, int]:
    checks.shape("q_TID", q_TID, (None, None, None))
    num_rows, num_heads, dim = q_TID.shape
    checks.shape("k_SD", k_SD, (None, dim))
    checks.shape("w_TI", w_TI, (num_rows, num_heads))
    checks.dtype("q_TID", q_TID, (*checks.FLOATS, checks.FP8))
    checks.dtype("k_SD", k_SD, (q_TID.dtype,))
    checks.rows("q_TID", q_TID)
    checks.rows("k_SD", k_SD)
    checks.between("topk", topk, 1, 1 << 20)
    checks.between("number of index heads", num_heads, 1, 1 << 10)
    checks.between("k_SD: number of keys", k_SD.shape[0], 0, (1 << 31) - 1)
    return num_rows, num_heads, dim
