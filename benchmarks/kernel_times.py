"""Times every kernel on this machine's GPU, after its tests have passed there.

    python -m benchmarks.kernel_times [--only NAME] [--no-tests] [--flashmla PATH_TO/_flashmla_C.abi3.so]

Prints a Markdown table for `benchmarks/results.md`: median of `triton.testing.do_bench`, achieved
rate, the public figure and the target. `--flashmla` names the compiled library inside a vLLM wheel
and times it in the same process on the same inputs. Exit code 1 where a test fails.
"""

import argparse
import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from triton.testing import do_bench

from kernels.case import Case, bf16, random_picks

OPERATIONS = (
    "index_topk",
    "sparse_prefill",
    "sparse_backward",
    "sparse_decode",
    "paged_topk",
    "index_loss",
    "cache_write",
)


def main() -> int:
    """Runs the tests of the chosen operations, then their benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=OPERATIONS, help="one operation instead of all")
    parser.add_argument("--no-tests", action="store_true", help="trust an earlier test run")
    parser.add_argument("--flashmla", type=Path, help="library of a vLLM wheel to time as well")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("no CUDA device: kernels are timed on a GPU only", file=sys.stderr)
        return 1
    if not options.no_tests and pytest.main(["tests/kernels", "-q"]) != 0:
        print("kernel tests failed: no numbers without correct results", file=sys.stderr)
        return 1
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, commit {commit()}\n")
    print("| operation | shape | ms | rate | public | target |")
    print("|---|---|---|---|---|---|")
    for name in [options.only] if options.only else OPERATIONS:
        for case in importlib.import_module(f"kernels.{name}.bench").CASES:
            print(row(case), flush=True)
    for case in flashmla_cases(options.flashmla) if options.flashmla else []:
        print(row(case), flush=True)
    return 0


def commit() -> str:
    """The short commit of the checkout, or "unknown" outside one."""
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"


def row(case: Case) -> str:
    """One line of the table."""
    ms = do_bench(case.make(), warmup=50, rep=200, return_mode="median")
    torch.cuda.empty_cache()
    rate = ""
    if case.teraflop:
        rate = f"{case.teraflop / ms * 1e3:.0f} TFLOP/s"
    elif case.gigabyte:
        rate = f"{case.gigabyte / ms * 1e3:.0f} GB/s"
    target = "" if case.target_ms is None else f"{case.target_ms} ms"
    return f"| {case.name} | {case.shape} | {ms:.3f} | {rate} | {case.anchor} | {target} |"


def flashmla_cases(library: Path) -> list[Case]:
    """FlashMLA's sparse prefill on the shapes of `kernels.sparse_prefill.bench`; pads to 64 heads."""
    torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]

    def case(queries: int, keys: int, heads: int, causal: bool) -> Case:
        def make() -> Callable[[], object]:
            q, kv = bf16(queries, max(64, heads), 576), bf16(keys, 1, 576)
            picks = random_picks(queries, keys, 2048, causal=causal)[:, None]
            run = torch.ops._flashmla_C.sparse_prefill_fwd
            return lambda: run(q, kv, picks, 192**-0.5, 512, None, None, None)

        shape = f"{queries} x {keys}{' causal' if causal else ''}, {heads} heads"
        return Case(name="FlashMLA", shape=shape, make=make)

    return [case(2119, 2119, 8, True), case(4096, 8192, 64, False), case(4096, 8192, 128, False)]


if __name__ == "__main__":
    sys.exit(main())
