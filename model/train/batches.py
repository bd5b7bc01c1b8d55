"""Batches as pure functions of (seed, step), so that a checkpoint needs no position but the step.

Plain text is cut from one long row of tokens; rows of an SFT export keep one sequence each, and only
what the model is to write counts. Rows of a step are gathered by length and padded on the right.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from data.errors import UserError
from data.hashing import content_hash, derive_rng

ALIGN = 64
"""Lengths are padded to a multiple of this: one word of a selection."""


class Row(NamedTuple):
    """One sequence and which of its tokens are to be predicted."""

    ids_T: Tensor
    learn_T: Tensor


class Batch(NamedTuple):
    """Rows side by side; the mask of a token is at its own place."""

    ids_BT: Tensor
    learn_BT: Tensor
    lengths_B: Tensor
    """Tokens of each row before the padding."""


class Source(Protocol):
    """What a loop draws from."""

    identity: str
    """Changes with the data; a run refuses to go on with others."""

    def rows(self, seed: int, step: int, size: int, num_tokens: int) -> list[Row]:
        """Rows of step number `step`; the same for every call."""
        ...


class TextSource:
    """Random stretches of a long row of tokens."""

    def __init__(self, ids_N: Tensor) -> None:
        if ids_N.numel() < 2:
            raise UserError("there is no text to train on; give files or folders that hold some")
        self.ids_N = ids_N
        self.identity = content_hash(["text", ids_N.numel(), _fingerprint(ids_N)])

    def rows(self, seed: int, step: int, size: int, num_tokens: int) -> list[Row]:
        rng = derive_rng("text", seed, step)
        free = max(1, self.ids_N.numel() - num_tokens + 1)
        starts = [rng.randrange(free) for _ in range(size)]
        found = [self.ids_N[start : start + num_tokens] for start in starts]
        return [Row(ids, torch.ones_like(ids, dtype=torch.bool)) for ids in found]


class RowSource:
    """Rows of an SFT export, every one once before any comes again."""

    def __init__(self, rows: Sequence[Row]) -> None:
        if not rows:
            raise UserError("there is no row to train on; export some with --format sft")
        self.all_rows = rows
        joined = [torch.cat([row[part] for row in rows]) for part in (0, 1)]
        lengths = [row.ids_T.numel() for row in rows]
        self.identity = content_hash(["rows", lengths, *map(_fingerprint, joined)])
        self._orders: dict[tuple[int, int], list[int]] = {}

    def __len__(self) -> int:
        return len(self.all_rows)

    def rows(self, seed: int, step: int, size: int, num_tokens: int) -> list[Row]:
        """Rows longer than `num_tokens` lose their end."""
        chosen = (self.all_rows[self._row(seed, step * size + i)] for i in range(size))
        return [Row(ids[:num_tokens], learn[:num_tokens]) for ids, learn in chosen]

    def _row(self, seed: int, number: int) -> int:
        epoch, place = divmod(number, len(self.all_rows))
        if (seed, epoch) not in self._orders:
            order = list(range(len(self.all_rows)))
            derive_rng("rows", seed, epoch).shuffle(order)
            self._orders = {(seed, epoch): order}
        return self._orders[seed, epoch][place]


def batches(rows: Sequence[Row], micro_tokens: int) -> list[Batch]:
    """The rows in batches of at most `micro_tokens` tokens, padding included, long rows first.

    A row longer than that gets a batch of its own.
    """
    groups: list[list[Row]] = []
    width = 0
    for row in sorted(rows, key=lambda row: -row.ids_T.numel()):
        if not groups or (len(groups[-1]) + 1) * width > micro_tokens:
            groups.append([])
            width = _aligned(row.ids_T.numel())
        groups[-1].append(row)
    return [_padded(group) for group in groups]


def _padded(rows: Sequence[Row]) -> Batch:
    """Right padding with token 0, which is never learnt and which attention never looks back at."""
    lengths = torch.tensor([row.ids_T.numel() for row in rows])
    width = _aligned(int(lengths.max()))
    ids_BT = torch.zeros(len(rows), width, dtype=torch.int64)
    learn_BT = torch.zeros(len(rows), width, dtype=torch.bool)
    for number, (ids, learn) in enumerate(rows):
        ids_BT[number, : ids.numel()] = ids
        learn_BT[number, : ids.numel()] = learn
    return Batch(ids_BT, learn_BT, lengths)


def _aligned(length: int) -> int:
    return -(-length // ALIGN) * ALIGN


def _fingerprint(tensor: Tensor) -> str:
    return hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()
