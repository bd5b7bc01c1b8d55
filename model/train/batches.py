"""Batches as pure functions of (seed, step), so that a checkpoint needs no position but the step.

Plain text is cut from one long row of tokens; rows of an SFT export keep one sequence each, padded on
the right, and only what the model is to write counts.
"""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import torch
from tokenizers import Tokenizer
from torch import Tensor

from data.errors import UserError
from data.hashing import content_hash, derive_rng

SUFFIXES = (".txt", ".md", ".rst", ".py")
MAX_FILE_BYTES = 1 << 20
"""Larger files are data, not text."""


class Batch(NamedTuple):
    """`ids_BT` and where its tokens are to be predicted; the mask of a token is at its own place."""

    ids_BT: Tensor
    learn_BT: Tensor


class Source(Protocol):
    """What a loop draws from."""

    identity: str
    """Changes with the data; a run refuses to go on with others."""

    def batch(self, seed: int, step: int, size: int, num_tokens: int) -> Batch:
        """Batch number `step`; the same for every call."""
        ...


class TextSource:
    """Random stretches of a long row of tokens."""

    def __init__(self, ids_N: Tensor) -> None:
        if ids_N.numel() < 2:
            raise UserError("there is no text to train on; give files or folders that hold some")
        self.ids_N = ids_N
        self.identity = content_hash(["text", ids_N.numel(), _fingerprint(ids_N)])

    def batch(self, seed: int, step: int, size: int, num_tokens: int) -> Batch:
        rng = derive_rng("text", seed, step)
        free = max(1, self.ids_N.numel() - num_tokens + 1)
        starts = [rng.randrange(free) for _ in range(size)]
        rows = [self.ids_N[start : start + num_tokens] for start in starts]
        return _padded([(row, torch.ones_like(row, dtype=torch.bool)) for row in rows])


class RowSource:
    """Rows of an SFT export, every one once before any comes again."""

    def __init__(self, rows: Sequence[tuple[Tensor, Tensor]]) -> None:
        if not rows:
            raise UserError("there is no row to train on; export some with --format sft")
        self.rows = rows
        self.identity = content_hash(
            ["rows", len(rows), [_fingerprint(ids) + _fingerprint(learn) for ids, learn in rows]]
        )

    def batch(self, seed: int, step: int, size: int, num_tokens: int) -> Batch:
        """Rows longer than `num_tokens` lose their end."""
        chosen = (self.rows[self._row(seed, step * size + i)] for i in range(size))
        return _padded([(ids[:num_tokens], learn[:num_tokens]) for ids, learn in chosen])

    def _row(self, seed: int, number: int) -> int:
        epoch, place = divmod(number, len(self.rows))
        order = list(range(len(self.rows)))
        derive_rng("rows", seed, epoch).shuffle(order)
        return order[place]


def text_source(tokenizer: Tokenizer, paths: Iterable[Path], bos: int) -> TextSource:
    """Every text file under `paths`, in order of name, each after a token of beginning."""
    ids: list[int] = []
    for text in _texts(paths):
        ids += [bos, *tokenizer.encode(text, add_special_tokens=False).ids]
    return TextSource(torch.tensor(ids, dtype=torch.int32))


def row_source(tokenizer: Tokenizer, folder: Path, split: str = "train") -> RowSource:
    """The rows of `sft/<split>.jsonl` in an export. Raises `UserError` for what is none."""
    file = folder / "sft" / f"{split}.jsonl"
    try:
        lines = file.read_text("utf-8").splitlines()
        rows = [_row_of(tokenizer, json.loads(line)) for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{file} holds no SFT rows ({reason}); export them first") from error
    return RowSource(rows)


def _row_of(tokenizer: Tokenizer, row: dict[str, object]) -> tuple[Tensor, Tensor]:
    """Token ids, and which of them lie in a stretch that the model is to learn."""
    text, spans = str(row["text"]), row["loss_spans"]
    assert isinstance(spans, list)
    encoded = tokenizer.encode(text, add_special_tokens=False)
    starts = [start for start, _ in spans]
    learn = []
    for begin, end in encoded.offsets:
        number = bisect_right(starts, begin) - 1
        learn.append(number >= 0 and end <= spans[number][1] and end > begin)
    return torch.tensor(encoded.ids, dtype=torch.int32), torch.tensor(learn)


def _texts(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        if not path.exists():
            raise UserError(f"{path} does not exist; give files or folders of text")
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            wanted = file.suffix in SUFFIXES and file.is_file()
            if wanted and 0 < file.stat().st_size <= MAX_FILE_BYTES:
                yield file.read_text("utf-8", errors="replace")


def _padded(rows: Sequence[tuple[Tensor, Tensor]]) -> Batch:
    """Right padding with token 0, which is never learnt and which attention never looks back at."""
    longest = max(ids.numel() for ids, _ in rows)
    ids_BT = torch.zeros(len(rows), longest, dtype=torch.int64)
    learn_BT = torch.zeros(len(rows), longest, dtype=torch.bool)
    for number, (ids, learn) in enumerate(rows):
        ids_BT[number, : ids.numel()] = ids
        learn_BT[number, : ids.numel()] = learn
    return Batch(ids_BT, learn_BT)


def _fingerprint(tensor: Tensor) -> str:
    return hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()
