"""Cost of one attention layer against the length of the context: dense MLA and DSA, on one GPU.

    python -m benchmarks.attention_curve measure curve.json [--flashmla PATH_TO/_flashmla_C.abi3.so]
    python -m benchmarks.attention_curve plot curve.json curve.png

The layer is that of the 671B model, all 128 heads on one GPU, with bfloat16 weights. Prefill is a
chunk of `CHUNK` tokens at the end of the context, decoding one token of each of `BATCH` sequences.
Counted are the projections and the attention; norms, rotations and the cache write, which are
alike on both sides, are not. Dense prefill runs over expanded heads (cuDNN through torch) and keeps
the expanded keys of earlier chunks for free; dense decoding is FlashMLA's kernel where `--flashmla`
names it, else two products of torch. A layer's time becomes dollars through `LAYERS` and `PRICE`.
"""

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from triton.testing import do_bench

from kernels.cache_write import CacheLayout
from kernels.case import bf16
from kernels.index_topk import index_topk
from kernels.paged_topk import paged_topk
from kernels.sparse_decode import sparse_decode
from kernels.sparse_prefill import sparse_prefill

HIDDEN, HEADS, LATENT, ROPE, NOPE, VALUE, Q_LATENT = 7168, 128, 512, 64, 128, 128, 1536
INDEX_HEADS, INDEX_DIM, TOPK = 64, 128, 2048
SCALE = (NOPE + ROPE) ** -0.5
LENGTHS = (8192, 16384, 32768, 65536, 131072)
CHUNK, BATCH, PAGE = 4096, 32, 64
LAYERS = 61
PRICE = 2.0
"""US dollars a GPU hour, the report's price."""


def timed(call: Callable[[], object]) -> float:
    """Median milliseconds."""
    return float(do_bench(call, warmup=30, rep=120, return_mode="median"))


def weight(rows: int, columns: int) -> Tensor:
    return bf16(rows, columns).div_(columns**0.5)


