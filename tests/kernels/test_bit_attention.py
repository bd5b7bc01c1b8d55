"""Attention under bits, its selection and the indexer's loss against their definitions."""

import pytest
import torch

from kernels.backend import Backend
from kernels.bit_attention import attend, select_bits
from kernels.bit_attention.reference import pack, unpack
from kernels.bit_loss import bit_loss
from kernels.testing import relative_error

SHAPES = [
    pytest.param((1, 5, 2, 1, 16, 2), id="tiny"),
    pytest.param((2, 130, 3, 3, 32, 4), id="odd"),
    pytest.param((2, 64, 6, 2, 16, 4), id="one-tile"),
]


def draw(shape: tuple[int, ...], device: str) -> dict[str, torch.Tensor]:
    batch, tokens, heads, groups, dim, index_heads = shape
    g = torch.Generator().manual_seed(1)

    def new(*sizes: int) -> torch.Tensor:
        return torch.randn(*sizes, generator=g).to(device)

    return {
        "q": new(batch, tokens, heads, dim),
        "k": new(batch, tokens, groups, dim),
        "v": new(batch, tokens, groups, dim),
        "iq": new(batch, tokens, index_heads, dim),
        "ik": new(batch, tokens, dim),
        "iw": new(batch, tokens, index_heads) / dim,
    }


def words(x: dict[str, torch.Tensor], kind: str) -> torch.Tensor | None:
    return None if kind == "all" else select_bits(x["iq"], x["ik"], x["iw"], 4)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_selection_is_that_of_the_reference(shape: tuple[int, ...], device: str) -> None:
    x = draw(shape, device)
    # Ties at zero and between equal keys are the rule, not the exception.
    x["ik"][:, ::3] = x["ik"][:, :1]
    for topk in (1, 4, 1000):
        found, expected = (
            select_bits(x["iq"], x["ik"], x["iw"], topk, backend=b)
            for b in (Backend.TRITON, Backend.REFERENCE)
        )
        assert torch.equal(found, expected)


@pytest.mark.parametrize("kind", ["all", "selected"])
@pytest.mark.parametrize("shape", SHAPES)
def test_attention_and_its_gradients_are_those_of_the_reference(
    shape: tuple[int, ...], kind: str, device: str
) -> None:
    given = draw(shape, device)
    chosen = words(given, kind)
    results = []
    for backend in (Backend.TRITON, Backend.REFERENCE):
        q, k, v = (given[n].clone().requires_grad_() for n in "qkv")
        out, lse = attend(q, k, v, chosen, 0.2, backend=backend)
        (out * torch.linspace(-1, 1, out.numel(), device=device).view_as(out)).sum().backward()
        results.append([out, lse, q.grad, k.grad, v.grad])
    for name, found, expected in zip(("out", "lse", "dq", "dk", "dv"), *results, strict=True):
        assert relative_error(found, expected) < 1e-5, name


@pytest.mark.parametrize("kind", ["all", "selected"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_loss_and_its_gradients_are_those_of_the_reference(
    shape: tuple[int, ...], kind: str, device: str
) -> None:
    given = draw(shape, device)
    chosen = words(given, kind)
    lengths = torch.tensor([shape[1], 3, 1][: shape[0]], device=device)
    lse = attend(given["q"], given["k"], given["v"], chosen, 0.2)[1]
    results = []
    for backend in (Backend.TRITON, Backend.REFERENCE):
        leaves = [given[n].clone().requires_grad_() for n in ("iq", "ik", "iw")]
        loss = bit_loss(*leaves, given["q"], given["k"], lse, chosen, lengths, 0.2, backend=backend)
        (2 * loss).backward()
        results.append([loss, *(leaf.grad for leaf in leaves)])
    for name, found, expected in zip(("loss", "dq", "dk", "dw"), *results, strict=True):
        assert relative_error(found, expected) < 1e-4, name


def test_a_query_without_keys_gives_nothing_and_learns_nothing(device: str) -> None:
    given = draw((1, 20, 2, 1, 16, 2), device)
    mask = torch.ones(1, 20, 20, dtype=torch.bool, device=device).tril()
    mask[0, 7] = False
    given["q"].requires_grad_()
    out, lse = attend(given["q"], given["k"], given["v"], pack(mask), 0.3, backend=Backend.TRITON)
    out.sum().backward()
    assert not out[0, 7].any()
    assert bool(lse[0, :, 7].isinf().all())
    assert given["q"].grad is not None
    assert not given["q"].grad[0, 7].any()


def test_bits_come_back_as_they_were_packed() -> None:
    mask = torch.rand(2, 70, 70, generator=torch.Generator().manual_seed(0)) < 0.5
    assert torch.equal(unpack(pack(mask), 70, mask.device), mask)
