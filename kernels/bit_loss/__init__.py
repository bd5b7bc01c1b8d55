"""The indexer's KL loss under a selection held as bits, for training; `kernels.index_loss` gathers."""

from torch import Tensor

from kernels import checks
from kernels.backend import Backend, choose
from kernels.bit_attention import check_heads, check_index, check_words
from kernels.bit_loss import reference


def bit_loss(
    q_BTID: Tensor,
    k_BTD: Tensor,
    w_BTI: Tensor,
    main_q_BTHC: Tensor,
    main_k_BTGC: Tensor,
    main_lse_BHT: Tensor,
    words_BTW: Tensor | None,
    lengths_B: Tensor,
    scale: float,
    *,
    backend: Backend | None = None,
) -> Tensor:
    """sum over queries before `lengths_B` of KL(p || softmax(I)) on the keys that a query sees.

    p is the attention whose log-sum-exp `attend` returned, averaged over heads; it is a constant.
    Gradients reach the first three arguments only. Raises ValueError for unusable arguments.
    """
    check_index(q_BTID, k_BTD, w_BTI)
    batch, num_tokens = q_BTID.shape[:2]
    _, _, heads, width = main_q_BTHC.shape
    checks.shape("main_k_BTGC", main_k_BTGC, (batch, num_tokens, None, width))
    checks.shape("main_lse_BHT", main_lse_BHT, (batch, heads, num_tokens))
    checks.shape("lengths_B", lengths_B, (batch,))
    check_heads(heads, main_k_BTGC.shape[2], width)
    check_words(words_BTW, batch, num_tokens)
    main_q, main_k = main_q_BTHC.detach(), main_k_BTGC.detach()
    if choose(backend, q_BTID) is Backend.REFERENCE:
        return reference.bit_loss(q_BTID, k_BTD, w_BTI, main_q, main_k, words_BTW, lengths_B, scale)
    from kernels.bit_loss.kernel import IndexLoss

    loss: Tensor = IndexLoss.apply(  # type: ignore[no-untyped-call]
        q_BTID, k_BTD, w_BTI, main_q, main_k, main_lse_BHT, words_BTW, lengths_B.int(), scale
    )
    return loss
