"""The loop of a stage: from the newest checkpoint to the last step, or to the end of its time.

The optimiser works on float32 weights; a model in a narrower type is refreshed from them after every
step. What is logged and what is learnt do not depend on how often a run was cut.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from data.errors import UserError
from model.dsa import Stage
from model.train.batches import Batch, Row, Source, batches
from model.train.checkpoint import Progress, Saved, newest, save
from model.train.forward import losses
from model.train.ranks import Ranks
from model.train.recipe import Recipe
from model.transformer import Transformer

log = logging.getLogger(__name__)
BETAS = (0.9, 0.95)
LOG = "losses.jsonl"
EMBEDDING = "model.embed_tokens.weight"


class Losses(NamedTuple):
    """Of one step, as logged."""

    language: float
    """Mean over the tokens to be learnt, natural logarithm; NaN-free 0 in the warm-up."""
    indexer: float
    """Mean KL divergence a query and layer."""


class Run:
    """A model, its optimiser and its data."""

    def __init__(
        self,
        model: Transformer,
        source: Source,
        recipe: Recipe,
        folder: Path,
        ranks: Ranks = Ranks(),  # noqa: B008 (a constant)
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """`model` comes in float32; it is trained in `dtype` from there on."""
        assert model.config.index_topk == recipe.index_topk
        if recipe.batch < ranks.size:
            raise UserError(f"a batch of {recipe.batch} rows is too small for {ranks.size} GPUs")
        self.ranks = ranks
        self.model, self.source, self.recipe, self.folder = model, source, recipe, folder
        index = {name for name, _ in model.named_parameters() if ".indexer." in name}
        warmup = recipe.stage is Stage.WARMUP
        self.trained = {
            name: p for name, p in model.named_parameters() if name in index or not warmup
        }
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name in self.trained)
        # Before the model narrows: what a shipped change is counted from is exact.
        self.masters = {n: p.detach().float().clone() for n, p in self.trained.items()}
        model.to(dtype)
        self.groups = [
            [n for n in self.trained if n not in index],
            [n for n in self.trained if n in index],
        ]
        rates = (recipe.lr, recipe.index_lr)
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [self.masters[n] for n in names], "lr": lr, "peak": lr}
                for names, lr in zip(self.groups, rates, strict=True)
                if names
            ],
            betas=BETAS,
            weight_decay=0.0,
            fused=self._device().type == "cuda",
        )
        self.done = 0
        self._resume()

    def run(self, time_limit_s: float, save_every: int, stopped: Callable[[], bool]) -> bool:
        """Trains until the last step, the time limit or `stopped`; True if the stage is complete."""
        end = time.monotonic() + time_limit_s
        while self.done < self.recipe.steps:
            if self.ranks.any(time.monotonic() >= end or stopped(), self._device()):
                break
            self._log(self.step())
            if self.done % save_every == 0:
                self.save()
        self.save()
        return self.done >= self.recipe.steps

    def step(self) -> Losses:
        """One step of the optimiser."""
        recipe = self.recipe
        turn, total = self.done % recipe.index_layers, self.model.config.num_hidden_layers
        layers = range(turn, total, recipe.index_layers)
        rows = self.source.rows(recipe.seed, self.done, recipe.batch, recipe.num_tokens)
        num_learnt = max(1, sum(int(row.learn_T[1:].sum()) for row in rows))
        num_queries = sum(row.ids_T.numel() for row in rows) * len(layers)
        language, index = (torch.zeros((), device=self._device()) for _ in range(2))
        for batch in batches(self._share(rows), recipe.micro_tokens):
            part = Batch(*(x.to(self._device(), non_blocking=True) for x in batch))
            sums = losses(self.model, part, recipe.stage, layers)
            shares = sums.language / num_learnt, sums.indexer / num_queries
            # In the warm-up the language loss is a constant.
            torch.autograd.backward(shares[0] + shares[1])
            language, index = language + shares[0].detach(), index + shares[1].detach()
            self._gather()
        self.ranks.add((language, index))
        self._update()
        self.done += 1
        return Losses(float(language), float(index))

    def _share(self, rows: Sequence[Row]) -> Sequence[Row]:
        """By length in turns, so that no process waits long for another."""
        return self.ranks.share(sorted(rows, key=lambda row: -row.ids_T.numel()))

    def save(self) -> None:
        """Writes a checkpoint."""
        if not self.ranks.first:
            return
        progress = Progress(recipe=self.recipe, data=self.source.identity, step=self.done)
        weights = {name: tensor.cpu() for name, tensor in self.masters.items()}
        save(self.folder, Saved(progress, weights, self.optimiser.state_dict()))

    def _gather(self) -> None:
        """Adds the gradients of a batch to those of the step, which are float32."""
        for name, parameter in self.trained.items():
            if parameter.grad is None:
                continue
            master = self.masters[name]
            if master.grad is None:
                master.grad = parameter.grad.float()
            else:
                master.grad.add_(parameter.grad)
            parameter.grad = None

    def _update(self) -> None:
        rate = self.recipe.rate(self.done)
        self.ranks.add(m.grad for m in self.masters.values() if m.grad is not None)
        self._keep_rows()
        for names in self.groups:
            torch.nn.utils.clip_grad_norm_([self.masters[n] for n in names], self.recipe.clip)
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * rate
        self.optimiser.step()
        self.optimiser.zero_grad()
        self._refresh()

    def _keep_rows(self) -> None:
        """Other rows of the embedding get no gradient, so that they never move."""
        master = self.masters.get(EMBEDDING)
        if self.recipe.token_rows is None or master is None or master.grad is None:
            return
        rows = torch.tensor(self.recipe.token_rows, device=master.device)
        kept = master.grad[rows]
        master.grad.zero_()[rows] = kept

    def _refresh(self) -> None:
        names = list(self.trained)
        with torch.no_grad():
            torch._foreach_copy_([self.trained[n] for n in names], [self.masters[n] for n in names])

    def _resume(self) -> None:
        saved = newest(self.folder, self.recipe, self.source.identity)
        if saved is None:
            return
        for name, tensor in self.masters.items():
            tensor.copy_(saved.weights[name])
        self.optimiser.load_state_dict(saved.optimiser)
        self.done = saved.progress.step
        self._refresh()
        if self.ranks.first:
            self._forget_later_steps()
        log.info("going on after step %s of %s", self.done, self.recipe.steps)

    def _log(self, losses: Losses) -> None:
        if not self.ranks.first:
            return
        line = {"step": self.done, **losses._asdict()}
        with (self.folder / LOG).open("a") as file:
            file.write(json.dumps(line) + "\n")
        if self.done % 10 == 0 or self.done == self.recipe.steps:
            log.info("step %s/%s %s", self.done, self.recipe.steps, losses)

    def _forget_later_steps(self) -> None:
        """Steps after the checkpoint are done again, so that their lines go."""
        file = self.folder / LOG
        if not file.exists():
            return
        kept = [
            line
            for line in file.read_text().splitlines(keepends=True)
            # A kill may have cut the last line short.
            if line.endswith("\n") and json.loads(line)["step"] <= self.done
        ]
        fresh = file.with_suffix(".fresh")
        fresh.write_text("".join(kept))
        os.replace(fresh, file)  # noqa: PTH105 (one name for one atomic act)

    def _device(self) -> torch.device:
        return self.model.lm_head.weight.device