class Layer:
    """The projections of the layer; an index name tells what only DSA has."""

    def __init__(self) -> None:
        self.q_down, self.kv_down = weight(Q_LATENT, HIDDEN), weight(LATENT + ROPE, HIDDEN)
        self.q_up = weight(HEADS * (NOPE + ROPE), Q_LATENT)
        self.k_up = bf16(HEADS, NOPE, LATENT) * LATENT**-0.5
        self.v_up = bf16(HEADS, LATENT, VALUE) * LATENT**-0.5
        self.out = weight(HIDDEN, HEADS * VALUE)
        self.index_q = weight(INDEX_HEADS * INDEX_DIM, Q_LATENT)
        self.index_k, self.index_w = weight(INDEX_DIM, HIDDEN), weight(INDEX_HEADS, HIDDEN)

    def shared(self, x: Tensor) -> Tensor:
        """Projections of both sides but the output's; returns queries [T, H, N + R]."""
        F.linear(x, self.kv_down)
        q_latent = F.linear(x, self.q_down)
        return F.linear(q_latent, self.q_up).view(-1, HEADS, NOPE + ROPE)

    def expand(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of all heads, as dense prefill needs them of new tokens."""
        k = torch.einsum("tr,hnr->htn", latent, self.k_up)
        return k, torch.einsum("tr,hrv->htv", latent, self.v_up)

    def absorb(self, q: Tensor) -> Tensor:
        """Queries against latent rows, [T, H, R + P]."""
        nope, rope = torch.split(q, [NOPE, ROPE], -1)
        return torch.cat((torch.einsum("thn,hnr->thr", nope, self.k_up), rope), -1)

    def project(self, heads: Tensor) -> Tensor:
        """The layer's output from [T, H, V]."""
        return F.linear(heads.flatten(1), self.out)

    def unabsorb(self, latent: Tensor) -> Tensor:
        return self.project(torch.einsum("thr,hrv->thv", latent, self.v_up))

    def index(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Queries [T, I, D] in fp8 and head weights of the indexer."""
        q = F.linear(F.linear(x, self.q_down), self.index_q).view(-1, INDEX_HEADS, INDEX_DIM)
        F.linear(x, self.index_k)
        return q.to(torch.float8_e4m3fn), F.linear(x, self.index_w).float()


def dense_prefill(layer: Layer, length: int) -> float:
    x, latent = bf16(CHUNK, HIDDEN), bf16(CHUNK, LATENT)
    q = bf16(1, HEADS, CHUNK, NOPE + ROPE)
    past = length - CHUNK
    k, v = bf16(1, HEADS, length, NOPE + ROPE), bf16(1, HEADS, length, VALUE)

    def call() -> None:
        layer.shared(x)
        layer.expand(latent)
        with sdpa_kernel(SDPBackend.CUDNN_ATTENTION):
            # All earlier chunks, then the chunk itself; joining the two is not counted.
            F.scaled_dot_product_attention(q, k[:, :, :past], v[:, :, :past], scale=SCALE)
            own = F.scaled_dot_product_attention(
                q, k[:, :, past:], v[:, :, past:], is_causal=True, scale=SCALE
            )
        layer.project(own[0].transpose(0, 1))

    return timed(call)


def sparse_prefill_layer(layer: Layer, length: int) -> float:
    x, kv = bf16(CHUNK, HIDDEN), bf16(length, LATENT + ROPE)
    index_k = bf16(length, INDEX_DIM).to(torch.float8_e4m3fn)
    k_scale = torch.rand(length, device="cuda") + 0.5
    ends = torch.arange(length - CHUNK + 1, length + 1, dtype=torch.int32, device="cuda")
    starts = torch.zeros_like(ends)

    def call() -> None:
        q = layer.absorb(layer.shared(x))
        index_q, w = layer.index(x)
        picks = index_topk(index_q, index_k, w, starts, ends, TOPK, k_scale_S=k_scale)
        layer.unabsorb(sparse_prefill(q, kv, picks, SCALE, LATENT).out_THV)

    return timed(call)


def dense_decode(layer: Layer, length: int, flashmla: bool) -> float:
    x = bf16(BATCH, HIDDEN)
    rows = bf16(BATCH, length, LATENT + ROPE)
    pages = rows.view(-1, PAGE, 1, LATENT + ROPE)
    table = torch.arange(pages.shape[0], dtype=torch.int32, device="cuda").view(BATCH, -1)
    lengths = torch.full((BATCH,), length, dtype=torch.int32, device="cuda")

    def call() -> None:
        q = layer.absorb(layer.shared(x))
        if flashmla:
            latent = torch.ops._flashmla_C.dense_decode_fwd(
                q[:, None], pages, LATENT, lengths, table, SCALE, False, None, None, None
            )[0].view(BATCH, HEADS, LATENT)
        else:
            shares = torch.softmax(q @ rows.mT * SCALE, -1)
            latent = shares @ rows[..., :LATENT]
        layer.unabsorb(latent)

    return timed(call)


def sparse_decode_layer(layer: Layer, length: int, fp8: bool) -> float:
    x = bf16(BATCH, HIDDEN)
    layout = CacheLayout(LATENT, ROPE, INDEX_DIM, fp8=fp8)
    num_pages = BATCH * length // PAGE
    views = layout.views(layout.allocate(num_pages, PAGE, "cuda"))
    for view in (views.latent_PNV, views.rope_PNR):
        # A page at a time: random numbers of the whole cache need not exist at once.
        view.copy_(bf16(1, *view.shape[1:]).to(view.dtype).expand(view.shape))
    # Distinct scores, as in life.
    for part in torch.split(views.index_PND, 4096):
        part.copy_(bf16(*part.shape))
    for scales in (views.scales_PNG, views.index_scale_PN):
        if scales is not None:
            scales.fill_(1.0)
    table = torch.arange(num_pages, dtype=torch.int32, device="cuda").view(BATCH, -1)
    lengths = torch.full((BATCH,), length, dtype=torch.int32, device="cuda")

    def call() -> None:
        q = layer.absorb(layer.shared(x))
        index_q, w = layer.index(x)
        picks = paged_topk(index_q.to(views.index_PND.dtype), w, views, table, lengths, TOPK)
        layer.unabsorb(sparse_decode(q, views, table, picks, SCALE).out_THV)

    return timed(call)


def measure(file: Path, library: Path | None) -> int:
    """Writes one entry a length, milliseconds of a layer; prints a line for each."""
    if library is not None:
        torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
    layer = Layer()
    entries: list[dict[str, float]] = []
    for length in LENGTHS:
        entry: dict[str, float] = {"length": length}
        runs: dict[str, Callable[[], float]] = {
            "prefill dense": partial(dense_prefill, layer, length),
            "prefill DSA": partial(sparse_prefill_layer, layer, length),
            "decode dense": partial(dense_decode, layer, length, library is not None),
            "decode DSA": partial(sparse_decode_layer, layer, length, fp8=True),
            "decode DSA bf16": partial(sparse_decode_layer, layer, length, fp8=False),
        }
        for name, run in runs.items():
            try:
                entry[name] = run()
            except (RuntimeError, ValueError) as error:
                print(f"{length} {name}: {str(error).splitlines()[0]}", file=sys.stderr)
            torch.cuda.empty_cache()
        entries.append(entry)
        print(json.dumps(entry), flush=True)
        device = torch.cuda.get_device_name()
        file.write_text(json.dumps({"device": device, "entries": entries}, indent=1) + "\n")
    return 0


def dollars(entry: dict[str, float], name: str) -> float | None:
    """US dollars for a million tokens of attention in all layers."""
    if name not in entry:
        return None
    tokens = CHUNK if name.startswith("prefill") else BATCH
    return entry[name] / 1e3 / tokens * LAYERS * 1e6 * PRICE / 3600


def plot(file: Path, image: Path) -> int:
    """Two panels, prefill and decoding; prints the table."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    entries = json.loads(file.read_text())["entries"]
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    print("| context | " + " | ".join(n for n in entries[0] if n != "length") + " |")
    print("|---" * len(entries[0]) + "|")
    for entry in entries:
        cells = [
            f"{ms:.3f} ms, ${dollars(entry, n):.3f}" for n, ms in entry.items() if n != "length"
        ]
        print(f"| {entry['length'] // 1024}K | " + " | ".join(cells) + " |")
    for axis, phase in zip(axes, ("prefill", "decode"), strict=True):
        for kind, style in (("dense", "s--"), ("DSA", "o-")):
            name = f"{phase} {kind}"
            points = [(e["length"] / 1024, dollars(e, name)) for e in entries if name in e]
            axis.plot(
                *zip(*points, strict=True),
                style,
                label=f"{kind} {'MLA' if kind == 'dense' else ''}",
            )
        axis.set(title=phase, xlabel="context, thousand tokens", ylim=(0, None))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(f"attention, US dollars per million tokens\nat {PRICE:.0f} a GPU hour")
    axes[0].legend()
    figure.savefig(image, dpi=130)
    return 0


def main() -> int:
    """Measures on this machine's GPU, or plots what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure")
    measuring.add_argument("file", type=Path)
    measuring.add_argument("--flashmla", type=Path, help="library of a vLLM wheel")
    plotting = commands.add_parser("plot")
    plotting.add_argument("file", type=Path)
    plotting.add_argument("image", type=Path)
    options = parser.parse_args()
    if options.command == "plot":
        return plot(options.file, options.image)
    return measure(options.file, options.flashmla)


if __name__ == "__main__":
    sys.exit(main())
