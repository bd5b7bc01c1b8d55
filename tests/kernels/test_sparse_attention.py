"""Sparse MLA attention: forward, shared gathers and all gradients against the definition."""

import pytest
import torch

from kernels.backend import Backend
from kernels.sparse_backward import reference as backward_reference
from kernels.sparse_backward import sparse_attention, sparse_backward
from kernels.sparse_prefill import kernel, reference, sparse_prefill, union
from kernels.testing import HALF, poisoned_allocations, relative_error

HALF_ERROR = 4e-3 if HALF is torch.float16 else 1e-2


def inputs(
    queries: int, keys: int, heads: int, v_dim: int, rope: int, picked: int,
    dtype: torch.dtype, device: str,
) -> tuple[torch.Tensor, ...]:  # fmt: skip
    """Random queries and rows; each query picks distinct keys in any order, some places unused."""
    g = torch.Generator().manual_seed(0)
    q = torch.randn(queries, heads, v_dim + rope, generator=g)
    kv = torch.randn(keys, v_dim + rope, generator=g)
    picks = torch.full((queries, picked), -1)
    for t in range(queries):
        count = min(
            picked, keys, int(torch.randint(0, picked + 1, (), generator=g)) if t else picked
        )
        places = torch.randperm(picked, generator=g)[:count]
        picks[t, places] = torch.randperm(keys, generator=g)[:count]
    indices = picks.to(torch.int32)
    return q.to(device, dtype), kv.to(device, dtype), indices.to(device)


HOPPER = pytest.mark.skipif(
    not torch.cuda.is_available() or torch.cuda.get_device_capability()[0] != 9,
    reason="needs a Hopper device",
)

SHAPES = [
    # queries, keys, heads, v_dim, rope, picked
    pytest.param((1, 3, 4, 32, 16, 2), id="one-query"),
    pytest.param((9, 63, 4, 32, 16, 20), id="four-heads"),
    pytest.param((5, 130, 9, 48, 8, 33), id="odd-sizes"),
    pytest.param((3, 70, 16, 64, 0, 70), id="no-rope"),
    pytest.param((2, 50, 80, 32, 16, 31), id="two-head-blocks"),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("dtype", "limit"), [(torch.float32, 1e-5), (HALF, HALF_ERROR)], ids=["fp32", "half"]
)
def test_forward_matches_the_definition(
    shape: tuple[int, ...],
    dtype: torch.dtype,
    limit: float,
    device: str,
    request: pytest.FixtureRequest,
) -> None:
    q, kv, indices = inputs(*shape, dtype, device)
    scale, v_dim = 0.1, shape[3]
    expected = reference.sparse_prefill(q.float(), kv.float(), indices, scale, v_dim)
    with poisoned_allocations():
        found = sparse_prefill(q, kv, indices, scale, v_dim, backend=Backend.TRITON)
    assert relative_error(found.out_THV, expected.out_THV) < limit
    some = expected.lse_TH.isfinite()
    assert torch.equal(found.lse_TH.isfinite(), some)
    assert (found.lse_TH - expected.lse_TH)[some].abs().max() < 10 * limit


@pytest.mark.parametrize("group", [1, 2, 4, 8])
def test_sharing_a_gather_changes_nothing(group: int, device: str) -> None:
    q, kv, indices = inputs(11, 63, 8, 32, 16, 20, torch.float32, device)
    expected = reference.sparse_prefill(q, kv, indices, 0.1, 32)
    with poisoned_allocations():
        found = kernel.sparse_prefill(q, kv, indices, 0.1, 32, group=group)
    assert relative_error(found.out_THV, expected.out_THV) < 1e-5


@pytest.mark.gpu
@HOPPER
@pytest.mark.parametrize("heads", [4, 8, 16, 64, 100])
@pytest.mark.parametrize("v_dim", [128, 512])
def test_the_hopper_path_matches_the_definition(heads: int, v_dim: int) -> None:
    from kernels.sparse_prefill import hopper

    q, kv, indices = inputs(37, 333, heads, v_dim, 64, 130, HALF, "cuda")
    assert hopper.fits(q, v_dim)
    kv[0] = float("nan")
    indices[indices == 0] = -1
    scale = q.shape[-1] ** -0.5
    expected = reference.sparse_prefill(q.float(), kv.float(), indices, scale, v_dim)
    with poisoned_allocations():
        found = sparse_prefill(q, kv, indices, scale, v_dim)
    assert relative_error(found.out_THV, expected.out_THV) < HALF_ERROR
    some = expected.lse_TH.isfinite()
    assert (found.lse_TH - expected.lse_TH)[some].abs().max() < 2e-2


