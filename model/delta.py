"""What training changed, as small files that can be shipped: the difference to the converted base.

A matrix's change is rounded to steps of a share of each row's root mean square, and the step counts
are Huffman coded (zlib): about three bits a number at half of it. Of the embedding only the rows that
changed are stored; vectors are stored in bfloat16. What is measured and served is the rounded model,
which is the same numbers on every machine. Shards stay below 16 MiB, beside a manifest with hashes.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from data.errors import UserError
from data.hashing import file_hash
from data.record import Record

MANIFEST = "manifest.json"
MAX_SHARD_BYTES = 15 << 20
"""Below the 16 MiB that a file of the repository may have."""
STEP, INDEX_STEP = 0.5, 0.125
"""Steps in units of a row's root mean square: of the main model, and of the indexers."""
LARGEST = 127
CODES, STEPS, ROWS, PART = ".codes", ".steps", ".rows", ".part"
SPARSE_SHARE = 0.5
"""A matrix of which fewer rows changed is stored by rows."""


class Shard(Record):
    """One file of a delta."""

    name: str
    sha256: str


class Manifest(Record):
    """What a delta folder holds, and what it is applied to."""

    base_sha256: str
    index_topk: int = Field(ge=1)
    shards: tuple[Shard, ...]


def write_delta(
    before: nn.Module,
    after: nn.Module,
    folder: Path,
    *,
    base_sha256: str,
    index_topk: int,
    step: float = STEP,
) -> Manifest:
    """Writes the difference of two models of one architecture, rounded as the module says."""
    folder.mkdir(parents=True, exist_ok=True)
    old = dict(before.named_parameters())
    tensors: dict[str, Tensor] = {}
    for name, new in after.named_parameters():
        change = (new.detach().float() - old[name].detach().float()).cpu()
        if bool(change.any()):
            tensors |= _stored(name, change, INDEX_STEP if ".indexer." in name else step)
    for stale in folder.glob("delta-*.safetensors"):
        stale.unlink()
    shards = []
    for number, shard in enumerate(_shards(tensors)):
        file = folder / f"delta-{number:05d}.safetensors"
        save_file(shard, file)
        shards.append(Shard(name=file.name, sha256=file_hash(file)))
    manifest = Manifest(base_sha256=base_sha256, index_topk=index_topk, shards=tuple(shards))
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Raises `UserError` where there is none or it cannot be read."""
    file = folder / MANIFEST
    try:
        return Manifest.model_validate_json(file.read_text())
    except (OSError, ValueError) as error:
        line = " ".join(str(error).split())
        raise UserError(f"{file} is no manifest of a delta ({line}); restore the folder") from error


def apply_delta(model: nn.Module, folder: Path) -> None:
    """Adds the difference to `model` in place; every hash is checked first."""
    tensors: dict[str, Tensor] = {}
    for shard in read_manifest(folder).shards:
        file = folder / shard.name
        if not file.is_file() or file_hash(file) != shard.sha256:
            raise UserError(f"{file} is missing or altered; restore it from the repository")
        tensors |= load_file(file)
    own = dict(model.named_parameters())
    for name in sorted({name.rsplit(".", 1)[0] for name in tensors}):
        if name not in own:
            raise UserError(f"{folder} does not belong to this model: it has no {name}")
        try:
            _add(own[name], {end: tensors.get(name + end) for end in (CODES, STEPS, ROWS, PART)})
        except (RuntimeError, ValueError, zlib.error) as error:
            line = f"{folder} does not belong to this model: {name} does not fit"
            raise UserError(line) from error


def _stored(name: str, change: Tensor, step: float) -> dict[str, Tensor]:
    if change.dim() < 2:
        return {name + PART: change.bfloat16()}
    stored = {}
    rows = change.any(-1).nonzero().flatten()
    if len(rows) < SPARSE_SHARE * len(change):
        stored[name + ROWS] = rows.to(torch.int32)
        change = change[rows]
    steps = (change.pow(2).mean(-1).sqrt() * step).clamp_min(change.abs().amax(-1) / LARGEST)
    counts = torch.where(steps > 0, 1.0, 0.0)[:, None] * change
    counts = (counts / steps.clamp_min(torch.finfo(torch.float32).tiny)[:, None]).round()
    squeezer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_HUFFMAN_ONLY)
    packed = squeezer.compress(counts.to(torch.int8).numpy().tobytes()) + squeezer.flush()
    codes = torch.from_numpy(np.frombuffer(packed, dtype=np.uint8).copy())
    return {**stored, name + CODES: codes, name + STEPS: steps}


@torch.no_grad()
def _add(parameter: Tensor, parts: dict[str, Tensor | None]) -> None:
    part, codes, steps, rows = (parts[end] for end in (PART, CODES, STEPS, ROWS))
    if part is not None:
        parameter.add_(part.to(parameter))
        return
    if codes is None or steps is None:
        raise ValueError("a part is missing")
    limit = len(steps) * parameter.shape[-1]
    counts = np.frombuffer(_inflated(codes.numpy().tobytes(), limit), dtype=np.int8)
    change = torch.from_numpy(counts.copy()).view(len(steps), -1).float() * steps[:, None]
    if rows is None:
        parameter.add_(change.to(parameter))
    else:
        parameter.index_add_(0, rows.to(parameter.device), change.to(parameter))


def _inflated(packed: bytes, limit: int) -> bytes:
    """At most, and exactly, `limit` bytes."""
    opener = zlib.decompressobj()
    found = opener.decompress(packed, limit)
    if len(found) != limit or not opener.eof and opener.decompress(opener.unconsumed_tail, 1):
        raise ValueError(f"expected {limit} numbers, found {len(found)}")
    return found


def _shards(tensors: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """In order of names; a tensor larger than a shard gets one of its own."""
    shard: dict[str, Tensor] = {}
    size = 0
    for name in sorted(tensors):
        num_bytes = tensors[name].nbytes
        if shard and size + num_bytes > MAX_SHARD_BYTES:
            yield shard
            shard, size = {}, 0
        shard[name] = tensors[name]
        size += num_bytes
    if shard:
        yield shard
