"""The paged cache: fused writes, selection and attention for decoding, 16-bit and fp8 rows."""

import pytest
import torch

from kernels.backend import Backend
from kernels.cache_write import CacheLayout, NewRows, Norms, cache_write
from kernels.cache_write.reference import finish, hadamard_matrix
from kernels.paged_topk import paged_topk
from kernels.sparse_decode import kernel as decode_kernel
from kernels.sparse_decode import sparse_decode
from kernels.testing import HALF, relative_error
from model.quantise import hadamard, quantise_e4m3

PAGE, PAGES = 8, 24
SIZES = [
    pytest.param((32, 8, 16), id="tiny"),
    pytest.param((192, 16, 64), id="partial-tile"),
    pytest.param((512, 64, 128), id="full-size"),
]
FORMATS = [pytest.param(False, id="plain"), pytest.param(True, id="fp8")]


def new_rows(layout: CacheLayout, count: int, device: str) -> tuple[NewRows, Norms]:
    g = torch.Generator().manual_seed(count)

    def draw(*sizes: int) -> torch.Tensor:
        return torch.randn(*sizes, generator=g).to(device)

    angle = draw(count, layout.rope_dim // 2)
    rows = NewRows(
        3 * draw(count, layout.v_dim).to(layout.dtype),
        draw(count, layout.rope_dim).to(layout.dtype),
        draw(count, layout.index_dim).to(layout.dtype),
        angle.cos(),
        angle.sin(),
    )
    norms = Norms(
        1 + draw(layout.v_dim) / 8, 1e-6, 1 + draw(layout.index_dim) / 8, draw(layout.index_dim)
    )
    return rows, norms


def tables(device: str) -> torch.Tensor:
    """Three sequences of up to eight pages each, pages in no order."""
    order = torch.randperm(PAGES, generator=torch.Generator().manual_seed(1))
    return order.view(3, 8).to(torch.int32).to(device)


def filled(layout: CacheLayout, device: str) -> torch.Tensor:
    buffer = layout.allocate(PAGES, PAGE, device)
    rows, norms = new_rows(layout, PAGES * PAGE, device)
    slots = torch.arange(PAGES * PAGE, dtype=torch.int32, device=device)
    cache_write(buffer, layout, rows, norms, slots, backend=Backend.REFERENCE)
    return buffer


@pytest.mark.parametrize("fp8", FORMATS)
@pytest.mark.parametrize("sizes", SIZES)
def test_a_write_fills_its_slots_and_nothing_else(
    sizes: tuple[int, int, int], fp8: bool, device: str
) -> None:
    layout = CacheLayout(*sizes, fp8=fp8, dtype=HALF)
    rows, norms = new_rows(layout, 7, device)
    slots = torch.tensor([5, -1, 190, 0, 17, -1, 64], dtype=torch.int32, device=device)
    poison = torch.full_like(layout.allocate(PAGES, PAGE, device), 0x5A)
    found, expected = poison.clone(), poison.clone()
    cache_write(found, layout, rows, norms, slots, backend=Backend.TRITON)
    cache_write(expected, layout, rows, norms, slots, backend=Backend.REFERENCE)
    untouched = torch.ones(PAGES * PAGE, dtype=torch.bool)
    untouched[slots[slots >= 0].long().cpu()] = False
    assert (found.view(PAGES * PAGE, -1)[untouched.to(device)] == 0x5A).all()
    # The interpreter truncates to e4m3 where the hardware rounds: one step of 2^-3 at most.
    coarse = 0.08 if device == "cpu" else 2e-2
    for name, a, b in zip(
        layout.views(found)._fields, layout.views(found), layout.views(expected), strict=True
    ):
        if a is not None and b is not None:
            kept = (~untouched).to(device)
            a, b = (x.float().view(PAGES * PAGE, -1)[kept] for x in (a, b))
            limit = coarse if fp8 and name in ("latent_PNV", "index_PND") else 2e-3
            assert relative_error(a, b) < limit, name


def test_stored_rows_are_what_the_model_computes(device: str) -> None:
    from model.rope import Rotation, rotate_halves, rotate_interleaved

    layout = CacheLayout(32, 8, 16, dtype=torch.float32)
    rows, norms = new_rows(layout, 5, device)
    parts = finish(rows, norms, fp8=False)
    at = Rotation(rows.cos_TF[None], rows.sin_TF[None])
    assert torch.allclose(parts.rope_TR, rotate_interleaved(rows.rope_TR[None], at)[0])
    normed = torch.nn.functional.layer_norm(
        rows.index_TD, (16,), norms.index_weight_D, norms.index_bias_D, 1e-6
    )
    assert torch.allclose(
        parts.index_TD[:, :8], rotate_halves(normed[None, :, :8], at)[0], atol=1e-6
    )
    assert torch.allclose(parts.index_TD[:, 8:], normed[:, 8:], atol=1e-6)
    turned = finish(rows, norms, fp8=True).index_TD
    assert torch.allclose(turned, hadamard(parts.index_TD), atol=1e-5)
    square = hadamard_matrix(16, torch.device(device))
    assert torch.allclose(square @ square.T, torch.eye(16, device=device), atol=1e-6)


@pytest.mark.parametrize("fp8", FORMATS)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("heads", [4, 16, 70])
def test_decoding_matches_the_definition(
    sizes: tuple[int, int, int], fp8: bool, heads: int, device: str
) -> None:
    layout = CacheLayout(*sizes, fp8=fp8, dtype=HALF)
    views = layout.views(filled(layout, device))
    g = torch.Generator().manual_seed(3)
    q = torch.randn(3, heads, sizes[0] + sizes[1], generator=g).to(device, HALF)
    indices = torch.full((3, 37), -1, dtype=torch.int32)
    for b, count in enumerate((37, 5, 0)):
        indices[b, :count] = torch.randperm(8 * PAGE, generator=g)[:count].to(torch.int32)
    indices = indices.to(device)
    found = sparse_decode(q, views, tables(device), indices, 0.05, backend=Backend.TRITON)
    expected = sparse_decode(
        q.float(), views._replace(rope_PNR=views.rope_PNR.float()), tables(device), indices, 0.05,
        backend=Backend.REFERENCE,
    )  # fmt: skip
    assert relative_error(found.out_THV, expected.out_THV) < 1e-2
    assert (found.out_THV[2] == 0).all()
    assert torch.allclose(found.lse_TH[:2], expected.lse_TH[:2], atol=2e-2)


def test_a_sequence_decodes_alike_alone_and_in_a_batch(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode_kernel, "SPLIT", 64)
    layout = CacheLayout(32, 8, 16, dtype=HALF)
    views = layout.views(filled(layout, device))
    g = torch.Generator().manual_seed(4)
    q = torch.randn(3, 4, 40, generator=g).to(device, HALF)
    indices = torch.stack([torch.randperm(64, generator=g) for _ in range(3)])
    # More splits than one, so that the combine takes part.
    indices = torch.cat([indices, torch.full((3, 40), -1)], dim=1).to(torch.int32).to(device)
    batch = sparse_decode(q, views, tables(device), indices, 0.1, backend=Backend.TRITON)
    for b in range(3):
        part = slice(b, b + 1)
        one = sparse_decode(
            q[part], views, tables(device)[part], indices[part], 0.1, backend=Backend.TRITON
        )
        assert torch.equal(one.out_THV[0], batch.out_THV[b])


@pytest.mark.parametrize("fp8", FORMATS)
@pytest.mark.parametrize("heads", [4, 16])
def test_paged_selection_matches_the_definition(fp8: bool, heads: int, device: str) -> None:
    layout = CacheLayout(32, 8, 32, fp8=fp8, dtype=HALF)
    views = layout.views(filled(layout, device))
    g = torch.Generator().manual_seed(5)
    q = torch.randn(3, heads, 32, generator=g).to(device)
    w = torch.randn(3, heads, generator=g).to(device)
    if fp8:
        q8 = quantise_e4m3(hadamard(q))
        q, w = q8.values, w * q8.scale
    else:
        q = q.to(HALF)
    lengths = torch.tensor([64, 9, 0], dtype=torch.int32, device=device)
    arguments = (q, w, views, tables(device), lengths, 11)
    found = paged_topk(*arguments, backend=Backend.TRITON)
    assert torch.equal(found, paged_topk(*arguments, backend=Backend.REFERENCE))
    assert (found[1, :9] == torch.arange(9, device=device)).all()
    assert (found[2] == -1).all()


@pytest.mark.parametrize("backend", Backend)
def test_unusable_arguments_are_refused_by_name(backend: Backend, device: str) -> None:
    layout = CacheLayout(32, 8, 16, dtype=HALF)
    buffer = filled(layout, device)
    views, table = layout.views(buffer), tables(device)
    q = torch.zeros(3, 4, 40, dtype=HALF, device=device)
    indices = torch.zeros(3, 5, dtype=torch.int32, device=device)
    with pytest.raises(ValueError, match="q_BHC"):
        sparse_decode(q[..., :39], views, table, indices, 1.0, backend=backend)
    with pytest.raises(ValueError, match="table_BL: expected dtype int32"):
        sparse_decode(q, views, table.long(), indices, 1.0, backend=backend)
    with pytest.raises(ValueError, match="lengths_B"):
        paged_topk(
            q[..., :16].contiguous(),
            torch.zeros(3, 4, device=device),
            views,
            table,
            table[0],
            3,
            backend=backend,
        )
    with pytest.raises(ValueError, match="buffer"):
        layout.views(buffer[:, :, :-1])
    rows, norms = new_rows(layout, 4, device)
    with pytest.raises(ValueError, match="slots_T: expected shape"):
        cache_write(buffer, layout, rows, norms, indices[0], backend=backend)
    odd = CacheLayout(32, 8, 24, fp8=True, dtype=HALF)
    rows, norms = new_rows(odd, 1, device)
    empty = odd.allocate(1, 8, device)
    with pytest.raises(ValueError, match="index_dim: must be a power of two"):
        cache_write(empty, odd, rows, norms, indices[0, :1], backend=backend)
    if device == "cpu":
        with pytest.raises(ValueError, match="indices_BK: entries must be -1 or in 0..63"):
            sparse_decode(q, views, table, indices + 64, 1.0, backend=backend)


@pytest.mark.gpu
@pytest.mark.skipif(
    not torch.cuda.is_available() or torch.cuda.get_device_capability()[0] != 9,
    reason="needs a Hopper device",
)
@pytest.mark.parametrize("heads", [64, 100])
def test_decoding_on_hopper_matches_the_definition(heads: int) -> None:
    layout = CacheLayout(512, 64, 128, dtype=HALF)
    views = layout.views(filled(layout, "cuda"))
    g = torch.Generator().manual_seed(3)
    q = torch.randn(3, heads, 576, generator=g).to("cuda", HALF)
    indices = torch.full((3, 600), -1, dtype=torch.int32)
    for b, count in enumerate((8 * PAGE, 5, 0)):
        indices[b, :count] = torch.randperm(8 * PAGE, generator=g)[:count].to(torch.int32)
    arguments = (tables("cuda"), indices.cuda(), 0.05)
    found = sparse_decode(q, views, *arguments, backend=Backend.TRITON)
    exact = views._replace(rope_PNR=views.rope_PNR.float())
    expected = sparse_decode(q.float(), exact, *arguments, backend=Backend.REFERENCE)
    assert relative_error(found.out_THV, expected.out_THV) < 1e-2
    assert (found.out_THV[2] == 0).all()
    assert torch.allclose(found.lse_TH[:2], expected.lse_TH[:2], atol=2e-2)
