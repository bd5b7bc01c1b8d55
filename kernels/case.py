"""What a `bench.py` declares: named shapes with something to time and what to hold it against."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One timed call; `make` allocates its inputs and returns the call."""

    name: str
    shape: str
    make: Callable[[], Callable[[], object]]
    teraflop: float = 0.0
    """Useful arithmetic of one call, without padding and masked pairs; 0 where bytes are the cost."""
    gigabyte: float = 0.0
    """Bytes one call must move; 0 where arithmetic is the cost."""
    anchor: str = ""
    """The public figure to beat, with its source."""
    target_ms: float | None = None
    """None: no target was set."""


def random_picks(
    num_queries: int, num_keys: int, num_picked: int, *, causal: bool = False, shared: float = 0.0
) -> Tensor:
    """Ascending random selections on CUDA; `shared` in [0, 1) makes neighbouring queries agree.

    Priorities are drawn once per query and, with weight `shared`, once per 64 queries.
    """
    generator = torch.Generator(device="cuda").manual_seed(0)
    priority = torch.rand(num_queries, num_keys, device="cuda", generator=generator)
    if shared:
        common = torch.rand(num_queries // 64 + 1, num_keys, device="cuda", generator=generator)
        common = common.repeat_interleave(64, 0)[:num_queries]
        priority = (1 - shared) * priority + shared * common
    if causal:
        end = torch.arange(num_queries, device="cuda")[:, None] + num_keys - num_queries
        priority[torch.arange(num_keys, device="cuda") > end] = -1
    best = priority.topk(min(num_picked, num_keys), dim=-1)
    picks = torch.where(best.values < 0, num_keys, best.indices).sort(-1).values
    return torch.where(picks == num_keys, -1, picks).to(torch.int32)


def bf16(*sizes: int) -> Tensor:
    """Standard normal bfloat16 numbers on CUDA."""
    return torch.randn(*sizes, device="cuda").bfloat16()
