"""What is shipped restores what was trained, and nothing altered is ever used."""

from pathlib import Path

import pytest
import torch

from data.errors import UserError
from model.absorb import absorb
from model.base import SHA256, Base
from model.delta import INDEX_STEP, MANIFEST, apply_delta, read_manifest, write_delta
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


def copied(tiny: Base) -> Transformer:
    return absorb(tiny._replace(tensors={n: t.clone() for n, t in tiny.tensors.items()}), 16)


@pytest.mark.parametrize("step", [0.5, 0.05], ids=["coarse", "fine"])
def test_a_delta_restores_the_trained_model_up_to_its_steps(
    tiny: Base, tmp_path: Path, step: float
) -> None:
    after = trained(tiny)
    write_delta(absorb(tiny, 16), after, tmp_path, base_sha256=SHA256, index_topk=16, step=step)
    restored = copied(tiny)
    apply_delta(restored, tmp_path)
    start, goal = dict(absorb(tiny, 16).named_parameters()), dict(after.named_parameters())
    for name, parameter in restored.named_parameters():
        change = (goal[name] - start[name]).norm()
        # Rounding to steps of s leaves s / sqrt(12) of the change.
        share = (INDEX_STEP if ".indexer." in name else step) / 12**0.5
        assert (parameter - goal[name]).norm() <= 1.1 * share * change + 1e-6, name


def test_every_machine_restores_the_same_numbers(tiny: Base, tmp_path: Path) -> None:
    write_delta(absorb(tiny, 16), trained(tiny), tmp_path, base_sha256=SHA256, index_topk=16)
    first, second = copied(tiny), copied(tiny)
    apply_delta(first, tmp_path)
    apply_delta(second, tmp_path)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_of_the_embedding_only_changed_rows_are_shipped(tiny: Base, tmp_path: Path) -> None:
    after = copied(tiny)
    with torch.no_grad():
        after.lm_head.weight[[3, 200]] += 0.25
    write_delta(absorb(tiny, 16), after, tmp_path, base_sha256=SHA256, index_topk=16)
    restored = copied(tiny)
    apply_delta(restored, tmp_path)
    moved = (restored.lm_head.weight != absorb(tiny, 16).lm_head.weight).any(-1)
    assert moved.nonzero().flatten().tolist() == [3, 200]
    assert sum(file.stat().st_size for file in tmp_path.glob("*.safetensors")) < 1000


def test_what_did_not_change_is_not_shipped(tiny: Base, tmp_path: Path) -> None:
    same = write_delta(absorb(tiny), absorb(tiny), tmp_path, base_sha256=SHA256, index_topk=16)
    assert same.shards == ()


def test_coarser_steps_take_less_room(tiny: Base, tmp_path: Path) -> None:
    sizes = []
    for step in (0.05, 0.5):
        folder = tmp_path / str(step)
        after = trained(tiny)
        write_delta(absorb(tiny, 16), after, folder, base_sha256=SHA256, index_topk=16, step=step)
        sizes.append(sum(file.stat().st_size for file in folder.glob("*.safetensors")))
    assert sizes[1] < sizes[0]


def test_a_delta_of_another_model_is_refused(tiny: Base, tmp_path: Path) -> None:
    write_delta(absorb(tiny, 16), trained(tiny), tmp_path, base_sha256=SHA256, index_topk=16)
    with pytest.raises(UserError, match="does not belong to this model"):
        apply_delta(torch.nn.Linear(3, 3), tmp_path)


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
