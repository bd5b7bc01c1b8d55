"""What is shipped restores what was trained, and nothing altered is ever used."""

from pathlib import Path

import pytest
import torch

from data.errors import UserError
from model.absorb import absorb
from model.base import SHA256, Base
from model.delta import MANIFEST, apply_delta, read_manifest, write_delta
from model.transformer import Transformer


def trained(tiny: Base, size: float = 1e-2) -> Transformer:
    """As if training had moved the indexers and two matrices by changes of rank one."""
    model = absorb(tiny._replace(tensors={n: t.clone() for n, t in tiny.tensors.items()}), 16)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".indexer." in name:
                parameter.add_(size * torch.randn(parameter.shape, generator=generator))
            elif name.endswith(("q_proj.weight", "up_proj.weight")):
                left = torch.randn(parameter.shape[0], 1, generator=generator)
                right = torch.randn(1, parameter.shape[1], generator=generator)
                parameter.add_(size * left @ right)
    return model


@pytest.mark.parametrize("rank", [None, 2], ids=["whole", "narrow"])
def test_a_delta_restores_the_trained_model(tiny: Base, tmp_path: Path, rank: int | None) -> None:
    after = trained(tiny)
    write_delta(absorb(tiny, 16), after, tmp_path, base_sha256=SHA256, index_topk=16, rank=rank)
    restored = absorb(tiny._replace(tensors={n: t.clone() for n, t in tiny.tensors.items()}), 16)
    apply_delta(restored, tmp_path)
    for name, parameter in restored.named_parameters():
        goal, start = (
            dict(after.named_parameters())[name],
            dict(absorb(tiny, 16).named_parameters()),
        )
        change = (goal - start[name]).norm()
        assert (parameter - goal).norm() <= 0.01 * change, name


def test_what_did_not_change_is_not_shipped(tiny: Base, tmp_path: Path) -> None:
    same = write_delta(absorb(tiny), absorb(tiny), tmp_path, base_sha256=SHA256, index_topk=16)
    assert same.shards == ()


def test_narrow_changes_take_less_room(tiny: Base, tmp_path: Path) -> None:
    sizes = []
    for rank in (None, 1):
        folder = tmp_path / str(rank)
        after = trained(tiny)
        write_delta(absorb(tiny, 16), after, folder, base_sha256=SHA256, index_topk=16, rank=rank)
        sizes.append(sum(file.stat().st_size for file in folder.glob("*.safetensors")))
    assert sizes[1] < sizes[0]


def test_an_altered_file_is_refused(tiny: Base, tmp_path: Path) -> None:
    after = trained(tiny)
    write_delta(absorb(tiny, 16), after, tmp_path, base_sha256=SHA256, index_topk=16)
    shard = tmp_path / read_manifest(tmp_path).shards[0].name
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    with pytest.raises(UserError, match="missing or altered"):
        apply_delta(absorb(tiny, 16), tmp_path)
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(UserError, match="no manifest of a delta"):
        read_manifest(tmp_path)
