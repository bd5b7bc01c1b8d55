"""What a stage of training is: everything that decides its numbers, in one record."""

import math
from typing import Self

from pydantic import Field, model_validator

from data.record import Record
from model.dsa import Stage


class Recipe(Record):
    """One stage. Two runs with equal recipes, data and devices give the same bits."""

    stage: Stage = Stage.SPARSE
    """`warmup` trains the indexers alone, under dense attention; `sparse` everything."""
    steps: int = Field(ge=1)
    batch: int = Field(default=8, ge=1)
    """Sequences a step."""
    micro_tokens: int = Field(default=65536, ge=1)
    """In memory at a time, padding included; a longer sequence goes alone."""
    num_tokens: int = Field(default=8192, ge=2)
    """Of a sequence."""
    index_topk: int = Field(default=256, ge=1)
    lr: float = Field(default=1e-5, ge=0)
    """Peak for the main model; unused in `warmup`."""
    index_lr: float = Field(default=1e-3, ge=0)
    """Peak for the indexers, which nothing but their own loss moves."""
    rising: int = Field(default=20, ge=0)
    """Steps in which the rates rise from 0."""
    last: float = Field(default=0.1, ge=0, le=1)
    """Share of the peak that is left at the last step; the way there is a cosine."""
    clip: float = Field(default=1.0, gt=0)
    """Largest norm of the gradient, of main model and indexers each."""
    seed: int = 0
    index_layers: int = Field(default=1, ge=1)
    """Every so many layers have an indexer loss in a step, others in the next; 1: all in each."""
    token_rows: tuple[int, ...] | None = None
    """Rows of the embedding that are trained; None: all."""

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.stage is Stage.SERVE:
            raise ValueError("stage: warmup or sparse is trained, got serve")
        return self

    def rate(self, step: int) -> float:
        """Share of the peak rates at `step`, which counts from 0."""
        if step < self.rising:
            return (step + 1) / self.rising
        done = (step - self.rising) / max(1, self.steps - self.rising)
        return self.last + (1 - self.last) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
