"""Indexer scores and selection: exact sets, the written tie-break, invariance, refusals."""

import pytest
import torch

from kernels.backend import Backend
from kernels.index_topk import index_topk, kernel, reference, sampled, select
from kernels.testing import HALF, poisoned, poisoned_allocations, relative_error


def inputs(
    rows: int, keys: int, heads: int, dim: int, device: str, dtype: torch.dtype, seed: int = 0
) -> tuple[torch.Tensor, ...]:
    g = torch.Generator().manual_seed(seed)
    q = torch.randn(rows, heads, dim, generator=g).to(dtype)
    k = torch.randn(keys, dim, generator=g).to(dtype)
    w = torch.randn(rows, heads, generator=g)
    ends = torch.arange(rows, dtype=torch.int32) + keys - rows + 1
    return tuple(t.to(device) for t in (q, k, w, torch.zeros_like(ends), ends))


def lattice(rows: int, keys: int, heads: int, device: str) -> tuple[torch.Tensor, ...]:
    """Small integers: every product and sum is exact in every format, and most scores tie."""
    g = torch.Generator().manual_seed(1)
    q = torch.randint(-2, 3, (rows, heads, 16), generator=g).to(HALF)
    k = torch.randint(-1, 2, (keys, 16), generator=g).to(HALF)
    w = torch.randint(-1, 2, (rows, heads), generator=g).float()
    ends = torch.arange(rows, dtype=torch.int32) + keys - rows + 1
    return tuple(t.to(device) for t in (q, k, w, torch.zeros_like(ends), ends))


SHAPES = [
    pytest.param(1, 1, 4, 32, 1, id="one-pair"),
    pytest.param(7, 63, 4, 32, 5, id="few-heads"),
    pytest.param(5, 130, 16, 64, 17, id="small-model"),
    pytest.param(3, 111, 6, 48, 100, id="odd-sizes"),
    pytest.param(2, 130, 64, 128, 32, id="full-heads"),
]


@pytest.mark.parametrize(("rows", "keys", "heads", "dim", "topk"), SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, HALF], ids=["fp32", "half"])
def test_scores_match_the_definition(
    rows: int, keys: int, heads: int, dim: int, topk: int, dtype: torch.dtype, device: str
) -> None:
    q, k, w, starts, ends = inputs(rows, keys, heads, dim, device, dtype)
    out = poisoned(rows, keys, dtype=torch.float32, device=device)
    kernel.write_scores(q, k, w, starts, ends, None, out)
    seen = torch.arange(keys, device=device) < ends[:, None]
    assert relative_error(out[seen], reference.index_scores(q, k, w)[seen]) < 1e-5


@pytest.mark.parametrize(("rows", "keys", "heads", "dim", "topk"), SHAPES)
def test_the_selected_scores_are_the_best_ones(
    rows: int, keys: int, heads: int, dim: int, topk: int, device: str
) -> None:
    q, k, w, starts, ends = inputs(rows, keys, heads, dim, device, HALF)
    with poisoned_allocations():
        found = index_topk(q, k, w, starts, ends, topk, backend=Backend.TRITON)
    scores = reference.index_scores(q, k, w)
    expected = reference.select_topk(scores, starts, ends, topk)
    for row in range(rows):
        a, b = (scores[row, i[i >= 0].long()].sort().values for i in (found[row], expected[row]))
        assert relative_error(a, b) < 1e-5
    assert torch.equal(found >= 0, expected >= 0)


@pytest.mark.parametrize("topk", [1, 8, 31])
def test_ties_resolve_to_the_same_keys_as_the_definition(topk: int, device: str) -> None:
    q, k, w, starts, ends = lattice(9, 77, 4, device)
    scores = reference.index_scores(q, k, w)
    assert (scores == 0).float().mean() > 0.1
    found = index_topk(q, k, w, starts, ends, topk, backend=Backend.TRITON)
    assert torch.equal(found, reference.select_topk(scores, starts, ends, topk))


