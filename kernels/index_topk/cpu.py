"""The selection of `reference` on a CPU: scores in float32, and exactly only where they nearly tie.

Float32 scores lie within a known bound of the exact ones. Where exactly `topk` of them reach the
threshold less twice the bound, these are the selection, whatever the rounding was; the other rows are
scored and selected once more by the definition itself. Legend as in `reference`; N keys that a block
of queries sees.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from kernels.index_topk import reference

BLOCK_SCORES = 1 << 21
"""Products of queries and keys that are held at once, 8 MiB."""
BLOCK_ROWS = 256
MAX_CLOSE = 64
"""Keys near a threshold; a row with more of them, such as many scores of 0, is scored as a whole."""
ROUNDING = 2.0**-24
MKLDNN: Any = torch.backends.mkldnn
"""Its `matmul` is missing in torch's annotations."""


def select_latest(q_TID: Tensor, k_SD: Tensor, w_TI: Tensor, topk: int) -> Tensor:
    """Which keys the newest queries select, bool [T, S]: query t of T sees the first S - T + 1 + t.

    The set of `reference.index_topk`. Takes no gradient.
    """
    (num_rows, heads), num_keys = q_TID.shape[:2], k_SD.shape[0]
    is_bfloat16 = q_TID.dtype == torch.bfloat16
    q_TID, k_SD, w_TI = q_TID.float(), k_SD.float(), w_TI.float()
    past = num_keys - num_rows
    key_S = torch.arange(num_keys)
    selected = torch.zeros(num_rows, num_keys, dtype=torch.bool)
    # Queries that see no more than `topk` keys select them all.
    first = min(max(0, topk - past), num_rows)
    selected[:first] = key_S <= torch.arange(past, past + first)[:, None]
    size = max(1, min(BLOCK_ROWS, BLOCK_SCORES // (heads * num_keys)))
    k_norm = torch.linalg.vector_norm(k_SD, dim=1).amax()
    for begin in range(first, num_rows, size):
        rows = slice(begin, min(begin + size, num_rows))
        seen = past + rows.stop
        block = _Block(q_TID[rows], k_SD[:seen], w_TI[rows], is_bfloat16)
        _select_block(block, k_norm, topk, selected[rows, :seen])
    return selected


class _Block(NamedTuple):
    """Queries that stand side by side, the last of which sees all the keys; float32."""

    q_TID: Tensor
    k_ND: Tensor
    w_TI: Tensor
    is_bfloat16: bool
    """Whether queries and keys are bfloat16 numbers."""


def _select_block(block: _Block, k_norm: Tensor, topk: int, out_TN: Tensor) -> None:
    num_rows, num_keys = out_TN.shape
    scores = _scores(block)
    later = torch.ones(num_rows, num_rows, dtype=torch.bool).triu_(1)
    scores[:, num_keys - num_rows :].masked_fill_(later, float("-inf"))
    # NumPy's partition is ten times as fast as torch's.
    place = num_keys - topk
    threshold = torch.from_numpy(np.partition(scores.numpy(), place, axis=1)[:, place])
    margin = 2 * _bound(block, k_norm)
    torch.ge(scores, (threshold - margin)[:, None], out=out_TN)
    counts = out_TN.sum(1, dtype=torch.int32)
    doubtful = (counts > topk).nonzero()[:, 0]
    if len(doubtful):
        close = scores[doubtful] <= (threshold + margin)[doubtful][:, None]
        close &= out_TN[doubtful]
        few = close.sum(1) <= MAX_CLOSE
        _decide(block, doubtful[few], close[few], topk, out_TN)
        doubtful = doubtful[~few]
    # Rows with scores that are no numbers have too few.
    _by_definition(block, torch.cat((doubtful, (counts < topk).nonzero()[:, 0])), topk, out_TN)


def _decide(block: _Block, rows_P: Tensor, close_PN: Tensor, topk: int, out_TN: Tensor) -> None:
    """Of the keys near the threshold of some rows, keeps those that the exact scores choose."""
    place, key = close_PN.nonzero(as_tuple=True)
    q, k = block.q_TID[rows_P][place].double(), block.k_ND[key].double()
    products = torch.relu((q * k[:, None]).sum(2)) * block.w_TI[rows_P][place].double()
    exact = products.sum(1).float()
    close_count = close_PN.sum(1)
    num_kept = topk - (out_TN[rows_P].sum(1) - close_count)
    # Worst first within each row; among equals the later key is better.
    order = torch.from_numpy(np.lexsort((key.numpy(), exact.numpy(), place.numpy())))
    from_best = close_count.cumsum(0)[place] - 1 - torch.arange(len(order))
    dropped = order[from_best >= num_kept[place]]
    out_TN[rows_P[place[dropped]], key[dropped]] = False


def _by_definition(block: _Block, rows_P: Tensor, topk: int, out_TN: Tensor) -> None:
    if not len(rows_P):
        return
    num_rows, num_keys = out_TN.shape
    ends = rows_P + (num_keys - num_rows + 1)
    exact = reference.index_scores(block.q_TID[rows_P], block.k_ND, block.w_TI[rows_P])
    picks_PK = reference.select_topk(exact, torch.zeros_like(ends), ends, topk).long()
    # One column more takes the unused places.
    chosen = torch.zeros(len(rows_P), num_keys + 1, dtype=torch.bool)
    chosen.scatter_(1, torch.where(picks_PK < 0, num_keys, picks_PK), True)
    out_TN[rows_P] = chosen[:, :num_keys]


def _scores(block: _Block) -> Tensor:
    """`reference.index_scores` in float32 arithmetic, [T, N]."""
    num_rows, heads, dim = block.q_TID.shape
    products = torch.empty(num_rows * heads, block.k_ND.shape[0])
    setting = MKLDNN.matmul.fp32_precision
    try:
        # Products of bfloat16 numbers are exact there too, and several times as fast where the
        # processor multiplies such matrices.
        if block.is_bfloat16:
            MKLDNN.matmul.fp32_precision = "bf16"
        torch.mm(block.q_TID.reshape(-1, dim), block.k_ND.T, out=products)
    finally:
        MKLDNN.matmul.fp32_precision = setting
    by_head = products.relu_().view(num_rows, heads, -1)
    return torch.bmm(block.w_TI[:, None], by_head)[:, 0]


def _bound(block: _Block, k_norm: Tensor) -> Tensor:
    """How far a float32 score can lie from the exact one: a sum of D products, then one of I."""
    _, heads, dim = block.q_TID.shape
    largest = (torch.linalg.vector_norm(block.q_TID, dim=2) * block.w_TI.abs()).sum(1) * k_norm
    bound: Tensor = largest * ((dim + heads + 4) * ROUNDING)
    return bound
