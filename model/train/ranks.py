"""Several GPUs on one stage: every rank takes its share of a step's rows, gradients are summed.

    torchrun --standalone --nproc-per-node 2 -m model.train sft --rows runs/sft

All ranks draw the same rows and make the same update; only the first writes.
"""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from model.train.batches import Row


class Ranks(NamedTuple):
    """Which of how many processes this is."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes."""
        return self.rank == 0

    def share(self, items: Sequence[Row]) -> Sequence[Row]:
        """What this process works on."""
        return items[self.rank :: self.size]

    def add(self, tensors: Iterable[Tensor]) -> None:
        """Sums over processes, in place."""
        if self.size > 1:
            for tensor in tensors:
                dist.all_reduce(tensor)

    def any(self, here: bool, device: torch.device) -> bool:
        """Whether it is so in any process; all must ask."""
        asked = torch.tensor(float(here), device=device)
        self.add((asked,))
        return bool(asked)


def join(device: str) -> Ranks:
    """The ranks that torchrun started; a single one without it."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Ranks()
    rank = int(os.environ["LOCAL_RANK"])
    if device == "cuda":
        torch.cuda.set_device(rank)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device == "cuda" else "gloo")
    return Ranks(rank, size)