def test_marks_made_in_blocks_give_the_same_unions(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, indices = inputs(11, 63, 8, 32, 16, 20, torch.float32, device)
    whole = union.unite(indices, 63, 4)
    for g in range(3):
        rows = indices[4 * g : 4 * g + 4]
        members = sorted({k for k in rows.flatten().tolist() if k >= 0})
        count = int(whole.count_G[g])
        assert whole.index_GU[g, :count].tolist() == members
        bits = [sum(1 << i for i, row in enumerate(rows.tolist()) if k in row) for k in members]
        assert whole.bits_GU[g, :count].tolist() == bits
    monkeypatch.setattr(union, "MARK_BYTES", 63 * 4)
    again = union.unite(indices, 63, 4)
    for g in range(3):
        count = int(whole.count_G[g])
        assert torch.equal(again.index_GU[g, :count], whole.index_GU[g, :count])


def test_unselected_rows_may_hold_anything(device: str) -> None:
    q, kv, indices = inputs(4, 40, 4, 32, 16, 10, torch.float32, device)
    expected = sparse_prefill(q, kv, indices, 0.1, 32, backend=Backend.TRITON)
    used = torch.zeros(40, dtype=torch.bool, device=device)
    used[indices[indices >= 0].long()] = True
    kv[~used] = float("nan")
    found = sparse_prefill(q, kv, indices, 0.1, 32, backend=Backend.TRITON)
    assert torch.equal(found.out_THV, expected.out_THV)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("dtype", "limit"), [(torch.float32, 1e-5), (HALF, HALF_ERROR)], ids=["fp32", "half"]
)
def test_gradients_match_the_definition(
    shape: tuple[int, ...], dtype: torch.dtype, limit: float, device: str
) -> None:
    q, kv, indices = inputs(*shape, dtype, device)
    scale, v_dim = 0.1, shape[3]
    out, lse = reference.sparse_prefill(q, kv, indices, scale, v_dim)
    g = torch.Generator().manual_seed(7)
    dout = torch.randn(out.shape, generator=g).to(device, dtype)
    expected = backward_reference.sparse_backward(dout, q, kv, indices, out, lse, scale)
    with poisoned_allocations():
        found = sparse_backward(dout, q, kv, indices, out, lse, scale, backend=Backend.TRITON)
    assert relative_error(found.dq_THC, expected.dq_THC) < limit
    assert relative_error(found.dkv_SC, expected.dkv_SC) < limit


def test_the_written_out_gradients_are_those_of_autograd(device: str) -> None:
    q, kv, indices = inputs(9, 63, 4, 32, 16, 20, torch.float32, device)
    q.requires_grad_()
    kv.requires_grad_()
    dout = torch.randn(9, 4, 32, generator=torch.Generator().manual_seed(8)).to(device)
    plain = reference.sparse_prefill(q, kv, indices, 0.1, 32).out_THV
    expected = torch.autograd.grad(plain, (q, kv), dout)
    for backend in Backend:
        out = sparse_attention(q, kv, indices, 0.1, 32, backend=backend)
        found = torch.autograd.grad(out, (q, kv), dout)
        for a, b in zip(found, expected, strict=True):
            assert relative_error(a, b) < 1e-5


def test_gradients_are_the_same_bits_on_every_run(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    q, kv, indices = inputs(12, 63, 4, 32, 16, 20, HALF, device)
    out, lse = sparse_prefill(q, kv, indices, 0.1, 32, backend=Backend.TRITON)
    dout = torch.randn(out.shape, generator=torch.Generator().manual_seed(9)).to(device, HALF)
    runs = [
        sparse_backward(dout, q, kv, indices, out, lse, 0.1, backend=Backend.TRITON)
        for _ in range(3)
    ]
    for run in runs[1:]:
        assert torch.equal(run.dq_THC, runs[0].dq_THC)
        assert torch.equal(run.dkv_SC, runs[0].dkv_SC)


@pytest.mark.parametrize("backend", Backend)
def test_unusable_arguments_are_refused_by_name(backend: Backend, device: str) -> None:
    q, kv, indices = inputs(3, 20, 4, 32, 16, 5, torch.float32, device)

    def call(**changes: object) -> None:
        given = {"q_THC": q, "kv_SC": kv, "indices_TK": indices, "scale": 1.0, "v_dim": 32}
        sparse_prefill(**{**given, **changes}, backend=backend)  # type: ignore[arg-type]

    wrong: dict[str, object] = {
        "kv_SC": kv[:, :40],
        "q_THC": q.int(),
        "indices_TK": indices.long(),
        "v_dim": 49,
    }
    if device == "cpu":
        wrong["indices_TK: entries must be -1 or in 0..19"] = torch.full_like(indices, 20)
    for name, value in wrong.items():
        with pytest.raises(ValueError, match=name):
            call(**{name.split(":")[0]: value})
    with pytest.raises(ValueError, match="kv_SC: the last dimension must be contiguous"):
        call(kv_SC=torch.randn(48, 20, device=device).T)


@pytest.mark.parametrize("backend", Backend)
def test_no_queries_and_no_picks_are_fine(backend: Backend, device: str) -> None:
    q, kv, indices = inputs(3, 20, 4, 32, 16, 5, torch.float32, device)
    assert sparse_prefill(q[:0], kv, indices[:0], 1.0, 32, backend=backend).out_THV.shape == (
        0,
        4,
        32,
    )
    out, lse = sparse_prefill(q, kv, torch.full_like(indices, -1), 1.0, 32, backend=backend)
    assert (out == 0).all()
    assert (lse == float("-inf")).all()