def test_among_equal_scores_later_keys_win() -> None:
    scores = torch.tensor([[0.0, 1.0, -0.0, 0.0, float("nan"), -1.0]])
    starts, ends = torch.tensor([0]), torch.tensor([6])
    picks = [reference.select_topk(scores, starts, ends, k)[0].tolist() for k in (1, 2, 3, 5)]
    assert picks == [[1], [1, 3], [1, 2, 3], [0, 1, 2, 3, 5]]


SPECIAL = {
    "plateau": lambda g: torch.zeros(3, 70),
    "negative-zeros": lambda g: torch.where(torch.rand(3, 70, generator=g) < 0.5, 0.0, -0.0),
    "infinities": lambda g: torch.randn(3, 70, generator=g).masked_fill(
        torch.rand(3, 70, generator=g) < 0.3, float("inf")
    ),
    "mostly-minus-infinity": lambda g: torch.randn(3, 70, generator=g).masked_fill(
        torch.rand(3, 70, generator=g) < 0.9, float("-inf")
    ),
    "not-a-number": lambda g: torch.randn(3, 70, generator=g).masked_fill(
        torch.rand(3, 70, generator=g) < 0.3, float("nan")
    ),
    "huge-range": lambda g: torch.randn(3, 70, generator=g) * 10.0 ** torch.arange(-35, 35),
    "few-values": lambda g: torch.randint(0, 3, (3, 70), generator=g).float(),
}


@pytest.mark.parametrize("topk", [1, 20, 69, 70, 90])
@pytest.mark.parametrize("name", SPECIAL)
def test_selection_of_special_rows(name: str, topk: int, device: str) -> None:
    scores = SPECIAL[name](torch.Generator().manual_seed(2)).to(device)
    starts = torch.tensor([0, 5, 33], dtype=torch.int32, device=device)
    ends = torch.tensor([70, 61, 33], dtype=torch.int32, device=device)
    out = torch.full((3, topk), -1, dtype=torch.int32, device=device)
    select.select_topk(scores, starts, ends, topk, out)
    assert torch.equal(out, reference.select_topk(scores, starts, ends, topk))


def test_rows_longer_than_a_block_select_exactly(device: str) -> None:
    scores = torch.randn(2, 70_001, generator=torch.Generator().manual_seed(3)).to(device)
    scores[1] = scores[1].round()
    starts = torch.tensor([0, 1234], dtype=torch.int32, device=device)
    ends = torch.tensor([70_001, 70_000], dtype=torch.int32, device=device)
    out = torch.full((2, 300), -1, dtype=torch.int32, device=device)
    select.select_topk(scores, starts, ends, 300, out)
    assert torch.equal(out, reference.select_topk(scores, starts, ends, 300))


