"""What training changed, as small files that can be shipped: the difference to the converted base.

Differences are stored in bfloat16, of a few shards of at most 16 MiB each, beside a manifest with
their hashes. Tensors that training left alone are not stored. Indexers, which the base lacks, are
differences to their initial numbers like everything else. Where matrices changed by a product of two
narrow ones only (`rank`), the narrow ones are stored.
"""

from pathlib import Path

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
LEFT, RIGHT = ".left", ".right"


class Shard(Record):
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
    rank: int | None = None,
) -> Manifest:
    """Writes the difference of two models of one architecture.

    With `rank`, matrices outside the indexers whose factors are smaller than themselves are stored as
    the best approximation of that rank, which loses what lies beyond it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    old = dict(before.named_parameters())
    tensors: dict[str, Tensor] = {}
    for name, new in after.named_parameters():
        change = (new.detach().float() - old[name].detach().float()).cpu()
        if bool(change.any()):
            tensors |= _stored(name, change, rank)
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
    for name, change in _changes(tensors).items():
        if name not in own or own[name].shape != change.shape:
            raise UserError(f"{folder} does not belong to this model: {name} does not fit")
        with torch.no_grad():
            own[name].add_(change.to(own[name]))


def _stored(name: str, change: Tensor, rank: int | None) -> dict[str, Tensor]:
    narrow = rank is not None and change.dim() == 2 and ".indexer." not in name
    if rank is None or not narrow or rank * sum(change.shape) >= change.numel():
        return {name: change.bfloat16()}
    left, values, right = torch.linalg.svd(change, full_matrices=False)
    weight = values[:rank].sqrt()
    return {
        name + LEFT: (left[:, :rank] * weight).bfloat16().contiguous(),
        name + RIGHT: (weight[:, None] * right[:rank]).bfloat16().contiguous(),
    }


def _changes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {n: t.float() for n, t in tensors.items() if not n.endswith((LEFT, RIGHT))}
    for name in tensors:
        if name.endswith(LEFT):
            whole = name.removesuffix(LEFT)
            found[whole] = tensors[name].float() @ tensors[whole + RIGHT].float()
    return found


def _shards(tensors: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """In order of names; a tensor larger than a shard gets one of its own."""
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name in sorted(tensors):
        num_bytes = tensors[name].nbytes
        if shards[-1] and size + num_bytes > MAX_SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1][name] = tensors[name]
        size += num_bytes
    return [shard for shard in shards if shard]
