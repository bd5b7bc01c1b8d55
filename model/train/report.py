"""Measures of the trained stages side by side with the dense base: a table, a JSON file, curves."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from data.errors import UserError
from data.hashing import derive_rng
from model.absorb import absorb
from model.base import read
from model.delta import apply_delta, read_manifest
from model.markers import renamed
from model.train.batches import Row, batches
from model.train.checkpoint import newest_weights
from model.train.evaluate import code, found_needles, learnt, needle, perplexity, selections
from model.train.loop import LOG
from model.train.stages import ORDER, trained
from model.transformer import Transformer

log = logging.getLogger(__name__)
LENGTHS = (2048, 4096, 8192)
TEXTS = 6
"""Held-out stretches of each length."""
DEPTHS = (0.1, 0.3, 0.5, 0.7, 0.9)
ROW_TOKENS = 32768
"""Of held-out rows at a time."""
NEEDLES = 4
"""Of each depth and length."""
SAID, ASKED = "\n\nThe secret number of the tower is ", "\n\nThe secret number of the tower is "


def report(
    stage: str,
    runs: Path,
    text_N: Tensor,
    tokenizer: Tokenizer,
    out: Path,
    device: str,
    *,
    rows: Sequence[Row] = (),
    delta: Path | None = None,
    cut: bool = False,
) -> dict[str, Any]:
    """Measures the base, every stage up to `stage`, and what `delta` holds.

    Writes `measures.json` and `losses.png` into `out`. `rows` are held-out rows of an export.
    """
    need = max(LENGTHS) + 1
    if len(text_N) < need:
        raise UserError(f"the held-out text has {len(text_N)} tokens; {need} are needed")
    out.mkdir(parents=True, exist_ok=True)
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    found: dict[str, dict[str, float]] = {}

    def add(name: str, model: Transformer) -> None:
        model = model.to(device=device, dtype=dtype)
        found[name] = measure(model, text_N, tokenizer, device, rows)
        (out / "measures.json").write_text(json.dumps(found, indent=2) + "\n")

    add("base, dense", absorb(renamed(read()), None))
    for name in ORDER[: ORDER.index(stage) + 1]:
        if newest_weights(runs / name) is not None:
            add(name, trained(name, runs, cut=cut).model)
    if delta is not None:
        shipped = absorb(renamed(read()), read_manifest(delta).index_topk)
        apply_delta(shipped, delta)
        add("shipped", shipped)
    log.info("%s", table(found))
    plot(runs, out / "losses.png")
    return found


def measure(
    model: Transformer, text_N: Tensor, tokenizer: Tokenizer, device: str, rows: Sequence[Row]
) -> dict[str, float]:
    """Perplexity, needles, rows and, where keys are selected, what the selection recalls."""
    measures: dict[str, float] = {}
    if rows:
        parts = batches(rows, ROW_TOKENS)
        measures["loss on rows"], measures["tokens right on rows"] = learnt(model, parts, device)
    for length in LENGTHS:
        rng = derive_rng("held out", length)
        starts = [rng.randrange(len(text_N) - length + 1) for _ in range(TEXTS)]
        ids_BT = torch.stack([text_N[at : at + length] for at in starts]).to(device)
        measures[f"perplexity {length}"] = perplexity(model, ids_BT)
        if length > model.config.index_topk:
            each = torch.tensor([selections(model, ids_BT[i : i + 1], i) for i in (0, 1)])
            names = ("recall", "recall window", "recall random", "recall oracle",
                     "overlap", "overlap window", "overlap random")  # fmt: skip
            for name, value in zip(names, each.mean(0).tolist(), strict=True):
                measures[f"{name} {length}"] = value
        measures[f"needles {length}"] = _needles(model, text_N, tokenizer, length, device)
    return measures


def _needles(
    model: Transformer, text_N: Tensor, tokenizer: Tokenizer, length: int, device: str
) -> float:
    said, asked = (torch.tensor(tokenizer.encode(text).ids) for text in (SAID, ASKED))
    digits = [tokenizer.encode(str(d)).ids[-1] for d in range(10)]
    needles = []
    for depth in DEPTHS:
        for number in range(NEEDLES):
            rng = derive_rng("needle", length, str(depth), number)
            start = rng.randrange(len(text_N) - length + 1)
            filler = text_N[start : start + length].long()
            one = needle(filler, said, asked, code(rng, digits), length, depth)
            needles.append(one._replace(ids_T=one.ids_T.to(device)))
    return found_needles(model, needles)


def table(found: dict[str, dict[str, float]]) -> str:
    """Rows are measures, columns the models."""
    names = list(dict.fromkeys(name for measures in found.values() for name in measures))
    lines = ["| measure | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
    for name in names:
        cells = [f"{m[name]:.3f}" if name in m else "" for m in found.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def plot(runs: Path, file: Path) -> None:
    """Loss curves of the stages that have been trained; nothing without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        log.info("matplotlib is not installed: no %s", file.name)
        return
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    curves: list[tuple[str, list[int], list[float]]] = []
    for name in (name for name in ORDER if (runs / name / LOG).exists()):
        lines = [json.loads(line) for line in (runs / name / LOG).read_text().splitlines()]
        steps = [line["step"] for line in lines]
        for field in ("language", "indexer"):
            values = [line[field] for line in lines]
            # The warm-up has no language loss.
            if any(values):
                curves.append((f"{name}: {field}", steps, values))
    figure, axes = plt.subplots(1, len(curves), figsize=(3.2 * len(curves), 2.8), squeeze=False)
    for axis, (title, steps, values) in zip(axes[0], curves, strict=True):
        axis.plot(steps, values, linewidth=0.8)
        axis.set_title(title)
        axis.set_xlabel("step")
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(file, dpi=90)
    plt.close(figure)