def test_sampling_never_changes_a_selection(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    g = torch.Generator().manual_seed(4)
    scores = torch.randn(7, 5120, generator=g)
    scores[1] = scores[1].round(decimals=1)
    scores[2] = 0.0
    # The sample, 8 of every 20 keys, misses the best ones.
    scores[3, torch.arange(5120) % 20 >= 8] += 10
    scores[4, 2000:2400] = float("nan")
    scores[5, ::2] = float("-inf")
    scores = scores.to(device)
    starts = torch.tensor([0, 17, 0, 0, 0, 100, 4000], dtype=torch.int32, device=device)
    ends = torch.tensor([5120, 4990, 5000, 5120, 5000, 5000, 4100]).int().to(device)
    out = torch.full((7, 250), -1, dtype=torch.int32, device=device)
    expected = reference.select_topk(scores, starts, ends, 250)
    with poisoned_allocations():
        left = sampled.select(scores, starts, ends, 250, out)
    known = left == starts
    assert known.tolist() == [True, True, False, False, True, True, True]
    assert torch.equal(out[known], expected[known])
    assert (out[~known] == -1).all()
    monkeypatch.setattr(sampled, "worthwhile", lambda *sizes: True)
    out.fill_(-1)
    select.select_topk(scores, starts, ends, 250, out)
    assert torch.equal(out, expected)


def test_batch_and_chunks_do_not_change_the_selection(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    q, k, w, starts, ends = inputs(13, 90, 4, 32, device, HALF)
    whole = index_topk(q, k, w, starts, ends, 11, backend=Backend.TRITON)
    monkeypatch.setattr(kernel, "SCRATCH_ELEMENTS", 90 * 4)
    assert torch.equal(whole, index_topk(q, k, w, starts, ends, 11, backend=Backend.TRITON))
    for i in (0, 5, 12):
        one = index_topk(
            q[i : i + 1], k[: ends[i]], w[i : i + 1], starts[i : i + 1], ends[i : i + 1], 11,
            backend=Backend.TRITON,
        )  # fmt: skip
        assert torch.equal(one[0], whole[i])


def test_fp8_keys_apply_their_scale_after_the_head_sum(device: str) -> None:
    from model.quantise import quantise_e4m3

    q, k, w, starts, ends = inputs(4, 50, 4, 32, device, torch.float32)
    q8, k8 = quantise_e4m3(q), quantise_e4m3(k * torch.rand(50, 1, device=device))
    arguments = (q8.values, k8.values, w * q8.scale, starts, ends, 9)
    found = index_topk(*arguments, k_scale_S=k8.scale, backend=Backend.TRITON)
    expected = index_topk(*arguments, k_scale_S=k8.scale, backend=Backend.REFERENCE)
    assert torch.equal(found, expected)
    assert not torch.equal(found, index_topk(*arguments, backend=Backend.REFERENCE))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_selects_what_the_cpu_selects() -> None:
    q, k, w, starts, ends = lattice(200, 3000, 8, "cpu")
    on_cpu = index_topk(q, k, w, starts, ends, 64)
    on_gpu = index_topk(*(t.cuda() for t in (q, k, w, starts, ends)), 64)
    for _ in range(100):
        assert torch.equal(on_gpu.cpu(), on_cpu)
        on_gpu = index_topk(*(t.cuda() for t in (q, k, w, starts, ends)), 64)


@pytest.mark.parametrize("backend", Backend)
def test_unusable_arguments_are_refused_by_name(backend: Backend, device: str) -> None:
    q, k, w, starts, ends = inputs(3, 9, 4, 32, device, HALF)

    def call(**changes: object) -> None:
        given = {"q_TID": q, "k_SD": k, "w_TI": w, "starts_T": starts, "ends_T": ends, "topk": 2}
        index_topk(**{**given, **changes}, backend=backend)  # type: ignore[arg-type]

    for name, value in {
        "k_SD": k[:, :16],
        "w_TI": w[:2],
        "q_TID": q.double(),
        "topk": 0,
        "starts_T": starts[:1],
        "k_scale_S": torch.ones(4, device=device),
    }.items():
        with pytest.raises(ValueError, match=name):
            call(**{name: value})
    with pytest.raises(ValueError, match="k_SD: the last dimension must be contiguous"):
        call(k_SD=torch.randn(32, 9, device=device).to(HALF).T)


@pytest.mark.parametrize("backend", Backend)
def test_a_broadcast_range_is_refused_before_it_is_read_past(backend: Backend, device: str) -> None:
    q, k, w, starts, ends = inputs(3, 9, 4, 32, device, HALF)
    with pytest.raises(ValueError, match="starts_T: the last dimension must be contiguous"):
        index_topk(q, k, w, starts[:1].expand(3), ends, 2, backend=backend)


@pytest.mark.parametrize("backend", Backend)
def test_no_queries_and_no_keys_are_fine(backend: Backend, device: str) -> None:
    q, k, w, starts, ends = inputs(3, 9, 4, 32, device, HALF)
    none = index_topk(q[:0], k, w[:0], starts[:0], ends[:0], 4, backend=backend)
    assert none.shape == (0, 4)
    empty = index_topk(q, k[:0], w, starts, starts, 4, backend=backend)
    assert (empty == -1).all()
