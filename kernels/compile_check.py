"""Compiles every kernel that the launchers launch for a GPU that is not there.

    python -m kernels.compile_check 80 89 90

Each operation runs once on small CPU tensors with launches replaced by compilation for the given
compute capability; one line a kernel says what it takes. Nothing is executed, so the results of the
calls are meaningless. Fails where a kernel does not compile or needs more than the device has.
"""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.runtime.jit import JITFunction

from kernels import device
from kernels.backend import Backend
from kernels.cache_write import CacheLayout, NewRows, Norms, cache_write
from kernels.index_loss import index_loss
from kernels.index_topk import index_topk
from kernels.paged_topk import paged_topk
from kernels.sparse_backward import sparse_backward
from kernels.sparse_decode import sparse_decode
from kernels.sparse_prefill import sparse_prefill

T, S, TOPK = 8, 64, 16
MANY, ROWS, KEYS = 1024, 128, 4096
DONE: set[str] = set()


def compile_for(capability: int) -> Callable[..., Any]:
    """A stand-in for `kernel[grid](...)` that compiles for `capability` and launches nothing."""

    def subscript(function: JITFunction[Any], grid: object) -> Callable[..., None]:
        def launch(*args: Any, **kwargs: Any) -> None:
            compiled = function.run(*args, grid=grid, warmup=True, **kwargs)
            name = f"{function.__module__.removeprefix('kernels.')}.{function.__name__}"
            line = f"sm_{capability} {name} shared {compiled.metadata.shared} B"
            if line not in DONE:
                DONE.add(line)
                sys.stdout.write(f"{line}\n")
            if compiled.metadata.shared > device.LIMITS[capability]:
                raise ValueError(f"{line}: the limit is {device.LIMITS[capability]} B")

        return launch

    target = GPUTarget("cuda", capability, 32)
    stand_in = SimpleNamespace(
        get_current_target=lambda: target,
        get_current_device=lambda: capability,
        get_current_stream=lambda _device: 0,
        get_device_interface=lambda: None,
    )
    triton.runtime.driver.set_active(stand_in)
    return subscript


def run_all(dtype: torch.dtype, fp8: bool) -> None:
    """Every operation once, at the sizes of the 671B model except for the lengths."""
    q, kv = torch.zeros(T, 64, 576, dtype=dtype), torch.zeros(S, 576, dtype=dtype)
    picks = torch.zeros(T, TOPK, dtype=torch.int32)
    starts, ends = torch.zeros(T, dtype=torch.int32), torch.full((T,), S, dtype=torch.int32)
    q_index, w = torch.zeros(T, 64, 128, dtype=dtype), torch.zeros(T, 64)
    k_index = torch.zeros(S, 128, dtype=dtype)
    use = Backend.TRITON
    # Long selections share their gather, and take the walks that short ones do not.
    many = torch.zeros(T, MANY, dtype=torch.int32)
    for heads, chosen in ((8, many), (64, picks)):
        sparse_prefill(q[:, :heads], kv, chosen, 1.0, 512, backend=use)
    out, lse = torch.zeros(T, 64, 512, dtype=dtype), torch.zeros(T, 64)
    sparse_backward(out, q, kv, picks, out, lse, 1.0, backend=use)
    for support in (picks, many, None):
        index_loss(q_index, k_index, w, q, kv, support, starts, ends, 1.0, backend=use)
    layout = CacheLayout(512, 64, 128, fp8=fp8, dtype=dtype)
    buffer = layout.allocate(T, S, "cpu")
    views, table = layout.views(buffer), torch.zeros(T, 1, dtype=torch.int32)
    norms = Norms(torch.zeros(512), 1e-6, torch.zeros(128), torch.zeros(128))
    angle = torch.zeros(T, 32)
    new = NewRows(out[:, 0], q[:, 0, :64], q_index[:, 0], angle, angle)
    cache_write(buffer, layout, new, norms, ends, backend=use)
    sparse_decode(q, views, table, picks, 1.0, backend=use)
    if fp8:
        q_index, k_index = q_index.to(torch.float8_e4m3fn), k_index.to(torch.float8_e4m3fn)
    paged_topk(q_index, w, views, table, ends, TOPK, backend=use)
    index_topk(q_index, k_index, w, starts, ends, TOPK, backend=use)
    ends = torch.full((ROWS,), KEYS, dtype=torch.int32)
    rows = (q_index.new_zeros(ROWS, 64, 128), k_index.new_zeros(KEYS, 128), torch.zeros(ROWS, 64))
    index_topk(*rows, torch.zeros_like(ends), ends, TOPK, backend=use)


def main() -> int:
    """Compiles for every capability named on the command line."""
    for argument in sys.argv[1:]:
        device.assumed_capability = int(argument)
        JITFunction.__getitem__ = compile_for(int(argument))
        run_all(torch.bfloat16, fp8=False)
        # e4m3 arithmetic begins with SM89.
        if int(argument) >= 89:
            run_all(torch.bfloat16, fp8=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
