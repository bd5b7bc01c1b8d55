"""The stages of the bundled model in their order, each from where the one before it ended.

Recipes are those of the report in small: dense warm-up of the indexers, the sparse stage, a cold
start on trajectories, and more of it on the model's own solved attempts (arXiv:2512.02556 sec. 2.1
and 3).
"""

from pathlib import Path
from typing import NamedTuple

import torch

from data.errors import UserError
from model.absorb import absorb
from model.base import SHA256, Base, read
from model.delta import Manifest, write_delta
from model.dsa import Stage
from model.markers import HIDDEN, SHOWN, renamed
from model.train.checkpoint import newest_weights
from model.train.recipe import Recipe
from model.transformer import Transformer

ORDER = ("warmup", "sparse", "sft", "self")
ON_ROWS = ("sft", "self")
"""Stages that learn from rows of an export; the others learn from text."""
MARKERS = tuple(range(3, 3 + len(HIDDEN) + len(SHOWN)))
"""Ids of the markers of the chat encoding, the only rows of the embedding that are trained."""
RECIPES = {
    "warmup": Recipe(stage=Stage.WARMUP, steps=160, batch=16, index_lr=1e-3),
    "sparse": Recipe(
        stage=Stage.SPARSE, steps=80, batch=16, lr=5e-5, index_lr=5e-4, rising=8,
        index_layers=2, token_rows=MARKERS,
    ),
    "sft": Recipe(
        stage=Stage.SPARSE, steps=800, batch=16, lr=1e-3, index_lr=3e-4, rising=30, last=0.02,
        index_layers=5, token_rows=MARKERS,
    ),
    "self": Recipe(
        stage=Stage.SPARSE, steps=60, batch=16, lr=2e-4, index_lr=1e-4, rising=5, index_layers=5,
        token_rows=MARKERS,
    ),
}  # fmt: skip
"""Rates and lengths to begin with; the indexer's first rate is the report's, the rest are ours."""


class Prepared(NamedTuple):
    source: Base
    model: Transformer


def prepare(stage: str, recipe: Recipe, runs: Path, device: str, *, cut: bool = False) -> Prepared:
    """The model as it enters `stage`, in float32.

    Raises `UserError` while the stage before is not complete, unless a `cut` one will do.
    """
    source = renamed(read())
    model = absorb(source, recipe.index_topk)
    before = ORDER.index(stage) - 1
    if before >= 0:
        load_stage(model, ORDER[before], runs, cut=cut)
    return Prepared(source, model.to(device=device))


def load_stage(model: Transformer, stage: str, runs: Path, *, cut: bool = False) -> Recipe:
    """Puts the weights that `stage`, and those before it, ended with into `model`."""
    own = dict(model.named_parameters())
    recipe = RECIPES[stage]
    for name in ORDER[: ORDER.index(stage) + 1]:
        found = newest_weights(runs / name)
        done = found.progress.step if found else 0
        if found is None or (done < found.progress.recipe.steps and not cut):
            raise UserError(
                f"stage {name} in {runs} is not complete ({done} steps); train it first"
            )
        recipe = found.progress.recipe
        with torch.no_grad():
            for key, tensor in found.weights.items():
                own[key].copy_(tensor)
    return recipe


def trained(stage: str, runs: Path, *, cut: bool = False) -> Prepared:
    """The model as `stage` left it, in float32, with the selection it was trained with."""
    source = renamed(read())
    found = newest_weights(runs / stage)
    topk = found.progress.recipe.index_topk if found else RECIPES[stage].index_topk
    model = absorb(source, topk)
    # The parameters are the base's own tensors, which the caller's other models must not share.
    model.load_state_dict({n: t.clone() for n, t in model.state_dict().items()}, assign=True)
    model.lm_head.weight = model.model.embed_tokens.weight
    load_stage(model, stage, runs, cut=cut)
    return Prepared(source, model)


def ship(stage: str, runs: Path, folder: Path, *, cut: bool = False) -> Manifest:
    """Writes what training up to `stage` changed, in the form that the repository holds."""
    source, after = trained(stage, runs, cut=cut)
    topk = after.config.index_topk
    return write_delta(absorb(source, topk), after, folder, base_sha256=SHA256, index_topk=topk)
