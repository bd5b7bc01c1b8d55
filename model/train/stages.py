"""The stages of the bundled model in their order, each from where the one before it ended.

Recipes are those of the report in small: dense warm-up of the indexers, the sparse stage, and a cold
start on trajectories (arXiv:2512.02556 sec. 2.1 and 3).
"""

from pathlib import Path
from typing import NamedTuple

import torch

from data.errors import UserError
from model.absorb import absorb
from model.base import SHA256, Base, read
from model.delta import Manifest, write_delta
from model.dsa import Stage
from model.markers import renamed
from model.train.checkpoint import newest_weights
from model.train.recipe import Recipe
from model.transformer import Transformer

ORDER = ("warmup", "sparse", "sft")
RECIPES = {
    "warmup": Recipe(stage=Stage.WARMUP, steps=400, batch=8, index_lr=1e-3),
    "sparse": Recipe(stage=Stage.SPARSE, steps=1500, batch=16, lr=1e-5, index_lr=3e-4),
    "sft": Recipe(stage=Stage.SPARSE, steps=2000, batch=16, lr=2e-4, index_lr=1e-4, rising=100),
}
"""Rates and lengths to begin with; the indexer's rate is the report's, the rest are ours."""


class Prepared(NamedTuple):
    source: Base
    model: Transformer


def prepare(stage: str, runs: Path, device: str, dtype: torch.dtype) -> Prepared:
    """The model as it enters `stage`. Raises `UserError` while the stage before is not complete."""
    source = renamed(read())
    model = absorb(source, RECIPES[stage].index_topk)
    before = ORDER.index(stage) - 1
    if before >= 0:
        load_stage(model, ORDER[before], runs)
    return Prepared(source, model.to(device=device, dtype=dtype))


def load_stage(model: Transformer, stage: str, runs: Path) -> None:
    """Puts the weights that `stage`, and those before it, ended with into `model`."""
    for name in ORDER[: ORDER.index(stage) + 1]:
        saved = newest_weights(runs / name)
        if saved is None or saved.progress.step < saved.progress.recipe.steps:
            done = 0 if saved is None else saved.progress.step
            raise UserError(
                f"stage {name} in {runs} is not complete ({done} steps); train it first"
            )
        own = dict(model.named_parameters())
        with torch.no_grad():
            for key, tensor in saved.weights.items():
                own[key].copy_(tensor)


def ship(stage: str, runs: Path, folder: Path, rank: int | None) -> Manifest:
    """Writes what training up to `stage` changed, in the form that the repository holds."""
    source = renamed(read())
    topk = RECIPES[stage].index_topk
    after = absorb(source, topk)
    # The parameters are the base's own tensors, which the other model must not share.
    after.load_state_dict({n: t.clone() for n, t in after.state_dict().items()}, assign=True)
    load_stage(after, stage, runs)
    return write_delta(
        absorb(source, topk), after, folder, base_sha256=SHA256, index_topk=topk, rank=rank
    )
