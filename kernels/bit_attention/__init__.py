"""Training attention of grouped heads under a selection held as bits: 8 bytes for 64 keys a query.

For sequences of up to some ten thousand tokens; `sparse_backward` and `index_loss` gather instead.
"""

import torch
from torch import Tensor

from kernels import checks
from kernels.backend import Backend, choose
from kernels.bit_attention import reference


def select_bits(
    q_BTID: Tensor, k_BTD: Tensor, w_BTI: Tensor, topk: int, *, backend: Backend | None = None
) -> Tensor:
    """The selection of `kernels.index_topk` for causal sequences, int64 [B, T, ceil(T / 64)].

    Bit n of word w is key 64 w + n. No gradient. Raises ValueError for unusable arguments.
    """
    _check_index(q_BTID, k_BTD, w_BTI)
    checks.between("topk", topk, 1, 1 << 20)
    q, k, w = q_BTID.detach(), k_BTD.detach(), w_BTI.detach()
    if choose(backend, q) is Backend.REFERENCE:
        return reference.select_bits(q, k, w, topk)
    from kernels.bit_attention import select
    from kernels.index_topk.select import MAX_BLOCK

    checks.between("number of tokens", q.shape[1], 1, MAX_BLOCK)
    return select.select_bits(q, k, w, topk)


def attend(
    q_BTHD: Tensor,
    k_BTGD: Tensor,
    v_BTGD: Tensor,
    words_BTW: Tensor | None,
    scale: float,
    *,
    backend: Backend | None = None,
) -> tuple[Tensor, Tensor]:
    """Attention over the keys whose bits are set (all earlier ones for None), with gradients.

    Also returns the base-2 log-sum-exp of the scaled logits, [B, H, T], which `index_loss` takes;
    +inf for a query without keys, whose output is 0. Raises ValueError for unusable arguments.
    """
    batch, num_tokens, heads, dim = q_BTHD.shape
    checks.shape("k_BTGD", k_BTGD, (batch, num_tokens, None, dim))
    checks.shape("v_BTGD", v_BTGD, k_BTGD.shape)
    _check_heads(heads, k_BTGD.shape[2], dim)
    _check_words(words_BTW, batch, num_tokens)
    if choose(backend, q_BTHD) is Backend.REFERENCE:
        return reference.attend(q_BTHD, k_BTGD, v_BTGD, words_BTW, scale)
    from kernels.bit_attention.attention import Attend

    out: tuple[Tensor, Tensor] = Attend.apply(q_BTHD, k_BTGD, v_BTGD, words_BTW, scale)  # type: ignore[no-untyped-call]
    return out


def index_loss(
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
    _check_index(q_BTID, k_BTD, w_BTI)
    batch, num_tokens = q_BTID.shape[:2]
    _, _, heads, width = main_q_BTHC.shape
    checks.shape("main_k_BTGC", main_k_BTGC, (batch, num_tokens, None, width))
    checks.shape("main_lse_BHT", main_lse_BHT, (batch, heads, num_tokens))
    checks.shape("lengths_B", lengths_B, (batch,))
    _check_heads(heads, main_k_BTGC.shape[2], width)
    _check_words(words_BTW, batch, num_tokens)
    main_q, main_k = main_q_BTHC.detach(), main_k_BTGC.detach()
    if choose(backend, q_BTID) is Backend.REFERENCE:
        return reference.index_loss(
            q_BTID, k_BTD, w_BTI, main_q, main_k, words_BTW, lengths_B, scale
        )
    from kernels.bit_attention.loss import IndexLoss

    loss: Tensor = IndexLoss.apply(  # type: ignore[no-untyped-call]
        q_BTID, k_BTD, w_BTI, main_q, main_k, main_lse_BHT, words_BTW, lengths_B.int(), scale
    )
    return loss


def _check_index(q_BTID: Tensor, k_BTD: Tensor, w_BTI: Tensor) -> None:
    checks.shape("q_BTID", q_BTID, (None, None, None, None))
    batch, num_tokens, heads, dim = q_BTID.shape
    checks.shape("k_BTD", k_BTD, (batch, num_tokens, dim))
    checks.shape("w_BTI", w_BTI, (batch, num_tokens, heads))
    checks.dtype("k_BTD", k_BTD, (q_BTID.dtype,))
    _check_heads(heads, 1, dim)


def _check_heads(heads: int, groups: int, dim: int) -> None:
    if heads % groups:
        raise ValueError(f"heads: must be a multiple of the {groups} groups, got {heads}")
    if dim < 16 or dim & (dim - 1):
        raise ValueError(f"head dim: must be a power of two from 16 on, got {dim}")


def _check_words(words_BTW: Tensor | None, batch: int, num_tokens: int) -> None:
    if words_BTW is not None:
        checks.shape("words_BTW", words_BTW, (batch, num_tokens, -(-num_tokens // reference.BITS)))
        checks.dtype("words_BTW", words_BTW, (torch.int64,))
