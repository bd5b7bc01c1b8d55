"""The indexer's KL loss, both stages: value and gradients against float64 and by hand."""

import math

import pytest
import torch

from kernels.backend import Backend
from kernels.index_loss import index_loss, kernel
from kernels.testing import HALF, poisoned_allocations, relative_error


def inputs(
    queries: int, keys: int, heads: int, width: int, index_heads: int, dim: int,
    dtype: torch.dtype, device: str,
) -> dict[str, torch.Tensor]:  # fmt: skip
    g = torch.Generator().manual_seed(0)

    def draw(*sizes: int) -> torch.Tensor:
        return torch.randn(*sizes, generator=g).to(device)

    ends = torch.arange(queries, dtype=torch.int32, device=device) + keys - queries + 1
    return {
        "q_TID": draw(queries, index_heads, dim).to(dtype),
        "k_SD": draw(keys, dim).to(dtype),
        "w_TI": draw(queries, index_heads) / dim**0.5,
        "q_THC": draw(queries, heads, width).to(dtype),
        "kv_SC": draw(keys, width).to(dtype),
        "starts_T": torch.zeros_like(ends),
        "ends_T": ends,
    }


def selection(given: dict[str, torch.Tensor], picked: int) -> torch.Tensor:
    """Distinct visible keys of each query, the last query with none at all."""
    g = torch.Generator().manual_seed(1)
    rows = []
    for end in given["ends_T"].tolist():
        keys = torch.randperm(end, generator=g)[:picked]
        rows.append(torch.nn.functional.pad(keys, (0, picked - len(keys)), value=-1))
    out = torch.stack(rows).to(torch.int32)
    out[-1] = -1
    return out.to(given["k_SD"].device)


def run(
    given: dict[str, torch.Tensor], indices: torch.Tensor | None, backend: Backend
) -> list[torch.Tensor]:
    leaves = {
        n: given[n].clone().requires_grad_() for n in ("q_TID", "k_SD", "w_TI", "q_THC", "kv_SC")
    }
    loss = index_loss(**{**given, **leaves}, indices_TK=indices, scale=0.1, backend=backend)
    loss.backward()
    assert leaves["q_THC"].grad is None
    assert leaves["kv_SC"].grad is None
    return [loss.detach(), *(leaves[n].grad for n in ("q_TID", "k_SD", "w_TI"))]


SHAPES = [
    pytest.param((3, 5, 4, 40, 2, 16), id="tiny"),
    pytest.param((9, 63, 16, 48, 5, 48), id="odd-sizes"),
    pytest.param((4, 70, 70, 40, 16, 64), id="two-head-blocks"),
]


@pytest.mark.parametrize("stage", ["warm-up", "sparse"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("dtype", "limit"), [(torch.float32, 1e-4), (HALF, 2e-2)], ids=["fp32", "half"]
)
def test_loss_and_gradients_match_the_definition(
    shape: tuple[int, ...], stage: str, dtype: torch.dtype, limit: float, device: str
) -> None:
    given = inputs(*shape, dtype, device)
    indices = selection(given, 4) if stage == "sparse" else None
    exact = {n: t.float() if t.is_floating_point() else t for n, t in given.items()}
    expected = run(exact, indices, Backend.REFERENCE)
    with poisoned_allocations():
        found = run(given, indices, Backend.TRITON)
    for name, a, b in zip(("loss", "dq", "dk", "dw"), found, expected, strict=True):
        assert relative_error(a, b) < limit, name


def test_blocks_of_queries_give_the_same_loss(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = inputs(9, 63, 4, 40, 4, 32, torch.float32, device)
    whole = run(given, None, Backend.TRITON)
    monkeypatch.setattr(kernel, "BLOCK_BYTES", 2 * 63 * (32 * 4 + 32))
    for a, b in zip(run(given, None, Backend.TRITON), whole, strict=True):
        assert relative_error(a, b) < 1e-6


def test_key_gradients_are_the_same_bits_on_every_run(device: str) -> None:
    given = inputs(9, 63, 4, 40, 4, 32, HALF, device)
    runs = [run(given, selection(given, 20), Backend.TRITON) for _ in range(3)]
    assert all(torch.equal(a, b) for r in runs[1:] for a, b in zip(r, runs[0], strict=True))


@pytest.mark.parametrize("backend", Backend)
def test_two_keys_by_hand(backend: Backend, device: str) -> None:
    # Equal logits give p = (1/2, 1/2); scores 2 and 0 give softmax = (e^2, 1) / (1 + e^2).
    given = {
        "q_TID": torch.tensor([[[1.0, 0.0]]]),
        "k_SD": torch.tensor([[1.0, 0.0], [-1.0, 0.0]]),
        "w_TI": torch.tensor([[2.0]]),
        "q_THC": torch.zeros(1, 3, 16),
        "kv_SC": torch.ones(2, 16),
        "starts_T": torch.tensor([0], dtype=torch.int32),
        "ends_T": torch.tensor([2], dtype=torch.int32),
    }
    given = {n: t.to(device) for n, t in given.items()}
    loss, dq, dk, dw = run(given, None, backend)
    share = math.exp(2) / (1 + math.exp(2))
    assert float(loss) == pytest.approx(
        0.5 * math.log(0.5 / share) + 0.5 * math.log(0.5 / (1 - share)), rel=1e-5
    )
    # dI = softmax - p is (share - 1/2) for the first key; the second never passes the ReLU.
    slope = share - 0.5
    assert dw.flatten().tolist() == pytest.approx([slope], rel=1e-5)
    assert dq.flatten().tolist() == pytest.approx([2 * slope, 0.0], rel=1e-5)
    assert dk.flatten().tolist() == pytest.approx([2 * slope, 0.0, 0.0, 0.0], rel=1e-5)


def test_the_reference_gradients_pass_a_numerical_check(device: str) -> None:
    given = inputs(3, 7, 4, 40, 2, 16, torch.float32, device)
    base = run(given, None, Backend.REFERENCE)
    g = torch.Generator().manual_seed(2)
    for place, name in enumerate(("q_TID", "k_SD", "w_TI"), start=1):
        step = torch.randn(given[name].shape, generator=g).to(device)
        values = [
            float(run({**given, name: given[name] + h * step}, None, Backend.REFERENCE)[0])
            for h in (1e-3, -1e-3)
        ]
        slope = float((base[place] * step).sum())
        assert (values[0] - values[1]) / 2e-3 == pytest.approx(slope, rel=2e-2)


@pytest.mark.parametrize("backend", Backend)
def test_unusable_arguments_are_refused_by_name(backend: Backend, device: str) -> None:
    given = inputs(3, 7, 4, 40, 2, 16, torch.float32, device)
    wrong = {
        "k_SD": given["k_SD"][:, :1],
        "w_TI": given["w_TI"][:, :1],
        "q_THC": given["q_THC"][:1],
        "kv_SC": given["kv_SC"][:1],
        "ends_T": given["ends_T"][:1],
    }
    for name, value in wrong.items():
        with pytest.raises(ValueError, match=name):
            index_loss(**{**given, name: value}, indices_TK=None, scale=1.0, backend=backend)
