"""Checkpoints of a run: whole or not there, the newest few kept, readable after any kill.

There is no state of a random generator to keep: batches are functions of (seed, step), and the model
draws nothing.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NamedTuple

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from data.errors import UserError
from data.record import Record
from model.train.recipe import Recipe

KEPT = 2


class Progress(Record):
    """How far a run is, and what it is a run of."""

    recipe: Recipe
    data: str
    """Identity of the source."""
    step: int
    """Steps done."""


class Weights(NamedTuple):
    """What a later stage needs."""

    progress: Progress
    weights: dict[str, Tensor]
    """By name of the parameter."""


class Saved(NamedTuple):
    """What a run needs to go on."""

    progress: Progress
    weights: dict[str, Tensor]
    """float32, by name of the parameter."""
    optimiser: dict[str, Any]


def save(folder: Path, saved: Saved) -> Path:
    """Writes `step-<n>` beside the older ones: under another name first, then renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"step-{saved.progress.step:08d}"
    unfinished = folder / f".unfinished-{final.name}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    save_file(saved.weights, unfinished / "weights.safetensors")
    torch.save(saved.optimiser, unfinished / "optimiser.pt")
    (unfinished / "progress.json").write_text(saved.progress.model_dump_json(indent=2) + "\n")
    for file in unfinished.iterdir():
        _flush(file)
    shutil.rmtree(final, ignore_errors=True)
    unfinished.rename(final)
    _flush(folder)
    for old in list(_steps(folder))[:-KEPT]:
        shutil.rmtree(old)
    return final


def newest(folder: Path, recipe: Recipe, data: str) -> Saved | None:
    """The newest checkpoint; None before the first. Raises `UserError` for one of another run."""
    found = newest_weights(folder)
    if found is None:
        return None
    if found.progress.recipe != recipe or found.progress.data != data:
        what = "data" if found.progress.recipe == recipe else "recipe"
        raise UserError(
            f"{folder} holds a run with another {what}; use another folder, or the same"
        )
    last = list(_steps(folder))[-1]
    with _readable(last):
        optimiser = torch.load(last / "optimiser.pt", weights_only=True)
    return Saved(found.progress, found.weights, optimiser)


def newest_weights(folder: Path) -> Weights | None:
    """The newest weights, whatever they are a run of. Raises `UserError` if they cannot be read."""
    found = list(_steps(folder))
    if not found:
        return None
    last = found[-1]
    with _readable(last):
        progress = Progress.model_validate_json((last / "progress.json").read_text())
        weights = load_file(last / "weights.safetensors")
    return Weights(progress, weights)


@contextmanager
def _readable(last: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValidationError, SafetensorError, UnpicklingError) as error:
        line = f"{last} is no checkpoint; remove it to go on from the one before"
        raise UserError(line) from error


def _steps(folder: Path) -> Iterator[Path]:
    """Oldest first."""
    yield from sorted(folder.glob("step-*"))


def _flush(path: Path) -> None:
    """A rename may reach the disk before what it renames, unless that is flushed."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
