"""Training attention of grouped heads under a selection held as bits: 8 bytes for 64 keys a query.

For sequences of up to some ten thousand tokens; `kernels.sparse_backward` gathers instead. The indexer's
loss on the same bits is `kernels.bit_loss`.
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
    check_index(q_BTID, k_BTD, w_BTI)
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

    Also returns the base-2 log-sum-exp of the scaled logits, [B, H, T], which `bit_loss` takes;
    +inf for a query without keys, whose output is 0. Raises ValueError for unusable arguments.
    """
    batch, num_tokens, heads, dim = q_BTHD.shape
    checks.shape("k_BTGD", k_BTGD, (batch, num_tokens, None, dim))
    checks.shape("v_BTGD", v_BTGD, k_BTGD.shape)
    check_heads(heads, k_BTGD.shape[2], dim)
    check_words(words_BTW, batch, num_tokens)
    if choose(backend, q_BTHD) is Backend.REFERENCE:
        return reference.attend(q_BTHD, k_BTGD, v_BTGD, words_BTW, scale)
    from kernels.bit_attention.kernel import Attend

    out: tuple[Tensor, Tensor] = Attend.apply(q_BTHD, k_BTGD, v_BTGD, words_BTW, scale)  # type: ignore[no-untyped-call]
    return out


def check_index(q_BTID: Tensor, k_BTD: Tensor, w_BTI: Tensor) -> None:
    checks.shape("q_BTID", q_BTID, (None, None, None, None))
    batch, num_tokens, heads, dim = q_BTID.shape
    checks.shape("k_BTD", k_BTD, (batch, num_tokens, dim))
    checks.shape("w_BTI", w_BTI, (batch, num_tokens, heads))
    checks.dtype("k_BTD", k_BTD, (q_BTID.dtype,))
    check_heads(heads, 1, dim)


def check_heads(heads: int, groups: int, dim: int) -> None:
    if heads % groups:
        raise ValueError(f"heads: must be a multiple of the {groups} groups, got {heads}")
    if dim < 16 or dim & (dim - 1):
        raise ValueError(f"head dim: must be a power of two from 16 on, got {dim}")


def check_words(words_BTW: Tensor | None, batch: int, num_tokens: int) -> None:
    if words_BTW is not None:
        checks.shape("words_BTW", words_BTW, (batch, num_tokens, -(-num_tokens // reference.BITS)))
        checks.dtype("words_BTW", words_BTW, (torch.int64,))
