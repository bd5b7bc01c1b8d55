"""The indexer's KL loss with gradients, for both training stages."""

from torch import Tensor

from kernels import checks
from kernels.backend import Backend, choose
from kernels.index_loss import reference


def index_loss(
    q_TID: Tensor,
    k_SD: Tensor,
    w_TI: Tensor,
    q_THC: Tensor,
    kv_SC: Tensor,
    indices_TK: Tensor | None,
    starts_T: Tensor,
    ends_T: Tensor,
    scale: float,
    *,
    backend: Backend | None = None,
) -> Tensor:
    """sum_t KL(p || softmax(I)) over all visible keys (`indices_TK` None) or the selected ones.

    p is the attention of the queries `q_THC` over the rows `kv_SC`, summed over heads and
    normalised; it is a constant. Gradients reach `q_TID`, `k_SD` and `w_TI` only. Raises
    ValueError for unusable arguments.
    """
    num_queries, num_heads, dim = q_TID.shape
    num_keys = k_SD.shape[0]
    checks.shape("k_SD", k_SD, (None, dim))
    checks.shape("w_TI", w_TI, (num_queries, num_heads))
    checks.shape("q_THC", q_THC, (num_queries, None, None))
    checks.shape("kv_SC", kv_SC, (num_keys, q_THC.shape[-1]))
    checks.shape("starts_T", starts_T, (num_queries,))
    checks.shape("ends_T", ends_T, (num_queries,))
    if indices_TK is not None:
        checks.shape("indices_TK", indices_TK, (num_queries, None))
        checks.index_range("indices_TK", indices_TK, num_keys)
    inputs = {"q_TID": q_TID, "k_SD": k_SD, "w_TI": w_TI, "q_THC": q_THC, "kv_SC": kv_SC}
    for name, tensor in {**inputs, "starts_T": starts_T, "ends_T": ends_T}.items():
        checks.rows(name, tensor)
    arguments = (
        q_TID, k_SD, w_TI, q_THC.detach(), kv_SC.detach(), indices_TK, starts_T, ends_T, scale
    )  # fmt: skip
    if choose(backend, q_TID) is Backend.REFERENCE:
        return reference.index_loss(*arguments)
    from kernels.index_loss import kernel

    return kernel.index_loss(*arguments)
