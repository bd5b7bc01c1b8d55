"""Shapes of the sparse forward benchmark: 576/512 rows, top-k 2048, bfloat16."""

from collections.abc import Callable

from kernels.case import Case, bf16, random_picks
from kernels.sparse_prefill import sparse_prefill

WIDTH, V_DIM, TOPK = 576, 512, 2048
SCALE = 192**-0.5


def _call(
    queries: int, keys: int, heads: int, causal: bool, shared: float
) -> Callable[[], Callable[[], object]]:
    def make() -> Callable[[], object]:
        q, kv = bf16(queries, heads, WIDTH), bf16(keys, WIDTH)
        picks = random_picks(queries, keys, TOPK, causal=causal, shared=shared)
        return lambda: sparse_prefill(q, kv, picks, SCALE, V_DIM)

    return make


def _case(heads: int, anchor: str, target_ms: float, shared: float = 0.0) -> Case:
    where = f", {shared:.0%} shared priorities" if shared else ", independent picks"
    return Case(
        name="sparse_prefill",
        shape=f"4096 x 8192, {heads} heads{where}",
        make=_call(4096, 8192, heads, False, shared),
        teraflop=4096 * TOPK * heads * (WIDTH + V_DIM) * 2 / 1e12,
        anchor=anchor,
        target_ms=target_ms,
    )


CASES = [
    Case(
        name="sparse_prefill",
        shape="2119 x 2119 causal, 8 heads",
        make=_call(2119, 2119, 8, True, 0.0),
        teraflop=2119 * 2120 / 2 * 8 * (WIDTH + V_DIM) * 2 / 1e12,
        anchor="FlashMLA (padded) 1.026 ms",
        target_ms=0.5,
    ),
    _case(16, "FlashMLA (padded) 2.11 ms", 0.8),
    _case(16, "FlashMLA (padded) 2.11 ms", 0.8, shared=0.9),
    _case(64, "FlashMLA 2.11 ms", 2.11),
    _case(128, "FlashMLA 4.10 ms", 4.10),
]
