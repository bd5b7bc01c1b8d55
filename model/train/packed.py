"""Tokens of texts and of exported rows, and the small files that carry them to another machine.

A packed file is a safetensors file: `ids` in 16 bits, for rows also `lengths` and one bit a token that
says whether it is learnt.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from data.errors import UserError
from model.train.batches import Row, RowSource, TextSource

SUFFIXES = (".txt", ".md", ".rst", ".py")
MAX_FILE_BYTES = 1 << 20
"""Larger files are data, not text."""
PACKED = ".safetensors"
TOGETHER = 16
"""Texts that are tokenised at a time, on all cores."""


def text_source(tokenizer: Tokenizer, paths: Sequence[Path], bos: int) -> TextSource:
    """Packed files, and every text file under `paths` in order of name, each after a beginning."""
    parts = [_numbers(path)["ids"] for path in paths if path.suffix == PACKED]
    texts = _texts(path for path in paths if path.suffix != PACKED)
    while some := list(islice(texts, TOGETHER)):
        for encoded in tokenizer.encode_batch(some, add_special_tokens=False):
            parts.append(np.array([bos, *encoded.ids], dtype=np.uint16))
    joined = np.concatenate(parts) if parts else np.zeros(0, np.uint16)
    return TextSource(torch.from_numpy(joined.astype(np.int32)))


def row_source(tokenizer: Tokenizer, paths: Sequence[Path], split: str = "train") -> RowSource:
    """Packed files, and the rows of `sft/<split>.jsonl` in exports, duplicates left out.

    Raises `UserError` for what holds no rows.
    """
    rows: dict[bytes, Row] = {}
    for path in paths:
        found = _packed_rows(path) if path.suffix == PACKED else _exported(tokenizer, path, split)
        for row in found:
            rows.setdefault(row.ids_T.numpy().tobytes(), row)
    return RowSource(list(rows.values()))


def write_text(source: TextSource, file: Path) -> None:
    """The packed form of a text."""
    save_file({"ids": source.ids_N.numpy().astype(np.uint16)}, file)


def write_rows(rows: Sequence[Row], file: Path) -> None:
    """The packed form of rows."""
    lengths = np.array([row.ids_T.numel() for row in rows], dtype=np.int32)
    ids = np.concatenate([row.ids_T.numpy() for row in rows]).astype(np.uint16)
    learn = np.packbits(np.concatenate([row.learn_T.numpy() for row in rows]))
    save_file({"ids": ids, "lengths": lengths, "learn": learn}, file)


def _packed_rows(file: Path) -> Iterator[Row]:
    found = _numbers(file)
    if "lengths" not in found:
        raise UserError(f"{file} holds text, not rows; pack rows with --rows")
    ids = torch.from_numpy(found["ids"].astype(np.int32))
    learn = torch.from_numpy(np.unpackbits(found["learn"], count=len(ids)).astype(bool))
    lengths = found["lengths"].tolist()
    for one, mask in zip(torch.split(ids, lengths), torch.split(learn, lengths), strict=True):
        yield Row(one, mask)


def _numbers(file: Path) -> dict[str, np.ndarray]:
    try:
        found: dict[str, np.ndarray] = load_file(file)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{file} is no packed file ({error}); pack it again") from error
    return found


def _exported(tokenizer: Tokenizer, folder: Path, split: str) -> Iterator[Row]:
    file = folder / "sft" / f"{split}.jsonl"
    try:
        with file.open(encoding="utf-8") as lines:
            yield from (_row_of(tokenizer, json.loads(line)) for line in lines)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{file} holds no SFT rows ({reason}); export them first") from error


def _row_of(tokenizer: Tokenizer, row: dict[str, object]) -> Row:
    """Token ids, and which of them lie in a stretch that the model is to learn."""
    text, spans = str(row["text"]), row["loss_spans"]
    assert isinstance(spans, list)
    encoded = tokenizer.encode(text, add_special_tokens=False)
    starts = [start for start, _ in spans]
    learn = []
    for begin, end in encoded.offsets:
        number = bisect_right(starts, begin) - 1
        learn.append(number >= 0 and end <= spans[number][1] and end > begin)
    return Row(torch.tensor(encoded.ids, dtype=torch.int32), torch.tensor(learn))


def _texts(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        if not path.exists():
            raise UserError(f"{path} does not exist; give files or folders of text")
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            wanted = file.suffix in SUFFIXES and file.is_file()
            if wanted and 0 < file.stat().st_size <= MAX_FILE_BYTES:
                yield file.read_text("utf-8", errors="replace")
